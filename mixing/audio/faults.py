"""What is wrong with a sound before anybody mixes it: measured where it can be, guessed with a confidence where not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Sound = NDArray[np.float32]

# So many equal samples in a row at a file's own highest value are no wave.
CLIPPED_RUN = 3
# A clean peak may repeat once; a clipped song does it again and again.
MIN_CLIPPED_RUNS = 5
# Audible as a click at edits, and takes headroom.
DC_DBFS = -45.0
DEAD_DB = 40.0
POLARITY_CORRELATION = -0.5
# Sides that differ by less are rounding.
MONO_DB = -80.0
HUM_BASES_HZ = (50.0, 60.0)
# Hum is judged where the music is softest: the tenth of half seconds with the least energy.
HUM_FRAME_S = 0.5
HUM_SHARE = 0.1
# A line this far above its surroundings on the base and on two of its first harmonics.
HUM_LINE_DB = 15.0
# Softer hum is heard by nobody.
HUM_DBFS = -80.0


@dataclass(frozen=True)
class Fault:
    """Something wrong.

    Attributes:
        code: for programs.
        message: what is wrong, with numbers, and what to do.
        confidence: 0 to 1; 1 is a measured fact.
    """

    code: str
    message: str
    confidence: float


def find_faults(audio: Sound, rate: int) -> tuple[Fault, ...]:
    """Look for faults of one sound.

    Args:
        audio: (channels, frames), 1 or 2 channels, finite.
        rate: Hz.
    """
    if audio.size == 0 or float(np.abs(audio).max()) == 0.0:
        return ()
    found = [_clipping(audio, rate), _direct_current(audio), _hum(audio, rate)]
    if audio.shape[0] == 2:
        found += [_sides(audio)]
    return tuple(fault for fault in found if fault is not None)


def _clipping(audio: Sound, rate: int) -> Fault | None:
    runs, first = 0, math.inf
    for channel in audio:
        for sign in (1.0, -1.0):
            signed = sign * channel
            top = float(signed.max())
            if top <= 0.0:
                continue
            at_top = np.concatenate([[False], signed >= top * (1.0 - 1e-6), [False]])
            edges = np.flatnonzero(np.diff(at_top.astype(np.int8)))
            long = (edges[1::2] - edges[::2]) >= CLIPPED_RUN
            runs += int(long.sum())
            if long.any():
                first = min(first, float(edges[::2][long][0]) / rate)
    if runs < MIN_CLIPPED_RUNS:
        return None
    peak_dbfs = 20.0 * math.log10(float(np.abs(audio).max()))
    return Fault(
        "clipping",
        f"{runs} peaks are cut off flat at {peak_dbfs:.1f} dBFS, the first at {_clock(first)}. "
        "Export again with the master fader or limiter lower, if you can.",
        1.0,
    )


def _direct_current(audio: Sound) -> Fault | None:
    offset = float(np.abs(audio.mean(axis=1, dtype=np.float64)).max())
    if offset < 10.0 ** (DC_DBFS / 20.0):
        return None
    return Fault(
        "dc_offset",
        f"The waveform lies {20.0 * math.log10(offset):.0f} dBFS off center. "
        "Remove the direct current in your recording program; every mixer's high-pass would do it too.",
        1.0,
    )


def _sides(audio: Sound) -> Fault | None:
    left, right = audio.astype(np.float64)
    powers = float(np.mean(left**2)), float(np.mean(right**2))
    ratio_db = 10.0 * math.log10((powers[0] + 1e-20) / (powers[1] + 1e-20))
    if abs(ratio_db) > DEAD_DB:
        side = "left" if ratio_db < 0.0 else "right"
        return Fault(
            "dead_channel",
            f"The {side} channel is {abs(ratio_db):.0f} dB below the other one. "
            "Check the cable or the pan, or export it in mono.",
            1.0,
        )
    difference = float(np.mean((left - right) ** 2)) / (powers[0] + powers[1])
    if difference < 10.0 ** (MONO_DB / 10.0):
        return Fault("mono_as_stereo", "Both channels are the same: it is mono. Nothing needs to be done.", 1.0)
    correlation = float(np.mean(left * right)) / math.sqrt(powers[0] * powers[1])
    if correlation < POLARITY_CORRELATION:
        return Fault(
            "inverted_polarity",
            f"Left and right move against each other (correlation {correlation:.2f}): in mono they cancel. "
            "Flip the polarity of one channel, unless you want it so.",
            min(1.0, (POLARITY_CORRELATION - correlation) / 0.4 + 0.5),
        )
    return None


def _hum(audio: Sound, rate: int) -> Fault | None:
    mono = audio.mean(axis=0)
    frame = round(HUM_FRAME_S * rate)
    n = mono.size // frame
    if n < 4:
        return None
    frames = mono[: n * frame].reshape(n, frame)
    energies = np.mean(np.square(frames, dtype=np.float64), axis=1)
    audible = np.flatnonzero(energies > 1e-12)
    if audible.size == 0:
        return None
    softest = audible[np.argsort(energies[audible])[: max(1, round(HUM_SHARE * audible.size))]]
    window = np.hanning(frame).astype(np.float32)
    spectrum = np.mean(np.square(np.abs(scipy.fft.rfft(frames[softest] * window, axis=1))), axis=0)
    level = 10.0 * np.log10(spectrum / (np.sum(window**2) * frame / 2.0) + 1e-20)
    for base_hz in HUM_BASES_HZ:
        lines = [_line_db(level, k * base_hz, HUM_FRAME_S) for k in (1, 2, 3, 4)]
        above = [height for height, _ in lines]
        if above[0] > HUM_LINE_DB and sum(height > HUM_LINE_DB for height in above) >= 3 and lines[0][1] > HUM_DBFS:
            return Fault(
                "hum",
                f"Soft passages hum at {base_hz:.0f} Hz and its multiples, {lines[0][1]:.0f} dBFS. "
                "Look for a ground loop, or take it out with a notch filter before mixing.",
                min(0.9, 0.5 + (min(above[:3]) - HUM_LINE_DB) / 40.0) if min(above[:3]) > HUM_LINE_DB else 0.5,
            )
    return None


def _line_db(level_db: NDArray[np.float64], hz: float, frame_s: float) -> tuple[float, float]:
    """How far a line stands above its surroundings, and its level."""
    at = round(hz * frame_s)
    if at + 9 > level_db.size or at < 9:
        return 0.0, -200.0
    around = np.concatenate([level_db[at - 8 : at - 3], level_db[at + 4 : at + 9]])
    peak = float(level_db[at - 1 : at + 2].max())
    return peak - float(np.median(around)), peak


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
