"""A mixer's card in words: what it was trained on, and what was measured on songs that it never learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evolution.models import Mixer


@dataclass(frozen=True)
class Metric:
    """A measurement with its 95 % interval, where one was made."""

    label: str
    value: str
    interval: str


@dataclass(frozen=True)
class Package:
    """A package of music that a mixer learned from."""

    name: str
    licences: str


@dataclass(frozen=True)
class Card:
    """What the card tells. Specialities of an offspring by what became of its parents' ones."""

    metrics: tuple[Metric, ...]
    style: tuple[Metric, ...]
    n_songs: int | None
    hours: float | None
    limits: str
    packages: tuple[Package, ...]
    specialities: tuple[tuple[str, str], ...]


FATES = ("kept", "emerged", "lost")
METRICS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("from_style_db", "Off its own style's target", lambda x: f"{x:.2f} dB"),
    ("do_nothing_from_style_db", "Off that target when doing nothing", lambda x: f"{x:.2f} dB"),
    ("repair_ratio", "Damage that it leaves", lambda x: f"{100 * x:.0f} %"),
    ("clean_movement_db", "Moves good songs by", lambda x: f"{x:.2f} dB"),
    ("shuffle_rise", "Worse with another song’s features by", lambda x: f"{100 * x:.0f} %"),
    ("icc", "Share of its choices that the song explains", lambda x: f"{100 * x:.0f} %"),
    ("recognized_share", "Told from the other champions in", lambda x: f"{100 * x:.0f} % of songs"),
)
STYLE: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("effective_lufs", "Loudness", lambda x: f"{x:.1f} LUFS"),
    ("range_lu", "Loudness range", lambda x: f"{x:.1f} LU"),
    ("crest_db", "Crest factor", lambda x: f"{x:.1f} dB"),
    ("tilt_db", "Tilt", lambda x: f"{x:+.1f} dB an octave"),
    ("width_db", "Side to mid", lambda x: f"{x:+.1f} dB"),
    ("drive_db", "Drive", lambda x: f"{x:.1f} dB"),
    ("glue_db", "Compression", lambda x: f"{x:.1f} dB"),
)


def card_of(mixer: Mixer) -> Card:
    """Read the stored card; whatever it does not hold is left out."""
    training = mixer.card.get("training", {})
    metrics = mixer.card.get("metrics", {})
    return Card(
        metrics=_metrics(METRICS, metrics),
        style=_metrics(STYLE, metrics.get("style", {})),
        n_songs=training.get("songs"),
        hours=training.get("hours"),
        limits=training.get("limits", ""),
        packages=tuple(Package(name, ", ".join(found)) for name, found in sorted(training.get("packages", {}).items())),
        specialities=specialities(mixer),
    )


def specialities(mixer: Mixer) -> tuple[tuple[str, str], ...]:
    """What became of the parents' specialities in an offspring: their names, and what happened to them."""
    found = mixer.card.get("specialities", {})
    return tuple((name.replace("_", " "), fate) for fate in FATES for name in found.get(fate, []))


def _metrics(
    wanted: tuple[tuple[str, str, Callable[[float], str]], ...], measured: dict[str, Any]
) -> tuple[Metric, ...]:
    lines = []
    for name, label, shown in wanted:
        if name not in measured:
            continue
        entry = measured[name]
        if isinstance(entry, dict):
            lines.append(Metric(label, shown(entry["value"]), f"{shown(entry['low'])} to {shown(entry['high'])}"))
        else:
            lines.append(Metric(label, shown(entry), ""))
    return tuple(lines)
