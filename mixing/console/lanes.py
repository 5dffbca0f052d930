"""Threads of a rendering: channels side by side, and the file read ahead of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]


class Lanes:
    """Threads that each do what they are sent in order. Use it as a context manager."""

    def __init__(self, n_lanes: int) -> None:
        self._threads = [ThreadPoolExecutor(1, thread_name_prefix="lane") for _ in range(max(1, n_lanes))]
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, *exception: object) -> None:
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)

    def send(self, lane: int, work: Callable[..., None], *arguments: Any) -> None:
        """Have work done in a lane, after all that was sent there before; lanes beyond the last one share them."""
        self._waiting.append(self._threads[lane % len(self._threads)].submit(work, *arguments))

    def settle(self) -> None:
        """Wait for all of it; raises what any of it raised."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.result()


class Ahead:
    """Takes the next block from an iterator while this one is worked on. Use it as a context manager."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = iter(blocks)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def __enter__(self) -> Iterator[Block]:
        return self._run()

    def __exit__(self, *exception: object) -> None:
        self._thread.shutdown()

    def _run(self) -> Iterator[Block]:
        waiting = self._thread.submit(next, self._blocks, None)
        while (block := waiting.result()) is not None:
            waiting = self._thread.submit(next, self._blocks, None)
            yield block
