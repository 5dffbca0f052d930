"""A song between two passes: in memory where it is small, in a temporary file where it is not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Frames of a block: large enough that threads rarely meet, small enough for the second-level cache.
BLOCK = 262_144
# About five minutes of stereo at 44.1 kHz.
MAX_IN_MEMORY = 128 * 2**20


class Tape:
    """Audio that passes over and over, in blocks. Use it as a context manager.

    In memory, all blocks may be worked on at once; in a file, a block is gone when the next one is asked for.

    Every block starts at a multiple of BLOCK, which is a multiple of every cell.
    """

    def __init__(self, channels: int, n_frames: int, *, max_in_memory: float = MAX_IN_MEMORY) -> None:
        self.channels = channels
        self.n_frames = n_frames
        self.is_in_memory = 4 * channels * n_frames <= max_in_memory
        # All of the sound, (channels, frames), where it is in memory.
        self.audio = np.empty((channels, n_frames if self.is_in_memory else 0), dtype=np.float32)
        self._file = None if self.is_in_memory else tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Tape:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()

    def blank(self) -> Iterator[NDArray[np.float32]]:
        """Blocks to be filled, (channels, frames) each; a block is kept when the next one is asked for."""
        for start in range(0, self.n_frames, BLOCK):
            n = min(BLOCK, self.n_frames - start)
            if self._file is None:
                yield self.audio[:, start : start + n]
            else:
                block = np.empty((self.channels, n), dtype=np.float32)
                yield block
                self._file.seek(4 * self.channels * start)
                self._file.write(block.tobytes())

    def after(self, stop: int, n_frames: int) -> NDArray[np.float32]:
        """The frames from `stop` on, (channels, at most n_frames), as they lie on the tape when they are read.

        In memory, what is given back changes with the tape.
        """
        if self._file is None:
            return self.audio[:, stop : stop + n_frames]
        # The blocks of a file lie one after the other, each channel by channel.
        n_block = min(BLOCK, self.n_frames - stop)
        n = min(n_frames, max(0, n_block))
        found = np.empty((self.channels, n), dtype=np.float32)
        for channel in range(self.channels if n else 0):
            self._file.seek(4 * (self.channels * stop + channel * n_block))
            found[channel] = np.frombuffer(self._file.read(4 * n), dtype=np.float32)
        return found

    def recorded(self, *, keep: bool = True) -> Iterator[NDArray[np.float32]]:
        """The blocks as they were left, to be changed in place; only kept so where `keep` says it."""
        for start in range(0, self.n_frames, BLOCK):
            n = min(BLOCK, self.n_frames - start)
            if self._file is None:
                yield self.audio[:, start : start + n]
            else:
                self._file.seek(4 * self.channels * start)
                data = self._file.read(4 * self.channels * n)
                block = np.frombuffer(bytearray(data), dtype=np.float32).reshape(self.channels, n)
                yield block
                if keep:
                    self._file.seek(4 * self.channels * start)
                    self._file.write(block.tobytes())
