"""Songs in stems out of balance and back: what training and MixBench do to them, and what champions make of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.features import STAT
from mixing.console.spec import STRIP
from mixing.mixers.strips import StripNetwork, scaled_inputs
from mixing.mixers.zoo import load_mixer
from mixing.training.stem_bench import STEMS_PATH, judge_stems, load_stems, save_stems
from mixing.training.stem_songs import choose_stems, level_errors_lu, network_inputs, unbalance
from mixing.training.strip_rules import STRIP_STYLES
from mixing.training.strips import BASE, draw_batch, fit_strips, measure_levels, strip_loss, train_strips

MODELS = Path(__file__).resolve().parents[3] / "models"
SONGS = load_stems()
LOUDNESS = STAT["loudness_lufs"]
FADER = next(i for i, p in enumerate(STRIP) if p.name == "fader_db")


def batch_of(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    stems = [choose_stems(song, n, generator) for song in SONGS[:8]]
    clean, roles = (torch.stack(part) for part in zip(*stems, strict=True))
    return clean, roles


def test_untouched_songs_stay_as_they_were() -> None:
    clean, roles = batch_of(4)
    same = unbalance(clean, roles, torch.Generator().manual_seed(1), untouched_share=1.0, is_augmented=False)
    numbers = [i for name, i in STAT.items() if name != "is_mono"]
    torch.testing.assert_close(same.stats[..., numbers], clean[..., numbers], atol=2e-2, rtol=1e-3)
    assert float(same.gain_lu.abs().max()) < 1e-3


def test_gains_are_what_the_loudness_says() -> None:
    clean, roles = batch_of(6)
    off = unbalance(clean, roles, torch.Generator().manual_seed(1), untouched_share=0.0)
    torch.testing.assert_close(off.stats[..., LOUDNESS] - off.clean[..., LOUDNESS], off.gain_lu)
    assert 3.0 < float(off.gain_lu.abs().mean()) < 9.0
    total = 10.0 * torch.log10((10.0 ** (off.levels_lu / 10.0)).sum(dim=1))
    torch.testing.assert_close(total, torch.zeros(len(clean)), atol=1e-4, rtol=0)


def test_batches_are_seen_as_the_mixer_sees_a_song() -> None:
    clean, roles = batch_of(5)
    levels = clean[..., LOUDNESS] - 3.0
    found = network_inputs(clean, levels, roles)
    for row in range(len(clean)):
        expected = scaled_inputs(clean[row].numpy(), levels[row].numpy(), roles[row].tolist())
        np.testing.assert_allclose(found[row].numpy(), expected, atol=1e-5)


def test_stems_that_come_twice_are_as_loud_together_as_one() -> None:
    song = min(SONGS, key=lambda s: len(s.stats))
    n = len(song.stats)
    stats, _ = choose_stems(song, 2 * n, torch.Generator().manual_seed(0))
    total = 10.0 * np.log10(np.sum(10.0 ** (stats[:, LOUDNESS].numpy() / 10.0)))
    assert total == pytest.approx(10.0 * np.log10(np.sum(10.0 ** (song.stats[:, LOUDNESS] / 10.0))), abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=1, max_size=9), st.floats(-30, 30))
def test_a_common_gain_is_no_error_of_balance(gains: list[float], common: float) -> None:
    errors = level_errors_lu(torch.tensor([gains]))
    torch.testing.assert_close(level_errors_lu(torch.tensor([gains]) + common), errors, atol=1e-3, rtol=0)
    assert float(level_errors_lu(torch.full((1, len(gains)), common)).abs().max()) == 0.0


def test_the_set_survives_its_file(tmp_path: Path) -> None:
    save_stems(SONGS[:3], tmp_path / "stems.npz")
    again = load_stems(tmp_path / "stems.npz")
    for song, other in zip(SONGS[:3], again, strict=True):
        np.testing.assert_array_equal(song.stats, other.stats)
        np.testing.assert_array_equal(song.roles, other.roles)
        assert (song.genre, song.work) == (other.genre, other.work)
    assert STEMS_PATH.stat().st_size < 10_000_000


def test_every_champion_comes_nearer_to_the_authors_balance_than_the_equal_loudness_sum() -> None:
    mixers = {style.slug: load_mixer(MODELS / style.slug / "weights.safetensors") for style in STRIP_STYLES}
    for result in judge_stems(mixers, SONGS):
        assert result.mixer.value < 3.0, result.slug
        assert result.mixer.value < result.equal.value < result.nothing.value


def test_stems_in_balance_are_moved_less_than_stems_out_of_it() -> None:
    network = load_mixer(MODELS / "elite-warrior" / "weights.safetensors").network.strips
    clean, roles = batch_of(3)
    fader = []
    for share in (1.0, 0.0):
        batch = unbalance(clean, roles, torch.Generator().manual_seed(4), untouched_share=share, is_augmented=False)
        with torch.no_grad():
            strips, _ = network(batch.inputs)
        fader.append(float(level_errors_lu(52.0 * strips[..., FADER]).abs().mean()))
    assert fader[0] < 0.6 * fader[1]


def test_training_brings_songs_nearer_to_their_balance() -> None:
    torch.manual_seed(0)
    untrained = StripNetwork()
    before = measure_levels(untrained, SONGS, BASE, seed=3)
    np.testing.assert_allclose(before.mixer, before.nothing, atol=0.2)
    losses: list[float] = []
    fitted = fit_strips(untrained, SONGS, BASE, 120, 2e-3, 1, losses.append)
    after = measure_levels(fitted, SONGS, BASE, seed=3)
    assert after.mixer.mean() < 0.85 * before.mixer.mean()
    assert np.mean(losses[-20:]) < np.mean(losses[:20])


def test_the_loss_is_least_at_the_authors_balance() -> None:
    clean, roles = batch_of(4)
    batch = unbalance(clean, roles, torch.Generator().manual_seed(2), untouched_share=0.0, is_augmented=False)
    with torch.no_grad():
        strips, reverb = StripNetwork()(batch.inputs)
    right = strips.clone()
    right[..., FADER] = ((-batch.gain_lu).clamp(-40.0, 12.0) + 40.0) / 52.0
    assert float(strip_loss(right, reverb, batch, BASE)) < float(strip_loss(strips, reverb, batch, BASE)) - 0.2


def test_finished_networks_are_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train_strips(SONGS, tmp_path, base_steps=2, style_steps=1)
    monkeypatch.setattr("mixing.training.strips.fit_strips", lambda *_: pytest.fail("trained again"))
    again = train_strips(SONGS, tmp_path, base_steps=2, style_steps=1, resume=True)
    for slug, network in first.items():
        for name, tensor in network.state_dict().items():
            assert torch.equal(tensor, again[slug].state_dict()[name])


def test_a_batch_has_one_number_of_stems() -> None:
    batch = draw_batch(SONGS, torch.Generator().manual_seed(1))
    assert batch.inputs.shape[:2] == batch.roles.shape == batch.gain_lu.shape
