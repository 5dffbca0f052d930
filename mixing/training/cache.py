"""Features of a whole corpus, measured once per file content by a few processes.

What is learned from, and what MixBench judges on, is also measured in excerpts: a song of half a minute is heard too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mixing.audio.features import (
    SongFeatures,
    StemFeatures,
    cache_path,
    cached_features,
    extract_features,
    load_features,
    read_analysis_window,
    save_features,
)
from mixing.errors import AudioError
from mixing.processes import worker_processes
from mixing.training.corpus import CorpusSong

N_EXCERPTS, EXCERPT_S = 4, 30.0
# Splits whose songs are measured in excerpts too.
EXCERPTED = ("train", "bench")


def fill_cache(
    songs: Sequence[CorpusSong],
    root: Path,
    cache_dir: Path,
    *,
    on_song: Callable[[], object] | None = None,
    n_workers: int = 2,
) -> list[str]:
    """Measure every song that the cache lacks.

    Args:
        root: what the songs' paths are relative to.
        on_song: called after each song.
    Returns: paths of songs that could not be read to their end.
    """
    cache_dir.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    jobs = [(str(root / song.path), str(cache_dir), song.sha256, song.split in EXCERPTED) for song in songs]
    with worker_processes(n_workers) as pool:
        for song, is_done in zip(songs, pool.map(_measure, jobs, chunksize=2), strict=True):
            if not is_done:
                failed.append(song.path)
            if on_song is not None:
                on_song()
    return failed


def cached_songs(songs: Sequence[CorpusSong], cache_dir: Path) -> list[tuple[CorpusSong, SongFeatures]]:
    """Songs with their features, those only that have been measured."""
    return [(song, load_features(path)) for song in songs if (path := cache_path(cache_dir, song.sha256)).exists()]


def cached_excerpts(songs: Sequence[CorpusSong], cache_dir: Path) -> list[tuple[CorpusSong, SongFeatures]]:
    """Excerpts of songs as songs of their own, those only that have been measured."""
    found: list[tuple[CorpusSong, SongFeatures]] = []
    for song in songs:
        path = _excerpts_path(cache_dir, song.sha256)
        if path.exists():
            parts = load_features(path)
            found.extend((song, SongFeatures((part,), song.sha256, parts.sample_rate)) for part in parts.stems)
    return found


def measure_excerpts(path: Path, cache_dir: Path, content_hash: str) -> list[StemFeatures]:
    """Features of up to N_EXCERPTS parts of a song, evenly spread over what is analyzed; cached.

    Raises: AudioError if the file cannot be read.
    """
    cached = _excerpts_path(cache_dir, content_hash)
    if cached.exists():
        return list(load_features(cached).stems)
    audio, rate = read_analysis_window(path)
    length = min(int(EXCERPT_S * rate), max(1, audio.shape[1] // N_EXCERPTS))
    starts = np.linspace(0, audio.shape[1] - length, N_EXCERPTS).astype(int)
    parts = extract_features([audio[:, s : s + length] for s in starts], rate, content_hash=content_hash)
    save_features(parts, cached)
    return list(parts.stems)


def _excerpts_path(cache_dir: Path, content_hash: str) -> Path:
    whole = cache_path(cache_dir, content_hash)
    return whole.with_name(f"excerpts-{whole.name}")


def _measure(job: tuple[str, str, str, bool]) -> bool:
    path, cache_dir, sha256, has_excerpts = job
    try:
        cached_features(Path(path), Path(cache_dir), sha256)
        if has_excerpts:
            measure_excerpts(Path(path), Path(cache_dir), sha256)
    except AudioError:
        return False
    return True
