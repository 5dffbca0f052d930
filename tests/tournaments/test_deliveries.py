"""Rendering pushes and encoding pulls: an error of either side ends both."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from tournaments.services.deliveries import MAX_WAITING, Pulled
from tournaments.services.renderings import Block


def push(n_blocks: int, sink: Callable[[Block], None]) -> str:
    buffer = np.zeros((1, 2), dtype=np.float32)
    for number in range(n_blocks):
        buffer[:] = number
        sink(buffer)
    return "report"


@pytest.mark.parametrize("n_blocks", [0, 1, 3 * MAX_WAITING])
def test_every_block_arrives_in_order_with_the_report(n_blocks: int) -> None:
    pulled = Pulled(lambda sink: push(n_blocks, sink))
    assert [int(block[0, 0]) for block in pulled] == list(range(n_blocks))
    assert pulled.result == "report"


def test_an_error_while_rendering_reaches_the_encoder() -> None:
    def fail(sink: Callable[[Block], None]) -> None:
        sink(np.zeros((1, 1), dtype=np.float32))
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(Pulled(fail))


def test_an_encoder_that_stops_stops_the_rendering() -> None:
    pulled = Pulled(lambda sink: push(10 * MAX_WAITING, sink))
    with pytest.raises(RuntimeError):
        for _ in pulled:
            raise RuntimeError("disk full")
    assert not [thread for thread in threading.enumerate() if thread.name == "render"]
    assert not hasattr(pulled, "result")
