"""The console as data: the single source of truth for every parameter that a mixer may set.

The chain is one channel strip a stem, a reverb bus, a mix bus, and the delivery stage behind them. The creative part
has a neutral that is a true bypass. Thresholds are relative to the measured loudness of what enters the compressor, so
that settings mean the same on quiet and on loud songs.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mixing.console.parameter import GROUPS, Group, Parameter
from mixing.errors import SettingsError

CEILING_DBTP = -1.0
KNEE_DB = 6.0
MAX_LIMITING_DB = 6.0
# Filters centered above this share of the sample rate are bypassed: most of what they shape lies beyond its half.
MAX_CENTER_OF_RATE = 0.45

STRIP: tuple[Parameter, ...] = (
    Parameter("high_pass_hz", "Hz", 20.0, 400.0, "log", 0.0, "tone", has_off=True),
    Parameter("low_shelf_hz", "Hz", 40.0, 300.0, "log", 110.0, "tone"),
    Parameter("low_shelf_db", "dB", -12.0, 12.0, "linear", 0.0, "tone"),
    Parameter("low_peak_hz", "Hz", 120.0, 900.0, "log", 330.0, "tone"),
    Parameter("low_peak_db", "dB", -12.0, 12.0, "linear", 0.0, "tone"),
    Parameter("low_peak_q", "", 0.3, 6.0, "log", 1.0, "tone"),
    Parameter("high_peak_hz", "Hz", 900.0, 10_000.0, "log", 3000.0, "tone"),
    Parameter("high_peak_db", "dB", -12.0, 12.0, "linear", 0.0, "tone"),
    Parameter("high_peak_q", "", 0.3, 6.0, "log", 1.0, "tone"),
    Parameter("high_shelf_hz", "Hz", 3000.0, 16_000.0, "log", 7000.0, "tone"),
    Parameter("high_shelf_db", "dB", -12.0, 12.0, "linear", 0.0, "tone"),
    Parameter("threshold_db", "dB", -30.0, 20.0, "linear", 20.0, "dynamics"),
    Parameter("ratio", "", 1.0, 10.0, "log", 1.0, "dynamics"),
    Parameter("attack_ms", "ms", 0.5, 150.0, "log", 15.0, "dynamics"),
    Parameter("release_ms", "ms", 20.0, 1000.0, "log", 150.0, "dynamics"),
    Parameter("makeup_db", "dB", 0.0, 12.0, "linear", 0.0, "dynamics"),
    Parameter("drive_db", "dB", 0.0, 24.0, "linear", 0.0, "saturation"),
    Parameter("fader_db", "dB", -40.0, 12.0, "linear", 0.0, "level"),
    Parameter("pan", "", -1.0, 1.0, "linear", 0.0, "stereo"),
    Parameter("send_db", "dB", -60.0, 0.0, "linear", -math.inf, "space", has_off=True),
)

REVERB: tuple[Parameter, ...] = (
    Parameter("decay_s", "s", 0.2, 5.0, "log", 1.2, "space"),
    Parameter("predelay_ms", "ms", 0.0, 80.0, "linear", 15.0, "space"),
    Parameter("damping_hz", "Hz", 1000.0, 16_000.0, "log", 6000.0, "space"),
    Parameter("level_db", "dB", -60.0, 0.0, "linear", -math.inf, "space", has_off=True),
)

BUS: tuple[Parameter, ...] = (
    Parameter("low_shelf_hz", "Hz", 40.0, 250.0, "log", 100.0, "tone"),
    Parameter("low_shelf_db", "dB", -9.0, 9.0, "linear", 0.0, "tone"),
    Parameter("low_peak_hz", "Hz", 120.0, 500.0, "log", 245.0, "tone"),
    Parameter("low_peak_db", "dB", -9.0, 9.0, "linear", 0.0, "tone"),
    Parameter("low_peak_q", "", 0.3, 6.0, "log", 0.8, "tone"),
    Parameter("mid_peak_hz", "Hz", 500.0, 2000.0, "log", 1000.0, "tone"),
    Parameter("mid_peak_db", "dB", -9.0, 9.0, "linear", 0.0, "tone"),
    Parameter("mid_peak_q", "", 0.3, 6.0, "log", 0.8, "tone"),
    Parameter("high_peak_hz", "Hz", 2000.0, 8000.0, "log", 4000.0, "tone"),
    Parameter("high_peak_db", "dB", -9.0, 9.0, "linear", 0.0, "tone"),
    Parameter("high_peak_q", "", 0.3, 6.0, "log", 0.8, "tone"),
    Parameter("high_shelf_hz", "Hz", 4000.0, 16_000.0, "log", 9000.0, "tone"),
    Parameter("high_shelf_db", "dB", -9.0, 9.0, "linear", 0.0, "tone"),
    Parameter("glue_threshold_db", "dB", -30.0, 20.0, "linear", 20.0, "dynamics"),
    Parameter("glue_ratio", "", 1.0, 10.0, "log", 1.0, "dynamics"),
    Parameter("glue_attack_ms", "ms", 0.5, 150.0, "log", 20.0, "dynamics"),
    Parameter("glue_release_ms", "ms", 20.0, 1000.0, "log", 200.0, "dynamics"),
    Parameter("glue_makeup_db", "dB", 0.0, 12.0, "linear", 0.0, "dynamics"),
    Parameter("drive_db", "dB", 0.0, 24.0, "linear", 0.0, "saturation"),
    Parameter("width_db", "dB", -12.0, 6.0, "linear", 0.0, "stereo"),
    Parameter("mono_below_hz", "Hz", 20.0, 250.0, "log", 0.0, "stereo", has_off=True),
)

# The neutral loudness only says what an untrained mixer asks for: delivery stands behind the creative bypass.
DELIVERY: tuple[Parameter, ...] = (Parameter("loudness_lufs", "LUFS", -24.0, -7.0, "linear", -14.0, "level"),)

# What a mastering mixer sets, in the order of its output vector.
BUS_VECTOR: tuple[Parameter, ...] = BUS + DELIVERY
BUS_GROUP_INDICES: dict[Group, tuple[int, ...]] = {
    group: tuple(i for i, parameter in enumerate(BUS_VECTOR) if parameter.group == group)
    for group in GROUPS
    if any(parameter.group == group for parameter in BUS_VECTOR)
}
NEUTRAL_BUS_VECTOR: NDArray[np.float32] = np.array([p.to_normalized(p.neutral) for p in BUS_VECTOR], dtype=np.float32)
NEUTRAL_STRIP_VECTOR: NDArray[np.float32] = np.array([p.to_normalized(p.neutral) for p in STRIP], dtype=np.float32)
NEUTRAL_REVERB_VECTOR: NDArray[np.float32] = np.array([p.to_normalized(p.neutral) for p in REVERB], dtype=np.float32)


class _Section:
    """What the four parts of the settings share: checked ranges and JSON."""

    def _check(self, parameters: tuple[Parameter, ...]) -> None:
        for parameter in parameters:
            parameter.check(getattr(self, parameter.name))

    def to_dict(self) -> dict[str, float | None]:
        """Physical values by name; -inf (off) becomes None, which JSON can hold."""
        return {name: None if value == -math.inf else value for name, value in asdict(self).items()}  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The reverse of `to_dict`; raises SettingsError for a missing, unknown or illegal value."""
        expected = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if set(data) != expected:
            wrong = ", ".join(sorted(expected.symmetric_difference(data)))
            raise SettingsError(
                f"The settings have missing or unknown parameters: {wrong}. "
                "Use the names of the console's specification.",
                code="unknown_parameter",
            )
        return cls(**{name: -math.inf if value is None else float(value) for name, value in data.items()})


