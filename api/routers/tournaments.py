"""Tournaments from the start to the result. Their blind part is in `ballots`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import HttpResponseBase
from ninja import Path, Query, Router

from accounts.models import User
from api.paging import Page, Paging, page_of
from api.routers.exports import export_out
from api.routers.links import share_url
from api.schemas.tournaments import (
    BreedingOut,
    ResultOut,
    RevealOut,
    StartIn,
    TournamentLineOut,
    TournamentOut,
)
from api.tokens import ApiRequest, scoped
from mixarena.web.live import event_stream
from tournaments.access import decided_battle_for_owner, song_for_listener, tournament_for_owner
from tournaments.errors import TournamentRunning
from tournaments.models import Tournament, Vote
from tournaments.selectors.audience import channel_of
from tournaments.selectors.evolutions import Evolution, evolution
from tournaments.selectors.history import tournaments_of
from tournaments.selectors.results import result
from tournaments.selectors.reveals import Reveal, Side, reveal
from tournaments.selectors.rounds import current_battle, decided_battles, live_events, place
from tournaments.selectors.shares import link_to
from tournaments.services.exports import formats_of
from tournaments.services.tournaments import start_tournament

router = Router()


@router.get("/tournaments", response=Page[TournamentLineOut], **scoped("read"))
def list_tournaments(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Your tournaments, newest first."""
    return page_of(tournaments_of(request.user), paging, _line)


@router.post("/tournaments", response={201: TournamentOut}, **scoped("play"))
def start(request: ApiRequest, tournament: StartIn) -> dict[str, Any]:
    """Start a tournament. Asking again before the first vote gives the same one."""
    song = song_for_listener(request.user, tournament.song)
    started = start_tournament(owner=request.user, song=song, genre=tournament.genre, n_rounds=tournament.n_rounds)
    return _tournament(request, started)


@router.get("/tournaments/{uuid:tournament}", response=TournamentOut, **scoped("read"))
def get_tournament(request: ApiRequest, tournament: UUID) -> dict[str, Any]:
    """Where a tournament stands. Ask until `battle` is open, then take a ballot."""
    return _tournament(request, tournament_for_owner(request.user, tournament))


@router.get("/tournaments/{uuid:tournament}/result", response=ResultOut, **scoped("read"))
def get_result(request: ApiRequest, tournament: UUID) -> dict[str, Any]:
    """The champion, the mixes to take home, and the files made so far."""
    row = tournament_for_owner(request.user, tournament)
    if row.state != Tournament.State.FINISHED:
        raise TournamentRunning(
            "This tournament has no result. Play its rounds to the end first.", code="tournament_not_finished"
        )
    return result_out(row, request.user)


@router.get("/tournaments/{uuid:tournament}/live", **scoped("read", sends="text/event-stream", in_ranges=False))
def live(request: ApiRequest, tournament: UUID) -> HttpResponseBase:
    """Server-sent events: one now, and one whenever something changed. Then ask for what you want to know.

    The data of a `message` is a short text that changes with the tournament and means nothing else. An `audience` says
    as JSON how many others have the tournament open, and how many votes each round has.
    """
    row = tournament_for_owner(request.user, tournament)
    return async_to_sync(event_stream)(request, channel_of(row.public_id), partial(live_events, row.pk), kind="owner")


def result_out(row: Tournament, owner: User) -> dict[str, Any]:
    """A finished tournament as it is shown."""
    page = result(row, owner)
    return {
        "tournament": row.public_id,
        "champion": page.champion.slug,
        "taken": page.mix.public_id,
        "mixes": [
            {
                "mix": line.mix.public_id,
                "mixer": line.mix.mixer.slug,
                "nickname": line.mix.mixer.nickname,
                "n_won": line.n_won,
                "n_fought": line.n_fought,
                "is_champion": line.is_champion,
                "is_taken": line.is_taken,
            }
            for line in page.heard
        ],
        "formats": [format.value for format in formats_of(page.mix)],
        "exports": [export_out(line.export) for line in page.exports if line.export is not None],
    }


@router.get("/tournaments/{uuid:tournament}/rounds/{int:number}", response=RevealOut, **scoped("read"))
def get_round(request: ApiRequest, tournament: UUID, number: int = Path(ge=1, le=10)) -> dict[str, Any]:
    """A round that you have judged, with its secret out."""
    battle = decided_battle_for_owner(request.user, tournament, number)
    return reveal_out(reveal(battle, request.user))


@router.get("/tournaments/{uuid:tournament}/breedings", response=list[BreedingOut], **scoped("read"))
def list_breedings(request: ApiRequest, tournament: UUID) -> list[dict[str, Any]]:
    """What became of your votes in this tournament. Nobody learns from a tie or from `neither`."""
    row = tournament_for_owner(request.user, tournament)
    found = []
    for battle in decided_battles(row, request.user):
        bred = evolution(decided_battle_for_owner(request.user, row.public_id, battle.number))
        if bred is not None:
            found.append(_breeding(bred))
    return found


def _line(row: Tournament) -> TournamentLineOut:
    return TournamentLineOut(
        id=row.public_id,
        song_title=row.song.title,
        genre=row.genre,
        state=row.state,
        n_rounds=row.n_rounds,
        n_decided=row.n_decided,  # type: ignore[attr-defined]
        champion=row.champion.mixer.slug if row.champion else None,
        created_at=row.created_at,
    )


def _tournament(request: ApiRequest, row: Tournament) -> dict[str, Any]:
    where, number = place(row, request.user)
    battle = current_battle(row)
    return {
        "id": row.public_id,
        "song": row.song.public_id,
        "song_title": row.song.title,
        "genre": row.genre,
        "state": row.state,
        "reason": row.reason,
        "n_rounds": row.n_rounds,
        "n_decided": len(decided_battles(row, request.user)),
        "place": where.value,
        "round": number,
        "battle": battle.state if battle else None,
        "share_url": share_url(request, link) if (link := link_to(row)) else None,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def reveal_out(page: Reveal) -> dict[str, Any]:
    """A round of one's own with its secret out."""
    return {
        "round": page.battle.number,
        "verdict": page.verdict,
        "choice": choice_of(page.sides, page.vote),
        "confidence": page.vote.confidence,
        "sides": [{**fighter_out(side), "mix": side.mix.public_id} for side in page.sides],
        "breeding": _breeding(page.evolution) if page.evolution else None,
    }


def fighter_out(side: Side) -> dict[str, Any]:
    """A side of a judged battle as anybody is shown it who has judged it."""
    return {
        "side": side.side,
        "mixer": side.mixer.slug,
        "nickname": side.mixer.nickname,
        "is_winner": side.is_winner,
        "rating": side.move,
        "deeds": [f"{deed.what}: {deed.detail}" for deed in side.deeds],
    }


def choice_of(sides: Sequence[Side], vote: Vote) -> str:
    """A vote under the letters that its listener heard."""
    return next((side.side for side in sides if side.is_winner), vote.choice)


def _breeding(bred: Evolution) -> dict[str, Any]:
    return {
        "round": bred.battle.number,
        "state": bred.breeding.state,
        "loser": bred.loser.slug,
        "winner": bred.winner.slug,
        "offspring": bred.newborn.slug if bred.newborn else None,
        "offspring_nickname": bred.newborn.nickname if bred.newborn else None,
        "reason": bred.breeding.reason,
        "shares": {line.label.lower(): line.realized for line in bred.inheritance},
    }
