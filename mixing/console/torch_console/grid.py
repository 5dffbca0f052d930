"""What a batch's length and sample rate fix: the bins that filters act on, and the cells that gains are decided on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
import torch
from torch import Tensor

from mixing.audio.gating import HOP_S
from mixing.audio.k_weighting import k_sections
from mixing.console.channel import cell_frames

# Filters ring on behind the song's end for as long; otherwise that would come in again at its beginning.
TAIL_S = 0.5


@dataclass(frozen=True)
class Grid:
    """Bins and cells of songs of one length.

    Attributes:
        rate: Hz.
        n_frames: of a song.
        n_fft: of its padded transform.
        sine, cosine: of half the bins' angular frequency, (bins,).
        angles: of the bins, radians a frame, (bins,).
        k_response: of the K-weighting, (bins,) complex.
        cell: frames.
        n_cells: of a song; the last may be shorter.
        hop: frames of a hop of 100 ms, or of the song where that is shorter.
        n_hops: whole ones.
        hop_of_cell: the hop that a cell begins in, (cells,); n_hops or more for what lies behind the last.
        share_of_cell: how much of the cell lies in it, (cells,).
    """

    rate: int
    n_frames: int
    n_fft: int
    sine: Tensor
    cosine: Tensor
    angles: Tensor
    k_response: Tensor
    cell: int
    n_cells: int
    hop: int
    n_hops: int
    hop_of_cell: Tensor
    share_of_cell: Tensor

    @property
    def cell_s(self) -> float:
        """How long a cell is."""
        return self.cell / self.rate

    def spectrum(self, x: Tensor) -> Tensor:
        """Transform of songs, (..., frames) to (..., bins)."""
        return torch.fft.rfft(x, self.n_fft)

    def signal(self, spectrum: Tensor) -> Tensor:
        """The reverse of `spectrum`."""
        return torch.fft.irfft(spectrum, self.n_fft)[..., : self.n_frames]

    def in_cells(self, x: Tensor) -> Tensor:
        """(..., frames) to (..., cells, cell), with zeros behind the end."""
        padded = torch.nn.functional.pad(x, (0, self.n_cells * self.cell - self.n_frames))
        return padded.unflatten(-1, (self.n_cells, self.cell))


@lru_cache(maxsize=4)
def grid_of(n_frames: int, rate: int, dtype: torch.dtype, device: torch.device) -> Grid:
    """The grid of songs, (..., n_frames), of a real type; the tables are built once."""
    n_fft = scipy.fft.next_fast_len(n_frames + round(TAIL_S * rate), real=True)
    n_fft += n_fft % 2
    half = np.pi * np.arange(n_fft // 2 + 1) / n_fft
    z = np.exp(-2j * half)
    k_response = np.ones(z.size, dtype=np.complex128)
    for b0, b1, b2, a1, a2 in k_sections(rate):
        k_response *= (b0 + b1 * z + b2 * z**2) / (1.0 + a1 * z + a2 * z**2)
    cell = cell_frames(rate)
    n_cells = -(-n_frames // cell)
    hop = min(round(HOP_S * rate), n_frames)
    starts = cell * np.arange(n_cells)
    shares = np.minimum(1.0, ((starts // hop + 1) * hop - starts) / cell)

    def tensor(values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, device=device, dtype=dtype)

    return Grid(
        rate=rate,
        n_frames=n_frames,
        n_fft=n_fft,
        sine=tensor(np.sin(half)),
        cosine=tensor(np.cos(half)),
        angles=tensor(2.0 * half),
        k_response=torch.complex(tensor(k_response.real), tensor(k_response.imag)),
        cell=cell,
        n_cells=n_cells,
        hop=hop,
        n_hops=n_frames // hop,
        hop_of_cell=torch.as_tensor(starts // hop, device=device),
        share_of_cell=torch.as_tensor(shares, device=device, dtype=torch.float64),
    )
