"""What a mixer did to a song, and how an offspring passed its test, in sentences that need no engineer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mixing.console.spec import BusSettings, MixSettings

# Smaller moves than these are not worth a sentence: they cannot be told apart by ear in a whole mix.
MIN_EQ_DB = 0.5
MIN_DRIVE_DB = 0.5
MIN_WIDTH_DB = 0.5
# Below the lowest note of a bass it is heard by nobody.
MIN_MONO_HZ = 40.0
MIN_RATIO = 1.05
MIN_GAIN_REDUCTION_DB = 0.2

# Names of the regions that the equalizer's five bands reach into, by their upper end.
REGIONS: tuple[tuple[float, str], ...] = (
    (80.0, "sub-bass"),
    (160.0, "bass"),
    (350.0, "warmth"),
    (700.0, "low mids"),
    (1500.0, "mids"),
    (3000.0, "upper mids"),
    (6000.0, "presence"),
    (10_000.0, "brightness"),
    (math.inf, "air"),
)


@dataclass(frozen=True)
class Deed:
    """One thing that was done. `icon` names a picture of the sprite."""

    icon: str
    what: str
    detail: str


def deeds(settings: MixSettings, report: dict[str, Any]) -> list[Deed]:
    """Everything audible that a mix did, the tone first and the loudness last.

    Args:
        report: the renderer's report of this mix, as stored with it.
    """
    return [
        *_tone(settings.bus),
        *_dynamics(settings.bus, report),
        *_saturation(settings.bus),
        *_stereo(settings.bus),
        _loudness(report),
    ]


def why_quieter(report: dict[str, Any]) -> str:
    """Why the delivered loudness lies below the requested one; empty when it does not."""
    if not report["is_limited_by_headroom"]:
        return ""
    return (
        f"It asked for {report['requested_lufs']:.1f} LUFS. More than {report['effective_lufs']:.1f} LUFS would have "
        "taken over 6 dB of limiting, which flattens the music, so the target was lowered."
    )


def region_name(center_hz: float) -> str:
    """What musicians call the part of the spectrum around a frequency."""
    return next(name for upper_hz, name in REGIONS if center_hz < upper_hz)


def hertz(value_hz: float) -> str:
    """A frequency for people: 95 Hz, 3.2 kHz."""
    return f"{value_hz:.0f} Hz" if value_hz < 1000 else f"{value_hz / 1000:.1f} kHz"


@dataclass(frozen=True)
class CheckLine:
    """One check of the gate: what it asks for, and by how much it was met or missed."""

    label: str
    detail: str
    is_passed: bool


# What the gate asks of an offspring, by the name that its report gives to the check; the figures are value and limit.
CHECKS: dict[str, tuple[str, str]] = {
    "finite": ("Has an answer to every song", ""),
    "not_a_copy": ("Is no copy of a living mixer", "{value:.3f} from the nearest, {limit:.3f} needed"),
    "near_blend": ("Holds what the blend promised", "{value:.3f} off, at most {limit:.3f}"),
    "stable": ("Is not swayed by a little noise", "{value:.4f} off, at most {limit:.4f}"),
    "repair_ratio": ("Mends spoiled songs like its parents", "{value:.2f} of the damage is left, at most {limit:.2f}"),
    "movement_on_clean_db": ("Leaves good songs alone", "moves them by {value:.1f} dB, at most {limit:.1f} dB"),
    "renders": ("Meets loudness and peak limits", "{value:.2f} LU off, at most {limit:.2f} LU"),
}


def gate_lines(report: dict[str, Any]) -> tuple[CheckLine, ...]:
    """The checks of a gate report as it was stored with the breeding; none where there is no report."""
    return tuple(_check_line(check) for check in report.get("checks", []))


def _check_line(check: dict[str, Any]) -> CheckLine:
    label, figures = CHECKS[check["name"]]
    detail = figures.format(value=check["value"], limit=check["limit"])
    return CheckLine(label, detail if check["passed"] else f"{check['sentence']} {detail}".strip(), check["passed"])


def _tone(bus: BusSettings) -> list[Deed]:
    bands = [
        (bus.low_shelf_hz, bus.low_shelf_db, "below"),
        (bus.low_peak_hz, bus.low_peak_db, "around"),
        (bus.mid_peak_hz, bus.mid_peak_db, "around"),
        (bus.high_peak_hz, bus.high_peak_db, "around"),
        (bus.high_shelf_hz, bus.high_shelf_db, "above"),
    ]
    moves = sorted((b for b in bands if abs(b[1]) >= MIN_EQ_DB), key=lambda b: -abs(b[1]))
    return [
        Deed(
            "sliders-vertical",
            f"{'More' if gain_db > 0 else 'Less'} {region_name(center_hz)}",
            f"{gain_db:+.1f} dB {where} {hertz(center_hz)}",
        )
        for center_hz, gain_db, where in moves[:3]
    ]


def _dynamics(bus: BusSettings, report: dict[str, Any]) -> list[Deed]:
    reduction_db = max((abs(value) for value in report["gain_reduction"]), default=0.0)
    if bus.glue_ratio < MIN_RATIO or reduction_db < MIN_GAIN_REDUCTION_DB:
        return []
    strength = (
        "Gently held together" if reduction_db < 2 else "Compressed" if reduction_db < 5 else "Heavily compressed"
    )
    return [
        Deed(
            "fold-vertical",
            strength,
            f"{bus.glue_ratio:.1f} : 1, up to {reduction_db:.1f} dB, attack {bus.glue_attack_ms:.0f} ms",
        )
    ]


def _saturation(bus: BusSettings) -> list[Deed]:
    if bus.drive_db < MIN_DRIVE_DB:
        return []
    strength = "A touch of warmth" if bus.drive_db < 4 else "Warm and dense" if bus.drive_db < 10 else "Driven hard"
    return [Deed("flame", strength, f"{bus.drive_db:.1f} dB of drive")]


def _stereo(bus: BusSettings) -> list[Deed]:
    found = []
    if abs(bus.width_db) >= MIN_WIDTH_DB:
        found.append(
            Deed("move-horizontal", "Wider" if bus.width_db > 0 else "Narrower", f"sides {bus.width_db:+.1f} dB")
        )
    if bus.mono_below_hz >= MIN_MONO_HZ:
        found.append(Deed("circle-dot", "Bass in the center", f"mono below {hertz(bus.mono_below_hz)}"))
    return found


def _loudness(report: dict[str, Any]) -> Deed:
    detail = f"true peak {report['true_peak_dbtp']:.1f} dBTP"
    limiting_db = abs(report["max_limiting_db"])
    if limiting_db >= MIN_GAIN_REDUCTION_DB:
        detail += f", limiter up to {limiting_db:.1f} dB"
    return Deed("volume-2", f"{report['effective_lufs']:.1f} LUFS", detail)
