"""What a listener heard of one side, and when the sides were changed.

Segments are disjoint stretches of the audition region, in seconds from its start. Switches are moments, in seconds
since the ballot was issued, with the side that was heard from then on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Segment: TypeAlias = Sequence[float]
Switch: TypeAlias = Sequence[float | str]

NEEDED_S = 5.0
NEEDED_SHARE = 0.25
# Shorter ones cannot be listened to; without a bound a log could grow for ever.
MIN_SEGMENT_S = 0.02
# Of one ballot; somebody who changes sides every second is done after eight minutes.
MAX_SWITCHES = 500


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


def merge_switches(switches: Iterable[Switch], age_s: float) -> list[list[float | str]]:
    """Each once, in order, as far as they can have happened in so many seconds; the first MAX_SWITCHES of them."""
    possible = {(float(at_s), str(side)) for at_s, side in switches if 0.0 <= float(at_s) <= age_s}
    return [[at_s, side] for at_s, side in sorted(possible)[:MAX_SWITCHES]]


def total_s(segments: Iterable[Segment]) -> float:
    """The length of disjoint segments together."""
    return sum(end - start for start, end in segments)
