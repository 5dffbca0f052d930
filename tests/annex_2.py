"""An independent true-peak meter: the coefficients of BS.1770-5 Annex 2, applied the plain way."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal
from numpy.typing import NDArray

# Phase 0 and phase 1 as printed; the filter is symmetric, so phases 2 and 3 are these reversed.
PHASE_0 = "0.001708984375 0.010986328125 -0.0196533203125 0.033203125 -0.0594482421875 0.1373291015625 0.97216796875 -0.102294921875 0.047607421875 -0.026611328125 0.014892578125 -0.00830078125"  # noqa: E501
PHASE_1 = "-0.0291748046875 0.029296875 -0.0517578125 0.089111328125 -0.16650390625 0.465087890625 0.77978515625 -0.2003173828125 0.1015625 -0.0582275390625 0.0330810546875 -0.0189208984375"  # noqa: E501


def true_peak_dbtp(audio: NDArray[np.floating[Any]]) -> float:
    """Four times oversampled by stuffing zeros and one long filter; (channels, frames) to dBTP."""
    phases = [np.array([float(tap) for tap in text.split()]) for text in (PHASE_0, PHASE_1)]
    taps = np.stack([*phases, phases[1][::-1], phases[0][::-1]], axis=1).ravel()
    peak = max(float(np.abs(scipy.signal.upfirdn(taps, channel, up=4)).max()) for channel in np.atleast_2d(audio))
    return float(20.0 * np.log10(max(peak, 1e-12)))
