"""Recurrences over cells with gradients of their own: compiled loops on the processor, wherever the tensors live.

A song has some fifteen cells a hundredth of a second, so going to the processor and back costs less than a kernel
launch a cell would.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Values = NDArray[np.float64]


def followed(wanted: Tensor, attack: Tensor, release: Tensor, start: Tensor) -> Tensor:
    """Go a share of the way to what is wanted in each cell: `attack` of it upwards, `release` of it downwards.

    Args:
        wanted: (rows, cells).
        attack, release: shares, 0 to 1, (rows,).
        start: what it starts from, (rows,).
    """
    result: Tensor = _Follow.apply(wanted, attack, release, start)
    return result


def recovered(edges: Tensor, release: float) -> Tensor:
    """Fall at once and come back to 1 by a share of the way in each cell, (rows, edges), linear, at most 1."""
    result: Tensor = _Recover.apply(edges, release)
    return result


def to_numpy(x: Tensor) -> NDArray[Any]:
    """A contiguous array on the processor."""
    return np.ascontiguousarray(x.detach().cpu().numpy())


class _Follow(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, wanted: Tensor, attack: Tensor, release: Tensor, start: Tensor) -> Tensor:
        out = np.empty(wanted.shape)
        given, up, down, first = (to_numpy(x.double()) for x in (wanted, attack, release, start))
        _follow(given, up, down, first, out)
        result = torch.as_tensor(out).to(wanted)
        ctx.save_for_backward(wanted, attack, release, start)
        ctx.out = out
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        saved = ctx.saved_tensors
        wanted, attack, release, start = (to_numpy(x.double()) for x in saved)
        found = [np.zeros(x.shape) for x in saved]
        to_wanted, to_attack, to_release, to_start = found
        _follow_back(
            to_numpy(gradients[0].double()), wanted, attack, release, start, ctx.out,
            to_wanted, to_attack, to_release, to_start,
        )  # fmt: skip
        return tuple(torch.as_tensor(f).to(s) for f, s in zip(found, saved, strict=True))


class _Recover(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, edges: Tensor, release: float) -> Tensor:
        array = to_numpy(edges.double())
        out = np.empty_like(array)
        _recover(array, release, out)
        ctx.release, ctx.out = release, out
        ctx.save_for_backward(edges)
        return torch.as_tensor(out).to(edges)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (edges,) = ctx.saved_tensors
        found = np.zeros_like(ctx.out)
        _recover_back(to_numpy(gradients[0].double()), to_numpy(edges.double()), ctx.release, ctx.out, found)
        return torch.as_tensor(found).to(edges), None


@numba.njit(nogil=True, cache=True)
def _follow(wanted: Values, attack: Values, release: Values, start: Values, out: Values) -> None:
    for r in range(wanted.shape[0]):
        now = start[r]
        for c in range(wanted.shape[1]):
            now += (attack[r] if wanted[r, c] > now else release[r]) * (wanted[r, c] - now)
            out[r, c] = now


@numba.njit(nogil=True, cache=True)
def _follow_back(
    gradient: Values, wanted: Values, attack: Values, release: Values, start: Values, out: Values,
    to_wanted: Values, to_attack: Values, to_release: Values, to_start: Values,
) -> None:  # fmt: skip
    for r in range(wanted.shape[0]):
        carried = 0.0
        for c in range(wanted.shape[1] - 1, -1, -1):
            before = out[r, c - 1] if c > 0 else start[r]
            carried += gradient[r, c]
            way = wanted[r, c] - before
            share = attack[r] if way > 0.0 else release[r]
            if way > 0.0:
                to_attack[r] += carried * way
            else:
                to_release[r] += carried * way
            to_wanted[r, c] = carried * share
            carried *= 1.0 - share
        to_start[r] = carried


@numba.njit(nogil=True, cache=True)
def _recover(edges: Values, release: float, out: Values) -> None:
    for r in range(edges.shape[0]):
        held = 1.0
        for c in range(edges.shape[1]):
            held = min(edges[r, c], held + release * (1.0 - held))
            out[r, c] = held


@numba.njit(nogil=True, cache=True)
def _recover_back(gradient: Values, edges: Values, release: float, out: Values, to_edges: Values) -> None:
    for r in range(edges.shape[0]):
        carried = 0.0
        for c in range(edges.shape[1] - 1, -1, -1):
            carried += gradient[r, c]
            if out[r, c] == edges[r, c]:
                to_edges[r, c] = carried
                carried = 0.0
            else:
                carried *= 1.0 - release
