"""Chance that can be repeated: every draw of the arena comes from a name for what is drawn."""

from __future__ import annotations

import hashlib

import numpy as np

SEED_BITS = 62  # fits a signed 64-bit column


def seed_of(*name: str | int) -> int:
    """A seed from a name, 0 to 2^62 - 1; names that differ anywhere give seeds that have nothing in common."""
    digest = hashlib.sha256("\n".join(map(str, name)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def generator_of(*name: str | int) -> np.random.Generator:
    """A generator of random numbers from a name."""
    return np.random.default_rng(seed_of(*name))
