"""Logits to [0, 1] and back: how every network's last layer speaks of normalized settings."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

# The sigmoid reaches this far beyond [0, 1] before it is clipped, so that the ends of a range, where most "off"
# values lie, can be reached exactly with finite weights.
OVERSHOOT = 0.01


def to_unit_range(logits: torch.Tensor) -> torch.Tensor:
    """Logits to [0, 1], ends included; beyond the ends the gradient passes as if nothing had been clipped."""
    stretched = torch.sigmoid(logits) * (1.0 + 2.0 * OVERSHOOT) - OVERSHOOT
    return stretched + (stretched.clamp(0.0, 1.0) - stretched).detach()


def neutral_logits(neutral: NDArray[np.float32]) -> torch.Tensor:
    """The logits of these normalized values; a hair beyond the end where one is an end."""
    values = neutral.astype(np.float64)
    hair = OVERSHOOT * 0.1
    target = np.where(values <= 0.0, -hair, np.where(values >= 1.0, 1.0 + hair, values))
    share = (target + OVERSHOOT) / (1.0 + 2.0 * OVERSHOOT)
    return torch.from_numpy(np.log(share / (1.0 - share))).float()
