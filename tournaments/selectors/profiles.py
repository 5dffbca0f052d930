"""Measured capabilities as a picture: where a mixer stands among the living."""

from __future__ import annotations

from dataclasses import dataclass

from evolution.models import Mixer
from tournaments.drawings.plane import Axis

WIDTH = 400
MARGIN = 8
MIN_SPAN = 1e-6


@dataclass(frozen=True)
class ProfileLine:
    """One capability: coordinates on a line from the lowest to the highest of the living mixers.

    Attributes:
        interval: from and to, of its 95 % interval over the probe songs; None where it was not measured.
    """

    name: str
    value: float
    at: float
    others: tuple[float, ...]
    rank: int
    n_ranked: int
    is_speciality: bool
    interval: tuple[float, float] | None
    width: int = WIDTH


def profile(mixer: Mixer) -> tuple[ProfileLine, ...]:
    """A line for each capability that was measured on this mixer."""
    living = list(
        Mixer.objects.filter(state=Mixer.State.ACTIVE).exclude(pk=mixer.pk).values_list("capabilities", flat=True)
    )
    intervals = mixer.card.get("metrics", {}).get("capability_intervals", {})
    lines = []
    for name, value in mixer.capabilities.items():
        others = [float(c[name]) for c in living if name in c]
        span = intervals.get(name, [])
        low, high = min([value, *others, *span]), max([value, *others, *span])
        axis = Axis(low, max(high, low + MIN_SPAN), MARGIN, WIDTH - MARGIN)
        lines.append(
            ProfileLine(
                name=name.replace("_", " "),
                value=value,
                at=axis.at(value),
                others=tuple(axis.at(other) for other in others),
                rank=1 + sum(other > value for other in others),
                n_ranked=1 + len(others),
                is_speciality=name in mixer.specialities,
                interval=(axis.at(span[0]), axis.at(span[1])) if span else None,
            )
        )
    return tuple(lines)
