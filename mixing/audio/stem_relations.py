"""What is wrong between stems: one source in two of them, inverted, late or simply twice.

Whitened cross-correlation: only what two stems truly share gives a sharp peak, not that they play on one beat. Source:
C. Knapp, G. Carter, The generalized correlation method for estimation of time delay, IEEE TASSP 24 (4), 1976.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from mixing.audio.faults import Fault

RATE = 11_025
SPAN_S = 20.0
MAX_OFFSET_MS = 50.0
# Less is a matter of a few samples, which two microphones at one place have too.
MIN_OFFSET_MS = 0.3
# Height of the whitened peak, 1 for the same sound: unrelated stems stay below 0.05.
SHARED = 0.25
# Of plain correlation at the peak, beyond which two stems are one.
SAME = 0.9999
# Where both are softer than this share of the loudest, there is nothing to compare.
FLOOR = 1e-5
# The band in which stems are compared: above it codecs and rooms differ.
BAND_HZ = (80.0, 4000.0)


def find_relations(stems: Sequence[NDArray[np.float32]], names: Sequence[str], rate: int) -> tuple[Fault, ...]:
    """Look for stems that hold the same source.

    Args:
        stems: (channels, frames) each, of one length.
        names: for the messages.
        rate: Hz.
    """
    monos = [soxr.resample(stem.mean(axis=0), rate, RATE) if rate != RATE else stem.mean(axis=0) for stem in stems]
    spectra: dict[int, NDArray[np.complex64]] = {}
    n = 0
    total = np.sum([np.square(mono) for mono in monos], axis=0)
    begin = _loudest(total)
    cut = [mono[begin : begin + round(SPAN_S * RATE)] for mono in monos]
    for i, mono in enumerate(cut):
        if mono.size > RATE // 4 and float(np.sqrt(np.mean(np.square(mono)))) > 1e-4:
            n = scipy.fft.next_fast_len(2 * mono.size, real=True)
            spectra[i] = scipy.fft.rfft(mono, n)
    found = []
    for i, j in combinations(spectra, 2):
        fault = _compare(spectra[i], spectra[j], n, (names[i], names[j]))
        if fault is not None:
            found.append(fault)
    return tuple(found)


def _compare(a: NDArray[np.complex64], b: NDArray[np.complex64], n: int, names: tuple[str, str]) -> Fault | None:
    cross = a * np.conj(b)
    freqs = np.arange(cross.size) * RATE / n
    inside = (freqs > BAND_HZ[0]) & (freqs < BAND_HZ[1])
    magnitude = np.abs(cross)
    floor = FLOOR * float(magnitude[inside].max())
    white = np.where(inside, cross / np.maximum(magnitude, max(floor, 1e-20)), 0.0)
    reach = round(1e-3 * MAX_OFFSET_MS * RATE)
    whitened = scipy.fft.irfft(white, n)
    near = np.concatenate([whitened[-reach:], whitened[: reach + 1]])
    at = int(np.abs(near).argmax())
    # What the peak would be for the same sound in both, all over the band: a few common tones are no common source.
    full = float(scipy.fft.irfft(inside.astype(np.float32), n)[0])
    height = float(near[at]) / full if full > 0.0 else 0.0
    if abs(height) < SHARED:
        return None
    offset_ms = 1e3 * (at - reach) / RATE
    plain = scipy.fft.irfft(np.where(inside, cross, 0.0), n)
    energies = float(np.sum(np.abs(a[inside]) ** 2) * np.sum(np.abs(b[inside]) ** 2)) ** 0.5 * 2.0 / n
    alike = float(plain[(at - reach) % n]) / energies if energies > 0.0 else 0.0
    confidence = min(1.0, 0.5 + abs(height))
    first, second = names
    if height < 0.0:
        return Fault(
            "stem_polarity",
            f"{first} and {second} hold the same sound with opposite polarity and weaken each other. "
            "Flip the polarity of one of them.",
            confidence,
        )
    if abs(offset_ms) >= MIN_OFFSET_MS:
        late, early = (first, second) if offset_ms > 0.0 else (second, first)
        return Fault(
            "stem_offset",
            f"{late} comes {abs(offset_ms):.1f} ms after {early} with the same sound, which colors their sum. "
            "Move it that much earlier, unless you want it so.",
            confidence,
        )
    if alike > SAME:
        return Fault("stem_duplicate", f"{first} and {second} are the same sound. Leave one of them out.", confidence)
    return None


def _loudest(power: NDArray[np.float32]) -> int:
    span = round(SPAN_S * RATE)
    if power.size <= span:
        return 0
    sums = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    return int(np.argmax(sums[span:] - sums[:-span]))
