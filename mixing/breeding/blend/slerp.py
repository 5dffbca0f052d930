"""Spherical blending: every tensor turns from the loser's direction to the winner's along the shortest arc.

A straight line between two directions passes closer to the origin than either end; an arc does not, so weights keep
their size. Source: K. Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from mixing.breeding.blend.tensors import Weights, winner_share
from mixing.breeding.ratio import Ratios

# Directions nearer than this have no arc worth the name, and lengths below it no direction.
TINY = 1e-6


def blend(parents: Sequence[Weights], ratios: Ratios) -> dict[str, torch.Tensor]:
    """Blend two parents tensor by tensor; exact at the shares 0 and 1.

    Directions are turned by the share of the angle between them, lengths by the same share on a straight line.
    """
    loser, winner = parents
    return {name: _turned(a, winner[name], winner_share(name, ratios)) for name, a in loser.items()}


def _turned(a: torch.Tensor, b: torch.Tensor, share: float) -> torch.Tensor:
    if share == 0.0:
        return a.clone()
    if share == 1.0:
        return b.clone()
    x, y = a.double(), b.double()
    length_x, length_y = float(x.norm()), float(y.norm())
    if min(length_x, length_y) < TINY:
        return torch.lerp(a, b, share)
    cosine = float((x * y).sum()) / (length_x * length_y)
    angle = math.acos(min(1.0, max(-1.0, cosine)))
    if angle < TINY or math.pi - angle < TINY:
        return torch.lerp(a, b, share)
    direction = (math.sin((1.0 - share) * angle) * x / length_x + math.sin(share * angle) * y / length_y) / math.sin(
        angle
    )
    return (direction * ((1.0 - share) * length_x + share * length_y)).to(a.dtype)
