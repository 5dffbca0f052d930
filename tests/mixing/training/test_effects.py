"""The closed forms say what filters, compressors and width controls really do."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.features import LEVELS, MID_BANDS, SIDE_BANDS, STAT, THIRD_OCTAVES_HZ, extract_features
from mixing.console.biquads import peak, response_db, shelf
from mixing.console.spec import BUS_VECTOR, NEUTRAL_BUS_VECTOR, BusSettings, DeliverySettings, MixSettings
from mixing.training.effects import (
    apply_settings,
    glue_reduction_db,
    peak_db,
    physical,
    shelf_db,
    tone_difference_db,
)
from tests.mixing.audio.test_features import make_noise

RATE = 44_100
# How far the console's filters stray from their prototypes, and up to where they are matched.
CURVE_TOLERANCE_DB = 0.25
MATCHED_TO_HZ = 17_640.0


def make_stats() -> torch.Tensor:
    return torch.from_numpy(extract_features([make_noise()], RATE, content_hash="x").stems[0].stats)[None]


def vector_of(**bus: float) -> torch.Tensor:
    return torch.from_numpy(MixSettings(bus=BusSettings(**bus)).bus_vector())[None]


@pytest.mark.parametrize(
    ("kind", "hz", "gain_db", "q"),
    [("peak", 245, 6, 0.8), ("peak", 8000, -9, 0.3), ("low", 60, -9, 1), ("high", 9000, 9, 1), ("high", 16_000, -9, 1)],
)
def test_filters_have_the_response_of_the_console(kind: str, hz: float, gain_db: float, q: float) -> None:
    hz_t, gain_t, q_t = (torch.tensor([float(v)]) for v in (hz, gain_db, q))
    found = peak_db(hz_t, gain_t, q_t) if kind == "peak" else shelf_db(hz_t, gain_t, is_high=kind == "high")
    section = peak(hz, gain_db, q, RATE) if kind == "peak" else shelf(hz, gain_db, RATE, is_high=kind == "high")
    at_hz = THIRD_OCTAVES_HZ[THIRD_OCTAVES_HZ < MATCHED_TO_HZ]
    assert np.abs(found.numpy()[0, : at_hz.size] - response_db(section[None], at_hz, RATE)).max() < CURVE_TOLERANCE_DB


def test_neutral_settings_change_nothing() -> None:
    stats = make_stats()
    out = apply_settings(torch.from_numpy(NEUTRAL_BUS_VECTOR)[None], stats)
    assert torch.allclose(out.mid_db, stats[:, MID_BANDS], atol=1e-3)
    assert torch.allclose(out.side_db, stats[:, SIDE_BANDS], atol=1e-3)
    assert torch.allclose(out.spread_db, stats[:, STAT["level_spread_db"]], atol=1e-3)
    assert torch.allclose(out.plr_db, stats[:, STAT["plr_db"]], atol=1e-3)
    assert float(out.glue_db) == pytest.approx(0.0, abs=1e-5)


def test_prediction_agrees_with_filtered_audio() -> None:
    audio = make_noise()
    section = peak(1000.0, 6.0, 0.8, RATE)
    louder = scipy.signal.lfilter(section[:3], [1.0, *section[3:]], audio, axis=1).astype(np.float32)
    measured = extract_features([louder], RATE, content_hash="x").stems[0].stats
    predicted = apply_settings(vector_of(mid_peak_db=6.0), make_stats())
    # The measured bands average the curve over a third of an octave.
    assert np.abs(predicted.mid_db.numpy()[0] - measured[MID_BANDS])[4:-2].max() < 0.3


def test_width_moves_the_side_alone() -> None:
    stats = make_stats()
    out = apply_settings(vector_of(width_db=6.0), stats)
    assert torch.allclose(out.side_db - out.mid_db, stats[:, SIDE_BANDS] - stats[:, MID_BANDS] + 6.0, atol=1e-3)


def test_the_compressor_follows_its_static_curve() -> None:
    values = {"glue_threshold_db": torch.tensor([-6.0]), "glue_ratio": torch.tensor([4.0])}
    reduction = glue_reduction_db(values, torch.tensor([[-20.0, -9.0, -6.0, -3.0, 6.0]]))[0].tolist()
    knee_middle = 0.75 * 3.0**2 / 12.0
    assert reduction == pytest.approx([0.0, 0.0, knee_middle, 0.75 * 3.0, 0.75 * 12.0])


def test_gluing_lowers_spread_and_loudness_and_slow_attacks_keep_peaks() -> None:
    stats = make_stats()
    before = apply_settings(vector_of(), stats)
    fast = apply_settings(vector_of(glue_threshold_db=-8.0, glue_ratio=4.0, glue_attack_ms=1.0), stats)
    slow = apply_settings(vector_of(glue_threshold_db=-8.0, glue_ratio=4.0, glue_attack_ms=150.0), stats)
    assert float(fast.spread_db) < float(before.spread_db) - 0.3
    assert float(fast.glue_db) > 0.5
    assert float(fast.plr_db) < float(slow.plr_db)


def test_limiting_is_what_the_peaks_exceed() -> None:
    stats = make_stats()
    vector = torch.from_numpy(MixSettings(delivery=DeliverySettings(-8.0)).bus_vector())[None]
    expected = -8.0 + float(stats[0, STAT["plr_db"]]) + 1.0
    assert float(apply_settings(vector, stats).limiting_db) == pytest.approx(max(0.0, expected), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=len(BUS_VECTOR), max_size=len(BUS_VECTOR)))
def test_any_legal_settings_agree_with_the_console_and_stay_finite(positions: list[float]) -> None:
    vector = torch.tensor([positions], requires_grad=True)
    for parameter, position in zip(BUS_VECTOR, positions, strict=True):
        expected = parameter.from_normalized(float(np.float32(position)))
        assert float(physical(vector.detach())[parameter.name]) == pytest.approx(expected, rel=1e-3, abs=1e-3)
    out = apply_settings(vector, make_histogram_stats())
    total = sum(value.sum() for value in vars(out).values())
    total.backward()
    assert math.isfinite(float(total.detach()))
    assert vector.grad is not None
    assert bool(torch.isfinite(vector.grad).all())


def make_histogram_stats() -> torch.Tensor:
    stats = torch.zeros((1, len(STAT)))
    stats[:, MID_BANDS], stats[:, SIDE_BANDS] = -20.0, -90.0
    stats[:, LEVELS.start + 15] = 1.0
    stats[:, STAT["plr_db"]] = 12.0
    return stats


def test_tone_difference_ignores_gain() -> None:
    bands = torch.randn((3, 28))
    assert float(tone_difference_db(bands + 5.0, bands, torch.ones((3, 28))).abs().max()) < 1e-5
