"""What votes say about styles, so that offspring can step to where listeners want mixers to go.

A mixer's style is its mean answer to the heal set. How much a genre's listeners like a style is a parabola in each of
the settings that carry taste; it is made of a part that all genres share and one of the genre's own. A vote follows the
difference of two likings through a logistic curve, and a tie counts half for either side. What is known of the
parabolas is a Gaussian at the mode of the posterior (Laplace's approximation). Liking is in logits: 1 means 73 % of the
votes.

Sources: R. Bradley, M. Terry, Rank analysis of incomplete block designs I, Biometrika 39, 1952; D. MacKay, Information
Theory, Inference, and Learning Algorithms, chapter 41, 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixing.console.spec import BUS_VECTOR, DELIVERY
from mixing.mixers.base import Mixer
from mixing.training import feature_sets
from mixing.training.probe import answers

Array = NDArray[np.float64]
# Corners and Q say where a repair is aimed; the loudness is the same for both mixes of a battle.
CARRIES_TASTE = np.array([not p.name.endswith(("_hz", "_q")) and p not in DELIVERY for p in BUS_VECTOR])
N_TASTE = int(CARRIES_TASTE.sum())
# Slopes and curvatures are for steps of this share of a setting's range.
UNIT = 0.1
# Before any vote, of the shared part and of a genre's own: standard deviations, and the mean of the shared curvature.
# Nobody likes a setting without limit.
SLOPE, CURVATURE, MEAN_CURVATURE = 0.5, 0.1, -0.1
LEAST_CURVATURE = 1e-3
MAX_STEPS, TOLERANCE = 30, 1e-6


class Comparison(NamedTuple):
    """A vote between two styles, given by their rows. score: of the first, 1, 0.5 or 0."""

    first: int
    second: int
    score: float
    genre: str


@dataclass(frozen=True)
class Votes:
    """Styles, and what was said of them.

    Attributes:
        styles: of mixers, dead or alive, (mixers, len(BUS_VECTOR)).
        founders: rows whose mean style is the center of every liking; one at least.
    """

    styles: NDArray[np.float32]
    founders: Sequence[int]
    comparisons: Sequence[Comparison]

    @property
    def genres(self) -> list[str]:
        """Those that were voted in."""
        return sorted({comparison.genre for comparison in self.comparisons})


@dataclass(frozen=True)
class Liking:
    """One parabola per setting, around a center: how much a style is liked."""

    center: Array
    slope: Array
    curvature: Array

    def of(self, styles: NDArray[np.floating]) -> Array:
        """Liking of styles (mixers, settings) beside the center's, (mixers,) logits."""
        return _features(styles, self.center) @ np.concatenate([self.slope, self.curvature])

    def climb(self, style: NDArray[np.floating]) -> Array:
        """The step (settings,) from a style straight uphill, as far as it goes up; normalized settings."""
        at = _offsets(style[None], self.center)[0]
        uphill = self.slope + 2.0 * self.curvature * at
        length = (uphill @ uphill) / max(-2.0 * (self.curvature * uphill) @ uphill, 1e-12)
        step = np.zeros(len(CARRIES_TASTE))
        step[CARRIES_TASTE] = UNIT * length * uphill
        return step


@dataclass(frozen=True)
class TastePosterior:
    """What is known of a genre's liking: a Gaussian over slopes and curvatures.

    Attributes:
        center: mean style of the founders in the settings that carry taste, (N_TASTE,).
        mean: slopes and curvatures, (2 N_TASTE,). root: a square root of their covariance.
    """

    center: Array
    mean: Array
    root: Array

    def liking(self, styles: NDArray[np.floating]) -> tuple[Array, Array]:
        """Liking of styles (mixers, settings) beside the founders' mean style, and its standard deviation; logits."""
        features = _features(styles, self.center)
        return features @ self.mean, np.linalg.norm(features @ self.root, axis=1)

    def draw(self, rng: np.random.Generator) -> Liking:
        """A liking that may be the true one. Source: W. Thompson, Biometrika 25, 1933."""
        drawn = self.mean + self.root @ rng.standard_normal(len(self.mean))
        return Liking(self.center, drawn[:N_TASTE], np.minimum(drawn[N_TASTE:], -LEAST_CURVATURE))