@dataclass(frozen=True)
class StripSettings(_Section):
    """One stem's channel strip; see STRIP for units and ranges."""

    high_pass_hz: float = 0.0
    low_shelf_hz: float = 110.0
    low_shelf_db: float = 0.0
    low_peak_hz: float = 330.0
    low_peak_db: float = 0.0
    low_peak_q: float = 1.0
    high_peak_hz: float = 3000.0
    high_peak_db: float = 0.0
    high_peak_q: float = 1.0
    high_shelf_hz: float = 7000.0
    high_shelf_db: float = 0.0
    threshold_db: float = 20.0
    ratio: float = 1.0
    attack_ms: float = 15.0
    release_ms: float = 150.0
    makeup_db: float = 0.0
    drive_db: float = 0.0
    fader_db: float = 0.0
    pan: float = 0.0
    send_db: float = -math.inf

    def __post_init__(self) -> None:
        self._check(STRIP)


@dataclass(frozen=True)
class ReverbSettings(_Section):
    """The reverb bus; see REVERB."""

    decay_s: float = 1.2
    predelay_ms: float = 15.0
    damping_hz: float = 6000.0
    level_db: float = -math.inf

    def __post_init__(self) -> None:
        self._check(REVERB)


@dataclass(frozen=True)
class BusSettings(_Section):
    """The mix bus; see BUS."""

    low_shelf_hz: float = 100.0
    low_shelf_db: float = 0.0
    low_peak_hz: float = 245.0
    low_peak_db: float = 0.0
    low_peak_q: float = 0.8
    mid_peak_hz: float = 1000.0
    mid_peak_db: float = 0.0
    mid_peak_q: float = 0.8
    high_peak_hz: float = 4000.0
    high_peak_db: float = 0.0
    high_peak_q: float = 0.8
    high_shelf_hz: float = 9000.0
    high_shelf_db: float = 0.0
    glue_threshold_db: float = 20.0
    glue_ratio: float = 1.0
    glue_attack_ms: float = 20.0
    glue_release_ms: float = 200.0
    glue_makeup_db: float = 0.0
    drive_db: float = 0.0
    width_db: float = 0.0
    mono_below_hz: float = 0.0

    def __post_init__(self) -> None:
        self._check(BUS)


