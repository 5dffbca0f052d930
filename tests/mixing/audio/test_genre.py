"""The genre guess: calibrated, honest about what it does not know."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mixing.audio.features import N_STATS, SongFeatures, StemFeatures
from mixing.audio.genre import guess_genre, load_classifier, save_classifier
from mixing.audio.scaling import STAT_CENTER, STAT_SCALE
from mixing.genres import GENRES
from mixing.training.genre_fit import fit_genres


def test_the_shipped_guess_names_a_known_genre_with_a_probability() -> None:
    features = SongFeatures((StemFeatures(np.zeros((6, 2, 64, 128), np.float16), STAT_CENTER),), "x", 44_100)
    guess = guess_genre(features)
    assert guess.genre in GENRES
    assert 0.0 < guess.confidence <= 1.0


def test_genres_that_differ_are_learned_and_survive_the_disk(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 120
    labels = ["rock" if i % 2 else "ambient" for i in range(n)]
    stats = (STAT_CENTER + STAT_SCALE * rng.normal(0, 0.3, (n, N_STATS))).astype(np.float32)
    stats[1::2, :10] += STAT_SCALE[:10]
    groups = [f"group-{i % 10}" for i in range(n)]
    classifier = fit_genres(stats, labels, groups, groups)
    assert classifier.genres == ("ambient", "rock")
    assert classifier.report["accuracy_unseen_packages"] > 0.95
    save_classifier(classifier, tmp_path / "genre.npz")
    again = load_classifier(tmp_path / "genre.npz")
    assert np.array_equal(again.probabilities(stats), classifier.probabilities(stats))
    assert np.allclose(again.probabilities(stats).sum(axis=1), 1.0)


def test_labels_that_mean_nothing_give_little_confidence() -> None:
    rng = np.random.default_rng(0)
    n = 200
    labels = ["rock" if x else "ambient" for x in rng.integers(0, 2, n)]
    stats = (STAT_CENTER + STAT_SCALE * rng.normal(0, 1.0, (n, N_STATS))).astype(np.float32)
    groups = [f"group-{i % 10}" for i in range(n)]
    report = fit_genres(stats, labels, groups, groups).report
    assert report["mean_confidence"] < 0.65
