"""Following along: the streams of shared pages, and the parts that these pages then ask for."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mixarena.web import presence
from mixarena.web.live import event_stream
from social.selectors.battles import battle_of, said, vote_on
from social.selectors.crowds import crowd
from social.selectors.live import live_events, pulse
from tournaments.access import decided_battle_for_owner, open_share, tournament_for_owner
from tournaments.errors import BallotClosed
from tournaments.models import Share, Tournament
from tournaments.selectors.audience import channel_of, n_listeners, votes_by_round
from tournaments.selectors.rounds import current_battle
from tournaments.selectors.shares import is_open
from tournaments.views.looks import has_looked
from tournaments.views.visitors import ListenerRequest, listener_required, voter_of

KEY_LENGTH = 20


async def live(request: HttpRequest, token: str) -> HttpResponseBase:
    """Events that say when a shared page has something new, and how many are here; they end when the link does."""
    share, person = await sync_to_async(_enter)(request, token)
    channel = channel_of(share.tournament.public_id)
    return await event_stream(request, channel, partial(live_events, share.pk), kind=f"share:{share.pk}", person=person)


@never_cache
@require_safe
def pulse_part(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """The line that follows along on the page of a round."""
    share = open_share(token)
    found = battle_of(share, number)
    looked = has_looked(request, share.tournament)
    following = pulse(share, voter_of(request), number=number, has_looked=looked)
    context = {"share": share, "battle": found, "pulse": following}
    return render(request, "social/_pulse.html", context)


@never_cache
@require_safe
def crowd_part(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """What everybody and the owner said of a round, for those who have judged it or would rather look."""
    share = open_share(token)
    found = battle_of(share, number)
    vote = vote_on(found, voter_of(request))
    if vote is None and not has_looked(request, share.tournament):
        raise BallotClosed("What others heard is shown once you have judged. Vote first.", code="not_judged")
    is_swapped = vote is not None and vote.ballot.is_swapped
    owner_vote = vote_on(found, share.tournament.owner)
    context = {
        "share": share,
        "battle": found,
        "crowd": crowd(found, is_swapped=is_swapped),
        "owner_verdict": said(owner_vote, found, found.second_id if is_swapped else found.first_id),
    }
    return render(request, "social/_everybody.html", context)


@never_cache
@listener_required
@require_safe
def audience_part(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Tells an owner in the middle of a round that others are there."""
    tournament = tournament_for_owner(request.user, public_id)
    battle = current_battle(tournament)
    votes = votes_by_round(tournament.pk)
    context = {
        "tournament": tournament,
        "is_here": tournament.state == Tournament.State.RUNNING and is_open(tournament),
        "n_listeners": n_listeners(public_id),
        "number": battle.number if battle else 0,
        "n_votes": votes.get(battle.number, 0) if battle else 0,
    }
    return render(request, "social/_audience.html", context)


@never_cache
@listener_required
@require_safe
def owner_crowd_part(request: ListenerRequest, public_id: UUID, number: int) -> HttpResponse:
    """What everybody said of a round, for its owner, who has judged it."""
    battle = decided_battle_for_owner(request.user, public_id, number)
    vote = vote_on(battle, request.user)
    found = crowd(battle, is_swapped=vote is not None and vote.ballot.is_swapped)
    context = {"battle": battle, "crowd": found, "is_here": is_open(battle.tournament)}
    return render(request, "social/_owner_crowd.html", context)


def _enter(request: HttpRequest, token: str) -> tuple[Share, str]:
    """Who comes in, under one key for all their pages: by who votes here, else by browser, else by address."""
    share = open_share(token)
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    browser = _key("browser", cookie) if cookie else _key("address", request.META.get("REMOTE_ADDR", ""))
    voter = voter_of(request)
    if voter is None:
        return share, browser
    # A stranger until just now.
    presence.forget(channel_of(share.tournament.public_id), browser)
    return share, "" if voter.pk == share.tournament.owner_id else _key("voter", voter.pk)


def _key(kind: str, value: object) -> str:
    return salted_hmac("mixarena.presence", f"{kind} {value}").hexdigest()[:KEY_LENGTH]
