"""What a mixer did to a song, and how an offspring passed its test, in sentences that need no engineer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mixing.console.spec import BusSettings, MixSettings, StripSettings

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
        *_balance(settings),
        _loudness(report),
    ]


def why_words(settings: MixSettings, report: dict[str, Any]) -> tuple[str, ...]:
    """Why what was done matters to the ear: the largest moves, a sentence each."""
    bus, found = settings.bus, []
    low_db, high_db = bus.low_shelf_db + bus.low_peak_db, bus.high_peak_db + bus.high_shelf_db
    if abs(high_db) >= 1.0:
        found.append(
            "More treble brings consonants, cymbals and room forward; too much of it tires."
            if high_db > 0
            else "Less treble sounds warmer and further away, and takes sharpness off."
        )
    if abs(low_db) >= 1.0:
        found.append(
            "More bass gives body and weight, which small loudspeakers cannot show."
            if low_db > 0
            else "Less bass and low mids clears mud, so that voices and attacks are easier to hear."
        )
    reduction_db = max(report.get("gain_reduction", []), default=0.0)
    if bus.glue_ratio >= MIN_RATIO and reduction_db >= 1.0:
        found.append("Compression brings loud and quiet moments together: steadier, and with less surprise.")
    if bus.drive_db >= 3.0:
        found.append("Saturation adds overtones, which makes it denser at the same level.")
    if abs(bus.width_db) >= 1.0:
        found.append(
            "Louder sides make it wider; in mono they vanish, so what matters stays in the middle."
            if bus.width_db > 0
            else "Softer sides draw it together, which carries further on one loudspeaker."
        )
    limiting_db = abs(report.get("max_limiting_db", 0.0))
    if limiting_db >= 2.0:
        found.append(f"The limiter took up to {limiting_db:.1f} dB off the highest peaks to reach the loudness.")
    if settings.strips and settings.reverb.level_db > -60.0:
        found.append(f"One room of {settings.reverb.decay_s:.1f} s for all stems makes them sound like one place.")
    return tuple(found)


def strip_words(strip: StripSettings, report: dict[str, Any]) -> tuple[str, ...]:
    """What a strip did to its stem, in short."""
    if report["is_silent"]:
        return ("silent, left alone",)
    words = []
    if abs(strip.fader_db) >= MIN_EQ_DB:
        words.append(f"{strip.fader_db:+.1f} dB")
    if abs(strip.pan) >= 0.05:
        words.append(f"{abs(100 * strip.pan):.0f} % {'right' if strip.pan > 0 else 'left'}")
    if strip.high_pass_hz >= MIN_MONO_HZ:
        words.append(f"cut below {hertz(strip.high_pass_hz)}")
    bands = [
        (strip.low_shelf_hz, strip.low_shelf_db, "below"),
        (strip.low_peak_hz, strip.low_peak_db, "around"),
        (strip.high_peak_hz, strip.high_peak_db, "around"),
        (strip.high_shelf_hz, strip.high_shelf_db, "above"),
    ]
    words += [f"{gain:+.1f} dB {where} {hertz(at)}" for at, gain, where in bands if abs(gain) >= MIN_EQ_DB]
    reduction_db = max(report["gain_reduction"], default=0.0)
    if strip.ratio >= MIN_RATIO and reduction_db >= MIN_GAIN_REDUCTION_DB:
        words.append(f"compressed {strip.ratio:.1f} : 1, up to {reduction_db:.1f} dB")
    if strip.drive_db >= MIN_DRIVE_DB:
        words.append(f"{strip.drive_db:.1f} dB of drive")
    if strip.send_db >= -40.0:
        words.append(f"reverb {strip.send_db:.0f} dB")
    return tuple(words) or ("left as it is",)


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
    "mends": ("Mends spoiled songs", "at most {value:.2f} of the damage is left, less than {limit:.2f} needed"),
    "in_range": ("Stays within the console", ""),
    "deterministic": ("Answers the same song the same way", ""),
    "listens": ("Listens to the song", "{value:.0f} settings follow it, at least {limit:.0f}"),
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


def _balance(settings: MixSettings) -> list[Deed]:
    """How far the stems were moved against each other."""
    if not settings.strips:
        return []
    moved = [strip.fader_db for strip in settings.strips if abs(strip.fader_db) >= MIN_EQ_DB]
    n = len(settings.strips)
    if not moved:
        return [Deed("sliders-vertical", "Kept your balance", f"{n} stems stay at their levels")]
    detail = f"{len(moved)} of {n} stems moved, {min(moved):+.1f} to {max(moved):+.1f} dB"
    return [Deed("sliders-vertical", "Balanced the stems", detail)]


def _loudness(report: dict[str, Any]) -> Deed:
    detail = f"true peak {report['true_peak_dbtp']:.1f} dBTP"
    limiting_db = abs(report["max_limiting_db"])
    if limiting_db >= MIN_GAIN_REDUCTION_DB:
        detail += f", limiter up to {limiting_db:.1f} dB"
    return Deed("volume-2", f"{report['effective_lufs']:.1f} LUFS", detail)
