"""K-weighted energies of cells, and the loudness that they would have under gains that were not applied yet."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.audio.gating import HOP_S, gated_lufs, gated_range_lu


@dataclass(frozen=True)
class Energies:
    """A song's K-weighted energy.

    Attributes:
        cells: sum of squares over the frames of each cell and all channels, (cells,).
        cell: frames.
        n_frames: of the song.
        rate: Hz.
    """

    cells: NDArray[np.float32]
    cell: int
    n_frames: int
    rate: int

    def hop_powers(self, gains: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
        """Mean square of each whole 100 ms, (hops,); one for a song that is shorter.

        Args:
            gains: linear, at the edges of the cells, (cells + 1,); they move along straight lines in between.
        """
        hop = round(HOP_S * self.rate)
        n_hops = max(1, self.n_frames // hop)
        hop = min(hop, self.n_frames)
        powers = np.zeros(n_hops)
        edges = np.ones(self.cells.size + 1, dtype=np.float32) if gains is None else gains
        add_up(self.cells, edges, self.cell, hop, powers)
        return powers / hop


def loudness_lufs(energies: Energies, gains: NDArray[np.float32] | None = None) -> float:
    """Integrated loudness under gains as in `Energies.hop_powers`; -inf where nothing passes the absolute gate."""
    return gated_lufs(energies.hop_powers(gains))


def range_lu(energies: Energies) -> float:
    """Loudness range."""
    return gated_range_lu(energies.hop_powers())


@numba.njit(nogil=True, cache=True)
def add_up(
    cells: NDArray[np.float32], edges: NDArray[np.float32], cell: int, hop: int, out: NDArray[np.float64]
) -> None:
    """Add the energies of cells, weighted by the square of their gain, to the hops that they lie in, (hops,).

    Cells that a hop ends in count for both in proportion.
    """
    for c in range(cells.size):
        a, b = np.float64(edges[c]), np.float64(edges[c + 1])
        energy = np.float64(cells[c]) * (a * a + a * b + b * b) / 3.0
        first = c * cell // hop
        if first >= out.size:
            break
        inside = min(1.0, ((first + 1) * hop - c * cell) / cell)
        out[first] += inside * energy
        if inside < 1.0 and first + 1 < out.size:
            out[first + 1] += (1.0 - inside) * energy
