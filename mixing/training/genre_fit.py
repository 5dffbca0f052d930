"""Fits the genre guess, and measures it on packages that it did not learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from mixing.audio.genre import GenreClassifier, scaled_stats

# Fewer songs than this cannot be learned.
MIN_SONGS = 40
N_FOLDS = 5
RIDGE = 0.1


def fit_genres(
    stats: NDArray[np.float32], genres: Sequence[str], packages: Sequence[str], works: Sequence[str]
) -> GenreClassifier:
    """Fit, calibrate and cross-validate.

    Args:
        stats: (songs, N_STATS). genres: slugs, empty where unknown.
        packages: where each song comes from. Confidence is calibrated with whole packages held out, since songs of one
            package share more than a genre and a listener's song comes from none of them.
        works: source works; accuracy is reported with whole works held out as well.
    """
    counts = Counter(genres)
    known = tuple(sorted(g for g, n in counts.items() if g and n >= MIN_SONGS))
    rows = [i for i, g in enumerate(genres) if g in known]
    x = torch.from_numpy(scaled_stats(stats[rows]))
    y = torch.tensor([known.index(genres[i]) for i in rows])
    by_package = _held_out_logits(x, y, [packages[i] for i in rows], len(known))
    by_work = _held_out_logits(x, y, [works[i] for i in rows], len(known))
    temperature = _temperature(by_package, y)
    confidence = functional.softmax(by_package / temperature, dim=1).max(1).values
    weights, bias = _fit(x, y, len(known))
    report = {
        "songs": float(len(rows)),
        "most_frequent_share": round(float(torch.bincount(y).max()) / len(rows), 3),
        "accuracy_unseen_works": _accuracy(by_work, y),
        "accuracy_unseen_packages": _accuracy(by_package, y),
        "mean_confidence": round(float(confidence.mean()), 3),
    }
    return GenreClassifier(known, weights.numpy(), bias.numpy(), temperature, report)


def _held_out_logits(x: torch.Tensor, y: torch.Tensor, groups: Sequence[str], n_genres: int) -> torch.Tensor:
    """Each song's logits from a fit without its fold; folds keep groups whole and are filled largest group first."""
    sizes = Counter(groups)
    fold_of = {name: i % N_FOLDS for i, name in enumerate(sorted(sizes, key=lambda g: (-sizes[g], g)))}
    folds = torch.tensor([fold_of[group] for group in groups])
    logits = torch.zeros((len(y), n_genres))
    for fold in range(N_FOLDS):
        weights, bias = _fit(x[folds != fold], y[folds != fold], n_genres)
        logits[folds == fold] = x[folds == fold] @ weights + bias
    return logits


def _accuracy(logits: torch.Tensor, y: torch.Tensor) -> float:
    return round(float((logits.argmax(1) == y).float().mean()), 3)


def _fit(x: torch.Tensor, y: torch.Tensor, n_genres: int) -> tuple[torch.Tensor, torch.Tensor]:
    weights = torch.zeros((x.shape[1], n_genres), requires_grad=True)
    bias = torch.zeros(n_genres, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(x @ weights + bias, y) + RIDGE * weights.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weights.detach(), bias.detach()


def _temperature(logits: torch.Tensor, y: torch.Tensor) -> float:
    """The temperature of least log loss on held-out songs."""
    candidates = np.geomspace(0.3, 10.0, 80)
    losses = [float(functional.cross_entropy(logits / t, y)) for t in candidates]
    return float(candidates[int(np.argmin(losses))])
