"""What a mixer knows of a song: log-mel excerpts and a row of named measurements, all relative to the song's loudness.

The log-mel excerpts (mid and side) come from six places that span the song's loudness range, so that a quiet verse
counts as much as the chorus. Frames are as long in seconds at every sample rate, so nothing is resampled. The
measurements are those of `mixing.audio.measurements`, whose names can be had from here as well.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mixing.audio.decode import AudioSource
from mixing.audio.log_mel import N_FRAMES, N_MELS, log_mel_crops
from mixing.audio.measurements import (
    BAND_FLOOR_DB,
    LEVEL_BINS_DB,
    LEVELS,
    MID_BANDS,
    N_BANDS,
    N_STATS,
    REGIONS_HZ,
    SHORT_TERM,
    SIDE_BANDS,
    STAT,
    THIRD_OCTAVES_HZ,
    all_stats,
    analysis_window,
    analyzed_part,
    k_weighting_db,
    measure_stats,
    third_octaves_db,
)
from mixing.errors import AudioError

__all__ = [
    "BAND_FLOOR_DB",
    "FEATURES_VERSION",
    "LEVELS",
    "LEVEL_BINS_DB",
    "MID_BANDS",
    "N_BANDS",
    "N_STATS",
    "REGIONS_HZ",
    "SHORT_TERM",
    "SIDE_BANDS",
    "STAT",
    "THIRD_OCTAVES_HZ",
    "SongFeatures",
    "StemFeatures",
    "cache_path",
    "cached_features",
    "cached_stem_features",
    "extract_features",
    "k_weighting_db",
    "load_features",
    "measure_stats",
    "read_analysis_window",
    "save_features",
    "third_octaves_db",
    "window_of",
]

FEATURES_VERSION = 1


@dataclass(frozen=True)
class StemFeatures:
    """One stem.

    Attributes:
        log_mel: float16 (n_crops, 2, 64, 128): crops, mid and side, mel bands, frames; bels.
        stats: float32 (N_STATS,), named by STAT_NAMES, in physical units; bands and levels relative to loudness.
    """

    log_mel: NDArray[np.float16]
    stats: NDArray[np.float32]


@dataclass(frozen=True)
class SongFeatures:
    """A song.

    Attributes:
        stems: in upload order.
        content_hash: of what was uploaded.
        sample_rate: Hz.
        mix: the stems' sum as uploaded; None for a song of one stem, which is its own mix.
        roles: what each stem plays, of mixing.audio.roles.ROLES; empty where nobody said.
    """

    stems: tuple[StemFeatures, ...]
    content_hash: str
    sample_rate: int
    mix: StemFeatures | None = None
    roles: tuple[str, ...] = ()

    @property
    def whole(self) -> StemFeatures:
        """The song as one sound."""
        return self.mix or self.stems[0]


def extract_features(stems: Sequence[NDArray[np.float32]], rate: int, *, content_hash: str) -> SongFeatures:
    """Measure every stem of a song.

    Args:
        stems: each (channels, frames), 1 or 2 channels, finite; 1.0 is full scale.
        rate: Hz.
        content_hash: SHA-256 of the source, kept with the result.
    Raises: AudioError for no stems, or a stem that is empty, not finite or of another shape.
    """
    if not stems:
        raise AudioError("The song has no stems. Choose a song with at least one audio file.", code="empty")
    return SongFeatures(tuple(_stem_features(stem, rate) for stem in stems), content_hash, rate)


def read_analysis_window(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read the part of a file that features are taken from: (channels, frames) and the rate. Raises AudioError."""
    try:
        with soundfile.SoundFile(str(path)) as file:
            start, n_frames = analysis_window(file.frames, file.samplerate)
            file.seek(start)
            audio = file.read(n_frames, dtype="float32", always_2d=True).T
            return np.ascontiguousarray(audio), file.samplerate
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError("The audio file cannot be read. Export it again and retry.", code="corrupt") from error


