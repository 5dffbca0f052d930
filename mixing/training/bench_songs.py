"""Where MixBench gets its songs: a folder, the corpus' bench packages, or the shipped set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from mixing.audio.features import StemFeatures, cached_features, read_analysis_window
from mixing.errors import AudioError
from mixing.processes import worker_processes
from mixing.training.cache import measure_excerpts
from mixing.training.corpus import audio_files, read_manifest
from mixing.training.mixbench import BenchSet, bench_from_features, bench_from_sets


def collect(
    folder: Path | None,
    corpus_dir: Path,
    cache_dir: Path,
    *,
    limit: int | None = None,
    on_song: Callable[[], object] | None = None,
    n_workers: int = 2,
) -> tuple[BenchSet, list[Path]]:
    """Measure the songs to judge on; returns them with their audio files, none for the shipped set.

    Args:
        folder: any folder of music; every file counts as a work of its own. None takes the corpus where there is one.
        corpus_dir: holds manifest.json.
        cache_dir: of features; what is measured here is kept there.
        limit: at most this many songs.
        on_song: called after each song.
    Raises: AudioError for a folder without two readable songs.
    """
    if folder is not None:
        paths = [path for path in audio_files(folder) if _is_readable(path)][:limit]
        genres, works = [""] * len(paths), [path.name for path in paths]
        source = f"folder {folder.name}"
    elif (corpus_dir / "manifest.json").exists():
        songs = [song for song in read_manifest(corpus_dir / "manifest.json") if song.split == "bench"][:limit]
        paths = [corpus_dir / song.path for song in songs]
        genres, works = [song.genre for song in songs], [song.work for song in songs]
        source = "held-out packages of the corpus"
    else:
        return bench_from_sets(), []
    if len(paths) < 2:
        raise AudioError("MixBench needs at least two songs, because it shuffles them. Add music.", code="empty")
    measured: list[tuple[StemFeatures, list[StemFeatures]]] = []
    with worker_processes(n_workers) as pool:
        for pair in pool.map(_measured, paths, [cache_dir] * len(paths)):
            measured.append(pair)
            if on_song is not None:
                on_song()
    return bench_from_features(measured, genres, works, [path.name for path in paths], source=source), paths


def _measured(path: Path, cache_dir: Path) -> tuple[StemFeatures, list[StemFeatures]]:
    """The song and its excerpts."""
    content_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        cached_features(path, cache_dir, content_hash).stems[0],
        measure_excerpts(path, cache_dir, content_hash),
    )


def _is_readable(path: Path) -> bool:
    try:
        audio, _ = read_analysis_window(path)
    except AudioError:
        return False
    return audio.shape[0] <= 2 and audio.shape[1] > 0
