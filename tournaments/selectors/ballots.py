"""What a listener may know of a battle before the vote: nothing that tells the sides apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from tournaments.models import Anchor, Ballot, Preview
from tournaments.ratings.reliability import CheckKind
from tournaments.selectors.presets import Preset, presets
from tournaments.services.ballots import heard_s, required_s
from tournaments.services.checks import check_of


@dataclass(frozen=True)
class BattleStage:
    """The stage of one ballot; addresses hold its token only."""

    number: int
    n_rounds: int
    is_final: bool
    song_title: str
    starts_with: str
    a_url: str
    b_url: str
    heard_url: str
    vote_url: str
    required_s: float
    heard_a_s: float
    heard_b_s: float
    issued_at: datetime
    presets: tuple[Preset, ...]


def battle_stage(ballot: Ballot, *, vote_url: str = "") -> BattleStage:
    """Everything that the battle page is made of.

    Args:
        vote_url: where the vote goes; the owner's page unless given.
    """
    battle = ballot.battle
    tournament = battle.tournament
    return BattleStage(
        number=battle.number,
        n_rounds=tournament.n_rounds,
        is_final=battle.is_final,
        song_title=tournament.song.title,
        starts_with=ballot.starts_with,
        a_url=reverse("tournaments:ballot-audio", args=[ballot.token, "a"]),
        b_url=reverse("tournaments:ballot-audio", args=[ballot.token, "b"]),
        heard_url=reverse("tournaments:heard", args=[ballot.token]),
        vote_url=vote_url or reverse("tournaments:vote", args=[ballot.token]),
        required_s=required_s(ballot),
        heard_a_s=heard_s(ballot, "a"),
        heard_b_s=heard_s(ballot, "b"),
        issued_at=ballot.issued_at,
        presets=presets(tournament.song, Preview.Region.HIGHLIGHT),
    )


def side_preview(ballot: Ballot, side: str) -> Preview | Anchor | None:
    """The sound behind a side of a ballot that is still to be cast; None for any other ballot."""
    if ballot.state not in (Ballot.State.ISSUED, Ballot.State.LISTENING, Ballot.State.ELIGIBLE):
        return None
    battle = ballot.battle
    if ballot.kind == Ballot.Kind.CHECK:
        check = check_of(ballot)
        if check.kind == CheckKind.ANCHOR:
            return check.preview if side == check.right else check.anchor
        if check.kind == CheckKind.IDENTICAL:
            return check.preview
    if battle.level_lufs is None:
        return None
    mix_id = battle.second_id if (side == "b") != ballot.is_swapped else battle.first_id
    return Preview.objects.filter(
        mix=mix_id, region=Preview.Region.HIGHLIGHT, level_lufs=battle.level_lufs, state=Preview.State.READY
    ).first()
