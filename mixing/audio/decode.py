"""Reading music: what a file is, whether it can be used, and its sound in blocks.

Files are judged by their content; names and extensions are never looked at.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from mixing.audio.headers import container_of, is_cut_off
from mixing.errors import AudioError

Block = NDArray[np.float32]

MIN_RATE, MAX_RATE = 8000, 192_000
MIN_DURATION_S, MAX_DURATION_S = 5.0, 1200.0
BLOCK = 65_536
# A sound without any stretch of 400 ms above this has no loudness: the absolute gate of BS.1770.
SILENCE_DBFS = -70.0
SILENCE_S = 0.4
HASH_BYTES = 2**20
# About six minutes of stereo at 44.1 kHz.
MAX_KEPT_BYTES = 128 * 2**20

_UNREADABLE = "The file is damaged and cannot be decoded. Export it again and retry."
_CUT_OFF = "The file is cut off or damaged: its sound stops before the end. Copy or export it again and retry."


@dataclass(frozen=True)
class AudioInfo:
    """What a file says of itself.

    Attributes:
        container: WAV, AIFF, FLAC, MP3 or OGG.
        subtype: the encoding within, as libsndfile names it, such as PCM_24.
        sample_rate: Hz. channels: 1 or 2.
    """

    path: Path
    container: str
    subtype: str
    sample_rate: int
    channels: int
    n_frames: int
    duration_s: float


@dataclass(frozen=True)
class AudioCheck:
    """A file that was read from end to end.

    Attributes:
        sha256: of its bytes.
        n_over_full_scale: samples beyond +-1.0.
        peak_dbfs: the highest sample; -inf for digital silence.
        is_silent: there is nothing to hear.
    """

    info: AudioInfo
    sha256: str
    n_over_full_scale: int
    peak_dbfs: float
    is_silent: bool = False


class AudioSource(Protocol):
    """Sound that can be read in blocks, as often as wanted."""

    @property
    def sample_rate(self) -> int:
        """Hz."""

    @property
    def channels(self) -> int:
        """1 or 2."""

    @property
    def n_frames(self) -> int:
        """Of the whole sound."""

    def blocks(self, n_frames: int = BLOCK) -> Iterator[Block]:
        """All of the sound, (channels, n_frames) each, the last one shorter."""


class ArraySource:
    """Sound in memory, (channels, frames)."""

    def __init__(self, audio: Block, sample_rate: int) -> None:
        if audio.ndim != 2:
            raise AudioError("Sound must have the shape (channels, frames). Reshape it.", code="bad_channels")
        self._audio = audio
        self.sample_rate = sample_rate
        self.channels, self.n_frames = audio.shape

    def blocks(self, n_frames: int = BLOCK) -> Iterator[Block]:
        """See AudioSource."""
        for start in range(0, self.n_frames, n_frames):
            yield self._audio[:, start : start + n_frames]


class FileSource:
    """Sound in a file. Its blocks raise AudioError where the file turns out to be damaged or too short."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _opened(path) as file:
            self.sample_rate = int(file.samplerate)
            self.channels = int(file.channels)
            self.n_frames = int(file.frames)

    def blocks(self, n_frames: int = BLOCK) -> Iterator[Block]:
        """See AudioSource."""
        left = self.n_frames
        with _opened(self._path) as file:
            while left > 0:
                try:
                    read = file.read(min(n_frames, left), dtype="float32", always_2d=True)
                except (soundfile.LibsndfileError, RuntimeError) as error:
                    raise AudioError(_CUT_OFF, code="truncated") from error
                if len(read) == 0:
                    raise AudioError(_CUT_OFF, code="truncated")
                left -= len(read)
                yield np.ascontiguousarray(read.T)


def probe(
    path: Path, *, max_duration_s: float | None = MAX_DURATION_S, min_duration_s: float = MIN_DURATION_S
) -> AudioInfo:
    """Look at a file's header.

    Args:
        max_duration_s: None for no limit.
    Raises: AudioError with the code unreadable, empty, unsupported_type, corrupt, truncated, bad_channels, bad_rate,
        too_short or too_long.
    """
    try:
        is_empty = path.stat().st_size == 0
        container = container_of(path)
    except OSError as error:
        raise AudioError(
            f"{path} cannot be read ({error.strerror}). Check the path and who may read it.", code="unreadable"
        ) from error
    if is_empty:
        raise AudioError("The file is empty. Choose another one.", code="empty")
    if container is None:
        raise AudioError(
            "This is not a WAV, AIFF, FLAC, MP3 or OGG file, whatever its name says. "
            "Export it as one of these and retry.",
            code="unsupported_type",
        )
    with _opened(path) as file:
        info = AudioInfo(
            path=path,
            container=container,
            subtype=str(file.subtype),
            sample_rate=int(file.samplerate),
            channels=int(file.channels),
            n_frames=int(file.frames),
            duration_s=file.frames / file.samplerate,
        )
    _check_form(info)
    if is_cut_off(path, container):
        raise AudioError(_CUT_OFF, code="truncated")
    _check_length(info, max_duration_s, min_duration_s)
    return info


