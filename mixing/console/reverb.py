"""The reverb bus: what the stems send goes in, stereo, and its reverberation comes out.

The loudness of the return does not follow the decay: a send of 0 dB into a level of 0 dB gives about the energy that
went in, however long it rings.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mixing.console.kernels.bands import SILENCE
from mixing.console.kernels.reverberation import N_DIFFUSERS, N_LINES, reverberate
from mixing.console.spec import MAX_CENTER_OF_RATE, ReverbSettings

Block = NDArray[np.float32]

# Lengths without a common measure, so that no echo falls on another; short ones make it dense, long ones smooth.
LINES_MS = (23.1, 26.7, 31.3, 34.9, 38.3, 43.7, 47.9, 53.3)
DIFFUSERS_MS = ((1.9, 3.1, 5.3, 8.3), (2.3, 3.7, 4.7, 7.9))
# Above the damping frequency the sound decays four times as fast.
HIGH_DECAY_SHARE = 0.25
# The bus ends with the song, fading over this long.
FADE_OUT_S = 0.05


class Reverb:
    """Takes the blocks of a song in order."""

    def __init__(self, settings: ReverbSettings, rate: int, n_frames: int) -> None:
        delays = [odd_frames(1e-3 * ms * rate) for ms in LINES_MS]
        self._delays = np.array(delays, dtype=np.int64)
        self._filters = np.stack([_line_filter(d, settings, rate) for d in delays])
        self._lines = np.zeros((N_LINES, _ring(max(delays))), dtype=np.float32)
        self._memory = np.zeros((N_LINES, 2), dtype=np.float32)
        self._diffuser_delays = np.array(
            [[odd_frames(1e-3 * ms * rate) for ms in row] for row in DIFFUSERS_MS], dtype=np.int64
        )
        ring = _ring(int(self._diffuser_delays.max()))
        self._diffusers = np.zeros((2, N_DIFFUSERS, ring), dtype=np.float32)
        self._before = np.zeros((2, round(1e-3 * settings.predelay_ms * rate)), dtype=np.float32)
        per_pass = 10.0 ** (-6.0 * float(np.mean(delays)) / (settings.decay_s * rate))
        # Four lines a side, and what goes round adds up as 1 / (1 - per_pass).
        steady = math.sqrt((1.0 - per_pass) / (4.0 * per_pass))
        self._gain = np.float32(steady * 10.0 ** (settings.level_db / 20.0))
        self._n_frames = n_frames
        self._fade = max(1, min(n_frames, round(FADE_OUT_S * rate)))
        self._position = 0

    def process(self, sends: Block) -> Block:
        """The return for a block of what was sent, (2, frames)."""
        n = sends.shape[1]
        delayed = np.concatenate([self._before, sends], axis=1)
        self._before = delayed[:, n:].copy()
        out = np.empty((2, n), dtype=np.float32)
        start = self._position
        self._position = reverberate(
            np.ascontiguousarray(delayed[:, :n]), out, self._delays, self._filters, self._lines, self._memory,
            self._diffuser_delays, self._diffusers, start,
        )  # fmt: skip
        out *= self._gain
        left = self._n_frames - start - np.arange(n)
        if left[-1] <= self._fade:
            out *= np.clip(left / self._fade, 0.0, 1.0).astype(np.float32)
        for state in (self._lines, self._memory, self._diffusers):
            if float(np.abs(state).max()) < SILENCE:
                state[...] = 0.0
        return out


def odd_frames(frames: float) -> int:
    """The odd number of frames next to a delay, at least 1."""
    return 2 * int(frames / 2.0) + 1


def _ring(longest: int) -> int:
    return 1 << longest.bit_length()


def _line_filter(delay: int, settings: ReverbSettings, rate: int) -> NDArray[np.float32]:
    """What a line loses in a pass: a first-order shelf around the damping frequency, [b0, b1, a1]."""
    low = 10.0 ** (-3.0 * delay / (settings.decay_s * rate))
    ratio = 10.0 ** (-3.0 * delay / (HIGH_DECAY_SHARE * settings.decay_s * rate)) / low
    corner_hz = min(settings.damping_hz, MAX_CENTER_OF_RATE * rate)
    corner = math.tan(math.pi * corner_hz / rate) * math.sqrt(ratio)
    b = np.array([(ratio + corner), (corner - ratio)]) * low / (1.0 + corner)
    return np.array([b[0], b[1], (corner - 1.0) / (1.0 + corner)], dtype=np.float32)
