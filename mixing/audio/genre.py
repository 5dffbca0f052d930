"""A guess of a song's genre, to prefill a form that its owner then confirms.

A multinomial logistic regression on the song's measurements. Its labels are impressions of whole game-music
packages, so it knows only some of the genres, and its confidence is scaled on packages that it did not learn from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixing.audio.features import N_STATS, SongFeatures
from mixing.audio.scaling import CLIP, STAT_CENTER, STAT_SCALE
from mixing.errors import AudioError

WEIGHTS_PATH = Path(__file__).resolve().parents[1] / "data" / "genre.npz"


@dataclass(frozen=True)
class GenreGuess:
    """A slug of mixing.genres and how sure the guess is, 0 to 1."""

    genre: str
    confidence: float


@dataclass(frozen=True)
class GenreClassifier:
    """The regression.

    Attributes:
        genres: slugs, in the order of the columns.
        weights: (N_STATS, genres). bias: (genres,).
        temperature: divides the logits, so that confidence means accuracy on packages not learned from.
        report: how it was measured.
    """

    genres: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    report: dict[str, float]

    def probabilities(self, stats: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probabilities, (songs, genres), of measurements (songs, N_STATS)."""
        logits = (scaled_stats(stats) @ self.weights + self.bias) / self.temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def guess_genre(features: SongFeatures) -> GenreGuess:
    """Guess from the whole song. Raises AudioError where the shipped weights are missing."""
    classifier = load_classifier()
    probabilities = classifier.probabilities(features.whole.stats[None])[0]
    best = int(probabilities.argmax())
    return GenreGuess(classifier.genres[best], float(probabilities[best]))


def scaled_stats(stats: NDArray[np.float32]) -> NDArray[np.float32]:
    """Measurements at about -1..1, as networks read them."""
    scaled = np.clip((stats - STAT_CENTER) / STAT_SCALE, -CLIP, CLIP)
    return np.asarray(scaled, dtype=np.float32)


@lru_cache(maxsize=1)
def load_classifier(path: Path = WEIGHTS_PATH) -> GenreClassifier:
    """Read the shipped weights. Raises AudioError where they are missing or of another version."""
    if not path.exists():
        raise AudioError("The genre weights are missing. Restore mixing/data.", code="empty")
    with np.load(path, allow_pickle=False) as data:
        weights = data["weights"]
        if weights.shape[0] != N_STATS:
            raise AudioError("The genre weights are of another version. Restore mixing/data.", code="corrupt")
        return GenreClassifier(
            tuple(str(g) for g in data["genres"]),
            weights,
            data["bias"],
            float(data["temperature"]),
            json.loads(str(data["report"])),
        )


def save_classifier(classifier: GenreClassifier, path: Path = WEIGHTS_PATH) -> None:
    """Write the weights as .npz."""
    np.savez_compressed(
        path,
        genres=np.array(classifier.genres),
        weights=classifier.weights,
        bias=classifier.bias,
        temperature=np.array(classifier.temperature),
        report=np.array(json.dumps(classifier.report)),
    )
