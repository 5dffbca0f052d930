"""One channel on its way through a strip or the mix bus: the state that its processors carry from block to block."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mixing.audio.k_weighting import k_sections
from mixing.console.kernels.bands import five_bands, new_bands_state
from mixing.console.kernels.cells import N_TAPS, k_energies, new_energy_state, true_peaks
from mixing.console.kernels.gains import apply_gains
from mixing.console.kernels.saturation import REACH, saturate

# Cells last about this long: short beside the fastest attack, long beside a wave of the highest pitch.
CELL_S = 0.73e-3


def cell_frames(rate: int) -> int:
    """Frames of a cell at a sample rate in Hz: a power of two, so that every block holds whole cells."""
    return int(2 ** round(math.log2(CELL_S * rate)))


class Channel:
    """The processors of one channel; each method takes the song's blocks in order, (frames,), and changes them."""

    def __init__(self, n_frames: int, rate: int) -> None:
        self.cell = cell_frames(rate)
        self.n_cells = -(-n_frames // self.cell)
        self._n_frames = n_frames
        self._k_sections = k_sections(rate)
        self._begin()
        self.levels = np.zeros(self.n_cells, dtype=np.float32)
        self.peaks = np.empty(0, dtype=np.float32)

    def begin_pass(self) -> None:
        """Forget the last pass and its measurements; from now on peaks are measured, and levels are not."""
        self._begin()
        self.levels = np.empty(0, dtype=np.float32)
        self.peaks = np.zeros(self.n_cells, dtype=np.float32)

    def _begin(self) -> None:
        self.energies = np.zeros(self.n_cells, dtype=np.float32)
        self._bands = new_bands_state()
        self._energy = new_energy_state()
        self._before_drive = np.zeros(REACH, dtype=np.float32)
        self._tail = np.zeros(N_TAPS - 1, dtype=np.float32)

    def equalize(self, x: NDArray[np.float32], start: int, sections: NDArray[np.float64] | None) -> None:
        """Run the equalizer's sections, if any, and measure levels and energies."""
        if sections is not None:
            five_bands(x, sections, self._bands)
        cells = self._cells(x, start)
        k_energies(x, self._k_sections, self._energy, self.cell, self.energies[cells], self.levels[cells])

    def amplify(self, x: NDArray[np.float32], start: int, gains: NDArray[np.float32]) -> None:
        """Apply gains, (cells of the song + 1,)."""
        cells = self._cells(x, start)
        apply_gains(x, gains[cells.start : cells.stop + 1], self.cell)

    def drive(
        self,
        x: NDArray[np.float32],
        start: int,
        ceiling: float,
        after: NDArray[np.float32],
        gains: NDArray[np.float32] | None,
    ) -> None:
        """Saturate towards a linear ceiling.

        Args:
            x: a block that was amplified.
            after: what follows it and was not amplified yet, REACH frames or, where the song ends, fewer.
            gains: that it will be amplified by, as in `amplify`, if any.
        """
        padded = np.zeros(REACH + x.size + REACH, dtype=np.float32)
        padded[:REACH] = self._before_drive
        padded[REACH : REACH + x.size] = x
        next_frames = padded[REACH + x.size : REACH + x.size + after.size]
        next_frames[:] = after
        if gains is not None and after.size:
            self.amplify(next_frames, start + x.size, gains)
        self._before_drive = padded[x.size : x.size + REACH].copy()
        saturate(padded, ceiling, x)

    def measure(self, x: NDArray[np.float32], start: int) -> None:
        """Measure energies and true peaks."""
        cells = self._cells(x, start)
        k_energies(x, self._k_sections, self._energy, self.cell, self.energies[cells], self.levels)
        self._find_peaks(x, start)
        if start + x.size == self._n_frames:
            self._find_peaks(np.zeros(N_TAPS - 1, dtype=np.float32), self._n_frames)

    def _find_peaks(self, x: NDArray[np.float32], start: int) -> None:
        n_before = self._tail.size
        seam = np.concatenate([self._tail, x[:n_before]])
        true_peaks(seam, start, self.cell, self.peaks)
        if x.size > n_before:
            true_peaks(x, start + n_before, self.cell, self.peaks)
        self._tail = np.concatenate([self._tail, x[-n_before:]])[-n_before:]

    def _cells(self, x: NDArray[np.float32], start: int) -> slice:
        first = start // self.cell
        return slice(first, first + -(-x.size // self.cell))
