"""What authors' mixes cannot teach a strip: compression, drive, sends, panning of mono stems, and five styles.

The songs in stems are rendered from notes: nothing in them was compressed, driven or sent to a reverb by somebody who
listened. These parts of a strip follow rules, which look at the stem: its role, its peaks, its brightness beside the
others'. They are common practice, and only that. Levels, balance and tone are learned from authors (strips.py); a style
bends them by a stated offset.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, STAT
from mixing.audio.roles import ROLES
from mixing.console.parameter import Parameter
from mixing.console.spec import NEUTRAL_REVERB_VECTOR, NEUTRAL_STRIP_VECTOR, REVERB, STRIP
from mixing.training.effects import shelf_db

HIGH_PASS_HZ = {
    "drums": 0.0, "bass": 28.0, "vocals": 85.0, "guitar": 75.0, "keys": 45.0, "strings": 60.0, "percussion": 110.0,
    "other": 30.0,
}  # fmt: skip
# Threshold (dB above the stem's loudness), ratio, attack and release (ms) on a stem with lively peaks.
DYNAMICS = {
    "drums": (2.0, 2.2, 30.0, 120.0), "bass": (-3.0, 3.0, 20.0, 180.0), "vocals": (-5.0, 3.0, 8.0, 120.0),
    "guitar": (0.0, 2.0, 20.0, 150.0), "keys": (1.0, 1.7, 25.0, 200.0), "strings": (3.0, 1.4, 40.0, 300.0),
    "percussion": (3.0, 1.8, 15.0, 90.0), "other": (2.0, 1.6, 25.0, 180.0),
}  # fmt: skip
SENDS_DB = {
    "drums": -24.0, "bass": -60.0, "vocals": -15.0, "guitar": -20.0, "keys": -18.0, "strings": -13.0,
    "percussion": -17.0, "other": -18.0,
}  # fmt: skip
DRIVES = {"drums": 0.8, "bass": 1.0, "guitar": 0.5, "vocals": 0.4, "keys": 0.4}
# Roles that may leave the center, mono stems only.
PANNED = ("guitar", "keys", "percussion", "other", "strings")
# Corners of the styles' shelves.
AIR_HZ, WEIGHT_HZ = 8000.0, 90.0
# A stem below this in the rough mix is left alone.
INAUDIBLE_LU = -45.0
# What the rules set; the rest is learned from outcomes.
RULED = ("high_pass_hz", "threshold_db", "ratio", "attack_ms", "release_ms", "makeup_db", "drive_db", "send_db")


@dataclass(frozen=True)
class StripStyle:
    """How a champion bends authors' balance and the rules.

    Attributes:
        level_lu: by role, what it adds to the author's level.
        dynamics: how far it compresses, 1 is as the rules say.
        drive_db: on the role that takes the most of it.
        air_db, weight_db: high shelf of every stem, low shelf of drums and bass.
        space_db: added to the sends. decay_s: of the reverb.
        spread: how far mono stems are panned, 0 to 1.
    """

    slug: str
    dynamics: float
    drive_db: float
    air_db: float
    weight_db: float
    space_db: float
    decay_s: float
    spread: float
    level_lu: dict[str, float] = field(default_factory=dict)


STRIP_STYLES: tuple[StripStyle, ...] = (
    StripStyle("baseline-beast", 0.5, 0.0, 0.0, 0.0, -4.0, 1.1, 0.25),
    StripStyle("enhanced-enforcer", 1.3, 6.0, 1.5, 2.0, -2.0, 0.9, 0.55, {"drums": 1.0, "bass": 1.0}),
    StripStyle("veteran-virtuoso", 0.8, 8.0, -1.5, 1.0, 0.0, 1.6, 0.4, {"vocals": 1.0, "percussion": -1.0}),
    StripStyle("elite-warrior", 0.8, 1.5, 0.0, 0.0, -3.0, 1.2, 0.5),
    StripStyle("boss-collective", 1.0, 3.5, 0.5, 0.8, -1.0, 1.3, 0.5, {"vocals": 0.5, "bass": 0.5}),
)


def ruled_strips(
    stats: NDArray[np.float32], levels_lu: NDArray[np.float32], roles: NDArray[np.int64], style: StripStyle
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the rules say; where they say nothing the settings are neutral.

    Args:
        stats: (stems, N_STATS).
        levels_lu: of the stems against the rough mix, (stems,).
        roles: numbers in ROLES, (stems,).
    Returns: normalized strips (stems, len(STRIP)) and reverb (len(REVERB),).
    """
    brightness = _brightness(stats)
    center = float(np.mean(brightness))
    strips = np.stack(
        [
            _strip(stats[i], float(levels_lu[i]), ROLES[int(roles[i])], brightness[i] - center, style)
            for i in range(len(stats))
        ]
    )
    reverb = {
        "decay_s": style.decay_s,
        "predelay_ms": 20.0,
        "damping_hz": 6000.0 if style.air_db >= 0.0 else 3500.0,
        "level_db": 0.0,
    }
    return strips, _normalized(REVERB, reverb, NEUTRAL_REVERB_VECTOR)


