"""What accounts hear of votes, tournaments and births: facts for tiers and achievements, and where to look at them.

Everything here runs inside the transaction of what happened. It takes listeners' locks, so a transaction that also
appends to the ledger must have done so before.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse

from accounts.models import Activity
from accounts.services import record
from evolution.models import Breeding, Mixer
from tournaments.heard import total_s
from tournaments.models import Ballot, Battle, Mix, Tournament, Vote

if TYPE_CHECKING:
    from accounts.models import User


def record_vote(vote: Vote) -> None:
    """A listener has judged a battle; votes by a rule earn nothing."""
    ballot, battle = vote.ballot, vote.battle
    if ballot.kind not in Ballot.BY_EAR:
        return
    song = battle.tournament.song
    least_s = min(total_s(ballot.heard.get(side, [])) for side in ("a", "b"))
    region_s = (song.highlight_end_s or 0.0) - (song.highlight_start_s or 0.0)
    record(
        user_id=vote.voter_id,
        kind=Activity.Kind.VOTED,
        key=str(vote.pk),
        facts={
            "choice": vote.choice,
            "confidence": vote.confidence,
            "genre": battle.tournament.genre,
            "heard_least_s": round(least_s, 2),
            "heard_share": round(least_s / region_s, 4) if region_s > 0 else 0.0,
            **_place(ballot, battle),
        },
        now=vote.created_at,
    )
    _record_outgrown(vote)


def record_finish(*, tournament: Tournament, champion: Mix, now: datetime) -> None:
    """A listener's tournament has its champion."""
    if tournament.kind != Tournament.Kind.LISTENER:
        return
    mixer = Mixer.objects.get(pk=champion.mixer_id)
    keys = Battle.objects.filter(tournament=tournament, state=Battle.State.DECIDED).values("key")
    record(
        user_id=tournament.owner_id,
        kind=Activity.Kind.FINISHED,
        key=str(tournament.pk),
        facts={
            "genre": tournament.genre,
            "song": tournament.song_id,
            "n_stems": tournament.song.n_stems,
            "n_rounds": tournament.n_rounds,
            "generation": mixer.generation,
            "is_own_offspring": Breeding.objects.filter(offspring=mixer, key__in=keys).exists(),
            "label": f"The tournament on {tournament.song.title}",
            "url": reverse("tournaments:tournament", args=[tournament.public_id]),
        },
        now=now,
    )


def record_birth(*, battle: Battle, offspring: Mixer, now: datetime) -> None:
    """An offspring that came of a listener's vote has passed the gate."""
    voter = _voter_of(battle)
    if voter is None:
        return
    record(
        user_id=voter.pk,
        kind=Activity.Kind.BRED,
        key=battle.key,
        facts={"label": offspring.nickname, "url": reverse("tournaments:mixer", args=[offspring.slug])},
        now=now,
    )


def _record_outgrown(vote: Vote) -> None:
    """If an offspring has just beaten one of its parents, that counts for whoever voted it into the world."""
    battle = vote.battle
    sides = {
        Vote.Choice.FIRST.value: (battle.first, battle.second),
        Vote.Choice.SECOND.value: (battle.second, battle.first),
    }
    if vote.choice not in sides:
        return
    winner, loser = (mix.mixer for mix in sides[vote.choice])
    birth = Breeding.objects.filter(offspring=winner).first()
    if birth is None or loser.pk not in (birth.loser_id, birth.winner_id):
        return
    origin = Battle.objects.filter(key=birth.key).select_related("tournament").first()
    voter = _voter_of(origin) if origin is not None else None
    if voter is None:
        return
    record(
        user_id=voter.pk,
        kind=Activity.Kind.OUTGREW,
        key=str(winner.pk),
        facts={
            "label": f"{winner.nickname} beat {loser.nickname}",
            "url": reverse("tournaments:mixer", args=[winner.slug]),
        },
        now=vote.created_at,
    )


def _voter_of(battle: Battle) -> User | None:
    """The listener who decided a battle; None where a rule did."""
    vote = Vote.objects.filter(battle=battle, ballot__kind=Ballot.Kind.LISTENER).select_related("voter").first()
    return None if vote is None else vote.voter


def _place(ballot: Ballot, battle: Battle) -> dict[str, str]:
    """What was judged, and where to look at it. Of somebody else's song no title is kept: it may be taken back."""
    if ballot.kind == Ballot.Kind.AUDIENCE:
        url = reverse("social:battle", args=[ballot.share.token, battle.number]) if ballot.share else ""
        return {"label": "A shared battle", "url": url}
    tournament = battle.tournament
    return {
        "label": f"Round {battle.number} of {tournament.song.title}",
        "url": reverse("tournaments:reveal", args=[tournament.public_id, battle.number]),
    }
