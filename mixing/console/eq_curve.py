"""What the mix bus equalizer does at each frequency: for pictures and tests, without rendering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.console.biquads import bus_bands, response_db
from mixing.console.spec import BusSettings


def eq_response_db(bus: BusSettings, freqs_hz: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """The magnitude of all five bands together, (n_freqs,) dB.

    Args:
        freqs_hz: from 0 to half of `sample_rate`.
        sample_rate: Hz, 8000 to 192000.
    """
    return response_db(bus_bands(bus, sample_rate), freqs_hz, sample_rate)
