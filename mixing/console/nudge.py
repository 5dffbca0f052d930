"""Nudging a finished mix: a few words for all of it, how far it goes, what must stay, and any parameter by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from mixing.console.parameter import GROUPS, Group, Parameter
from mixing.console.spec import (
    BUS,
    DELIVERY,
    REVERB,
    STRIP,
    BusSettings,
    DeliverySettings,
    MixSettings,
    ReverbSettings,
    StripSettings,
)
from mixing.errors import SettingsError

MAX_STRENGTH = 1.5
# What a macro of 1 does.
AIR_DB, WEIGHT_DB = 3.0, -1.5
LOUDNESS_LU = 3.0
WIDTH_DB = 3.0
PUNCH_THRESHOLD_DB = 6.0
PUNCH_RATIO = 1.5
# The attack moves by this factor, and what rounds attacks off goes back by this share.
PUNCH_TIMES = 4.0
PUNCH_EASE = 0.8
# Less punch needs a compressor that works: the least that it starts from.
PUNCH_FROM_THRESHOLD_DB, PUNCH_FROM_RATIO = 3.0, 1.3
# Strength moves amounts. Where and how fast they act is the mixer's taste, and means nothing alone.
_CHARACTER = ("_hz", "_q", "_ms", "_s", "threshold_db")
_AMOUNTS_IN_HZ = ("high_pass_hz", "mono_below_hz")


@dataclass(frozen=True)
class Nudge:
    """What an owner wants of a mix.

    Attributes:
        brightness, loudness, width, punch: -1 to 1; 0 leaves it.
        strength: how far the mix goes the way from neutral, 0 to MAX_STRENGTH; 1 leaves it.
        locks: groups that macros and strength leave alone.
        values: parameters set by hand, by "bus.<name>", "delivery.<name>", "reverb.<name>" or "strips.<number>.<name>",
            in physical units. They win over everything else.
    """

    brightness: float = 0.0
    loudness: float = 0.0
    width: float = 0.0
    punch: float = 0.0
    strength: float = 1.0
    locks: tuple[Group, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        macros = (self.brightness, self.loudness, self.width, self.punch)
        if not (all(-1.0 <= m <= 1.0 for m in macros) and 0.0 <= self.strength <= MAX_STRENGTH):
            raise SettingsError(
                "A nudge lies outside its range. Choose -1 to 1 for each word and 0 to 150 % for the strength.",
                code="out_of_range",
            )
        if not set(self.locks) <= set(GROUPS):
            raise SettingsError(f"There is no such group. Lock some of {', '.join(GROUPS)}.", code="unknown_group")

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form, read back by `from_dict`; -inf (off) becomes None."""
        values = {path: None if value == -math.inf else value for path, value in self.values.items()}
        return asdict(self) | {"locks": list(self.locks), "values": values}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Nudge:
        """The reverse of `to_dict`. Raises SettingsError."""
        if not set(data) <= {f.name for f in fields(cls)}:
            raise SettingsError("A nudge has unknown entries. Send the form again.", code="unknown_parameter")
        values = {path: -math.inf if value is None else value for path, value in data.get("values", {}).items()}
        return cls(**{**data, "locks": tuple(data.get("locks", ())), "values": values})


def off(path: str) -> float:
    """What turns the parameter at a path off: no level at all, or 0 Hz."""
    return -math.inf if path.endswith("_db") else 0.0


def nudged(settings: MixSettings, nudge: Nudge) -> MixSettings:
    """Settings after a nudge; legal again, whatever it asks for. Raises SettingsError for values out of range."""
    bus = _scaled(settings.bus.__dict__, BUS, nudge)
    strips = [_scaled(strip.__dict__, STRIP, nudge) for strip in settings.strips]
    reverb = _scaled(settings.reverb.__dict__, REVERB, nudge)
    delivery = dict(settings.delivery.__dict__)
    if "tone" not in nudge.locks:
        bus["high_shelf_db"] += AIR_DB * nudge.brightness
        bus["low_shelf_db"] += WEIGHT_DB * nudge.brightness
    if "level" not in nudge.locks:
        delivery["loudness_lufs"] += LOUDNESS_LU * nudge.loudness
    if "stereo" not in nudge.locks:
        bus["width_db"] += WIDTH_DB * nudge.width
    if "dynamics" not in nudge.locks and nudge.punch != 0.0:
        _punch(bus, nudge.punch)
    if "saturation" not in nudge.locks and nudge.punch > 0.0:
        bus["drive_db"] *= 1.0 - PUNCH_EASE * nudge.punch
    sections = {"bus": _clipped(bus, BUS), "delivery": _clipped(delivery, DELIVERY), "reverb": _clipped(reverb, REVERB)}
    rows = [_clipped(strip, STRIP) for strip in strips]
    for path, value in nudge.values.items():
        _set(sections, rows, path, value)
    return replace(
        settings,
        bus=BusSettings(**sections["bus"]),
        delivery=DeliverySettings(**sections["delivery"]),
        reverb=ReverbSettings(**sections["reverb"]),
        strips=tuple(StripSettings(**row) for row in rows),
    )


def is_amount(parameter: Parameter) -> bool:
    """Whether strength moves a parameter: it says how much, not where, how wide or how fast."""
    return parameter.name in _AMOUNTS_IN_HZ or not parameter.name.endswith(_CHARACTER)


def _scaled(values: Mapping[str, float], parameters: tuple[Parameter, ...], nudge: Nudge) -> dict[str, float]:
    found = dict(values)
    if nudge.strength == 1.0:
        return found
    for p in parameters:
        if p.group in nudge.locks or not is_amount(p):
            continue
        neutral = p.to_normalized(p.neutral)
        position = neutral + nudge.strength * (p.to_normalized(found[p.name]) - neutral)
        found[p.name] = p.from_normalized(min(max(position, 0.0), 1.0))
    return found


def _punch(bus: dict[str, float], punch: float) -> None:
    """More punch: the compressor lets attacks through. Less: it catches them."""
    bus["glue_attack_ms"] *= PUNCH_TIMES**punch
    if punch > 0.0:
        bus["glue_ratio"] = 1.0 + (bus["glue_ratio"] - 1.0) * (1.0 - PUNCH_EASE * punch)
        return
    bus["glue_threshold_db"] = min(bus["glue_threshold_db"], PUNCH_FROM_THRESHOLD_DB) + PUNCH_THRESHOLD_DB * punch
    bus["glue_ratio"] = max(bus["glue_ratio"], PUNCH_FROM_RATIO) - PUNCH_RATIO * punch


def _clipped(values: dict[str, float], parameters: tuple[Parameter, ...]) -> dict[str, float]:
    return {
        p.name: values[p.name] if p.has_off and values[p.name] < p.low else min(max(values[p.name], p.low), p.high)
        for p in parameters
    }


def _set(sections: dict[str, dict[str, float]], rows: list[dict[str, float]], path: str, value: float) -> None:
    section, _, name = path.partition(".")
    target = sections.get(section)
    if section == "strips":
        number, _, name = name.partition(".")
        target = {str(i): row for i, row in enumerate(rows)}.get(number)
    if target is None or name not in target:
        raise SettingsError(f"There is no parameter {path}. Choose one of the mix's own.", code="unknown_parameter")
    target[name] = value
