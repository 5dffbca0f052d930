"""The closed form of a strip says what the renderer does: level, tone and balance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource
from mixing.audio.features import MID_BANDS, STAT, extract_features
from mixing.console.spec import NEUTRAL_STRIP_VECTOR, STRIP, MixSettings
from mixing.console.strip import ProcessedStem
from mixing.training.strip_effects import apply_strips
from tests.signals import pink_noise

RATE = 44_100
# Not part of the prediction: drive keeps the level, the send goes elsewhere; make-up and fader are plain gains.
NAMES = ("low_shelf_db", "low_peak_db", "high_peak_db", "high_shelf_db", "fader_db", "pan", "ratio", "threshold_db")


def vector(**changes: float) -> np.ndarray:
    chosen = NEUTRAL_STRIP_VECTOR.copy()
    for i, p in enumerate(STRIP):
        if p.name in changes:
            chosen[i] = p.to_normalized(min(max(changes[p.name], p.low), p.high))
    return chosen


def measured(audio: np.ndarray) -> np.ndarray:
    return extract_features([audio], RATE, content_hash="").stems[0].stats


def rendered(audio: np.ndarray, strip: np.ndarray) -> np.ndarray:
    one = MixSettings().with_stems(strip[None], np.zeros(4, np.float32)).strips[0]
    with ProcessedStem(ArraySource(audio, RATE), one) as stem:
        return np.concatenate([block.copy() for block in stem.blocks()], axis=1)


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Six seconds of noise, louder and softer by turns, wider than mono."""
    mid, side = pink_noise(1, 6.0, rate=RATE)[0], pink_noise(2, 6.0, rate=RATE)[0]
    steps = np.where(np.arange(mid.size) // (RATE // 4) % 2, 1.0, 0.4).astype(np.float32)
    return np.stack([mid + 0.3 * side, 0.8 * mid - 0.3 * side]) * steps


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(gains=(3.689, 4.673, 0.0, -2.618), fader=3.472, pan=0.751, ratio=1.472, threshold=0.0)
@given(
    gains=st.tuples(*[st.floats(-6.0, 6.0)] * 4),
    fader=st.floats(-12.0, 12.0),
    pan=st.floats(-0.8, 0.8),
    ratio=st.floats(1.0, 1.5),
    threshold=st.floats(0.0, 8.0),
)
def test_a_strip_does_what_is_predicted(
    sound: np.ndarray, gains: tuple[float, ...], fader: float, pan: float, ratio: float, threshold: float
) -> None:
    strip = vector(**dict(zip(NAMES, (*gains, fader, pan, ratio, threshold), strict=True)), attack_ms=1.0)
    before, after = measured(sound), measured(rendered(sound, strip))
    out = apply_strips(torch.from_numpy(strip)[None], torch.from_numpy(before)[None])
    gain_lu = float(after[STAT["loudness_lufs"]] - before[STAT["loudness_lufs"]])
    assert float(out.gain_lu[0]) == pytest.approx(gain_lu, abs=2.0)
    balance = float(np.clip(after[STAT["balance_db"]], -24.0, 24.0))
    assert float(out.balance_db[0]) == pytest.approx(balance, abs=1.0 + 0.1 * abs(balance))
    # A pan changes what the middle is made of; its tone is judged where there is none.
    if abs(pan) < 0.2:
        tone = out.mid_db[0].numpy() - after[MID_BANDS]
        assert np.abs((tone - tone.mean())[3:-3]).max() < 1.5


@pytest.mark.parametrize("gains", [(0.0, 0.0, 0.0, 0.0), (6.0, 6.0, -6.0, -6.0), (-6.0, -6.0, 6.0, 6.0)])
def test_a_compressor_hears_what_the_equalizer_leaves(sound: np.ndarray, gains: tuple[float, ...]) -> None:
    strip = vector(**dict(zip(NAMES, gains, strict=False)), ratio=1.5, threshold_db=0.0, attack_ms=15.0)
    before, after = measured(sound), measured(rendered(sound, strip))
    out = apply_strips(torch.from_numpy(strip)[None], torch.from_numpy(before)[None])
    gain_lu = float(after[STAT["loudness_lufs"]] - before[STAT["loudness_lufs"]])
    assert float(out.gain_lu[0]) == pytest.approx(gain_lu, abs=1.2)


def test_a_neutral_strip_predicts_nothing(sound: np.ndarray) -> None:
    before = torch.from_numpy(measured(sound))[None]
    out = apply_strips(torch.from_numpy(NEUTRAL_STRIP_VECTOR)[None], before)
    assert float(out.gain_lu[0]) == pytest.approx(0.0, abs=1e-3)
    torch.testing.assert_close(out.mid_db, before[:, MID_BANDS], atol=1e-2, rtol=0)
    assert float(out.balance_db[0]) == pytest.approx(float(before[0, STAT["balance_db"]]), abs=1e-3)


def test_every_predicted_setting_gets_a_gradient(sound: np.ndarray) -> None:
    strip = torch.full((1, len(STRIP)), 0.4, requires_grad=True)
    out = apply_strips(strip, torch.from_numpy(measured(sound))[None])
    (out.gain_lu.sum() + out.balance_db.sum() + out.mid_db.square().sum()).backward()
    assert strip.grad is not None
    silent = {p.name for p, g in zip(STRIP, strip.grad[0], strict=True) if float(g.abs()) == 0.0}
    assert silent == {"attack_ms", "release_ms", "drive_db", "send_db"}
