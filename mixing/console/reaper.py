"""A mix as a REAPER project: stems, faders, pans, sends and the stock plug-ins set as the console is.

What has no counterpart (saturation, side gain, mono bass) stands in the project's notes. What is exact, and how it was
checked, is in docs/reaper.md.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from mixing.console.cockos import (
    BELL,
    BUTTERWORTH_OCTAVES,
    HIGH_PASS,
    HIGH_SHELF,
    LOW_SHELF,
    Band,
    octaves,
    rea_comp,
    rea_eq,
    rea_limit,
    rea_verbate,
)
from mixing.console.compressor import Compression
from mixing.console.spec import CEILING_DBTP, BusSettings, MixSettings, StripSettings
from mixing.console.strip import pan_gains

_NAMES = uuid.UUID("6f1b6d0e-9d1c-4c0e-8f43-3a5f8a7f0c11")


@dataclass(frozen=True)
class ReaperStem:
    """A stem in a project.

    Attributes:
        name: as shown.
        file: beside the project, such as "stems/01 drums.wav".
        loudness_lufs: what its strip's threshold is relative to; None where it is silent or has no strip.
    """

    name: str
    file: str
    duration_s: float
    channels: int
    loudness_lufs: float | None


def reaper_project(
    stems: Sequence[ReaperStem],
    settings: MixSettings,
    *,
    title: str,
    sample_rate: int,
    bus_lufs: float,
    gain_db: float,
) -> str:
    """The text of an .rpp file.

    Args:
        stems: in the order of `settings.strips`, or a single one, which has no strip.
        bus_lufs: loudness after the mix bus equalizer, which its threshold is relative to.
        gain_db: between the mix bus and the limiter.
    """
    strips: Sequence[StripSettings | None] = settings.strips or [None] * len(stems)
    lines = [
        '<REAPER_PROJECT 0.1 "7.0" 0',
        *_indented(["<NOTES 0 2", *(f"|{line}" for line in _notes(stems, settings, title)), ">"]),
        f"  SAMPLERATE {sample_rate} 1 0",
        "  PANLAW 1",
        "  PANMODE 3",
        "  TEMPO 120 4 4",
        "  MASTER_NCH 2 2",
        "  MASTER_VOLUME 1 0 -1 -1 1",
        "  MASTER_PANMODE 3",
        "  MASTER_FX 1",
        *_indented(["<MASTERFXLIST", *_indented(_bus_chain(settings.bus, bus_lufs, gain_db)), ">"]),
    ]
    for number, (stem, strip) in enumerate(zip(stems, strips, strict=True)):
        lines += _indented(_stem_track(number, stem, strip))
    senders = [i for i, strip in enumerate(settings.strips) if strip.send_db > -math.inf]
    if senders and settings.reverb.level_db > -math.inf:
        lines += _indented(_reverb_track(len(stems), senders, settings))
    return "\n".join([*lines, ">"]) + "\n"


def _stem_track(number: int, stem: ReaperStem, strip: StripSettings | None) -> list[str]:
    volume, pan = (1.0, 0.0) if strip is None else _balance(strip, stem.channels)
    chain = [] if strip is None else _strip_chain(strip, stem.loudness_lufs)
    item = [
        "<ITEM",
        "  POSITION 0",
        f"  LENGTH {stem.duration_s:.9f}",
        "  LOOP 0",
        f"  NAME {_quoted(stem.name)}",
        "  <SOURCE WAVE",
        f"    FILE {_quoted(stem.file)}",
        "  >",
        ">",
    ]
    return _track(number, stem.name, volume, pan, chain, item)


def _reverb_track(number: int, senders: Sequence[int], settings: MixSettings) -> list[str]:
    receives = [
        f"AUXRECV {i} 0 {10.0 ** (settings.strips[i].send_db / 20.0):.12g} 0 0 0 0 0 0 -1:U 0 -1 ''" for i in senders
    ]
    return _track(number, "Reverb", 1.0, 0.0, rea_verbate(settings.reverb), receives)


def _track(number: int, name: str, volume: float, pan: float, chain: Sequence[str], rest: Sequence[str]) -> list[str]:
    identity = f"{{{str(uuid.uuid5(_NAMES, f'{number} {name}')).upper()}}}"
    effects = ["<FXCHAIN", *_indented(chain), ">"] if chain else []
    return [
        f"<TRACK {identity}",
        f"  NAME {_quoted(name)}",
        f"  VOLPAN {volume:.12g} {pan:.12g} -1 -1 1",
        "  NCHAN 2",
        "  FX 1",
        f"  TRACKID {identity}",
        "  MAINSEND 1 0",
        *_indented(effects),
        *_indented(rest),
        ">",
    ]


def _balance(strip: StripSettings, channels: int) -> tuple[float, float]:
    """Fader and balance that give the strip's gains: REAPER's balance lowers the far side along a straight line."""
    left, right = pan_gains(strip, channels)
    near, far = max(left, right), min(left, right)
    return near, math.copysign(1.0 - far / near, right - left) if left != right else 0.0


def _strip_chain(strip: StripSettings, loudness_lufs: float | None) -> list[str]:
    bands = [
        (HIGH_PASS, strip.high_pass_hz, 0.0, BUTTERWORTH_OCTAVES, strip.high_pass_hz > 0.0),
        (LOW_SHELF, strip.low_shelf_hz, strip.low_shelf_db, BUTTERWORTH_OCTAVES, strip.low_shelf_db != 0.0),
        (BELL, strip.low_peak_hz, strip.low_peak_db, octaves(strip.low_peak_q), strip.low_peak_db != 0.0),
        (BELL, strip.high_peak_hz, strip.high_peak_db, octaves(strip.high_peak_q), strip.high_peak_db != 0.0),
        (HIGH_SHELF, strip.high_shelf_hz, strip.high_shelf_db, BUTTERWORTH_OCTAVES, strip.high_shelf_db != 0.0),
    ]
    used = [Band(*band[:4]) for band in bands if band[4]]
    compression = Compression.of_strip(strip)
    chain = rea_eq(used) if used else []
    if loudness_lufs is not None and (compression.ratio > 1.0 or compression.makeup_db > 0.0):
        chain += rea_comp(compression, loudness_lufs)
    return chain


def _bus_chain(bus: BusSettings, lufs: float, gain_db: float) -> list[str]:
    bands = [
        Band(LOW_SHELF, bus.low_shelf_hz, bus.low_shelf_db, BUTTERWORTH_OCTAVES),
        Band(BELL, bus.low_peak_hz, bus.low_peak_db, octaves(bus.low_peak_q)),
        Band(BELL, bus.mid_peak_hz, bus.mid_peak_db, octaves(bus.mid_peak_q)),
        Band(BELL, bus.high_peak_hz, bus.high_peak_db, octaves(bus.high_peak_q)),
        Band(HIGH_SHELF, bus.high_shelf_hz, bus.high_shelf_db, BUTTERWORTH_OCTAVES),
    ]
    chain = rea_eq([band for band in bands if band.gain_db != 0.0])
    compression = Compression.of_bus(bus)
    if compression.ratio > 1.0 or compression.makeup_db > 0.0:
        chain += rea_comp(compression, lufs)
    return [*chain, *rea_eq([], gain_db=gain_db), *rea_limit(CEILING_DBTP)]


def _notes(stems: Sequence[ReaperStem], settings: MixSettings, title: str) -> list[str]:
    """What the project cannot hold."""
    bus = settings.bus
    notes = [
        f"{title}, mixed by MixArena.",
        "Volume, pan, sends, ReaEQ and ReaComp are set as in the mix; ReaVerbate is a room of the same decay.",
        "The gain before the limiter is the Gain of the second ReaEQ on the master.",
        "Without a counterpart here, and therefore missing:",
    ]
    for stem, strip in zip(stems, settings.strips, strict=False):
        if strip.drive_db > 0.0:
            notes.append(f"- {_one_line(stem.name)}: saturation, {strip.drive_db:.1f} dB of drive")
    if bus.drive_db > 0.0:
        notes.append(f"- mix bus: saturation, {bus.drive_db:.1f} dB of drive")
    if bus.width_db != 0.0:
        notes.append(f"- mix bus: sides {bus.width_db:+.1f} dB")
    if bus.mono_below_hz > 0.0:
        notes.append(f"- mix bus: mono below {bus.mono_below_hz:.0f} Hz")
    return notes if len(notes) > 4 else notes[:3]


def _quoted(text: str) -> str:
    """Text as a project's value: in whichever quotes it does not hold itself."""
    plain = _one_line(text)
    for quote in ('"', "'", "`"):
        if quote not in plain:
            return f"{quote}{plain}{quote}"
    return f"`{plain.replace('`', chr(39))}`"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]
