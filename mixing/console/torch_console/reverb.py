"""The reverb bus, as `mixing.console.reverb` has it, differentiable in decay, pre-delay, damping and level.

Pre-delay and diffusers are responses at the bins of a transform. The network behind them rings longer than any padding,
so it runs frame by frame, in a compiled loop on the processor, and its gradient is the transposed network run
backwards. The pre-delay is of whole frames, and its gradient that of any delay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mixing.console.kernels.reverberation import DIFFUSION, N_LINES
from mixing.console.reverb import DIFFUSERS_MS, FADE_OUT_S, HIGH_DECAY_SHARE, LINES_MS, odd_frames
from mixing.console.spec import MAX_CENTER_OF_RATE
from mixing.console.torch_console.cells import decibels
from mixing.console.torch_console.grid import Grid
from mixing.console.torch_console.scans import to_numpy

Array = NDArray[Any]


def reverb_return(sends: Tensor, reverb: dict[str, Tensor], grid: Grid) -> Tensor:
    """What comes back of what was sent, (batch, 2, frames) to (batch, 2, frames)."""
    delays = np.array([odd_frames(1e-3 * ms * grid.rate) for ms in LINES_MS])
    delay = 1e-3 * grid.rate * reverb["predelay_ms"].double()
    delay = delay + (delay.round() - delay).detach()
    delayed = torch.exp(-1j * grid.angles * delay[:, None].to(sends.dtype))
    diffuse = grid.signal(grid.spectrum(sends) * _diffusion(grid) * delayed[:, None])
    wet = network(diffuse, line_filters(delays, reverb, grid.rate).to(sends.dtype), delays)
    per_pass = _decayed(float(np.mean(delays)), reverb["decay_s"].double(), grid.rate).square()
    gain = torch.sqrt((1.0 - per_pass) / (4.0 * per_pass)) * decibels(reverb["level_db"].double())
    return wet * gain.to(wet.dtype)[:, None, None] * _fade_out(grid, wet)


def line_filters(delays: NDArray[np.int64], reverb: dict[str, Tensor], rate: int) -> Tensor:
    """What each line loses in a pass: first-order shelves [b0, b1, a1], (batch, 8, 3) float64."""
    decay_s = reverb["decay_s"].double()[:, None]
    frames = torch.as_tensor(delays, device=decay_s.device)
    low = _decayed(frames, decay_s, rate)
    ratio = _decayed(frames, HIGH_DECAY_SHARE * decay_s, rate) / low
    corner_hz = reverb["damping_hz"].double()[:, None].clamp_max(MAX_CENTER_OF_RATE * rate)
    corner = torch.tan(corner_hz * (math.pi / rate)) * torch.sqrt(ratio)
    scale = 1.0 / (1.0 + corner)
    return torch.stack([low * scale * (ratio + corner), low * scale * (corner - ratio), scale * (corner - 1.0)], dim=-1)


def network(x: Tensor, filters: Tensor, delays: NDArray[np.int64]) -> Tensor:
    """A feedback delay network, (batch, 2, frames) to (batch, 2, frames).

    Args:
        filters: of the lines, (batch, 8, 3): b0, b1, a1.
        delays: of the lines, (8,) frames.
    """
    result: Tensor = _Network.apply(x, filters, delays)
    return result


class _Network(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, filters: Tensor, delays: NDArray[np.int64]) -> Tensor:
        given, coefficients = to_numpy(x), to_numpy(filters)
        lines = np.empty((len(given), given.shape[2], N_LINES), dtype=given.dtype)
        filtered, out = np.empty_like(lines), np.empty_like(given)
        _each_song(lambda b: _run(given[b], coefficients[b], delays, lines[b], filtered[b], out[b]), len(given))
        ctx.save_for_backward(filters)
        ctx.kept = delays, lines, filtered
        return torch.as_tensor(out).to(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (filters,) = ctx.saved_tensors
        delays, lines, filtered = ctx.kept
        gradient, coefficients = to_numpy(gradients[0]), to_numpy(filters)
        to_x, to_filters = np.empty_like(gradient), np.zeros(coefficients.shape)
        _each_song(
            lambda b: _run_back(
                gradient[b], coefficients[b], delays, lines[b], filtered[b], np.empty_like(lines[b]), to_x[b],
                to_filters[b],
            ),
            len(gradient),
        )  # fmt: skip
        return torch.as_tensor(to_x).to(gradients[0]), torch.as_tensor(to_filters).to(filters), None


def _each_song(work: Callable[[int], None], n_songs: int) -> None:
    with ThreadPoolExecutor(min(n_songs, torch.get_num_threads())) as pool:
        list(pool.map(work, range(n_songs)))


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def _mix(v: Array) -> None:
    """Hadamard's matrix over the square root of 8, in three rows of butterflies, in place; its own transpose."""
    half = 1
    while half < v.size:
        for first in range(0, v.size, 2 * half):
            for k in range(first, first + half):
                v[k], v[k + half] = v[k] + v[k + half], v[k] - v[k + half]
        half *= 2
    for k in range(v.size):
        v[k] *= 0.35355339059327379


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def _run(x: Array, filters: Array, delays: Array, lines: Array, filtered: Array, out: Array) -> None:
    """Run the network over a song, (2, frames), and keep what went into its lines and left its filters, (frames, 8)."""
    now = np.zeros(filters.shape[0], dtype=x.dtype)
    for t in range(x.shape[1]):
        for k in range(now.size):
            at = t - delays[k]
            a = lines[at, k] if at >= 0 else 0.0
            before = lines[at - 1, k] if at >= 1 else 0.0
            now[k] = filters[k, 0] * a + filters[k, 1] * before - filters[k, 2] * now[k]
            filtered[t, k] = now[k]
        out[0, t] = now[0] - now[2] + now[4] - now[6]
        out[1, t] = now[1] - now[3] + now[5] - now[7]
        mixed = lines[t]
        mixed[:] = now
        _mix(mixed)
        for k in range(now.size):
            mixed[k] += x[k % 2, t]


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def _run_back(
    gradient: Array, filters: Array, delays: Array, lines: Array, filtered: Array, heads: Array, to_x: Array,
    to_filters: Array,
) -> None:  # fmt: skip
    """The transposed network backwards: gradients of `x`, (2, frames), and of the filters, (8, 3).

    Args:
        heads: room for the gradients of what comes out of the lines, (frames, 8).
    """
    n = gradient.shape[1]
    after = np.zeros(filters.shape[0], dtype=gradient.dtype)
    into = np.zeros(filters.shape[0], dtype=gradient.dtype)
    for t in range(n - 1, -1, -1):
        for k in range(into.size):
            into[k] = heads[t + delays[k], k] if t + delays[k] < n else 0.0
        to_x[0, t] = into[0] + into[2] + into[4] + into[6]
        to_x[1, t] = into[1] + into[3] + into[5] + into[7]
        _mix(into)
        for k in range(into.size):
            sign = -1.0 if k % 4 > 1 else 1.0
            now = sign * gradient[k % 2, t] + into[k] - filters[k, 2] * after[k]
            heads[t, k] = filters[k, 0] * now + filters[k, 1] * after[k]
            at = t - delays[k]
            if at >= 0:
                to_filters[k, 0] += now * lines[at, k]
            if at >= 1:
                to_filters[k, 1] += now * lines[at - 1, k]
            if t >= 1:
                to_filters[k, 2] -= now * filtered[t - 1, k]
            after[k] = now


def _diffusion(grid: Grid) -> Tensor:
    """Allpasses in series, (2, bins) complex."""
    share = float(DIFFUSION)
    sides = []
    for row in DIFFUSERS_MS:
        response = torch.ones_like(grid.k_response)
        for ms in row:
            delayed = torch.exp(-1j * grid.angles * odd_frames(1e-3 * ms * grid.rate))
            response = response * (share + delayed) / (1.0 + share * delayed)
        sides.append(response)
    return torch.stack(sides)


def _fade_out(grid: Grid, like: Tensor) -> Tensor:
    n_fade = max(1, min(grid.n_frames, round(FADE_OUT_S * grid.rate)))
    left = grid.n_frames - torch.arange(grid.n_frames, dtype=like.dtype, device=like.device)
    return (left / n_fade).clamp_max(1.0)


def _decayed(frames: Tensor | float, decay_s: Tensor, rate: int) -> Tensor:
    return torch.exp(-3.0 * math.log(10.0) * frames / (decay_s * rate))