def validate(
    path: Path,
    *,
    max_duration_s: float | None = MAX_DURATION_S,
    min_duration_s: float = MIN_DURATION_S,
    may_be_silent: bool = False,
) -> AudioCheck:
    """Read a whole file and see that it is music.

    Args:
        may_be_silent: a stem may be; a song may not.

    Raises: AudioError as `probe`, or with the code silent, not_finite, truncated or corrupt.
    """
    info = probe(path, max_duration_s=max_duration_s, min_duration_s=min_duration_s)
    n_over = 0
    peak = 0.0
    stretch = max(1, round(SILENCE_S * info.sample_rate))
    loudest = 0.0
    # Blocks of whole stretches, so that none is cut in two.
    for block in FileSource(path).blocks(stretch * max(1, BLOCK // stretch)):
        if not np.isfinite(block).all():
            raise AudioError(
                "The file contains values that are not numbers, as after a faulty plug-in. Export it again and retry.",
                code="not_finite",
            )
        height = np.abs(block)
        peak = max(peak, float(height.max()))
        n_over += int(np.count_nonzero(height > 1.0))
        whole = block[:, : block.shape[1] // stretch * stretch]
        if whole.size:
            powers = np.square(whole, dtype=np.float64).reshape(info.channels, -1, stretch).mean(axis=2)
            loudest = max(loudest, float(powers.max()))
    is_silent = loudest <= 10.0 ** (SILENCE_DBFS / 10.0)
    if is_silent and not may_be_silent:
        raise AudioError("The file is silent. Choose one with music in it.", code="silent")
    peak_dbfs = 20.0 * math.log10(peak) if peak > 0.0 else -math.inf
    return AudioCheck(info, _sha256(path), n_over, peak_dbfs, is_silent)


def open_source(path: Path) -> FileSource:
    """A file as a source of blocks. Raises AudioError where it cannot be decoded."""
    return FileSource(path)


def open_for_rereading(path: Path) -> AudioSource:
    """A file as a source that is read several times: decoded once where it is small enough to be kept in memory.

    Raises: AudioError as `open_source` and its blocks.
    """
    source = open_source(path)
    if 4 * source.channels * source.n_frames > MAX_KEPT_BYTES:
        return source
    return ArraySource(*load(path))


def load(path: Path) -> tuple[Block, int]:
    """All of a file, (channels, frames), and its rate in Hz. Raises AudioError as `open_source` and its blocks."""
    source = open_source(path)
    blocks = list(source.blocks())
    empty = np.empty((source.channels, 0), dtype=np.float32)
    return np.concatenate([empty, *blocks], axis=1), source.sample_rate


def _opened(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise AudioError(_UNREADABLE, code="corrupt") from error


def _check_form(info: AudioInfo) -> None:
    if info.channels not in (1, 2):
        raise AudioError(
            f"The file has {info.channels} channels. Export it in mono or stereo and retry.", code="bad_channels"
        )
    if not MIN_RATE <= info.sample_rate <= MAX_RATE:
        raise AudioError(
            f"The sample rate is {info.sample_rate} Hz. Export it with 8000 to 192000 Hz and retry.",
            code="bad_rate",
        )


def _check_length(info: AudioInfo, max_duration_s: float | None, min_duration_s: float) -> None:
    if info.duration_s < min_duration_s:
        raise AudioError(
            f"The song lasts {info.duration_s:.1f} s, and a battle needs {min_duration_s:g} s. Choose a longer one.",
            code="too_short",
        )
    if max_duration_s is not None and info.duration_s > max_duration_s:
        raise AudioError(
            f"The song lasts {info.duration_s / 60:.1f} minutes, and {max_duration_s / 60:g} are allowed. "
            "Cut it and retry.",
            code="too_long",
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(HASH_BYTES):
            digest.update(data)
    return digest.hexdigest()
