"""Sound sources: band-limited sawtooth and pulse waves, and envelopes at control rate.

The corners of naive waves alias. polyBLEP rounds each step with a two-sample polynomial, which keeps the aliases of the
pitches used here under the partials that mask them (V. Valimaki, A. Huovinen, "Antialiasing Oscillators in Subtractive
Synthesis", IEEE Signal Processing Magazine 24(2), 2007).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixing.demo_song.arrangement import Event

CONTROL_FRAMES = 16  # envelopes and filter sweeps are computed once in so many frames

Array = NDArray[np.float64]


def midi_to_hz(pitch: float) -> float:
    """Return the frequency of a MIDI note number, A4 = 69 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def saw(phase: Array, step: float | Array) -> Array:
    """Make a rising sawtooth in [-1, 1].

    Args:
        phase: (frames,) cycles in [0, 1).
        step: cycles per frame, one number or (frames,).
    """
    value = 2.0 * phase - 1.0
    after = np.flatnonzero(phase < step)
    before = np.flatnonzero(phase > 1.0 - step)
    t = phase[after] / (step if isinstance(step, float) else step[after])
    value[after] -= 2.0 * t - t * t - 1.0
    t = (phase[before] - 1.0) / (step if isinstance(step, float) else step[before])
    value[before] -= t * t + 2.0 * t + 1.0
    return value


def steady_phase(hz: float, start: float, n_frames: int, sample_rate: int) -> Array:
    """Return (n_frames,) phases in cycles of a constant pitch, beginning at `start`."""
    phase: Array = np.arange(n_frames, dtype=np.float64) * (hz / sample_rate)
    phase += start
    phase -= np.floor(phase)
    return phase


def gliding_phase(hz: Array, sample_rate: int) -> tuple[Array, Array]:
    """Return phase and step, both (frames,), of a pitch curve in Hz."""
    step = hz / sample_rate
    phase = np.cumsum(step)
    phase -= np.floor(phase)
    return phase, step


def to_audio_rate(control: Array, n_frames: int) -> Array:
    """Draw straight lines through a control signal (one value a CONTROL_FRAMES) to get (n_frames,)."""
    following = np.append(control[1:], control[-1])
    ramp = np.arange(CONTROL_FRAMES) / CONTROL_FRAMES
    return (control[:, None] + (following - control)[:, None] * ramp).reshape(-1)[:n_frames]


def n_controls(n_frames: int) -> int:
    """Return how many control values cover n_frames."""
    return -(-n_frames // CONTROL_FRAMES)


class MonoLine:
    """The control signals of a voice that plays one note at a time, all (n_controls,).

    Attributes:
        pitch: MIDI number of the note that sounds or sounded last.
        velocity: of that note, in [0, 1].
        age_s: seconds since it began; large before the first note.
        is_held: whether the key is down.
    """

    def __init__(self, events: Sequence[Event], n_frames: int, sample_rate: int) -> None:
        self.rate_hz = sample_rate / CONTROL_FRAMES
        n = n_controls(n_frames)
        self.pitch = np.full(n, float(events[0].pitch))
        self.velocity = np.zeros(n)
        self.age_s = np.full(n, 1e3)
        self.is_held = np.zeros(n, dtype=bool)
        for event in events:
            start = round(event.start_s * self.rate_hz)
            stop = start + round(event.length_s * self.rate_hz)
            self.pitch[start:] = event.pitch
            self.velocity[start:] = event.velocity
            self.age_s[start:] = np.arange(max(n - start, 0)) / self.rate_hz
            self.is_held[start:] = False
            self.is_held[start:stop] = True

    def decay(self, time_s: float) -> Array:
        """Return an envelope that jumps to the velocity at each note and falls by 1/e every `time_s`."""
        return np.asarray(self.velocity * np.exp(-self.age_s / time_s))

    def gate(self, attack_s: float, release_s: float) -> Array:
        """Return an envelope that follows the held keys, without steps."""
        edges = np.flatnonzero(np.diff(self.is_held)) + 1
        level = 0.0
        pieces = []
        for held in np.split(self.is_held, edges):
            target, time_s = (1.0, attack_s) if held[0] else (0.0, release_s)
            approach = np.exp(-np.arange(1, len(held) + 1) / (time_s * self.rate_hz))
            pieces.append(target + (level - target) * approach)
            level = float(pieces[-1][-1])
        return np.concatenate(pieces)

    def smoothed(self, control: Array, time_s: float) -> Array:
        """Approach each step of a control signal exponentially, beginning at rest on its first value."""
        memory = float(np.exp(-1.0 / (time_s * self.rate_hz)))
        return np.asarray(signal.lfilter([1.0 - memory], [1.0, -memory], control - control[0]) + control[0])
