"""Stems of one song: whether each can be used, and what they are brought to so that they can be mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixing.audio import alignment
from mixing.audio.alignment import AlignedSource, align, resampled_frames
from mixing.audio.decode import MAX_DURATION_S, MIN_DURATION_S, AudioInfo, FileSource, validate
from mixing.errors import AudioError

__all__ = ["AlignedSource", "Alignment", "StemCheck", "plan_alignment", "validate_stem"]

# Two channels dithered apart to 16 bit, each by +-1 step and rounded, differ by at most three steps.
MONO_DIFFERENCE = 3.5 / 32_768


@dataclass(frozen=True)
class Alignment(alignment.Alignment):
    """What stems are brought to, and how many of them change.

    Attributes:
        n_resampled: stems of another rate.
        n_padded: stems that are shorter, and followed by silence.
    """

    n_resampled: int
    n_padded: int


@dataclass(frozen=True)
class StemCheck:
    """A stem that was read from end to end.

    Attributes:
        sha256: of its bytes.
        n_over_full_scale: samples beyond +-1.0.
        peak_dbfs: the highest sample; -inf for digital silence.
        is_silent: there is nothing to hear.
        is_mono_as_stereo: there are two channels that sound alike; never so where it is silent.
    """

    info: AudioInfo
    sha256: str
    n_over_full_scale: int
    peak_dbfs: float
    is_silent: bool
    is_mono_as_stereo: bool


def plan_alignment(infos: Sequence[AudioInfo]) -> Alignment:
    """Choose the rate that most stems have (the higher of two) and the length of the longest at that rate.

    Raises: AudioError with the code no_stems, too_short or too_long; only the longest stem must be long enough.
    """
    if not infos:
        raise AudioError("There are no stems. Choose one file at least.", code="no_stems")
    plan = align(infos)
    duration_s = plan.n_frames / plan.sample_rate
    if duration_s < MIN_DURATION_S:
        raise AudioError(
            f"The longest stem lasts {duration_s:.1f} s, and a battle needs {MIN_DURATION_S:g} s. Choose longer ones.",
            code="too_short",
        )
    if duration_s > MAX_DURATION_S:
        raise AudioError(
            f"The longest stem lasts {duration_s / 60:.1f} minutes, and {MAX_DURATION_S / 60:g} are allowed. "
            "Cut the stems and retry.",
            code="too_long",
        )
    lengths = [resampled_frames(info.n_frames, info.sample_rate, plan.sample_rate) for info in infos]
    return Alignment(
        sample_rate=plan.sample_rate,
        n_frames=plan.n_frames,
        n_resampled=sum(info.sample_rate != plan.sample_rate for info in infos),
        n_padded=sum(n_frames < plan.n_frames for n_frames in lengths),
    )


def validate_stem(path: Path) -> StemCheck:
    """Read a whole stem and see that it is sound of any length; silence is noted, not refused.

    Raises: AudioError with the code unreadable, empty, unsupported_type, corrupt, truncated, bad_channels, bad_rate or
        not_finite.
    """
    check = validate(path, max_duration_s=None, min_duration_s=0.0, may_be_silent=True)
    if check.info.n_frames == 0:
        raise AudioError("There is no sound in the file, only its header. Export it again and retry.", code="empty")
    return StemCheck(
        info=check.info,
        sha256=check.sha256,
        n_over_full_scale=check.n_over_full_scale,
        peak_dbfs=check.peak_dbfs,
        is_silent=check.is_silent,
        is_mono_as_stereo=check.info.channels == 2 and not check.is_silent and _is_mono(path),
    )


def _is_mono(path: Path) -> bool:
    """Whether left and right are alike. True stereo is told apart within its first blocks."""
    return all(np.abs(block[0] - block[1]).max() <= MONO_DIFFERENCE for block in FileSource(path).blocks())
