"""What a listener heard of one side: disjoint segments of the audition region, in seconds from its start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Segment: TypeAlias = Sequence[float]

NEEDED_S = 5.0
NEEDED_SHARE = 0.25
# Shorter ones cannot be listened to; without a bound a log could grow for ever.
MIN_SEGMENT_S = 0.02


def needed_s(region_s: float) -> float:
    """How many different seconds of each side a vote needs."""
    return min(NEEDED_S, NEEDED_SHARE * region_s)


def merge(segments: Iterable[Segment], region_s: float) -> list[list[float]]:
    """The same time once: clipped to the region, sorted, without overlaps. What is no stretch of time is left out."""
    clipped = sorted(
        [max(start, 0.0), min(end, region_s)] for start, end in segments if math.isfinite(start) and math.isfinite(end)
    )
    merged: list[list[float]] = []
    for start, end in clipped:
        if end - start < MIN_SEGMENT_S:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def total_s(segments: Iterable[Segment]) -> float:
    """The length of disjoint segments together."""
    return sum(end - start for start, end in segments)