def window_of(source: AudioSource) -> NDArray[np.float32]:
    """The part of a sound that is measured, (channels, frames); as `read_analysis_window` for a file."""
    start, length = analysis_window(source.n_frames, source.sample_rate)
    parts, position = [], 0
    for block in source.blocks():
        first, last = max(start - position, 0), min(start + length - position, block.shape[1])
        if first < last:
            parts.append(block[:, first:last].copy())
        position += block.shape[1]
    return np.concatenate(parts, axis=1)


def cached_features(path: Path, cache_dir: Path, content_hash: str) -> SongFeatures:
    """Features of a file of one stem, from the cache where this very content was measured before.

    Raises: AudioError if the file cannot be read.
    """
    cached = cache_path(cache_dir, content_hash)
    if cached.exists():
        return load_features(cached)
    audio, rate = read_analysis_window(path)
    features = extract_features([audio], rate, content_hash=content_hash)
    save_features(features, cached)
    return features


def cached_stem_features(stems: Sequence[AudioSource], mix: Path, cache_dir: Path, content_hash: str) -> SongFeatures:
    """Features of a song of several aligned stems, and of their sum at `mix`; cached as in `cached_features`."""
    cached = cache_path(cache_dir, content_hash)
    if cached.exists():
        return load_features(cached)
    measured = tuple(_stem_features(window_of(stem), stem.sample_rate) for stem in stems)
    audio, rate = read_analysis_window(mix)
    features = SongFeatures(measured, content_hash, rate, mix=_stem_features(audio, rate))
    save_features(features, cached)
    return features


def cache_path(cache_dir: Path, content_hash: str) -> Path:
    """Where the cache keeps this content; the name changes with the version of the measurements."""
    return cache_dir / f"{content_hash}-v{FEATURES_VERSION}.npz"


def save_features(features: SongFeatures, path: Path) -> None:
    """Write features as .npz, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    parts = features.stems if features.mix is None else (*features.stems, features.mix)
    np.savez(
        buffer,
        log_mel=np.stack([stem.log_mel for stem in parts]),
        stats=np.stack([stem.stats for stem in parts]),
        has_mix=np.array(features.mix is not None),
        content_hash=np.array(features.content_hash),
        sample_rate=np.array(features.sample_rate),
        version=np.array(FEATURES_VERSION),
    )
    partial = path.with_suffix(f".{id(buffer):x}.part")
    partial.write_bytes(buffer.getvalue())
    partial.replace(path)


def load_features(path: Path) -> SongFeatures:
    """Read what `save_features` wrote. Raises AudioError where the file is damaged or of another version."""
    try:
        with np.load(path, allow_pickle=False) as data:
            log_mel, stats = data["log_mel"], data["stats"]
            has_mix = bool(data["has_mix"]) if "has_mix" in data else False
            content_hash, rate, version = str(data["content_hash"]), int(data["sample_rate"]), int(data["version"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise AudioError(
            "The cached features are damaged. Delete them to measure the song again.", code="corrupt"
        ) from error
    if version != FEATURES_VERSION or stats.shape[1:] != (N_STATS,) or log_mel.shape[2:] != (2, N_MELS, N_FRAMES):
        raise AudioError(
            "The cached features are of another version. Delete them to measure the song again.", code="corrupt"
        )
    parts = tuple(StemFeatures(m, s) for m, s in zip(log_mel, stats, strict=True))
    if has_mix:
        return SongFeatures(parts[:-1], content_hash, rate, mix=parts[-1])
    return SongFeatures(parts, content_hash, rate)


def _stem_features(audio: NDArray[np.float32], rate: int) -> StemFeatures:
    audio = analyzed_part(audio, rate)
    stats = all_stats(audio, rate)
    left, right = audio[0], audio[-1]
    log_mel = log_mel_crops(0.5 * (left + right), 0.5 * (left - right), rate, float(stats[STAT["loudness_lufs"]]))
    return StemFeatures(log_mel.astype(np.float16), stats)
