"""How much of the winner an offspring should get, overall and per group of settings.

The base grows with how sure the listener was and with how much stronger the winner already is; a group is shifted
towards the winner where the winner's measured capabilities are the stronger ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mixing.console.spec import BUS_GROUP_INDICES
from mixing.errors import BreedingError

BASE_SHARE = 0.25
CONFIDENCE_SHARE = 0.35
GAP_SHARE = 0.15
MAX_BASE = 0.7
# Elo's own scale: a gap of 400 points means odds of ten to one, and counts in full.
FULL_GAP = 400.0
MAX_GROUP_SHIFT = 0.15
GROUP_BOUNDS = (0.1, 0.8)

# The capability that speaks for each group of settings. A capability is a z-score, so one standard deviation of
# difference already moves the ratio most of the way (tanh).
CAPABILITY_OF_GROUP = {
    "level": "modern_sound",
    "tone": "precision",
    "dynamics": "dynamics",
    "saturation": "warmth",
    "stereo": "width",
}


@dataclass(frozen=True)
class Ratios:
    """Shares of the winner, 0 (all loser) to 1 (all winner): for the trunk and for each group's head."""

    base: float
    groups: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ratios:
        """The reverse of `to_dict`."""
        return cls(base=float(data["base"]), groups={str(k): float(v) for k, v in data["groups"].items()})

    def scaled(self, factor: float) -> Ratios:
        """The same plan, bolder or more timid; group shares stay within GROUP_BOUNDS."""
        low, high = GROUP_BOUNDS
        return Ratios(
            base=min(max(self.base * factor, low), high),
            groups={name: min(max(share * factor, low), high) for name, share in self.groups.items()},
        )


def plan_ratios(
    *,
    confidence: float,
    rating_gap: float,
    loser_capabilities: Mapping[str, float],
    winner_capabilities: Mapping[str, float],
) -> Ratios:
    """Plan the shares of the winner.

    Args:
        confidence: of the vote, 0 to 1.
        rating_gap: the winner's rating minus the loser's, Elo points; an upset (negative) adds nothing.
        loser_capabilities, winner_capabilities: z-scores by capability name; a capability missing on either side shifts
            nothing.
    Raises: BreedingError if confidence or gap is not a usable number.
    """
    if not (math.isfinite(confidence) and 0.0 <= confidence <= 1.0 and math.isfinite(rating_gap)):
        raise BreedingError(
            f"A confidence of {confidence} and a rating gap of {rating_gap} cannot be used. "
            "Give a confidence of 0 to 1 and a finite gap.",
            code="bad_ratio_input",
        )
    gap = min(max(rating_gap / FULL_GAP, 0.0), 1.0)
    base = min(BASE_SHARE + CONFIDENCE_SHARE * confidence + GAP_SHARE * gap, MAX_BASE)
    groups: dict[str, float] = {}
    for group in BUS_GROUP_INDICES:
        name = CAPABILITY_OF_GROUP[group]
        lead = winner_capabilities.get(name, 0.0) - loser_capabilities.get(name, 0.0)
        known = name in winner_capabilities and name in loser_capabilities
        shift = MAX_GROUP_SHIFT * math.tanh(max(lead, 0.0)) if known else 0.0
        groups[group] = min(max(base + shift, GROUP_BOUNDS[0]), GROUP_BOUNDS[1])
    return Ratios(base=base, groups=groups)
