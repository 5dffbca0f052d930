"""The recipe of a mix: what was done, in words and pictures, and what its owner can change."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mixing.console.parameter import GROUPS, Parameter
from mixing.console.spec import BUS, DELIVERY, REVERB, STRIP, MixSettings, StripSettings
from tournaments.drawings.curves import EqChart, draw_eq, draw_strips
from tournaments.drawings.levels import ReductionChart, StemMap, draw_reduction, draw_stems
from tournaments.models import Analysis, Mix, Tournament
from tournaments.plain_words import Deed, deeds, strip_words, why_quieter, why_words
from tournaments.selectors.auditions import Audition, Candidate, audition
from tournaments.selectors.results import ExportLine, export_lines
from tournaments.services.nudges import nudge_shown

MACROS = (
    ("brightness", "Darker", "Brighter"),
    ("loudness", "Softer", "Louder"),
    ("width", "Narrower", "Wider"),
    ("punch", "Less punch", "More punch"),
)


@dataclass(frozen=True)
class StripLine:
    """What was done to a stem."""

    number: int
    name: str
    role: str
    words: tuple[str, ...]
    is_silent: bool


@dataclass(frozen=True)
class Knob:
    """A parameter of the expert view; `value` is empty for off, `error` says what is wrong with what was sent."""

    path: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    value: str
    has_off: bool
    error: str = ""


@dataclass(frozen=True)
class Section:
    """Knobs that belong together."""

    title: str
    knobs: tuple[Knob, ...]


@dataclass(frozen=True)
class Macro:
    """A word with two ends, and where it stands, in percent."""

    name: str
    less: str
    more: str
    percent: int


@dataclass(frozen=True)
class Recipe:
    """The page of one mix."""

    tournament: Tournament
    mix: Mix
    origin: Mix
    is_ready: bool
    is_failed: bool
    is_taken: bool
    deeds: tuple[Deed, ...]
    why: tuple[str, ...]
    why_quieter: str
    loudness_before: float | None
    loudness_after: float | None
    eq: EqChart
    strip_eq: EqChart | None
    reduction: ReductionChart | None
    stems: StemMap | None
    strips: tuple[StripLine, ...]
    listen: Audition | None
    exports: tuple[ExportLine, ...]
    versions: tuple[Mix, ...]
    macros: tuple[Macro, ...]
    strength_percent: int
    locks: tuple[str, ...]
    groups: tuple[str, ...]
    sections: tuple[Section, ...]


def recipe(tournament: Tournament, mix: Mix) -> Recipe:
    """Everything about a mix that its owner may take home."""
    origin = mix.nudged_from or mix
    settings = MixSettings.from_dict(mix.console_settings or {})
    report = mix.report or {}
    song = mix.song
    strip_reports = report.get("strips", [])
    stems = list(song.stems.all()) if song.n_stems > 1 else []
    analysis = Analysis.objects.filter(song=song, state=Analysis.State.READY).first()
    nudge = nudge_shown(mix)
    is_ready = mix.state == Mix.State.READY
    return Recipe(
        tournament=tournament,
        mix=mix,
        origin=origin,
        is_ready=is_ready,
        is_failed=mix.state == Mix.State.FAILED,
        is_taken=tournament.taken_id == mix.pk,
        deeds=tuple(deeds(settings, report)) if is_ready else (),
        why=why_words(settings, report) if is_ready else (),
        why_quieter=why_quieter(report) if is_ready else "",
        loudness_before=analysis.result.get("loudness_lufs") if analysis else None,
        loudness_after=report.get("effective_lufs"),
        eq=draw_eq([settings.bus], song.sample_rate),
        strip_eq=draw_strips(settings.strips, song.sample_rate) if stems else None,
        reduction=draw_reduction(report.get("gain_reduction", []), song.duration_s),
        stems=draw_stems(
            [
                (stem.name, strip.pan, done["output_lufs"])
                for stem, strip, done in zip(stems, settings.strips, strip_reports, strict=True)
            ]
        )
        if stems and is_ready
        else None,
        strips=tuple(
            StripLine(i + 1, stem.name, stem.role, strip_words(strip, done), done["is_silent"])
            for i, (stem, strip, done) in enumerate(zip(stems, settings.strips, strip_reports, strict=False))
        ),
        listen=_listen(mix, origin) if is_ready else None,
        exports=export_lines(mix) if is_ready else (),
        versions=tuple(origin.nudged.select_related("mixer").order_by("pk")),
        macros=tuple(Macro(name, less, more, round(100 * getattr(nudge, name))) for name, less, more in MACROS),
        strength_percent=round(100 * nudge.strength),
        locks=nudge.locks,
        groups=GROUPS,
        sections=_sections(settings, [stem.name for stem in stems]),
    )


def _listen(mix: Mix, origin: Mix) -> Audition | None:
    tracks = [Candidate(mix, "This mix", mix.mixer.nickname, "a")]
    if origin != mix:
        tracks = [Candidate(mix, "Changed", "your version", "a"), Candidate(origin, "Before", "the mixer's own", "b")]
    return audition(mix.song, "highlight", [*tracks, Candidate(None, "Original", "your upload", "original")])


def _sections(settings: MixSettings, names: list[str]) -> tuple[Section, ...]:
    found = [
        Section("Mix bus", _knobs("bus", BUS, settings.bus.__dict__)),
        Section("Loudness", _knobs("delivery", DELIVERY, settings.delivery.__dict__)),
    ]
    if names:
        found.append(Section("Reverb", _knobs("reverb", REVERB, settings.reverb.__dict__)))
    for i, name in enumerate(names):
        strip: StripSettings = settings.strips[i]
        found.append(Section(name, _knobs(f"strips.{i}", STRIP, strip.__dict__)))
    return tuple(found)


def _knobs(path: str, parameters: tuple[Parameter, ...], values: dict[str, float]) -> tuple[Knob, ...]:
    return tuple(
        Knob(
            path=f"{path}.{p.name}",
            label=_label(p.name),
            unit=p.unit,
            low=p.low,
            high=p.high,
            step=0.01,
            value="" if _is_off(p, values[p.name]) else f"{values[p.name]:.2f}",
            has_off=p.has_off,
        )
        for p in parameters
    )


def _is_off(p: Parameter, value: float) -> bool:
    return p.has_off and (math.isinf(value) or value < p.low)


def _label(name: str) -> str:
    words = name.split("_")
    return " ".join(
        words[:-1] if words[-1] in ("db", "hz", "ms", "s", "lufs") and len(words) > 1 else words
    ).capitalize()