@dataclass(frozen=True)
class DeliverySettings(_Section):
    """The delivery stage; see DELIVERY. The ceiling is fixed at CEILING_DBTP."""

    loudness_lufs: float = -14.0

    def __post_init__(self) -> None:
        self._check(DELIVERY)


@dataclass(frozen=True)
class MixSettings:
    """A full set of console parameters in physical units.

    `strips` is empty for a single-stem song (mastering mode): the song goes straight to the mix bus.
    """

    bus: BusSettings = field(default_factory=BusSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    reverb: ReverbSettings = field(default_factory=ReverbSettings)
    strips: tuple[StripSettings, ...] = ()

    def bus_vector(self) -> NDArray[np.float32]:
        """Normalized bus and delivery settings, (len(BUS_VECTOR),), each in [0, 1]."""
        values = self.bus.__dict__ | self.delivery.__dict__
        return np.array([p.to_normalized(values[p.name]) for p in BUS_VECTOR], dtype=np.float32)

    @classmethod
    def from_bus_vector(cls, vector: NDArray[np.floating[Any]]) -> MixSettings:
        """Mastering settings from a normalized vector, (len(BUS_VECTOR),) in [0, 1]; raises SettingsError."""
        if vector.shape != (len(BUS_VECTOR),):
            raise SettingsError(
                f"A bus vector has {len(BUS_VECTOR)} values, this one has the shape {vector.shape}. "
                "Pass one vector at a time.",
                code="wrong_shape",
            )
        values = _physical(BUS_VECTOR, vector)
        loudness_lufs = values.pop("loudness_lufs")
        return cls(bus=BusSettings(**values), delivery=DeliverySettings(loudness_lufs))

    def with_stems(self, strips: NDArray[np.floating[Any]], reverb: NDArray[np.floating[Any]]) -> MixSettings:
        """These settings with the strips and the reverb of normalized vectors.

        Args:
            strips: (stems, len(STRIP)) in [0, 1], in the order of STRIP.
            reverb: (len(REVERB),) in [0, 1].
        Raises: SettingsError.
        """
        if strips.ndim != 2 or strips.shape[1] != len(STRIP) or reverb.shape != (len(REVERB),):
            raise SettingsError(
                f"Strips of the shape {strips.shape} do not fit the console. Pass one row a stem.", code="wrong_shape"
            )
        return replace(
            self,
            strips=tuple(StripSettings(**_physical(STRIP, row)) for row in strips),
            reverb=ReverbSettings(**_physical(REVERB, reverb)),
        )

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form, read back by `from_dict`."""
        return {
            "bus": self.bus.to_dict(),
            "delivery": self.delivery.to_dict(),
            "reverb": self.reverb.to_dict(),
            "strips": [strip.to_dict() for strip in self.strips],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> MixSettings:
        """The reverse of `to_dict`; raises SettingsError for anything that is not a full, legal set of settings."""
        try:
            return cls(
                bus=BusSettings.from_dict(data["bus"]),
                delivery=DeliverySettings.from_dict(data["delivery"]),
                reverb=ReverbSettings.from_dict(data["reverb"]),
                strips=tuple(StripSettings.from_dict(strip) for strip in data["strips"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SettingsError(
                f"These are not full console settings ({error!r}). Export them again from a mix.", code="wrong_shape"
            ) from error


def _physical(parameters: tuple[Parameter, ...], vector: NDArray[np.floating[Any]]) -> dict[str, float]:
    return {p.name: p.from_normalized(float(x)) for p, x in zip(parameters, vector, strict=True)}
