"""The five champions' written targets: what each tries to make of a song, in numbers.

A style is an offset to the song's own spectrum plus wishes for loudness, dynamics, width and drive. Whatever depends
on the genre is taken from the training corpus (percentiles by genre), not from opinion. `targets` turns a style and
the clean songs into the outcome that training compares with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, N_STATS, STAT, THIRD_OCTAVES_HZ
from mixing.errors import AudioError
from mixing.genres import GENRES
from mixing.training.effects import region_width_db
from mixing.training.losses import Target

# Lies beside the mixers that were trained with it.
REFERENCE_NAME = "reference.json"
Curve = tuple[tuple[float, float], ...]
# Fewer songs than this say little about a genre: the whole corpus speaks for it.
MIN_GENRE_SONGS = 12
# The limiter may take 6 dB; asking for less leaves room for what the closed form does not see, and spares transients.
LIMITING_BUDGET_DB = 3.5
# Lows with more side than this are wide enough to be made mono.
WIDE_BASS_DB = -20.0
MEASURES: tuple[str, ...] = ("loudness_lufs", "level_spread_db", "side_mid_db", "plr_db", "range_lu")


@dataclass(frozen=True)
class Style:
    """One champion's intent.

    Attributes:
        offset: (Hz, dB) points of the tone offset, straight lines over log frequency between them.
        loudness_lufs: asked for, where the song's peaks allow it; None asks for the genre's `loudness_quantile`.
        loudness_quantile: of the genre's measured loudness, clipped to `loudness_range`.
        spread_quantile: levels that spread more than this quantile of the genre are glued down to it; None leaves them.
        width_shift_db: added to every region's side over mid, but not beyond the genre's 90th percentile.
        width_pull: share of the way towards the genre's median width.
        drive_db: on a song of ordinary peaks and brightness; peaky and bright songs get more.
        mono_below_hz: where the lows are wide, bass below it is to be mono; 0 leaves it.
        max_gain_db: neither a band of the equalizer nor its whole curve should move further.
        movement_weight: price of every dB of equalization; high makes a cautious mixer.
        attack_ms, release_ms: of the glue, where it acts.
    """

    slug: str
    name: str
    nickname: str
    rating: float
    description: str
    genres: tuple[str, ...]
    offset: Curve = ()
    loudness_lufs: float | None = None
    loudness_quantile: float = 0.5
    loudness_range: tuple[float, float] = (-16.0, -9.0)
    spread_quantile: float | None = None
    width_shift_db: float = 0.0
    width_pull: float = 0.0
    drive_db: float = 0.0
    mono_below_hz: float = 0.0
    max_gain_db: float = 5.0
    movement_weight: float = 0.03
    attack_ms: float = 20.0
    release_ms: float = 200.0
    specialities: tuple[str, ...] = field(default=())


STYLES: tuple[Style, ...] = (
    Style(
        slug="baseline-beast",
        name="Baseline Beast",
        nickname="Steady Eddie",
        rating=1250.0,
        description="Conservative and stable: mends what is clearly off, keeps the rest, leaves the dynamics alone.",
        genres=("pop", "rock", "folk"),
        loudness_lufs=-14.0,
        max_gain_db=3.0,
        movement_weight=0.08,
    ),
    Style(
        slug="enhanced-enforcer",
        name="Enhanced Enforcer",
        nickname="Modern Muscle",
        rating=1300.0,
        description="Modern and dense: deep lows, open highs, glued levels, a wide picture over a mono bass, and loud.",
        genres=("electronic", "hip-hop", "pop"),
        offset=(
            (31, 1.5),
            (50, 2.5),
            (80, 2.0),
            (150, 0.0),
            (350, -1.5),
            (700, -0.5),
            (3000, 0.5),
            (8000, 1.5),
            (16000, 2.0),
        ),
        loudness_quantile=0.75,
        loudness_range=(-12.5, -9.0),
        spread_quantile=0.25,
        width_shift_db=2.0,
        drive_db=3.0,
        mono_below_hz=110.0,
        attack_ms=10.0,
        release_ms=120.0,
    ),
    Style(
        slug="veteran-virtuoso",
        name="Veteran Virtuoso",
        nickname="Old Reliable",
        rating=1280.0,
        description="Vintage warmth: a full low middle, soft highs, driven like tape, slow glue, a bit narrower.",
        genres=("rock", "jazz", "blues", "folk"),
        offset=(
            (31, -1.0),
            (60, 0.5),
            (120, 1.5),
            (250, 1.5),
            (600, 0.3),
            (2000, 0.0),
            (5000, -1.0),
            (8000, -2.5),
            (16000, -3.5),
        ),
        loudness_quantile=0.5,
        loudness_range=(-16.0, -12.0),
        spread_quantile=0.6,
        width_shift_db=-1.5,
        drive_db=8.0,
        attack_ms=60.0,
        release_ms=350.0,
    ),
    Style(
        slug="elite-warrior",
        name="Elite Warrior",
        nickname="Precision Pro",
        rating=1350.0,
        description="Precision: third octaves in their place, the sub in check, clear presence, width and levels even.",
        genres=tuple(GENRES),
        offset=(
            (31, -2.0),
            (50, -1.5),
            (80, -0.5),
            (120, 0.0),
            (200, -1.0),
            (400, -1.0),
            (800, 0.0),
            (2000, 0.8),
            (4000, 1.2),
            (8000, 0.5),
            (16000, 0.0),
        ),
        loudness_quantile=0.75,
        loudness_range=(-14.0, -10.0),
        spread_quantile=0.5,
        width_pull=0.4,
        mono_below_hz=90.0,
        max_gain_db=6.0,
        movement_weight=0.015,
        attack_ms=8.0,
        release_ms=100.0,
    ),
)
BOSS = Style(
    slug="boss-collective",
    name="Boss Collective",
    nickname="Team Supreme",
    rating=1400.0,
    description="Song by song the candidate of the other four that serves it best, learned into one network.",
    genres=tuple(GENRES),
)


@dataclass(frozen=True)
class Reference:
    """What the training songs are like.

    Attributes:
        table: percentiles, {genre: {measure: (10, 25, 50, 60, 75, 90 %)}}; the genre "" is the whole corpus.
        mean_mid_db: mean of the songs' third octaves relative to loudness, (28,): the curve of the simple rule.
    """

    table: dict[str, dict[str, tuple[float, ...]]]
    mean_mid_db: tuple[float, ...]

    QUANTILES: ClassVar[tuple[float, ...]] = (0.10, 0.25, 0.50, 0.60, 0.75, 0.90)

    def quantile(self, genre: str, measure: str, q: float) -> float:
        """One percentile; genres of too few songs answer for the whole corpus."""
        row = self.table.get(genre) or self.table[""]
        return row[measure][self.QUANTILES.index(q)]


def measure_reference(stats: NDArray[np.float32], genres: Sequence[str]) -> Reference:
    """Measure the percentiles. `stats` is (songs, N_STATS)."""
    labels = np.array(genres)
    table: dict[str, dict[str, tuple[float, ...]]] = {}
    for genre in ("", *sorted(set(genres))):
        rows = stats if genre == "" else stats[labels == genre]
        if genre == "" or len(rows) >= MIN_GENRE_SONGS:
            table[genre] = {
                measure: tuple(float(v) for v in np.quantile(rows[:, STAT[measure]], Reference.QUANTILES))
                for measure in MEASURES
            }
    return Reference(table, tuple(float(v) for v in stats[:, MID_BANDS].mean(axis=0)))


def save_reference(reference: Reference, models_dir: Path) -> None:
    """Write it beside the mixers as JSON, rounded to what was measurable."""
    table = {g: {m: [round(v, 2) for v in row] for m, row in rows.items()} for g, rows in reference.table.items()}
    data = {"table": table, "mean_mid_db": [round(v, 2) for v in reference.mean_mid_db]}
    (models_dir / REFERENCE_NAME).write_text(json.dumps(data, indent=1) + "\n")


def load_reference(models_dir: Path) -> Reference:
    """What the mixers of a folder were trained with. Raises AudioError where it is missing."""
    path = models_dir / REFERENCE_NAME
    if not path.exists():
        raise AudioError(f"The reference {path} is missing. Restore it, or train again.", code="empty")
    data = json.loads(path.read_text())
    table = {g: {m: tuple(row) for m, row in rows.items()} for g, rows in data["table"].items()}
    return Reference(table, tuple(data["mean_mid_db"]))


def offset_db(style: Style) -> NDArray[np.float32]:
    """The style's tone offset at the third octaves, (28,) dB."""
    if not style.offset:
        return np.zeros(len(THIRD_OCTAVES_HZ), np.float32)
    hz, db = zip(*style.offset, strict=True)
    return np.interp(np.log(THIRD_OCTAVES_HZ), np.log(hz), db).astype(np.float32)


