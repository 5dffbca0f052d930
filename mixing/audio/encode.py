"""Writing music: WAV with 24, dithered 16 or floating 32 bit, FLAC, and MP3 and Opus that keep their true peak."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from mixing.audio.decode import AudioSource, load
from mixing.errors import AudioError

Block = NDArray[np.float32]

# libsndfile crashes on longer writes in some formats.
CHUNK = 65_536
FORMATS: dict[str, tuple[str, str]] = {
    "wav24": ("WAV", "PCM_24"),
    "wav16": ("WAV", "PCM_16"),
    "wav32f": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_24"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
}
# The sample rates of MPEG-1, MPEG-2 and MPEG-2.5, layer III.
MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
OPUS_RATES = (8000, 12_000, 16_000, 24_000, 48_000)
# The best that each encoder does; Opus is variable by nature.
ENCODER_OPTIONS: dict[str, dict[str, Any]] = {
    "mp3": {"compression_level": 0.0, "bitrate_mode": "VARIABLE"},
    "opus": {"compression_level": 0.0},
}
LOSSY: dict[str, tuple[int, ...]] = {"mp3": MP3_RATES, "opus": OPUS_RATES}
# An encoder answers a lower level with other peaks, so it is lowered by a little more than it exceeds.
EXTRA_DB = 0.05
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class EncodeReport:
    """What a lossy encoding did.

    Attributes:
        trim_db: how much the sound was lowered, 0 or less.
        true_peak_dbtp: of the decoded file.
        sample_rate: of the file, Hz.
    """

    trim_db: float
    true_peak_dbtp: float
    sample_rate: int


def write_audio(path: Path, blocks: Iterable[Block], sample_rate: int, channels: int, fmt: str, *, seed: int) -> None:
    """Write a file, whole or not at all.

    Args:
        blocks: (channels, frames) each, finite; beyond +-1.0 is clipped, but for wav32f.
        fmt: of FORMATS; those of LOSSY at one of their rates.
        seed: of the triangular dither that wav16 gets; the same seed gives the same noise, however the blocks are cut.
    Raises: OSError where the disk refuses, AudioError for a format that does not exist or cannot hold the rate.
    """
    if fmt not in FORMATS:
        raise AudioError(f"There is no format {fmt}. Choose one of {', '.join(FORMATS)}.", code="unsupported_type")
    if sample_rate not in LOSSY.get(fmt, (sample_rate,)):
        raise AudioError(f"{fmt.upper()} cannot hold {sample_rate} Hz. Choose WAV or FLAC.", code="bad_rate")
    container, subtype = FORMATS[fmt]
    options = ENCODER_OPTIONS.get(fmt, {})
    noise = np.random.default_rng(seed)
    partial = path.with_name(f"{path.name}.part")
    try:
        with soundfile.SoundFile(
            str(partial), "w", samplerate=sample_rate, channels=channels, format=container, subtype=subtype, **options
        ) as file:
            for block in blocks:
                for start in range(0, block.shape[1], CHUNK):
                    frames = block[:, start : start + CHUNK].T
                    file.write(_dithered(frames, noise) if fmt == "wav16" else np.ascontiguousarray(frames))
        partial.replace(path)
    except soundfile.LibsndfileError as error:
        raise OSError(error.code, f"the audio file could not be written: {error.error_string}") from error
    finally:
        partial.unlink(missing_ok=True)


def encode_lossy(path: Path, source: AudioSource, fmt: str, *, ceiling_dbtp: float) -> EncodeReport:
    """Write a sound as MP3 or Opus of the best variable bit rate, whole or not at all.

    What is decoded from it stays under a ceiling: it is measured, and encoded again at a lower level while it does not.
    Rates that the format does not have are converted.

    Args:
        fmt: of LOSSY.
    Raises: AudioError where no level is low enough, which only a defective encoder can cause; OSError.
    """
    # Scipy stays out of the web process.
    from mixing.audio.true_peak import true_peak_dbtp

    rate = lossy_rate(source.sample_rate, fmt)
    trim_db = 0.0
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        attempt = Path(folder) / "attempt"
        for _ in range(MAX_ATTEMPTS):
            write_audio(attempt, _converted(source, rate, trim_db), rate, source.channels, fmt, seed=0)
            peak_dbtp = true_peak_dbtp(*load(attempt))
            if peak_dbtp <= ceiling_dbtp:
                attempt.replace(path)
                return EncodeReport(trim_db, peak_dbtp, rate)
            trim_db -= peak_dbtp - ceiling_dbtp + EXTRA_DB
    raise AudioError("The encoder does not keep the peaks under the ceiling. Choose WAV or FLAC.", code="not_encodable")


def lossy_rate(sample_rate: int, fmt: str) -> int:
    """The rate that a sound of some rate has in a format of LOSSY, Hz."""
    rates = LOSSY[fmt]
    if sample_rate in rates:
        return sample_rate
    return 44_100 if 44_100 in rates and sample_rate % 44_100 == 0 else 48_000


def _converted(source: AudioSource, rate: int, trim_db: float) -> Iterator[Block]:
    gain = np.float32(10.0 ** (trim_db / 20.0))
    if rate == source.sample_rate:
        yield from (gain * block for block in source.blocks())
        return
    stream = soxr.ResampleStream(source.sample_rate, rate, source.channels, dtype="float32", quality="VHQ")
    left = source.n_frames
    for block in source.blocks():
        left -= block.shape[1]
        yield gain * stream.resample_chunk(np.ascontiguousarray(block.T), last=left == 0).T


def _dithered(frames: Block, noise: np.random.Generator) -> NDArray[np.int16]:
    """Round to 16 bit with triangular noise of two steps' width: (frames, channels)."""
    dither = noise.random((*frames.shape, 2), dtype=np.float32) @ np.array([1.0, -1.0], dtype=np.float32)
    return np.clip(np.rint(frames * 32_768.0 + dither), -32_768, 32_767).astype(np.int16)
