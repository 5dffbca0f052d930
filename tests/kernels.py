"""Compiles what numba compiles into the tests' cache: `python -m tests.kernels`; `make test` does so first."""

from __future__ import annotations

import numpy as np

import tests.settings  # noqa: F401  # names the cache's folder, before numba is imported
from mixing.audio.analysis import analyze
from mixing.console.renderer import warm_up

RATE, N_FRAMES = 44_100, 88_200


def compile_all() -> None:
    """The renderer, and what librosa compiles where it is first used."""
    warm_up()
    analyze(np.random.default_rng(0).normal(0.0, 0.1, (2, N_FRAMES)).astype(np.float32), RATE)


if __name__ == "__main__":
    compile_all()
