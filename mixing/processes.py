"""Processes that share a long computation."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

NICENESS = 5  # they leave the machine to whoever waits for a page


def worker_processes(n_workers: int) -> ProcessPoolExecutor:
    """A pool of processes that start afresh, and behind other work.

    A forked copy of this process would inherit the locks of its threads (OpenMP's, numba's) without the threads, and
    could wait for them forever.
    """
    return ProcessPoolExecutor(n_workers, mp_context=get_context("spawn"), initializer=os.nice, initargs=(NICENESS,))