def style_tone_db(roles: torch.Tensor, style: StripStyle) -> torch.Tensor:
    """What a style adds to stems' third octaves, (stems, 28) dB; roles are numbers, (stems,)."""
    heavy = torch.isin(roles, torch.tensor([ROLES.index("drums"), ROLES.index("bass")]))
    n = torch.ones(len(roles))
    air = shelf_db(AIR_HZ * n, style.air_db * n, is_high=True)
    return air + shelf_db(WEIGHT_HZ * n, style.weight_db * heavy, is_high=False)


def style_levels_lu(roles: torch.Tensor, style: StripStyle) -> torch.Tensor:
    """What a style adds to stems' levels, of the shape of `roles`."""
    return torch.tensor([style.level_lu.get(role, 0.0) for role in ROLES])[roles]


def _strip(
    stats: NDArray[np.float32], level_lu: float, role: str, brightness: float, style: StripStyle
) -> NDArray[np.float32]:
    if level_lu < INAUDIBLE_LU:
        return NEUTRAL_STRIP_VECTOR
    liveliness = float(np.clip((stats[STAT["plr_db"]] - 7.0) / 9.0, 0.0, 1.0)) * style.dynamics
    threshold_db, ratio, attack_ms, release_ms = DYNAMICS[role]
    values = {
        "high_pass_hz": HIGH_PASS_HZ[role],
        "threshold_db": threshold_db,
        "ratio": min(10.0, (1.0 + (ratio - 1.0) * liveliness)),
        "attack_ms": attack_ms,
        "release_ms": release_ms,
        "drive_db": style.drive_db * DRIVES.get(role, 0.2),
        "send_db": min(0.0, SENDS_DB[role] + style.space_db) if role != "bass" else -math.inf,
    }
    if role in PANNED and stats[STAT["is_mono"]] > 0.5:
        values["pan"] = float(np.clip(style.spread * brightness / 4.0, -0.8, 0.8))
    return _normalized(STRIP, values, NEUTRAL_STRIP_VECTOR)


def _brightness(stats: NDArray[np.float32]) -> NDArray[np.float64]:
    """The center of each stem's third octaves, in bands."""
    powers = 10.0 ** (stats[:, MID_BANDS].astype(np.float64) / 20.0)
    return np.asarray(powers @ np.arange(powers.shape[1]) / powers.sum(axis=1))


def _normalized(
    parameters: tuple[Parameter, ...], values: dict[str, float], neutral: NDArray[np.float32]
) -> NDArray[np.float32]:
    vector = neutral.copy()
    for i, p in enumerate(parameters):
        if p.name in values:
            value = values[p.name]
            is_off = p.has_off and value < p.low
            vector[i] = p.to_normalized(value if is_off else min(max(value, p.low), p.high))
    return vector
