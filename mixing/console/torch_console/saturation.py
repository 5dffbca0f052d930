"""Saturation at twice the sample rate, as `mixing.console.kernels.saturation` has it, differentiable.

What the curve adds is written so that it never divides by the drive: at a drive of nothing it adds nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from mixing.console.kernels.saturation import N_PAIRS, REACH, half_band_taps
from mixing.console.strip import DRIVE_ABOVE_LU


def drive_scale(drive_db: Tensor, lufs: Tensor) -> Tensor:
    """One over what the saturation approaches, (rows,): 0 without drive."""
    amount = torch.expm1(drive_db.double() * (math.log(10.0) / 20.0))
    return amount * torch.exp((lufs + DRIVE_ABOVE_LU) * (-math.log(10.0) / 20.0))


def saturated(x: Tensor, scale: Tensor) -> Tensor:
    """Round off what nears a ceiling.

    Args:
        x: (rows, channels, frames).
        scale: one over the ceiling, (rows,), at least 0.
    """
    n = x.shape[-1]
    padded = pad(x, (REACH, REACH))
    between = half_band(padded)
    at = padded[..., N_PAIRS - 1 : N_PAIRS - 1 + between.shape[-1] + 1]
    scale = scale.to(x.dtype)[:, None, None]
    root_at, root_between = (torch.sqrt(1.0 + (scale * y).square()) for y in (at, between))
    behind = _added(at[..., :-1], root_at[..., :-1], between, root_between)
    before = _added(at[..., 1:], root_at[..., 1:], between, root_between)
    around = half_band(0.5 * (behind + before))
    first = N_PAIRS - 1
    early = 0.5 * (before[..., first : first + n] + behind[..., first + 1 : first + 1 + n])
    return x + 0.5 * (early + around)


def half_band(x: Tensor) -> Tensor:
    """What lies between two frames: (..., frames) to (..., frames - REACH)."""
    result: Tensor = _HalfBand.apply(x)
    return result


class _HalfBand(torch.autograd.Function):
    """A convolution that no device rounds to less than the type has."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        side = half_band_taps()
        taps = torch.as_tensor(np.concatenate([side[::-1], side]), dtype=x.dtype, device=x.device)
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            return conv1d(x.reshape(-1, 1, x.shape[-1]), taps[None, None]).reshape(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        # The taps are symmetric.
        return half_band(pad(gradients[0], (REACH, REACH)))


def _added(u: Tensor, root_u: Tensor, v: Tensor, root_v: Tensor) -> Tensor:
    """What the curve adds over half a frame from u to v, in the signal's own unit; the roots are sqrt(1 + scaled^2).

    The difference quotient of the antiderivative less the mean of u and v: (u + v) (1 / (root_u + root_v) - 1 / 2).
    """
    return 0.5 * (u + v) * ((1.0 - root_u) + (1.0 - root_v)) / (root_u + root_v)
