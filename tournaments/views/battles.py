"""The blind part: the battle page, the log of what was heard, and the vote.

Nothing here may tell the two mixes apart: addresses hold the ballot's token only, and no template gets a mix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from tournaments.access import ballot_for_voter, own_ballot, tournament_for_owner
from tournaments.errors import BallotClosed, InvalidVote, MixerRetired, TournamentFinished
from tournaments.forms import HeardForm, VoteForm
from tournaments.models import Ballot, Battle, Tournament
from tournaments.selectors.ballots import battle_stage
from tournaments.selectors.progress import preparation
from tournaments.selectors.reveals import reveal
from tournaments.selectors.rounds import current_battle, rounds
from tournaments.services.ballots import commit_ballot, issue_ballot, record_heard
from tournaments.views.visitors import ListenerRequest, listener_required, voter_required

if TYPE_CHECKING:
    from accounts.models import User


@listener_required
@never_cache
@vary_on_headers("HX-Request")
@require_safe
def battle(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """The present round: its preparation, then the stage."""
    tournament = tournament_for_owner(request.user, public_id)
    if tournament.state != Tournament.State.RUNNING:
        return _go(request, redirect("tournaments:tournament", public_id))
    battle = current_battle(tournament)
    stage = None
    if battle is not None and battle.state == Battle.State.OPEN:
        stage = battle_stage(issue_ballot(battle=battle, voter=request.user, now=timezone.now()))
    context = {
        "rounds": rounds(tournament, current=battle.number if battle else 0),
        "stage": stage,
        "progress": None if stage else preparation(tournament, battle),
    }
    template = "tournaments/_battle.html" if request.htmx else "tournaments/battle.html"
    return render(request, template, context)


@voter_required
@require_POST
def heard(request: HttpRequest, voter: User, token: str) -> HttpResponse:
    """Take note of what was heard; answers with the seconds that count so far."""
    ballot = ballot_for_voter(voter, token)
    form = HeardForm(request.POST)
    _check(form)
    ballot = record_heard(
        ballot=ballot,
        segments=form.cleaned_data["segments"],
        switches=form.cleaned_data["switches"],
        now=timezone.now(),
    )
    stage = battle_stage(ballot)
    return JsonResponse({"heard_s": {"a": stage.heard_a_s, "b": stage.heard_b_s}, "required_s": stage.required_s})


@listener_required
@require_POST
def vote(request: ListenerRequest, token: str) -> HttpResponse:
    """Commit a ballot and uncover the battle; a page that was overtaken is led to where its battle stands."""
    ballot = own_ballot(request.user, token)
    try:
        battle = cast_ballot(request.POST, request.user, token)
    except (BallotClosed, TournamentFinished, MixerRetired) as refusal:
        messages.warning(request, refusal.message)
        return _go(request, _whereabouts(ballot))
    address = redirect("tournaments:reveal", battle.tournament.public_id, battle.number)
    if not request.htmx:
        return address
    response = render(request, "tournaments/_voted.html", {"reveal": reveal(battle, request.user)})
    response["HX-Push-Url"] = address.url
    return response


def cast_ballot(sent: QueryDict, voter: User, token: str, *, commit: Callable[..., object] = commit_ballot) -> Battle:
    """What every page does that takes a vote: note what was heard last, commit, and give the battle.

    Args:
        commit: takes what `commit_ballot` does.
    """
    ballot = ballot_for_voter(voter, token)
    form = VoteForm(sent)
    _check(form)
    now = timezone.now()
    record_heard(
        ballot=ballot,
        segments=form.cleaned_data["segments"],
        switches=form.cleaned_data["switches"],
        now=now,
    )
    commit(
        token=token,
        voter=voter,
        choice=form.cleaned_data["choice"],
        confidence=form.cleaned_data["confidence"],
        now=now,
    )
    return Battle.objects.select_related("tournament__song", "first__mixer", "second__mixer").get(pk=ballot.battle_id)


def _whereabouts(ballot: Ballot) -> HttpResponseRedirect:
    """The reveal for who has voted, in another tab for instance; else the tournament, which knows where it stands."""
    battle = ballot.battle
    if battle.votes.filter(ballot=ballot).exists():
        return redirect("tournaments:reveal", battle.tournament.public_id, battle.number)
    return redirect("tournaments:tournament", battle.tournament.public_id)


def _go(request: ListenerRequest, address: HttpResponseRedirect) -> HttpResponse:
    return HttpResponse(headers={"HX-Redirect": address.url}) if request.htmx else address


def _check(form: HeardForm) -> None:
    """A ballot that no page of ours has sent."""
    if not form.is_valid():
        raise InvalidVote("The ballot came incomplete or damaged. Reload the page and vote again.", code="bad_ballot")
