"""Work may be handed to other processes, whatever threads this one has run."""

import torch

from mixing.processes import worker_processes


def _parallel_sum(n: int) -> float:
    torch.set_num_threads(2)
    return float((torch.ones(n) * 2.0).sum())


def test_libraries_with_threads_work_in_the_workers_of_a_process_that_used_them() -> None:
    n = 2_000_000
    here = _parallel_sum(n)
    with worker_processes(1) as pool:
        assert pool.submit(_parallel_sum, n).result() == here == 2.0 * n
