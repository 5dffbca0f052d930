"""Features of a whole corpus, measured once per file content by a few processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from mixing.audio.features import SongFeatures, cache_path, cached_features, load_features
from mixing.errors import AudioError
from mixing.training.corpus import CorpusSong


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
    jobs = [(str(root / song.path), str(cache_dir), song.sha256) for song in songs]
    with ProcessPoolExecutor(n_workers, initializer=os.nice, initargs=(5,)) as pool:
        for song, is_done in zip(songs, pool.map(_measure, jobs, chunksize=2), strict=True):
            if not is_done:
                failed.append(song.path)
            if on_song is not None:
                on_song()
    return failed


def cached_songs(songs: Sequence[CorpusSong], cache_dir: Path) -> list[tuple[CorpusSong, SongFeatures]]:
    """Songs with their features, those only that have been measured."""
    return [(song, load_features(path)) for song in songs if (path := cache_path(cache_dir, song.sha256)).exists()]


def _measure(job: tuple[str, str, str]) -> bool:
    path, cache_dir, sha256 = job
    try:
        cached_features(Path(path), Path(cache_dir), sha256)
    except AudioError:
        return False
    return True
