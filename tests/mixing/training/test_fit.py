"""Training lowers what it should, can be interrupted, and the styles want what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mixing.audio.features import MID_BANDS, STAT
from mixing.console.spec import NEUTRAL_BUS_VECTOR, MixSettings
from mixing.mixers.cnn import CnnConfig, CnnMixer
from mixing.training import fit as fit_module
from mixing.training.effects import apply_settings
from mixing.training.feature_sets import load
from mixing.training.fit import (
    Batch,
    FitPlan,
    TrainingData,
    boss_objective,
    evaluate,
    fit,
    split_validation,
    style_objective,
    vary,
    with_favorites,
)
from mixing.training.losses import imitation_loss, style_loss
from mixing.training.styles import STYLES, load_reference, measure_reference, offset_db, save_reference, targets

TINY = CnnConfig(channels=(8, 8, 8, 8), audio_width=8, stats_width=16, head_width=16)
EDDIE, MUSCLE, RELIABLE, PRO = STYLES


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_module, "BATCH_SONGS", 8)
    monkeypatch.setattr(fit_module, "BATCH_CROPS", 1)
    monkeypatch.setattr(fit_module, "CHECKPOINT_STEPS", 4)


def make_data(n: int = 10) -> TrainingData:
    probe = load("probe")
    stats = probe.stats[:n]
    reference = measure_reference(stats, probe.genres[:n])
    return TrainingData(
        torch.from_numpy(probe.log_mel[:n, :2].astype(np.float16)),
        torch.from_numpy(stats),
        list(probe.genres[:n]),
        reference,
        torch.zeros(n, dtype=torch.long),
    )


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    data = make_data()
    objective = style_objective(MUSCLE, data.reference)
    mixer = CnnMixer(TINY)
    before = evaluate(mixer, data, objective, seed=0)
    trained = fit(mixer, data, data, objective, FitPlan("x", 40, 1e-2, 0), tmp_path)
    assert evaluate(trained, data, objective, seed=0) < 0.8 * before
    assert (tmp_path / "x.jsonl").read_text().count("\n") == 10


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    data = make_data(6)
    objective = style_objective(PRO, data.reference)
    plan = FitPlan("x", 8, 1e-2, 0)
    whole = fit(CnnMixer(TINY), data, data, objective, plan, tmp_path / "whole")

    def stop(step: int, _loss: float) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(CnnMixer(TINY), data, data, objective, plan, tmp_path / "cut", on_step=stop)
    resumed = fit(CnnMixer(TINY), data, data, objective, plan, tmp_path / "cut", resume=True)
    for a, b in zip(whole.network.state_dict().values(), resumed.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_variation_keeps_features_and_measurements_together() -> None:
    data = make_data()
    log_mel, stats = vary(data.log_mel.float(), data.stats, torch.Generator().manual_seed(0))
    moved = (log_mel - data.log_mel.float())[:, 0, 0].mean(dim=2)[:, 21] * 10.0
    bands = (stats - data.stats)[:, MID_BANDS][:, 15]
    assert float(bands.abs().mean()) > 0.5
    assert float((moved - bands).abs().median()) < 0.8


def test_validation_works_never_train() -> None:
    works = [f"work-{i // 2}" for i in range(60)]
    learning, held = split_validation(works, works)
    assert held
    assert not set(learning) & set(held)
    assert len(learning) + len(held) == 60


def neutral(n: int) -> torch.Tensor:
    return torch.from_numpy(np.tile(NEUTRAL_BUS_VECTOR, (n, 1)))


def test_a_song_that_is_as_wanted_costs_nothing_but_the_prior() -> None:
    data = make_data()
    style = replace(EDDIE, loudness_lufs=-14.0)
    target = targets(style, data.stats, data.genres, data.reference)
    terms = style_loss(neutral(10), data.stats, target)[1]
    for name in ("tone", "width", "spread", "drive", "makeup", "mono", "movement"):
        assert float(terms[name].abs().max()) < 1e-4, name


def test_loudness_is_asked_for_only_as_far_as_the_peaks_allow() -> None:
    data = make_data()
    stats = data.stats.clone()
    stats[:, STAT["plr_db"]] = 20.0
    target = targets(MUSCLE, stats, data.genres, data.reference)

    def cost(lufs: float) -> float:
        vector = neutral(10)
        vector[:, -1] = float(MixSettings().bus_vector()[-1]) + (lufs + 14.0) / 17.0
        return float(style_loss(vector, stats, target)[0].mean())

    assert cost(-17.5) < cost(-12.0) < cost(-8.0)


def test_too_much_limiting_is_punished_and_gluing_too_little_is_felt() -> None:
    data = make_data()
    target = targets(replace(MUSCLE, spread_quantile=0.1), data.stats, data.genres, data.reference)
    vector = neutral(10).requires_grad_()
    terms = style_loss(vector, data.stats, target)[1]
    (gradient,) = torch.autograd.grad(terms["prior"].sum() + terms["spread"].sum(), vector)
    threshold = next(i for i, p in enumerate(_names()) if p == "glue_threshold_db")
    # Downhill lowers the threshold, so that the compressor can begin to learn at all.
    assert bool((gradient[:, threshold] > 0).all())


def _names() -> list[str]:
    from mixing.console.spec import BUS_VECTOR

    return [p.name for p in BUS_VECTOR]


def test_styles_differ_as_their_descriptions_say() -> None:
    data = make_data()
    wanted = {s.slug: targets(s, data.stats, data.genres, data.reference) for s in STYLES}
    loud = {slug: float(t.loudness_lufs.mean()) for slug, t in wanted.items()}
    assert max(loud, key=lambda slug: loud[slug]) == MUSCLE.slug
    assert float(wanted[RELIABLE.slug].drive_db.mean()) > float(wanted[MUSCLE.slug].drive_db.mean()) > 1.0
    assert float(wanted[PRO.slug].drive_db.max()) == 0.0
    assert offset_db(MUSCLE)[-4:].mean() > 1.0 > -1.0 > offset_db(RELIABLE)[-4:].mean()
    assert float((wanted[MUSCLE.slug].width_db - wanted[RELIABLE.slug].width_db).mean()) > 1.0


def test_rare_genres_answer_for_the_whole_corpus(tmp_path: Path) -> None:
    data = make_data()
    assert data.reference.quantile("jazz", "plr_db", 0.5) == data.reference.quantile("", "plr_db", 0.5)
    save_reference(data.reference, tmp_path)
    again = load_reference(tmp_path)
    assert again.quantile("", "plr_db", 0.5) == pytest.approx(data.reference.quantile("", "plr_db", 0.5), abs=0.01)


def test_each_song_has_the_favorite_that_serves_it_better_than_it_serves_others() -> None:
    data = make_data()
    still, pushy = CnnMixer(TINY), CnnMixer(TINY)
    with torch.no_grad():
        pushy.network.heads["tone"].get_parameter("2.bias")[1] += 1.0
    favorites = with_favorites(data, [still, pushy], [PRO, PRO], seed=0).favorites
    assert torch.equal(favorites, with_favorites(data, [still, pushy], [PRO, PRO], seed=0).favorites)
    # Pushy is worse on nearly every song, and yet the one that suits some songs better than others.
    assert 1 <= int(favorites.sum()) <= 9
    at_home = [replace(PRO, genres=tuple(set(data.genres))), replace(PRO, genres=("jazz",))]
    bonus = with_favorites(data, [still, pushy], at_home, seed=0).favorites
    assert int(bonus.sum()) <= int(favorites.sum())


def test_imitation_is_free_for_the_candidate_itself_and_not_for_a_mean() -> None:
    data = make_data()
    good, bad = neutral(10), neutral(10)
    bad[:, 1] = 1.0
    assert float(imitation_loss(good, data.stats, good).max()) < 1e-6
    assert float(imitation_loss(0.5 * (good + bad), data.stats, good).min()) > 0.01


def test_the_boss_imitates_each_songs_favorite() -> None:
    data = make_data(8)
    student, teacher = CnnMixer(TINY), CnnMixer(TINY, seed=1)
    with torch.no_grad():
        teacher.network.heads["tone"].get_parameter("2.bias").add_(0.5)
    objective = boss_objective([CnnMixer(TINY, seed=2), teacher])
    log_mel = data.log_mel.float()

    def loss(favorite: int) -> torch.Tensor:
        favorites = torch.full((8,), favorite)
        batch = Batch(log_mel, data.stats, data.stats, data.genres, favorites)
        return objective(student.network(log_mel, data.stats), batch)

    assert float(loss(0).detach()) < 1e-4 < float(loss(1).detach())
    loss(1).backward()
    gradient = student.network.heads["tone"].get_parameter("2.bias").grad
    assert gradient is not None
    assert float(gradient.abs().sum()) > 0.0


def test_outcomes_of_a_batch_do_not_mix_songs() -> None:
    data = make_data()
    vector = neutral(10) * 0.9 + 0.05
    whole = apply_settings(vector, data.stats).mid_db
    alone = apply_settings(vector[3:4], data.stats[3:4]).mid_db
    assert torch.allclose(whole[3:4], alone, atol=1e-4)
