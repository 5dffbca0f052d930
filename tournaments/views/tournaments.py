"""A tournament from its first round to its result."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mixarena.web.live import event_stream
from tournaments.access import decided_battle_for_owner, heard_mix_for_owner, tournament_for_owner
from tournaments.models import Tournament
from tournaments.selectors.audience import channel_of
from tournaments.selectors.evolutions import evolution
from tournaments.selectors.history import tournaments_of
from tournaments.selectors.results import result
from tournaments.selectors.reveals import next_step, reveal
from tournaments.selectors.rounds import Place, live_events, place, rounds
from tournaments.services.tournaments import choose_other
from tournaments.views.visitors import ListenerRequest, listener_required, login_response

TOURNAMENTS_PER_PAGE = 20


@listener_required
@require_safe
def tournament_list(request: ListenerRequest) -> HttpResponse:
    """One's own history."""
    page = Paginator(tournaments_of(request.user), TOURNAMENTS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "tournaments/tournaments.html", {"page": page})


@listener_required
@require_safe
def tournament(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Take the owner to where they left off; the result has its page here."""
    tournament = tournament_for_owner(request.user, public_id)
    where, number = place(tournament, request.user)
    if where == Place.BATTLE:
        return redirect("tournaments:battle", public_id)
    if where == Place.REVEAL:
        return redirect("tournaments:reveal", public_id, number)
    if where == Place.FAILED:
        context = {"tournament": tournament, "rounds": rounds(tournament, current=0)}
        return render(request, "tournaments/failed.html", context)
    return _result_page(request, tournament)


@listener_required
@require_safe
def reveal_page(request: ListenerRequest, public_id: UUID, number: int) -> HttpResponse:
    """A decided round."""
    battle = decided_battle_for_owner(request.user, public_id, number)
    return render(request, "tournaments/reveal.html", {"reveal": reveal(battle, request.user)})


@listener_required
@require_safe
def evolution_part(request: ListenerRequest, public_id: UUID, number: int) -> HttpResponse:
    """The breeding of a round, as far as it has come."""
    battle = decided_battle_for_owner(request.user, public_id, number)
    return render(request, "tournaments/_evolution.html", {"evolution": evolution(battle)})


@listener_required
@require_safe
def next_part(request: ListenerRequest, public_id: UUID, number: int) -> HttpResponse:
    """The way on from a round."""
    battle = decided_battle_for_owner(request.user, public_id, number)
    return render(request, "tournaments/_next.html", {"next": next_step(battle), "battle": battle})


@listener_required
@require_POST
def choose_mix(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Take another heard mix than the champion's."""
    tournament = tournament_for_owner(request.user, public_id)
    try:
        mix_id = UUID(request.POST.get("mix", ""))
    except ValueError as error:
        raise BadRequest("mix is no identifier") from error
    choose_other(tournament=tournament, mix=heard_mix_for_owner(request.user, tournament, mix_id))
    return redirect("tournaments:tournament", public_id)


async def live(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Events that say when there is something new; the page then asks for its parts."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    tournament: Tournament = await sync_to_async(tournament_for_owner)(user, public_id)
    return await event_stream(request, channel_of(public_id), partial(live_events, tournament.pk), kind="owner")


def _result_page(request: ListenerRequest, tournament: Tournament) -> HttpResponse:
    context = {"result": result(tournament, request.user)}
    return render(request, "tournaments/result.html", context)
