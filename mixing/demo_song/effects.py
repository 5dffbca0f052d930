"""Effects: placing mono sounds in a stereo part, chorus, ping-pong delay, reverberation and ducking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixing.demo_song.filters import highpass, lowpass
from mixing.demo_song.oscillators import CONTROL_FRAMES, n_controls, to_audio_rate

Array = NDArray[np.float64]


def pan_gains(pan: float) -> Array:
    """Return constant-power gains (2, 1) of a position in [-1, 1], 1.0 in both at the center."""
    angle = (pan + 1.0) * np.pi / 4.0
    return np.asarray(np.sqrt(2.0) * np.asarray([[np.cos(angle)], [np.sin(angle)]]))


def place(part: Array, sound: Array, start_s: float, sample_rate: int, *, pan: float = 0.0) -> None:
    """Add a sound, (n,) or (2, n), to a part (2, frames) in place; what sticks out at the end is cut."""
    start = max(round(start_s * sample_rate), 0)
    sound = sound[..., : part.shape[-1] - start]
    part[:, start : start + sound.shape[-1]] += sound * pan_gains(pan)


def chorus(audio: Array, sample_rate: int, *, rate_hz: float, depth_ms: float, amount: float) -> Array:
    """Thicken a part (2, frames) with one slowly moving copy a side, the two in quadrature."""
    n_frames = audio.shape[-1]
    frames = np.arange(n_frames)
    control_s = np.arange(n_controls(n_frames)) * CONTROL_FRAMES / sample_rate
    out = audio.copy()
    for side in range(2):
        lfo = np.sin(2.0 * np.pi * (rate_hz * control_s + 0.25 * side))
        delay = to_audio_rate((14.0 + depth_ms * lfo) * 1e-3 * sample_rate, n_frames)
        position = np.maximum(frames - delay, 0.0)
        index = position.astype(np.int64)
        fraction = position - index
        dry = audio[side]
        out[side] += amount * ((1.0 - fraction) * dry[index] + fraction * dry[np.minimum(index + 1, n_frames - 1)])
    return out


def ping_pong(
    audio: Array, sample_rate: int, *, delay_s: float, feedback: float, amount: float, n_echoes: int = 6
) -> Array:
    """Return the echoes, (2, frames), of a part's sum: left, right, left, each darker and thinner than the last."""
    delay = round(delay_s * sample_rate)
    out = np.zeros_like(audio)
    echo = highpass(audio.mean(axis=0), 250.0, sample_rate) * amount
    for index in range(n_echoes):
        echo = lowpass(echo, 4200.0, sample_rate, order=1)
        shift = delay * (index + 1)
        gains = pan_gains(0.75 if index % 2 else -0.75)[:, 0] * feedback**index
        for side in range(2):
            out[side, shift:] += gains[side] * echo[: echo.shape[0] - shift]
    return out


def reverb(
    audio: Array, sample_rate: int, rng: np.random.Generator, *, decay_s: float, pre_delay_s: float, damping_hz: float
) -> Array:
    """Return the reverberation, (2, frames), of a part's sum in a made-up room.

    The room's response is noise that decays by 60 dB in `decay_s`, and four times faster above `damping_hz`; the two
    sides are independent, and scaled so that white noise comes out as loud as it went in.
    """
    n_response = round(1.1 * decay_s * sample_rate)
    t = np.arange(n_response) / sample_rate
    noise = rng.standard_normal((2, n_response))
    low = lowpass(noise, damping_hz, sample_rate, order=1)
    fall = np.exp(-6.9 * t / decay_s)
    response = low * fall + (noise - low) * fall**4
    response *= np.minimum(t / 0.012, 1.0) * np.minimum((t[-1] - t) / (0.1 * decay_s), 1.0)
    response = highpass(response, 180.0, sample_rate)
    response /= np.sqrt(np.sum(response**2, axis=-1, keepdims=True))

    out = np.zeros_like(audio)
    pre_delay = round(pre_delay_s * sample_rate)
    n_dry = audio.shape[-1] - pre_delay
    send = audio[:, :n_dry].mean(axis=0).astype(np.float32)
    for side in range(2):
        out[side, pre_delay:] = signal.oaconvolve(send, response[side].astype(np.float32))[:n_dry]
    return out


def ducking(triggers_s: Sequence[float], n_frames: int, sample_rate: int, *, depth: float, release_s: float) -> Array:
    """Return a gain (frames,) that dips at each trigger and recovers along half a cosine, as if keyed by the kick."""
    rate_hz = sample_rate / CONTROL_FRAMES
    gain = np.ones(n_controls(n_frames))
    attack_s = 0.004
    t = np.arange(round((attack_s + release_s) * rate_hz)) / rate_hz
    recovery = np.clip((t - attack_s) / release_s, 0.0, 1.0)
    dip = 1.0 - depth * np.minimum(t / attack_s, 0.5 + 0.5 * np.cos(np.pi * recovery))
    for trigger_s in triggers_s:
        start = round(trigger_s * rate_hz)
        dipped = gain[start : start + len(dip)]
        np.minimum(dipped, dip[: len(dipped)], out=dipped)
    return to_audio_rate(gain, n_frames)
