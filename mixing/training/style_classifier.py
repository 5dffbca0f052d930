"""Can the styles be told apart by ear? A classifier listens to mixes at equal loudness and names the mixer.

It hears what each mix changed: the measurements of the mix less those of the song itself, all of them relative to
loudness, and never the loudness. It is a linear discriminant with shrunken covariance, and every song is judged by one
that has heard no song of the same source work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import STAT, extract_features, measure_stats
from mixing.console.spec import MixSettings
from mixing.processes import worker_processes
from mixing.training.audio_bench import middle, stereo
from mixing.training.probe import Interval, bootstrap

Array = NDArray[np.float64]
# Of the within-class covariance: this share of its diagonal replaces as much of it.
SHRINKAGE = 0.2
_HEARD = np.array([name != "loudness_lufs" for name in STAT])


@dataclass(frozen=True)
class StyleRecognition:
    """How often mixers are recognized.

    Attributes:
        slugs: of the mixers. accuracy: over all mixes, with an interval over source works.
        confusion: share of the mixes of one mixer (row) that were taken for each (column), (mixers, mixers).
    """

    slugs: tuple[str, ...]
    accuracy: Interval
    confusion: tuple[tuple[float, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {
            "accuracy": self.accuracy.to_dict(),
            "confusion": {
                slug: dict(zip(self.slugs, (round(share, 3) for share in row), strict=True))
                for slug, row in zip(self.slugs, self.confusion, strict=True)
            },
        }


def recognize_styles(
    weights: dict[str, Path],
    paths: Sequence[Path],
    works: Sequence[str],
    *,
    on_song: Callable[[], object] | None = None,
    n_workers: int = 2,
) -> StyleRecognition:
    """Mix the middle of every song by every mixer, and let a classifier name the mixers.

    Args:
        weights: files by slug. works: of the songs; two different ones at least.
        on_song: called after each song.
    """
    changes = []
    with worker_processes(n_workers) as pool:
        for change in pool.map(partial(hear_changes, list(weights.values())), paths):
            changes.append(change)
            if on_song is not None:
                on_song()
    return classify(np.array(changes), tuple(weights), works)


def hear_changes(weights: Sequence[Path], path: Path) -> Array:
    """What each mixer changes about a song, (mixers, measurements)."""
    # Compiles kernels on import, which nothing else here needs.
    from mixing.console.renderer import render
    from mixing.mixers.zoo import load_mixer

    torch.set_num_threads(1)
    whole, rate = stereo(path)
    features = extract_features([whole], rate, content_hash="")
    excerpt = middle(whole, rate)
    before = measure_stats(excerpt, rate)
    rows = []
    for file in weights:
        settings = MixSettings.from_bus_vector(load_mixer(file).normalized(features))
        rows.append((measure_stats(render(excerpt, rate, settings, n_threads=1)[0], rate) - before)[_HEARD])
    return np.array(rows, float)


def classify(changes: Array, slugs: tuple[str, ...], works: Sequence[str]) -> StyleRecognition:
    """Name the mixer of every mix, from the songs of all other source works.

    Args:
        changes: (songs, mixers, measurements).
    """
    groups = np.array(works)
    named = np.zeros(changes.shape[:2], int)
    for work in sorted(set(works)):
        held = groups == work
        named[held] = _nearest(changes[~held], changes[held])
    right = (named == np.arange(len(slugs))).mean(axis=1)
    accuracy = bootstrap(lambda chosen: float(right[chosen].mean()), len(right), groups=works)
    confusion = [[float(np.mean(named[:, i] == j)) for j in range(len(slugs))] for i in range(len(slugs))]
    return StyleRecognition(slugs, accuracy, tuple(map(tuple, confusion)))


def _nearest(known: Array, asked: Array) -> NDArray[np.int64]:
    """The class of every asked row, (songs, mixers), by a linear discriminant of the known ones."""
    means = known.mean(axis=0)
    within = (known - means).reshape(-1, known.shape[-1])
    scale = within.std(axis=0) + 1e-6
    within, means, asked = within / scale, means / scale, asked / scale
    covariance = within.T @ within / len(within)
    shrunken = (1.0 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance))
    weights = np.linalg.solve(shrunken + 1e-6 * np.eye(len(shrunken)), means.T)
    scores = asked @ weights - 0.5 * np.einsum("kd,dk->k", means, weights)
    return np.asarray(scores.argmax(axis=-1))