def targets(style: Style, clean: torch.Tensor, genres: Sequence[str], reference: Reference) -> Target:
    """What the style wants of each song.

    Args:
        clean: measurements of the songs before any damage, (batch, N_STATS).
    """
    if clean.shape[1] != N_STATS:
        raise ValueError(f"expected {N_STATS} measurements a song, got {clean.shape[1]}")

    def by_genre(measure: str, q: float) -> torch.Tensor:
        return torch.tensor([reference.quantile(genre, measure, q) for genre in genres])

    plr, spread = clean[:, STAT["plr_db"]], clean[:, STAT["level_spread_db"]]
    if style.loudness_lufs is None:
        loudness = by_genre("loudness_lufs", style.loudness_quantile).clamp(*style.loudness_range)
    else:
        loudness = torch.full_like(plr, style.loudness_lufs)
    wanted_spread = spread
    if style.spread_quantile is not None:
        wanted_spread = torch.minimum(spread, by_genre("level_spread_db", style.spread_quantile))
        # Glue, do not crush: a quarter of the spread is the most that may go.
        wanted_spread = torch.maximum(wanted_spread, 0.75 * spread)
    own_width = region_width_db(clean[:, MID_BANDS], clean[:, len(THIRD_OCTAVES_HZ) : 2 * len(THIRD_OCTAVES_HZ)])
    side_mid = clean[:, STAT["side_mid_db"]]
    room = (by_genre("side_mid_db", 0.90) - side_mid).clamp_min(0.0)
    shift = torch.minimum(torch.full_like(room, style.width_shift_db), room)
    shift = shift + style.width_pull * (by_genre("side_mid_db", 0.50) - side_mid).clamp(-8.0, 8.0)
    peaky = ((plr - 6.0) / 9.0).clamp(0.2, 1.4)
    bright = (1.0 + (_brightness_db(clean) - _brightness_reference()) / 15.0).clamp(0.6, 1.4)
    return Target(
        mid_db=clean[:, MID_BANDS] + torch.from_numpy(offset_db(style)),
        width_db=own_width + shift[:, None],
        spread_db=wanted_spread,
        loudness_lufs=loudness,
        drive_db=style.drive_db * peaky * bright,
        mono_below_hz=style.mono_below_hz * (clean[:, STAT["side_mid_low_db"]] > WIDE_BASS_DB),
        limiting_budget_db=LIMITING_BUDGET_DB,
        max_gain_db=style.max_gain_db,
        movement_weight=style.movement_weight,
        attack_ms=style.attack_ms,
        release_ms=style.release_ms,
    )


def _brightness_db(stats: torch.Tensor) -> torch.Tensor:
    """Level of 4 to 10 kHz over that of 200 Hz to 1 kHz, (batch,) dB."""
    bands = stats[:, MID_BANDS]
    high = torch.as_tensor((THIRD_OCTAVES_HZ > 3500) & (THIRD_OCTAVES_HZ < 11_000))
    low = torch.as_tensor((THIRD_OCTAVES_HZ > 180) & (THIRD_OCTAVES_HZ < 1100))
    return bands[:, high].mean(1) - bands[:, low].mean(1)


def _brightness_reference() -> float:
    """Typical brightness of the corpus, dB."""
    return -12.0
