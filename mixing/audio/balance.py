"""The tonal balance that songs of a genre have: the measure that a song's own balance is held against.

Percentiles over the openly licensed songs of the shipped feature sets, relative to each loudness. What the songs are
stands in mixing/data/sources.toml.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PATH = Path(__file__).resolve().parents[1] / "data" / "balance.json"


@dataclass(frozen=True)
class Balance:
    """Third octaves of a genre, dB relative to loudness.

    Attributes:
        n_songs: that it was measured on.
        is_genre: false where the genre has too few songs, and all genres answer.
        low, middle, high: 10th, 50th and 90th percentile, (28,) each.
    """

    n_songs: int
    is_genre: bool
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]


def balance_of(genre: str) -> Balance:
    """The balance of a genre, or of all songs where there are too few of it."""
    table = _table()
    row = table.get(genre) or table[""]
    curves = (tuple(row[name]) for name in ("low", "middle", "high"))
    return Balance(int(row["n_songs"][0]), genre in table and genre != "", *curves)


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[float]]]:
    table: dict[str, dict[str, list[float]]] = json.loads(PATH.read_text(encoding="utf-8"))
    return table
