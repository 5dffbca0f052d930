"""Delivering a mix: rendered in full length into a file format, and measured as it was written."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from mixing.audio.decode import load, open_source
from mixing.audio.encode import LOSSY, encode_lossy, write_audio
from mixing.console.spec import CEILING_DBTP, MixSettings
from tournaments.services.materials import Block, Material

R = TypeVar("R")

# Blocks that may wait for the encoder.
MAX_WAITING = 8


@dataclass(frozen=True)
class Delivery:
    """What was written.

    Attributes:
        requested_lufs: what the settings ask for.
        is_limited_by_headroom: the mix is quieter than requested, since more would have taken too much limiting.
        loudness_lufs, true_peak_dbtp: measured on the decoded file.
        trim_db: how much a lossy file had to be lowered for its peaks, 0 or less.
    """

    requested_lufs: float
    is_limited_by_headroom: bool
    loudness_lufs: float
    true_peak_dbtp: float
    trim_db: float


def deliver(
    *,
    material: Material,
    settings: MixSettings,
    path: Path,
    format: str,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Delivery:
    """Mix a song's sound with some settings and write it to `path`, whole or not at all.

    Args:
        format: one of the encoder's: wav24, wav16, wav32f, flac, mp3, opus.
        seed: of the dither.
        progress: told the share that is done, 0 to 1.
    Raises: AudioError where the song cannot be read.
    """
    # Numba and scipy stay out of the web process.
    from mixing.audio.loudness import integrated_lufs
    from mixing.audio.true_peak import true_peak_dbtp

    blocks = Pulled(lambda sink: material.render(settings, sink, progress=progress))
    trim_db = 0.0
    rate, channels = material.sample_rate, material.channels
    if format in LOSSY:
        # The encoder needs the mix more than once, until its peaks hold.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            lossless = Path(folder) / "mix.wav"
            write_audio(lossless, blocks, rate, channels, "wav24", seed=seed)
            trim_db = encode_lossy(path, open_source(lossless), format, ceiling_dbtp=CEILING_DBTP).trim_db
    else:
        write_audio(path, blocks, rate, channels, format, seed=seed)
    audio, rate = load(path)
    return Delivery(
        requested_lufs=blocks.result.requested_lufs,
        is_limited_by_headroom=blocks.result.is_limited_by_headroom,
        loudness_lufs=integrated_lufs(audio, rate),
        true_peak_dbtp=true_peak_dbtp(audio, rate),
        trim_db=trim_db,
    )


class Pulled(Generic[R]):
    """Turns something that pushes blocks into something to iterate over; the pushing runs in a thread of its own.

    An error of either side stops the other one. `result` is there once the iteration has ended.
    """

    result: R

    def __init__(self, push: Callable[[Callable[[Block], None]], R]) -> None:
        self._push = push
        self._waiting: queue.Queue[Block | None] = queue.Queue(MAX_WAITING)
        self._is_abandoned = threading.Event()
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[Block]:
        thread = threading.Thread(target=self._run, name="render")
        thread.start()
        try:
            while (block := self._waiting.get()) is not None:
                yield block
            if self._error is not None:
                raise self._error
        finally:
            self._is_abandoned.set()
            while thread.is_alive():
                self._make_room()
                thread.join(0.05)

    def _run(self) -> None:
        try:
            self.result = self._push(self._offer)
        except BaseException as error:  # carried over to the thread that iterates
            self._error = error
        finally:
            self._waiting.put(None)

    def _offer(self, block: Block) -> None:
        if self._is_abandoned.is_set():
            raise _AbandonedError
        # The renderer may use its buffer again.
        self._waiting.put(block.copy())

    def _make_room(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()


class _AbandonedError(Exception):
    """Nobody wants the rest."""
