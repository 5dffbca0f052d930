"""Stems brought to one sample rate and one length, beginning at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from mixing.audio.decode import BLOCK, AudioInfo, AudioSource

Block = NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """What stems are brought to.

    Attributes:
        sample_rate: Hz, the commonest of the stems; the higher one of two.
        n_frames: of the longest stem at that rate.
    """

    sample_rate: int
    n_frames: int


def align(infos: Sequence[AudioInfo]) -> Alignment:
    """Choose the common rate and length of stems; there must be one at least."""
    counts = Counter(info.sample_rate for info in infos)
    rate = max(counts, key=lambda hz: (counts[hz], hz))
    return Alignment(rate, max(resampled_frames(info.n_frames, info.sample_rate, rate) for info in infos))


def resampled_frames(n_frames: int, from_rate: int, to_rate: int) -> int:
    """How long a sound is at another rate."""
    return -(-n_frames * to_rate // from_rate)


class AlignedSource:
    """A sound at another rate, followed by silence up to a length; the sound itself where both are its own."""

    def __init__(self, source: AudioSource, alignment: Alignment) -> None:
        self._source = source
        self.sample_rate = alignment.sample_rate
        self.n_frames = alignment.n_frames
        self.channels = source.channels

    def blocks(self, n_frames: int = BLOCK) -> Iterator[Block]:
        """See AudioSource."""
        kept = np.empty((self.channels, 0), dtype=np.float32)
        left = self.n_frames
        for part in self._resampled():
            kept = np.concatenate([kept, part], axis=1)[:, :left]
            while kept.shape[1] >= min(n_frames, left) > 0:
                n = min(n_frames, left)
                yield np.ascontiguousarray(kept[:, :n])
                kept, left = kept[:, n:], left - n
        while left > 0:
            n = min(n_frames, left)
            block = np.zeros((self.channels, n), dtype=np.float32)
            block[:, : kept.shape[1]] = kept
            yield block
            kept, left = kept[:, n:], left - n

    def _resampled(self) -> Iterator[Block]:
        if self._source.sample_rate == self.sample_rate:
            yield from self._source.blocks()
            return
        stream = soxr.ResampleStream(
            self._source.sample_rate, self.sample_rate, self.channels, dtype="float32", quality="VHQ"
        )
        left = self._source.n_frames
        for block in self._source.blocks():
            left -= block.shape[1]
            out = stream.resample_chunk(np.ascontiguousarray(block.T), last=left == 0)
            yield out.reshape(-1, self.channels).T
