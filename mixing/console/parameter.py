"""One console parameter: its unit, range and scale, and the map between physical and normalized values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mixing.errors import SettingsError

Scale = Literal["linear", "log"]
Group = Literal["level", "tone", "dynamics", "saturation", "space", "stereo"]

GROUPS: tuple[Group, ...] = ("level", "tone", "dynamics", "saturation", "space", "stereo")

# Where a range has an "off", this lowest part of [0, 1] fades from off to the range's low end, so that the blend of an
# "off" and an "on" setting moves the sound continuously.
OFF_FADE = 0.05


@dataclass(frozen=True)
class Parameter:
    """A console parameter.

    Attributes:
        name: ends in its unit (`glue_attack_ms`).
        unit: as shown to people: dB, Hz, ms, s, LUFS, or empty for a pure number.
        low, high: the legal physical range, ends included.
        scale: how [low, high] maps to [0, 1].
        neutral: the value that leaves the signal alone.
        group: what blending ratios and explanations refer to.
        has_off: the range also holds an "off" below `low`: 0 Hz for frequencies, -inf for decibels.
    """

    name: str
    unit: str
    low: float
    high: float
    scale: Scale
    neutral: float
    group: Group
    has_off: bool = False

    @property
    def off(self) -> float:
        """The physical value of "off": -inf for decibels, 0 for anything else."""
        return -math.inf if self.unit == "dB" else 0.0

    def to_normalized(self, value: float) -> float:
        """Map a physical value to [0, 1]; raises SettingsError outside the range."""
        self.check(value)
        if self.has_off and value < self.low:
            if self.unit == "dB":
                return OFF_FADE * (0.0 if math.isinf(value) else 10.0 ** ((value - self.low) / 20.0))
            return OFF_FADE * value / self.low
        if self.scale == "log":
            position = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            position = (value - self.low) / (self.high - self.low)
        return OFF_FADE + (1.0 - OFF_FADE) * position if self.has_off else position

    def from_normalized(self, position: float) -> float:
        """Map a position in [0, 1] to the physical value; raises SettingsError outside [0, 1]."""
        if not (math.isfinite(position) and 0.0 <= position <= 1.0):
            raise SettingsError(
                f"The normalized value {position} of {self.name} lies outside 0 to 1. Clip it before converting.",
                code="out_of_range",
            )
        if self.has_off:
            if position < OFF_FADE:
                share = position / OFF_FADE
                if self.unit == "dB":
                    return self.off if share == 0.0 else self.low + 20.0 * math.log10(share)
                return self.low * share
            position = (position - OFF_FADE) / (1.0 - OFF_FADE)
        if self.scale == "log":
            value = self.low * (self.high / self.low) ** position
        else:
            value = self.low + (self.high - self.low) * position
        return min(max(value, self.low), self.high)

    def check(self, value: float) -> None:
        """Raise SettingsError unless `value` is legal."""
        if self.has_off and not math.isnan(value) and self.off <= value <= self.high:
            return
        if math.isfinite(value) and self.low <= value <= self.high:
            return
        raise SettingsError(
            f"{self.name} is {value}, outside {self.low:g} to {self.high:g} {self.unit}. Choose a value in that range.",
            code="out_of_range",
        )
