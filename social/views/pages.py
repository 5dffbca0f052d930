"""Pages for whoever has a link: judge blind first, then see.

Nothing before the vote may tell the two mixes apart; what a visitor is shown instead of judging, the session remembers.
"""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from social.arrivals import count_visit, invite
from social.selectors.battles import battle_of, shared_reveal, vote_on
from social.selectors.live import pulse
from social.selectors.pages import public_shares, shared_mix, shared_tournament
from tournaments.access import open_share
from tournaments.errors import BallotClosed
from tournaments.models import Ballot, Battle, Share
from tournaments.selectors.ballots import battle_stage
from tournaments.selectors.progress import preparation
from tournaments.services.ballots import issue_audience_ballot
from tournaments.views.battles import cast_ballot
from tournaments.views.looks import has_looked, remember_look
from tournaments.views.visitors import voter_of

SHARES_PER_PAGE = 20


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Public tournaments, newest first."""
    page = Paginator(public_shares(), SHARES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "social/feed.html", {"page": page})


@never_cache
@vary_on_headers("HX-Request")
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What a link opens."""
    share = open_share(token)
    if share.kind == Share.Kind.BATTLE and share.battle is not None:
        return battle(request, token, share.battle.number)
    if share.kind == Share.Kind.MIX and share.mix is not None:
        remember_look(request, share.tournament)
        return render(request, "social/mix.html", {"shared": shared_mix(share, share.mix), "share": share})
    voter = voter_of(request)
    looked = has_looked(request, share.tournament)
    page = shared_tournament(share, voter, has_looked=looked)
    context = {"page": page, "share": share, "pulse": pulse(share, voter, number=0, has_looked=looked)}
    if not getattr(request, "htmx", False):
        return render(request, "social/tournament.html", context)
    # Once it is over there is another page to be seen.
    return render(request, "social/_tournament.html", context) if page.is_running else _reload()


@require_POST
def visit(request: HttpRequest, token: str) -> HttpResponse:
    """Count somebody who came by a link. Sent by the page itself, so programs that only read it are no visits."""
    response = HttpResponse(status=204)
    count_visit(request, response, open_share(token))
    return response


@require_POST
def look(request: HttpRequest, token: str) -> HttpResponse:
    """Show the result to somebody who would rather not judge first."""
    share = open_share(token)
    remember_look(request, share.tournament)
    back_to = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back_to, allowed_hosts={request.get_host()})
    return redirect(back_to if is_ours else "social:shared", *([] if is_ours else [token]))


@never_cache
@vary_on_headers("HX-Request")
@require_safe
def battle(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """A round: an invitation, then the stage, then who was who."""
    share = open_share(token)
    found = battle_of(share, number)
    voter = voter_of(request)
    vote = vote_on(found, voter)
    looked = has_looked(request, share.tournament)
    following = pulse(share, voter, number=number, has_looked=looked)
    context: dict[str, object] = {"share": share, "battle": found, "pulse": following}
    if share.tournament.owner_id == request.user.pk and vote is None:
        return redirect("tournaments:tournament", share.tournament.public_id)
    if found.state in Battle.HEARABLE and (vote is not None or looked):
        return _page(request, "reveal", context | {"reveal": shared_reveal(share, found, vote)})
    if found.state not in Battle.HEARABLE:
        return _page(request, "preparing", context | {"progress": preparation(share.tournament, found)})
    if voter is None:
        return _page(request, "invitation", context)
    ballot = issue_audience_ballot(share=share, battle=found, voter=voter, now=timezone.now())
    stage = battle_stage(ballot, vote_url=reverse("social:vote", args=[token, number, ballot.token]))
    return _page(request, "stage", context | {"stage": stage})


@require_POST
def begin(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Give a stranger the right to judge."""
    battle_of(open_share(token), number)
    invite(request)
    return redirect("social:battle", token, number)


@require_POST
def vote(request: HttpRequest, token: str, number: int, ballot: str) -> HttpResponse:
    """Commit an audience's ballot and uncover the battle."""
    share = open_share(token)
    voter = voter_of(request)
    if voter is None:
        raise BallotClosed("This browser has forgotten its ballot. Reload the page and judge again.", code="no_ballot")
    # A ballot of another round, or of the judging queue, must not even show by the answer what it is.
    get_object_or_404(Ballot, token=ballot, voter=voter, kind=Ballot.Kind.AUDIENCE, battle=battle_of(share, number))
    cast = cast_ballot(request.POST, voter, ballot)
    address = redirect("social:battle", token, cast.number)
    if not getattr(request, "htmx", False):
        return address
    context = {"share": share, "battle": cast, "reveal": shared_reveal(share, cast, vote_on(cast, voter))}
    response = render(request, "social/_voted.html", context)
    response["HX-Push-Url"] = address.url
    return response


def _page(request: HttpRequest, part: str, context: dict[str, object]) -> HttpResponse:
    """A state of the battle's page; alone where htmx asks for it."""
    template = f"social/_{part}.html" if getattr(request, "htmx", False) else "social/battle.html"
    return render(request, template, context | {"part": f"social/_{part}.html"})


def _reload() -> HttpResponse:
    return HttpResponse(headers={"HX-Refresh": "true"})
