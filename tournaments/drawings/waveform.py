"""The waveform of an upload or a mix as one closed SVG path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FULL_SCALE = 127.0
# A silent stretch still shows a hairline.
MIN_HALF_HEIGHT = 0.6


@dataclass(frozen=True)
class Waveform:
    """A drawing of `width` by `height` units; the marked region is where the battles take place."""

    width: int
    height: int
    path: str
    region_x: float | None = None
    region_width: float | None = None


def draw_waveform(
    peaks: Sequence[Sequence[int]],
    *,
    region: tuple[float, float] | None = None,
    loudest: float | None = None,
    width: int = 1200,
    height: int = 160,
) -> Waveform:
    """Draw minima and maxima.

    Args:
        peaks: two rows of equal length, minima and maxima, -127 to 127.
        region: start and end of what to mark, as shares of the song's length, 0 to 1.
        loudest: what fills the height, for several waveforms on one scale; its own highest value unless given.
    """
    minima, maxima = peaks
    step = width / max(1, len(minima))
    middle = height / 2
    highest = max(1.0, *(abs(v) for v in minima), *(abs(v) for v in maxima)) if loudest is None else loudest
    # A quiet upload is drawn larger, but never so that noise looks like music.
    scale = (middle - 2) / max(highest, FULL_SCALE / 4)
    top = [(round(i * step, 1), round(middle - max(v * scale, MIN_HALF_HEIGHT), 1)) for i, v in enumerate(maxima)]
    bottom = [(round(i * step, 1), round(middle - min(v * scale, -MIN_HALF_HEIGHT), 1)) for i, v in enumerate(minima)]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in [*top, *reversed(bottom)]) + "Z"
    if region is None:
        return Waveform(width, height, path)
    start, end = region
    return Waveform(width, height, path, round(start * width, 1), round((end - start) * width, 1))
