"""Damage is what it says it is, and leaves one song in ten alone."""

from __future__ import annotations

import torch

from mixing.audio.features import LEVELS, MID_BANDS, SIDE_BANDS, STAT
from mixing.training.degrade import change_stats, degrade
from mixing.training.feature_sets import load


def make_batch(n: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    probe = load("probe")
    return torch.from_numpy(probe.log_mel[:n, :1]), torch.from_numpy(probe.stats[:n])


def test_untouched_songs_come_back_as_they_were() -> None:
    log_mel, stats = make_batch()
    result = degrade(log_mel, stats, torch.Generator().manual_seed(0), untouched_share=0.5)
    kept = result.is_untouched
    assert 4 <= int(kept.sum()) <= 20
    assert torch.allclose(result.log_mel[kept], log_mel[kept], atol=1e-4)
    numbers = [i for name, i in STAT.items() if name != "is_mono"]
    assert torch.allclose(result.stats[kept][:, numbers], stats[kept][:, numbers], atol=2e-3)
    assert float((result.stats[~kept] - stats[~kept])[:, MID_BANDS].abs().mean()) > 0.3


def test_the_same_seed_does_the_same_damage() -> None:
    first, second = (degrade(*make_batch(), torch.Generator().manual_seed(3)).stats for _ in range(2))
    other = degrade(*make_batch(), torch.Generator().manual_seed(4)).stats
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_log_mel_moves_with_the_bands() -> None:
    log_mel, stats = make_batch()
    result = degrade(log_mel, stats, torch.Generator().manual_seed(0), untouched_share=0.0)
    assert torch.isfinite(result.log_mel).all()
    mels = (result.log_mel - log_mel)[:, 0, 0].mean(dim=2)
    bands = (result.stats - stats)[:, MID_BANDS] / 10.0
    # Around 1 kHz (mel band 21 of 64) both see the same curve.
    assert float((mels[:, 21] - bands[:, 15]).abs().median()) < 0.06


def test_loudness_stays_the_reference_of_every_band() -> None:
    _, stats = make_batch()
    n = len(stats)
    zero, one = torch.zeros(n), torch.ones(n)
    changed, k_shift = change_stats(stats, torch.full((n, 28), 5.0), zero, one, zero)
    assert torch.allclose(k_shift, torch.full((n,), 5.0), atol=1e-3)
    assert torch.allclose(changed[:, MID_BANDS], stats[:, MID_BANDS], atol=1e-2)
    assert torch.allclose(changed[:, STAT["loudness_lufs"]], stats[:, STAT["loudness_lufs"]] + 5.0, atol=1e-3)


def test_squashing_narrows_levels_and_keeps_their_sum() -> None:
    _, stats = make_batch()
    n = len(stats)
    zero = torch.zeros(n)
    changed, _ = change_stats(stats, torch.zeros((n, 28)), zero, torch.full((n,), 0.5), zero)
    assert torch.allclose(changed[:, LEVELS].sum(1), stats[:, LEVELS].sum(1), atol=1e-4)
    assert torch.allclose(changed[:, STAT["level_spread_db"]], 0.5 * stats[:, STAT["level_spread_db"]])
    assert bool((changed[:, STAT["plr_db"]] < stats[:, STAT["plr_db"]]).all())


def test_side_gain_moves_width_and_correlation_together() -> None:
    _, stats = make_batch()
    n = len(stats)
    zero, one = torch.zeros(n), torch.ones(n)
    changed, _ = change_stats(stats, torch.zeros((n, 28)), torch.full((n,), -6.0), one, zero)
    assert torch.allclose(
        changed[:, STAT["side_mid_db"]], (stats[:, STAT["side_mid_db"]] - 6.0).clamp(-60, 30), atol=0.1
    )
    assert bool((changed[:, STAT["correlation"]] >= stats[:, STAT["correlation"]] - 1e-4).all())
    assert bool((changed[:, SIDE_BANDS] <= stats[:, SIDE_BANDS] + 1.0).all())
