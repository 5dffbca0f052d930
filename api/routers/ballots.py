"""The blind part: a ballot, its two sounds, what was heard of them, and the vote in a tournament of one's own.

Before the vote nothing names a mixer: a ballot is its token, and the two sounds are found by it alone. Sounds and the
log are asked for alike with every ballot; votes on what others share are cast in `audience` and `queue`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Router

from api.routers.tournaments import reveal_out
from api.schemas.tournaments import BallotOut, HeardIn, HeardOut, RevealOut, VoteIn
from api.sound import sound
from api.tokens import ApiRequest, scoped
from tournaments.access import ballot_for_voter, decided_battle_for_owner, own_ballot, tournament_for_owner
from tournaments.errors import BattleNotOpen, TournamentFinished
from tournaments.models import Ballot, Tournament
from tournaments.selectors.ballots import battle_stage, side_preview
from tournaments.selectors.reveals import reveal
from tournaments.selectors.rounds import current_battle
from tournaments.services.ballots import commit_ballot, issue_ballot, record_heard

router = Router()

Token = Path(max_length=40, pattern=r"^[-\w]+$", description="Of the ballot.")


@router.post("/tournaments/{uuid:tournament}/ballot", response=BallotOut, **scoped("play"))
def take_ballot(request: ApiRequest, tournament: UUID) -> dict[str, Any]:
    """The ballot of the present battle; asking again gives the same one."""
    row = tournament_for_owner(request.user, tournament)
    if row.state != Tournament.State.RUNNING:
        raise TournamentFinished("This tournament is over. Look at its result.", code="tournament_finished")
    battle = current_battle(row)
    if battle is None:
        raise BattleNotOpen("The next pair is still being found. Wait a few seconds.", code="battle_not_open")
    return ballot_out(request, issue_ballot(battle=battle, voter=request.user, now=timezone.now()))


@router.get("/ballots/{token}", response=BallotOut, **scoped("play"))
def get_ballot(request: ApiRequest, token: str = Token) -> dict[str, Any]:
    """A ballot of your own tournament, with what counts as heard so far."""
    return ballot_out(request, own_ballot(request.user, token))


@router.get("/ballots/{token}/{side}.wav", **scoped("play", sends="audio/wav"))
def ballot_sound(request: ApiRequest, token: str = Token, side: Literal["a", "b"] = Path(...)) -> HttpResponseBase:
    """One side of any ballot as WAV; byte ranges are understood. Both sides have the same length and loudness."""
    preview = side_preview(ballot_for_voter(request.user, token), side)
    if preview is None:
        raise Http404
    response = sound(request, preview.file.path, "audio/wav")
    response["Cache-Control"] = "private, no-store"
    return response


@router.post("/ballots/{token}/heard", response=HeardOut, **scoped("play"))
def heard(request: ApiRequest, log: HeardIn, token: str = Token) -> dict[str, Any]:
    """Say what was heard, and when the sides were changed.

    A log that claims more time than has passed since the ballot was issued is left out.
    """
    ballot = ballot_for_voter(request.user, token)
    segments = {"a": log.a, "b": log.b}
    ballot = record_heard(ballot=ballot, segments=segments, switches=log.switches, now=timezone.now())
    stage = battle_stage(ballot)
    return {"required_s": stage.required_s, "heard_a_s": stage.heard_a_s, "heard_b_s": stage.heard_b_s}


@router.post("/ballots/{token}/vote", response=RevealOut, **scoped("play"))
def vote(request: ApiRequest, judgement: VoteIn, token: str = Token) -> dict[str, Any]:
    """Vote in your own tournament, for good, and uncover the battle. The same vote again gives the same answer."""
    ballot = own_ballot(request.user, token)
    cast(request, ballot, judgement)
    battle = decided_battle_for_owner(request.user, ballot.battle.tournament.public_id, ballot.battle.number)
    return reveal_out(reveal(battle, request.user))


def cast(
    request: ApiRequest, ballot: Ballot, judgement: VoteIn, *, commit: Callable[..., object] = commit_ballot
) -> None:
    """What every vote does, as on the pages: note the changes between the sides, and commit.

    Args:
        commit: takes what `commit_ballot` does.
    """
    now = timezone.now()
    record_heard(ballot=ballot, segments={}, switches=judgement.switches, now=now)
    commit(token=ballot.token, voter=request.user, choice=judgement.choice, confidence=judgement.confidence, now=now)


def stage_out(request: ApiRequest, ballot: Ballot) -> dict[str, Any]:
    """What is needed to judge, and nothing that tells what."""
    stage = battle_stage(ballot)
    a_url, b_url = (
        request.build_absolute_uri(reverse("api:ballot_sound", args=[ballot.token, side])) for side in ("a", "b")
    )
    return {
        "token": ballot.token,
        "starts_with": stage.starts_with,
        "a_url": a_url,
        "b_url": b_url,
        "required_s": stage.required_s,
        "heard_a_s": stage.heard_a_s,
        "heard_b_s": stage.heard_b_s,
        "issued_at": stage.issued_at,
    }


def ballot_out(request: ApiRequest, ballot: Ballot) -> dict[str, Any]:
    """A ballot, and which battle of which song it is for."""
    battle = ballot.battle
    return {
        **stage_out(request, ballot),
        "round": battle.number,
        "is_final": battle.is_final,
        "song_title": battle.tournament.song.title,
    }