def measure_style(mixer: Mixer) -> NDArray[np.float32]:
    """A mixer's style: its mean normalized settings on the heal set, (len(BUS_VECTOR),)."""
    heal_set = feature_sets.load("heal")
    return np.asarray(answers(mixer, heal_set.log_mel, heal_set.stats).mean(axis=0), np.float32)


def learn_taste(votes: Votes, genre: str | None) -> TastePosterior:
    """What the votes say about the taste of a genre; that of all genres together where it is None."""
    comparisons = votes.comparisons
    center = np.asarray(votes.styles[list(votes.founders)][:, CARRIES_TASTE].mean(axis=0), np.float64)
    features = _features(votes.styles, center)
    first = np.array([c.first for c in comparisons], int)
    second = np.array([c.second for c in comparisons], int)
    score = np.array([c.score for c in comparisons], float)
    x = features[first] - features[second]
    mean = np.repeat([0.0, MEAN_CURVATURE], N_TASTE)
    deviation = np.repeat([SLOPE, CURVATURE], N_TASTE)
    if genre is None:
        return TastePosterior(center, *_posterior(x, score, mean, deviation))
    own = np.array([c.genre == genre for c in comparisons], bool)
    x = np.concatenate([x, x * own[:, None]], axis=1)
    both, root = _posterior(x, score, np.concatenate([mean, 0.0 * mean]), np.tile(deviation, 2))
    total = np.tile(np.eye(2 * N_TASTE), 2)
    # The sum of two Gaussian vectors; its covariance needs a square root of its own size.
    covariance = total @ root @ root.T @ total.T
    return TastePosterior(center, total @ both, np.asarray(np.linalg.cholesky(covariance)))


def lower_bounds(votes: Votes, styles: NDArray[np.floating]) -> dict[str | None, Array]:
    """What styles (mixers, settings) are liked at least: one deviation below the mean, (mixers,) logits.

    Returns: by genre that was voted in, and over all of them by None.
    """
    bounds = {}
    for genre in (None, *votes.genres):
        liking, deviation = learn_taste(votes, genre).liking(styles)
        bounds[genre] = liking - deviation
    return bounds


def _posterior(x: Array, score: Array, mean: Array, deviation: Array) -> tuple[Array, Array]:
    """Mode, and a square root of the covariance there, of a logistic regression with a Gaussian prior.

    Newton's steps are halved where one would go too far.
    """
    weights, precision = mean.copy(), 1.0 / np.square(deviation)

    def loss(at: Array) -> float:
        z = x @ at
        return float(np.logaddexp(0.0, z).sum() - score @ z + 0.5 * precision @ np.square(at - mean))

    def curvature_at(at: Array) -> Array:
        chance = _sigmoid(x @ at)
        return np.asarray((x * (chance * (1.0 - chance))[:, None]).T @ x + np.diag(precision))

    for _ in range(MAX_STEPS):
        gradient = x.T @ (_sigmoid(x @ weights) - score) + precision * (weights - mean)
        step = np.linalg.solve(curvature_at(weights), gradient)
        here, share = loss(weights), 1.0
        while loss(weights - share * step) > here and share > TOLERANCE:
            share /= 2.0
        weights = weights - share * step
        if float(np.abs(step).max()) < TOLERANCE:
            break
    return weights, np.asarray(np.linalg.cholesky(np.linalg.inv(curvature_at(weights))))


def _features(styles: NDArray[np.floating], center: Array) -> Array:
    z = _offsets(styles, center)
    return np.concatenate([z, np.square(z)], axis=1)


def _offsets(styles: NDArray[np.floating], center: Array) -> Array:
    return np.asarray((np.asarray(styles, np.float64)[:, CARRIES_TASTE] - center) / UNIT)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
