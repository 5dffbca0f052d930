"""The minimum requirements of EBU Tech 3341 (2023), clause 2.9, table 1, on signals made here.

Case 6 has five channels, and the meters take mono and stereo; cases 7 and 8 are recordings of the EBU.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from mixing.audio.gating import SHORT_TERM_HOPS
from mixing.audio.loudness import MOMENTARY_HOP_S, MOMENTARY_HOPS, integrated_lufs, momentary_lufs, short_term_lufs
from mixing.audio.true_peak import true_peak_dbtp
from tests.signals import Signal, sine

RATE = 48_000
SILENCE = -math.inf
# Table 1: what the standard accepts of M, S and I, and of the true peak.
TOLERANCE_LU = 0.1
ABOVE_DB, BELOW_DB = 0.2, 0.4

Steps = list[tuple[float, float]]
# Cases 10, 11, 13 and 14 repeat a tone, each time later by 150 ms (short-term) or 20 ms (momentary).
TONES = range(20)
LATER_S, SHORT_TERM_S = 0.15, 3.0
LATER_MS, MOMENTARY_MS = 20, 400


def steps(parts: Steps) -> Signal:
    """A stereo sine of 1 kHz, in phase, in steps of (dBFS, seconds)."""
    return np.concatenate([sine(1000.0, seconds, rate=RATE, level_dbfs=level) for level, seconds in parts], axis=1)


@pytest.mark.parametrize("lufs", [pytest.param(-23.0, id="case 1"), pytest.param(-33.0, id="case 2")])
def test_a_steady_tone_reads_the_same_on_every_time_scale(lufs: float) -> None:
    tone = steps([(lufs, 20.0)])
    assert integrated_lufs(tone, RATE) == pytest.approx(lufs, abs=TOLERANCE_LU)
    assert short_term_lufs(tone, RATE) == pytest.approx(lufs, abs=TOLERANCE_LU)
    assert momentary_lufs(tone, RATE) == pytest.approx(lufs, abs=TOLERANCE_LU)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], id="case 3, relative gate"),
        pytest.param(
            [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], id="case 4, absolute gate"
        ),
        pytest.param([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], id="case 5, nothing gated"),
    ],
)
def test_integrated_loudness_leaves_out_what_the_gates_exclude(parts: Steps) -> None:
    assert integrated_lufs(steps(parts), RATE) == pytest.approx(-23.0, abs=TOLERANCE_LU)


def test_case_9_short_term_loudness_is_constant_after_3_s() -> None:
    found = short_term_lufs(steps([(-20.0, 1.34), (-30.0, 1.66)] * 5), RATE)
    assert found == pytest.approx(-23.0, abs=TOLERANCE_LU)


def test_case_12_momentary_loudness_is_constant_after_1_s() -> None:
    found = momentary_lufs(steps([(-20.0, 0.18), (-30.0, 0.22)] * 25), RATE)
    assert found[round(1.0 / MOMENTARY_HOP_S) - MOMENTARY_HOPS :] == pytest.approx(-23.0, abs=TOLERANCE_LU)


@pytest.mark.parametrize("i", TONES)
def test_case_10_maximum_short_term_loudness_of_a_file(i: int) -> None:
    found = short_term_lufs(steps([(SILENCE, i * LATER_S), (-23.0, SHORT_TERM_S), (SILENCE, 1.0)]), RATE)
    assert found.max() == pytest.approx(-23.0, abs=TOLERANCE_LU)


def test_case_11_maximum_short_term_loudness_follows_ever_louder_tones() -> None:
    parts: Steps = []
    for i in TONES:
        parts += [(SILENCE, i * LATER_S), (-38.0 + i, SHORT_TERM_S), (SILENCE, SHORT_TERM_S - i * LATER_S)]
    found = maxima(short_term_lufs(steps(parts), RATE), SHORT_TERM_HOPS)
    assert found == pytest.approx([-38.0 + i for i in TONES], abs=TOLERANCE_LU)


@pytest.mark.parametrize("i", TONES)
def test_case_13_maximum_momentary_loudness_of_a_file(i: int) -> None:
    found = momentary_lufs(steps([(SILENCE, i * LATER_MS / 1e3), (-23.0, MOMENTARY_MS / 1e3), (SILENCE, 1.0)]), RATE)
    assert found.max() == pytest.approx(-23.0, abs=TOLERANCE_LU)


def test_case_14_maximum_momentary_loudness_follows_ever_louder_tones() -> None:
    parts: Steps = []
    for i in TONES:
        later_s = i * LATER_MS / 1e3
        parts += [(SILENCE, later_s), (-38.0 + i, MOMENTARY_MS / 1e3), (SILENCE, MOMENTARY_MS / 1e3 - later_s)]
    found = maxima(momentary_lufs(steps(parts), RATE), MOMENTARY_HOPS)
    assert found == pytest.approx([-38.0 + i for i in TONES], abs=TOLERANCE_LU)


def maxima(found: NDArray[np.float64], window_hops: int) -> list[float]:
    """The highest reading that ends within each tone's part of cases 11 and 14, which lasts two windows."""
    part = 2 * window_hops
    by_end = np.concatenate([np.full(window_hops - 1, SILENCE), found])
    return [float(by_end[i * part : (i + 1) * part].max()) for i in TONES]


@pytest.mark.parametrize(
    ("samples_a_cycle", "phase_deg", "peak", "dbtp"),
    [
        pytest.param(4, 0.0, 0.50, -6.0, id="case 15"),
        pytest.param(4, 45.0, 0.50, -6.0, id="case 16"),
        pytest.param(6, 60.0, 0.50, -6.0, id="case 17"),
        pytest.param(8, 67.5, 0.50, -6.0, id="case 18"),
        pytest.param(4, 45.0, 1.41, 3.0, id="case 19"),
    ],
)
def test_true_peak_of_a_tone(samples_a_cycle: int, phase_deg: float, peak: float, dbtp: float) -> None:
    phase = 2.0 * np.pi * np.arange(RATE // 10) / samples_a_cycle + math.radians(phase_deg)
    found = true_peak_dbtp(stereo(tapered(peak * np.sin(phase), RATE)), RATE)
    assert dbtp - BELOW_DB <= found <= dbtp + ABOVE_DB


@pytest.mark.parametrize("offset", [pytest.param(offset, id=f"case {20 + offset}") for offset in range(4)])
def test_true_peak_of_one_loud_cycle(offset: int) -> None:
    found = true_peak_dbtp(stereo(one_loud_cycle()[offset::4]), RATE)
    assert -BELOW_DB <= found <= ABOVE_DB


def one_loud_cycle() -> NDArray[np.float64]:
    """A sine of rate / 6 and 0.5 around one cycle of rate / 4 and 1.0, at four times the rate, below half the rate.

    The standard names no filter: this one takes off 100 dB from half the rate on, and starts at 0.4 of it.
    """
    quiet = 0.5 * np.sin(2.0 * np.pi * np.arange(24 * 400) / 24)
    loud = np.sin(2.0 * np.pi * np.arange(16) / 16)
    wave = tapered(np.concatenate([quiet, loud, quiet]), 4 * RATE)
    return np.convolve(wave, scipy.signal.firwin(257, 0.45 * RATE, window=("kaiser", 10.0), fs=4 * RATE), mode="same")


def tapered(wave: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Faded in and out over 10 ms."""
    frame = np.arange(wave.size)
    return wave * np.minimum(1.0, np.minimum(frame, frame[::-1]) / (0.01 * rate))


def stereo(wave: NDArray[np.float64]) -> Signal:
    return np.stack([wave, wave]).astype(np.float32)
