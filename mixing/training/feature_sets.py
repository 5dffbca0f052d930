"""The small feature sets that ship with the project: heal, gate and probe.

Their songs come from disjoint source works, and none of them is trained on or benchmarked. `gate` also holds each
song's degraded twin. Half precision and fewer excerpts keep each under 10 MB; sources and licences lie beside them
in sources.toml.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.errors import AudioError
from mixing.mixers.card import to_toml
from mixing.training.cache import cached_songs
from mixing.training.corpus import CorpusSong
from mixing.training.degrade import degrade

SetName = Literal["heal", "gate", "probe"]
DATA_DIR = Path(__file__).resolve().parents[1] / "data"
MAX_BYTES = 10_000_000
# Excerpts kept of the six that were measured, by size of set.
SET_CROPS: dict[SetName, tuple[int, ...]] = {"heal": (1, 3, 5), "gate": (1, 3, 5), "probe": (0, 2, 3, 5)}
GATE_SEED = 20_407


@dataclass(frozen=True)
class FeatureSet:
    """Features of many songs.

    Attributes:
        log_mel: float32 (songs, crops, 2, 64, 128).
        stats: float32 (songs, N_STATS).
        genres: slugs, one a song.
        ids: what each song is, for people.
        degraded_log_mel, degraded_stats: the damaged twins; None but for `gate`.
    """

    log_mel: NDArray[np.float32]
    stats: NDArray[np.float32]
    genres: tuple[str, ...]
    ids: tuple[str, ...]
    degraded_log_mel: NDArray[np.float32] | None = None
    degraded_stats: NDArray[np.float32] | None = None


@lru_cache(maxsize=3)
def load(name: SetName) -> FeatureSet:
    """Load a shipped set. Raises AudioError where the file is missing."""
    path = DATA_DIR / f"{name}.npz"
    if not path.exists():
        raise AudioError(f"The feature set {path.name} is missing. Restore mixing/data.", code="empty")
    with np.load(path, allow_pickle=False) as data:
        arrays = {key: data[key] for key in data.files}
    twin = {key: arrays[key].astype(np.float32) for key in ("degraded_log_mel", "degraded_stats") if key in arrays}
    return FeatureSet(
        log_mel=arrays["log_mel"].astype(np.float32),
        stats=arrays["stats"].astype(np.float32),
        genres=tuple(str(g) for g in arrays["genres"]),
        ids=tuple(str(i) for i in arrays["ids"]),
        degraded_log_mel=twin.get("degraded_log_mel"),
        degraded_stats=twin.get("degraded_stats"),
    )


def build_sets(songs: Sequence[CorpusSong], cache_dir: Path, *, data_dir: Path = DATA_DIR) -> dict[SetName, int]:
    """Write the three sets and their sources from a measured corpus; returns songs by set.

    Raises: AudioError if a set would be empty or would not fit its size.
    """
    sources: dict[str, Any] = {}
    counts: dict[SetName, int] = {}
    data_dir.mkdir(parents=True, exist_ok=True)
    for name in get_args(SetName):
        members = cached_songs([song for song in songs if song.split == name], cache_dir)
        if not members:
            raise AudioError(f"No song of the corpus belongs to {name}. Fetch more packages.", code="empty")
        crops = list(SET_CROPS[name])
        log_mel = np.stack([features.stems[0].log_mel[crops] for _, features in members])
        stats = np.stack([features.stems[0].stats for _, features in members])
        arrays: dict[str, Any] = {
            "log_mel": log_mel,
            "stats": stats.astype(np.float16),
            "genres": np.array([song.genre for song, _ in members]),
            "ids": np.array([f"{song.package}/{song.title}" for song, _ in members]),
        }
        if name == "gate":
            # A twin that is no worse than its original says nothing about repair: all of them are touched.
            twins = degrade(
                torch.from_numpy(log_mel.astype(np.float32)),
                torch.from_numpy(stats),
                torch.Generator().manual_seed(GATE_SEED),
                untouched_share=0.0,
            )
            arrays["degraded_log_mel"] = twins.log_mel.numpy().astype(np.float16)
            arrays["degraded_stats"] = twins.stats.numpy().astype(np.float16)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        if len(buffer.getvalue()) > MAX_BYTES:
            raise AudioError(
                f"The set {name} takes {len(buffer.getvalue())} bytes, more than {MAX_BYTES}. Lower its songs.",
                code="too_long",
            )
        (data_dir / f"{name}.npz").write_bytes(buffer.getvalue())
        counts[name] = len(members)
        sources[name] = {
            f"{song.package}/{song.title}": {"work": song.work, "licence": song.licence, "artist": song.artist}
            for song, _ in members
        }
    (data_dir / "sources.toml").write_text(to_toml(sources), encoding="utf-8")
    return counts
