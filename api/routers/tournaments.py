"""Tournaments from the start to the result; their blind part is here.

Before the vote nothing names a mixer: a ballot is its token, and the two sounds are found by it alone.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Query, Router

from accounts.models import User
from api.paging import Page, Paging, page_of
from api.routers.exports import export_out
from api.schemas.tournaments import (
    BallotOut,
    BreedingOut,
    HeardIn,
    HeardOut,
    ResultOut,
    RevealOut,
    ShareIn,
    ShareOut,
    StartIn,
    TournamentLineOut,
    TournamentOut,
    VoteIn,
)
from api.sound import sound
from api.tokens import ApiRequest, scoped
from mixarena.web.live import event_stream
from tournaments.access import decided_battle_for_owner, own_ballot, song_for_listener, tournament_for_owner
from tournaments.errors import BattleNotOpen, TournamentFinished, TournamentRunning
from tournaments.models import Ballot, Share, Tournament
from tournaments.selectors.audience import channel_of
from tournaments.selectors.ballots import battle_stage, side_preview
from tournaments.selectors.evolutions import Evolution, evolution
from tournaments.selectors.history import tournaments_of
from tournaments.selectors.results import result
from tournaments.selectors.reveals import Reveal, reveal
from tournaments.selectors.rounds import current_battle, decided_battles, live_events, place
from tournaments.selectors.shares import link_to
from tournaments.services.ballots import commit_ballot, issue_ballot, record_heard
from tournaments.services.exports import formats_of
from tournaments.services.sharing import revoke, share_tournament
from tournaments.services.tournaments import start_tournament

router = Router()

Token = Path(max_length=40, pattern=r"^[-\w]+$", description="Of the ballot.")


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
    return _reveal(reveal(battle, request.user))


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


@router.post("/tournaments/{uuid:tournament}/share", response=ShareOut, **scoped("share"))
def share(request: ApiRequest, tournament: UUID, sent: ShareIn) -> dict[str, Any]:
    """Let others judge a tournament's battles blind; asking again changes the name and who finds it."""
    link = share_tournament(
        tournament=tournament_for_owner(request.user, tournament),
        name=sent.name,
        is_public=sent.is_public,
        now=timezone.now(),
    )
    return {"url": _share_url(request, link), "is_public": link.is_public, "name": link.name}


@router.delete("/tournaments/{uuid:tournament}/share", response={204: None}, **scoped("share"))
def stop_sharing(request: ApiRequest, tournament: UUID) -> None:
    """Take the link back."""
    link = link_to(tournament_for_owner(request.user, tournament))
    if link is not None:
        revoke(share=link, now=timezone.now())


@router.post("/tournaments/{uuid:tournament}/ballot", response=BallotOut, **scoped("play"))
def take_ballot(request: ApiRequest, tournament: UUID) -> dict[str, Any]:
    """The ballot of the present battle; asking again gives the same one."""
    row = tournament_for_owner(request.user, tournament)
    if row.state != Tournament.State.RUNNING:
        raise TournamentFinished("This tournament is over. Look at its result.", code="tournament_finished")
    battle = current_battle(row)
    if battle is None:
        raise BattleNotOpen("The next pair is still being found. Wait a few seconds.", code="battle_not_open")
    return _ballot(request, issue_ballot(battle=battle, voter=request.user, now=timezone.now()))


@router.get("/ballots/{token}", response=BallotOut, **scoped("play"))
def get_ballot(request: ApiRequest, token: str = Token) -> dict[str, Any]:
    """A ballot of yours, with what counts as heard so far."""
    return _ballot(request, own_ballot(request.user, token))


@router.get("/ballots/{token}/{side}.wav", **scoped("play", sends="audio/wav"))
def ballot_sound(request: ApiRequest, token: str = Token, side: Literal["a", "b"] = Path(...)) -> HttpResponseBase:
    """One side of a ballot as WAV; byte ranges are understood. Both sides have the same length and loudness."""
    preview = side_preview(own_ballot(request.user, token), side)
    if preview is None:
        raise Http404
    response = sound(request, preview.file.path, "audio/wav")
    response["Cache-Control"] = "private, no-store"
    return response


@router.post("/ballots/{token}/heard", response=HeardOut, **scoped("play"))
def heard(request: ApiRequest, log: HeardIn, token: str = Token) -> dict[str, Any]:
    """Say what was heard. A log that claims more time than has passed since the ballot was issued is left out."""
    ballot = own_ballot(request.user, token)
    stage = battle_stage(record_heard(ballot=ballot, segments={"a": log.a, "b": log.b}, now=timezone.now()))
    return {"required_s": stage.required_s, "heard_a_s": stage.heard_a_s, "heard_b_s": stage.heard_b_s}


@router.post("/ballots/{token}/vote", response=RevealOut, **scoped("play"))
def vote(request: ApiRequest, judgement: VoteIn, token: str = Token) -> dict[str, Any]:
    """Vote, for good, and uncover the battle. The same vote again gives the same answer."""
    ballot = own_ballot(request.user, token)
    commit_ballot(
        token=token,
        voter=request.user,
        choice=judgement.choice,
        confidence=judgement.confidence,
        now=timezone.now(),
    )
    battle = decided_battle_for_owner(request.user, ballot.battle.tournament.public_id, ballot.battle.number)
    return _reveal(reveal(battle, request.user))


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
        "share_url": _share_url(request, link) if (link := link_to(row)) else None,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def _share_url(request: ApiRequest, link: Share) -> str:
    return request.build_absolute_uri(reverse("social:shared", args=[link.token]))


def _ballot(request: ApiRequest, ballot: Ballot) -> dict[str, Any]:
    stage = battle_stage(ballot)
    a_url, b_url = (
        request.build_absolute_uri(reverse("api:ballot_sound", args=[ballot.token, side])) for side in ("a", "b")
    )
    return {
        "token": ballot.token,
        "round": stage.number,
        "is_final": stage.is_final,
        "song_title": stage.song_title,
        "starts_with": stage.starts_with,
        "a_url": a_url,
        "b_url": b_url,
        "required_s": stage.required_s,
        "heard_a_s": stage.heard_a_s,
        "heard_b_s": stage.heard_b_s,
    }


def _reveal(page: Reveal) -> dict[str, Any]:
    choice = next((side.side for side in page.sides if side.is_winner), page.vote.choice)
    return {
        "round": page.battle.number,
        "verdict": page.verdict,
        "choice": choice,
        "confidence": page.vote.confidence,
        "sides": [
            {
                "side": side.side,
                "mix": side.mix.public_id,
                "mixer": side.mixer.slug,
                "nickname": side.mixer.nickname,
                "is_winner": side.is_winner,
                "rating": side.move,
                "deeds": [f"{deed.what}: {deed.detail}" for deed in side.deeds],
            }
            for side in page.sides
        ],
        "breeding": _breeding(page.evolution) if page.evolution else None,
    }


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
