"""What became of a vote: the loser that learned from the winner, as it happens."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from evolution.models import Breeding, Mixer, Parentage
from tournaments.models import Battle, Mix, Preview
from tournaments.plain_words import CheckLine, gate_lines
from tournaments.selectors.auditions import Audition, Candidate, audition
from tournaments.selectors.cards import specialities
from tournaments.selectors.progress import Progress, birth, first_mix

GROUP_LABELS = {
    "level": "Loudness",
    "tone": "Tone",
    "dynamics": "Dynamics",
    "saturation": "Saturation",
    "space": "Space",
    "stereo": "Stereo",
}


@dataclass(frozen=True)
class Inheritance:
    """One group of settings: how much of the way from the loser to the winner the offspring went, in percent.

    `realized_shown` is clipped to 0..100 for the picture; `realized` is None where the parents do not differ.
    """

    label: str
    requested: int
    realized: int | None
    realized_shown: int


@dataclass(frozen=True)
class Evolution:
    """A breeding for the page. `progress` says how far it has come, while there is more to come.

    `guest` is the third parent, where the strategy of the genre takes one.
    """

    battle: Battle
    breeding: Breeding
    loser: Mixer
    winner: Mixer
    guest: Mixer | None
    newborn: Mixer | None
    specialities: tuple[tuple[str, str], ...]
    inheritance: tuple[Inheritance, ...]
    checks: tuple[CheckLine, ...]
    before_after: Audition | None
    progress: Progress | None


def evolution(battle: Battle) -> Evolution | None:
    """The breeding of a decided battle; None for a tie and for "neither", from which nobody learns."""
    breeding = Breeding.objects.filter(key=battle.key).select_related("loser", "winner", "offspring").first()
    if breeding is None:
        return None
    newborn = breeding.offspring
    before_after = _before_after(battle, breeding) if newborn else None
    return Evolution(
        battle=battle,
        breeding=breeding,
        loser=breeding.loser,
        winner=breeding.winner,
        guest=_guest(newborn) if newborn else None,
        newborn=newborn,
        specialities=specialities(newborn) if newborn else (),
        inheritance=_inheritance(breeding),
        checks=gate_lines(breeding.gate),
        before_after=before_after,
        progress=_progress(battle, breeding) if before_after is None else None,
    )


def _guest(newborn: Mixer) -> Mixer | None:
    links = Parentage.objects.filter(child=newborn, role=Parentage.Role.GUEST).select_related("parent")
    return next((link.parent for link in links), None)


def _inheritance(breeding: Breeding) -> tuple[Inheritance, ...]:
    rows = []
    for group, requested in breeding.requested.get("groups", {}).items():
        realized = breeding.realized.get(group)
        percent = None if realized is None else round(100 * realized)
        rows.append(
            Inheritance(
                label=GROUP_LABELS[group],
                requested=round(100 * requested),
                realized=percent,
                realized_shown=min(max(percent or 0, 0), 100),
            )
        )
    return tuple(rows)


def _before_after(battle: Battle, breeding: Breeding) -> Audition | None:
    song = battle.tournament.song
    mixes = {
        mix.mixer_id: mix
        for mix in Mix.objects.filter(song=song, nudged_from=None, mixer__in=[breeding.loser_id, breeding.offspring_id])
    }
    before, after = mixes.get(breeding.loser_id), mixes.get(breeding.offspring_id or 0)
    if before is None or after is None:
        return None
    has_fought = Battle.objects.filter(
        Q(first=after) | Q(second=after), tournament=battle.tournament_id, state=Battle.State.DECIDED
    )
    return audition(
        song,
        # On the battles' own excerpt only once the newborn has fought, so that its first battle stays blind.
        Preview.Region.HIGHLIGHT if has_fought.exists() else Preview.Region.EXCERPT,
        [
            Candidate(before, "Before", breeding.loser.nickname, "original"),
            Candidate(after, "After", breeding.offspring.nickname if breeding.offspring else "", "born"),
        ],
    )


def _progress(battle: Battle, breeding: Breeding) -> Progress | None:
    """What is still being worked on: the breeding, then the newborn's first mix of the song."""
    if breeding.state == Breeding.State.REQUESTED:
        return birth(breeding)
    if breeding.offspring is None:
        return None
    mix = (
        Mix.objects.filter(song=battle.tournament.song_id, mixer=breeding.offspring, nudged_from=None)
        .exclude(state=Mix.State.FAILED)
        .select_related("song")
        .first()
    )
    return first_mix(mix) if mix is not None else None
