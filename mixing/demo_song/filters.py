"""Filters: a resonant low-pass whose cutoff may move, and fixed equalizer sections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixing.demo_song.oscillators import CONTROL_FRAMES, n_controls

Array = NDArray[np.float64]

_BATCH_BLOCKS = 2048  # as many blocks as the processor's cache holds


def swept_lowpass(audio: Array, cutoff_hz: Array, q: float, sample_rate: int) -> Array:
    """Filter with a two-pole low-pass that moves.

    The pair of poles is run as one complex one-pole filter, y[n] = p y[n-1] + x[n], which stays stable however fast p
    moves (M. Mathews, J. O. Smith, "Methods for Synthesizing Very High Q Parametrically Well Behaved Two Pole Filters",
    SMAC 2003). Its imaginary part is the low-pass. The gain that makes it unity at 0 Hz is applied to the input: the
    output then has no step where p has one. p is constant for CONTROL_FRAMES; all such blocks are filtered from rest at
    once, then the state is handed from block to block.

    Args:
        audio: (frames,).
        cutoff_hz: (n_controls,).
        q: resonance, above 0.5.
    Returns: (frames,).
    """
    n_frames = len(audio)
    n_blocks = n_controls(n_frames)
    padded = np.zeros(n_blocks * CONTROL_FRAMES)
    # The mean of neighbors puts a zero at half the sample rate, as a bilinear low-pass has.
    padded[:n_frames] = 0.5 * audio
    padded[1:n_frames] += 0.5 * audio[:-1]
    blocks = padded.reshape(n_blocks, CONTROL_FRAMES)

    angular = 2.0 * np.pi * np.clip(cutoff_hz, 20.0, 0.4 * sample_rate) / sample_rate
    pole = np.exp(angular * (-0.5 / q + 1j * np.sqrt(1.0 - 0.25 / q**2)))
    gain = 1.0 / (1.0 / (1.0 - pole)).imag

    carry = 0j
    for first in range(0, n_blocks, _BATCH_BLOCKS):
        batch = slice(first, first + _BATCH_BLOCKS)
        carry = _filter_batch(blocks[batch], pole[batch], gain[batch], carry)
    return padded[:n_frames]


def _filter_batch(blocks: Array, pole: NDArray[np.complex128], gain: Array, carry: complex) -> complex:
    """Filter consecutive blocks (n, CONTROL_FRAMES) in place; take and return the complex state."""
    columns = np.ascontiguousarray(blocks.T) * gain
    responses = np.empty(columns.shape, dtype=np.complex128)
    state = np.zeros(len(pole), dtype=np.complex128)
    for row, column in enumerate(columns):
        state = state * pole + column
        responses[row] = state
    carried = []
    for decay, from_rest in zip((pole**CONTROL_FRAMES).tolist(), state.tolist(), strict=True):
        carried.append(carry)
        carry = decay * carry + from_rest
    ringing = np.asarray(carried)
    for row, response in enumerate(responses):
        ringing = ringing * pole
        columns[row] = response.imag + ringing.imag
    blocks[:] = columns.T
    return carry


def highpass(audio: Array, cutoff_hz: float, sample_rate: int, *, order: int = 2) -> Array:
    """Filter along the last axis with a Butterworth high-pass."""
    return _sosfilt(signal.butter(order, cutoff_hz, "highpass", fs=sample_rate, output="sos"), audio)


def lowpass(audio: Array, cutoff_hz: float, sample_rate: int, *, order: int = 2) -> Array:
    """Filter along the last axis with a Butterworth low-pass; at most 0.45 of the sample rate."""
    cutoff_hz = min(cutoff_hz, 0.45 * sample_rate)
    return _sosfilt(signal.butter(order, cutoff_hz, "lowpass", fs=sample_rate, output="sos"), audio)


def bandpass(audio: Array, low_hz: float, high_hz: float, sample_rate: int) -> Array:
    """Filter along the last axis with a second-order Butterworth band-pass."""
    high_hz = min(high_hz, 0.45 * sample_rate)
    return _sosfilt(signal.butter(1, (low_hz, high_hz), "bandpass", fs=sample_rate, output="sos"), audio)


def equalize(
    audio: Array, sample_rate: int, *, peak_hz: float, peak_db: float, shelf_hz: float, shelf_db: float
) -> Array:
    """Filter along the last axis with a wide peak (Q 0.8) and a high shelf (slope 1).

    Source: R. Bristow-Johnson, Audio EQ Cookbook.
    """
    a, w = 10.0 ** (peak_db / 40.0), 2.0 * np.pi * peak_hz / sample_rate
    alpha = np.sin(w) / (2.0 * 0.8)
    peak = [1 + alpha * a, -2 * np.cos(w), 1 - alpha * a, 1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]

    a, w = 10.0 ** (shelf_db / 40.0), 2.0 * np.pi * shelf_hz / sample_rate
    cos, slope = np.cos(w), np.sin(w) * np.sqrt(2.0 * a)
    shelf = [
        a * ((a + 1) + (a - 1) * cos + slope),
        -2 * a * ((a - 1) + (a + 1) * cos),
        a * ((a + 1) + (a - 1) * cos - slope),
        (a + 1) - (a - 1) * cos + slope,
        2 * ((a - 1) - (a + 1) * cos),
        (a + 1) - (a - 1) * cos - slope,
    ]
    return _sosfilt(np.asarray([np.asarray(peak) / peak[3], np.asarray(shelf) / shelf[3]]), audio)


def _sosfilt(sos: Array, audio: Array) -> Array:
    return np.asarray(signal.sosfilt(sos, audio, axis=-1))
