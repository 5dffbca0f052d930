"""The end of a tournament: the champion, every round, and the files to take home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from evolution.models import Breeding, Mixer
from mixing.console.spec import MixSettings
from tournaments.drawings.curves import EqChart, draw_eq
from tournaments.models import Battle, Export, Mix, Preview, Tournament, Vote
from tournaments.plain_words import Deed, deeds, why_quieter
from tournaments.selectors.auditions import Audition, Candidate, audition
from tournaments.selectors.rounds import Rounds, rounds
from tournaments.services.exports import formats_of

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class RoundLine:
    """A round in one line: both names, who won, and who was born from it."""

    battle: Battle
    label: str
    winner: Mixer | None
    loser: Mixer | None
    first: Mixer
    second: Mixer
    outcome: str
    newborn: Mixer | None


@dataclass(frozen=True)
class Heard:
    """A mix that can be taken home, with its record in this tournament."""

    mix: Mix
    n_won: int
    n_fought: int
    is_champion: bool
    is_taken: bool
    is_version_taken: bool


@dataclass(frozen=True)
class ExportLine:
    """A format: not asked for yet (no export), being made, ready or failed."""

    format: str
    label: str
    note: str
    export: Export | None


@dataclass(frozen=True)
class Result:
    """The page of a finished tournament. `mix` is the champion's, or another one that its owner chose instead."""

    tournament: Tournament
    champion: Mixer
    mix: Mix
    mixer: Mixer
    is_champion: bool
    deeds: tuple[Deed, ...]
    why_quieter: str
    eq: EqChart
    listen: Audition | None
    exports: tuple[ExportLine, ...]
    heard: tuple[Heard, ...]
    lines: tuple[RoundLine, ...]
    rounds: Rounds


FORMAT_NOTES = {
    Export.Format.WAV: "For mastering, archives and uploads to distributors",
    Export.Format.WAV16: "For CDs and older players, dithered",
    Export.Format.WAV32: "Nothing rounded: for going on working",
    Export.Format.FLAC: "The same sound in about half the size",
    Export.Format.MP3: "For sending around; lowered until its peaks fit",
    Export.Format.OPUS: "Smaller than MP3 at the same quality; lowered until its peaks fit",
    Export.Format.STEMS: "Every stem behind its strip, and the reverb",
    Export.Format.REAPER: "Stems, faders, pans and plug-ins to go on with",
}


def result(tournament: Tournament, listener: User) -> Result:
    """Everything about a finished tournament, seen from the mix that its owner takes home."""
    champion, mix = tournament.champion, tournament.taken
    if champion is None or mix is None:
        raise ValueError(f"tournament {tournament.pk} is not finished")
    settings = MixSettings.from_dict(mix.console_settings or {})
    return Result(
        tournament=tournament,
        champion=champion.mixer,
        mix=mix,
        mixer=mix.mixer,
        is_champion=mix == champion,
        deeds=tuple(deeds(settings, mix.report or {})),
        why_quieter=why_quieter(mix.report or {}),
        eq=draw_eq([settings.bus], tournament.song.sample_rate),
        listen=beside_original(mix),
        exports=export_lines(mix),
        heard=_heard(tournament, mix, listener),
        lines=round_lines(tournament, listener),
        rounds=rounds(tournament, current=0),
    )


def beside_original(mix: Mix) -> Audition | None:
    """A mix and the upload at matched loudness."""
    return audition(
        mix.song,
        Preview.Region.HIGHLIGHT,
        [
            Candidate(mix, "Mix", mix.mixer.nickname, "a"),
            Candidate(None, "Original", "the upload", "original"),
        ],
    )


def export_lines(mix: Mix) -> tuple[ExportLine, ...]:
    """All formats of a mix, with what exists of them."""
    made = {export.format: export for export in Export.objects.filter(mix=mix)}
    return tuple(export_line(mix, value, made.get(value)) for value in formats_of(mix))


def export_line(mix: Mix, value: str, export: Export | None) -> ExportLine:
    """One format of a mix."""
    choice = Export.Format(value)
    return ExportLine(format=choice.value, label=str(choice.label), note=FORMAT_NOTES[choice], export=export)


def round_lines(tournament: Tournament, listener: User) -> tuple[RoundLine, ...]:
    """The rounds that were judged, in order."""
    battles = list(
        Battle.objects.filter(tournament=tournament, state=Battle.State.DECIDED, votes__voter=listener)
        .select_related("tournament", "first__mixer", "second__mixer")
        .order_by("number")
    )
    votes = {vote.battle_id: vote for vote in Vote.objects.filter(battle__in=battles, voter=listener)}
    born = {
        breeding.key: breeding.offspring
        for breeding in Breeding.objects.filter(key__in=[battle.key for battle in battles]).select_related("offspring")
    }
    return tuple(_round_line(battle, votes[battle.pk], born.get(battle.key), tournament) for battle in battles)


def _round_line(battle: Battle, vote: Vote, newborn: Mixer | None, tournament: Tournament) -> RoundLine:
    first, second = battle.first.mixer, battle.second.mixer
    winner, loser = {
        Vote.Choice.FIRST: (first, second),
        Vote.Choice.SECOND: (second, first),
    }.get(Vote.Choice(vote.choice), (None, None))
    outcome = {Vote.Choice.TIE: "a tie", Vote.Choice.NEITHER: "neither"}.get(Vote.Choice(vote.choice), "")
    return RoundLine(
        battle=battle,
        label="Final" if battle.number == tournament.n_rounds else f"Round {battle.number}",
        winner=winner,
        loser=loser,
        first=first,
        second=second,
        outcome=outcome,
        newborn=newborn,
    )


def _heard(tournament: Tournament, taken: Mix, listener: User) -> tuple[Heard, ...]:
    votes = Vote.objects.filter(battle__tournament=tournament, voter=listener).select_related("battle")
    fought: dict[int, int] = {}
    won: dict[int, int] = {}
    for vote in votes:
        for mix_id in (vote.battle.first_id, vote.battle.second_id):
            fought[mix_id] = fought.get(mix_id, 0) + 1
        winner_id = {
            Vote.Choice.FIRST: vote.battle.first_id,
            Vote.Choice.SECOND: vote.battle.second_id,
        }.get(Vote.Choice(vote.choice))
        if winner_id is not None:
            won[winner_id] = won.get(winner_id, 0) + 1
    mixes = Mix.objects.filter(Q(pk__in=fought)).select_related("mixer")
    lines = [
        Heard(
            mix=mix,
            n_won=won.get(mix.pk, 0),
            n_fought=fought[mix.pk],
            is_champion=mix.pk == tournament.champion_id,
            is_taken=mix.pk == taken.pk,
            is_version_taken=mix.pk == taken.nudged_from_id,
        )
        for mix in mixes
    ]
    return tuple(sorted(lines, key=lambda line: (not line.is_champion, -line.n_won, line.mix.pk)))
