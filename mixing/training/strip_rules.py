"""What a strip should do, written down: the teacher that strip networks learn from until authors' mixes teach them.

Every rule looks at the stem: its level in the rough mix against what its role usually has, its third octaves against
each other, its peaks, and the other stems. A style bends the rules, and never replaces them. Levels by role follow the
wet stems of MUSDB18 relative to the vocals (docs/training.md); the rest is common practice, and only that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, STAT, THIRD_OCTAVES_HZ
from mixing.audio.roles import ROLES
from mixing.console.parameter import Parameter
from mixing.console.spec import NEUTRAL_REVERB_VECTOR, NEUTRAL_STRIP_VECTOR, REVERB, STRIP

# LU against the whole mix, for all stems of a role together.
ROLE_LEVELS_LU = {
    "drums": -6.0, "bass": -5.5, "vocals": -5.0, "guitar": -8.0, "keys": -9.0, "strings": -9.0, "percussion": -13.0,
    "other": -9.0,
}  # fmt: skip
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
# Levels nearer to their role's than this are the author's choice.
LEVEL_LEEWAY_LU = 3.0
MAX_FADER_DB = 6.0
MAX_EQ_DB = 5.0
# A stem below this in the rough mix is left alone.
INAUDIBLE_LU = -45.0
_INDEX = {p.name: i for i, p in enumerate(STRIP)}


@dataclass(frozen=True)
class StripStyle:
    """How a champion bends the rules.

    Attributes:
        balance, tone, dynamics: how far it goes the way that the rules point, 1 is all the way.
        drive_db: on the role that takes the most of it.
        air_db, weight_db: added to every high shelf and every low shelf of drums and bass.
        space_db: added to the sends. decay_s: of the reverb.
        spread: how far mono stems are panned, 0 to 1.
        bell_q: of the peaks.
    """

    slug: str
    balance: float
    tone: float
    dynamics: float
    drive_db: float
    air_db: float
    weight_db: float
    space_db: float
    decay_s: float
    spread: float
    bell_q: float


STRIP_STYLES: tuple[StripStyle, ...] = (
    StripStyle("baseline-beast", 0.5, 0.6, 0.5, 0.0, 0.0, 0.0, -4.0, 1.1, 0.25, 0.9),
    StripStyle("enhanced-enforcer", 0.8, 1.0, 1.3, 6.0, 1.8, 2.0, -2.0, 0.9, 0.55, 1.0),
    StripStyle("veteran-virtuoso", 0.7, 0.7, 0.8, 8.0, -1.5, 1.0, 0.0, 1.6, 0.4, 0.7),
    StripStyle("elite-warrior", 1.0, 1.2, 0.8, 1.5, 0.5, 0.0, -3.0, 1.2, 0.5, 2.0),
    StripStyle("boss-collective", 0.9, 1.0, 1.0, 3.5, 0.7, 0.8, -1.0, 1.3, 0.5, 1.2),
)


def taught_strips(
    stats: NDArray[np.float32], levels_lu: NDArray[np.float32], roles: NDArray[np.int64], style: StripStyle
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The settings that the rules choose.

    Args:
        stats: (stems, N_STATS).
        levels_lu: of the stems against the rough mix, (stems,).
        roles: numbers in ROLES, (stems,).
    Returns: normalized strips (stems, len(STRIP)) and reverb (len(REVERB),).
    """
    counts = np.bincount(roles, minlength=len(ROLES))
    brightness = _brightness(stats)
    center = float(np.mean(brightness))
    strips = np.stack(
        [
            _strip(stats[i], float(levels_lu[i]), int(roles[i]), int(counts[roles[i]]), brightness[i] - center, style)
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


def _strip(
    stats: NDArray[np.float32], level_lu: float, role_number: int, n_alike: int, brightness: float, style: StripStyle
) -> NDArray[np.float32]:
    if level_lu < INAUDIBLE_LU:
        return NEUTRAL_STRIP_VECTOR
    role = ROLES[role_number]
    liveliness = float(np.clip((stats[STAT["plr_db"]] - 7.0) / 9.0, 0.0, 1.0)) * style.dynamics
    threshold_db, ratio, attack_ms, release_ms = DYNAMICS[role]
    wanted_lu = ROLE_LEVELS_LU[role] - 10.0 * math.log10(max(1, n_alike))
    off_lu = wanted_lu - level_lu
    off_lu = math.copysign(max(0.0, abs(off_lu) - LEVEL_LEEWAY_LU), off_lu)
    values = {
        "high_pass_hz": HIGH_PASS_HZ[role],
        "fader_db": float(np.clip(0.6 * style.balance * off_lu, -MAX_FADER_DB, MAX_FADER_DB)),
        "threshold_db": threshold_db,
        "ratio": min(10.0, (1.0 + (ratio - 1.0) * liveliness)),
        "attack_ms": attack_ms,
        "release_ms": release_ms,
        "drive_db": style.drive_db * DRIVES.get(role, 0.2),
        "send_db": min(0.0, SENDS_DB[role] + style.space_db) if role != "bass" else -math.inf,
        "low_peak_q": style.bell_q,
        "high_peak_q": style.bell_q,
        **_tone(stats, role, style),
    }
    if role in PANNED and stats[STAT["is_mono"]] > 0.5:
        values["pan"] = float(np.clip(style.spread * brightness / 4.0, -0.8, 0.8))
    return _normalized(STRIP, values, NEUTRAL_STRIP_VECTOR)


def _tone(stats: NDArray[np.float32], role: str, style: StripStyle) -> dict[str, float]:
    bands = stats[MID_BANDS]

    def level(low_hz: float, high_hz: float) -> float:
        inside = (low_hz <= THIRD_OCTAVES_HZ) & (high_hz >= THIRD_OCTAVES_HZ)
        return float(np.mean(bands[inside]))

    def limited(db: float) -> float:
        return float(np.clip(style.tone * db, -MAX_EQ_DB, MAX_EQ_DB))

    body, mud, harsh = level(500.0, 1600.0), level(200.0, 400.0), level(2500.0, 5000.0)
    air, presence = level(6300.0, 12_500.0), level(1600.0, 3200.0)
    low, weight = level(50.0, 100.0), level(125.0, 250.0)
    bite_db = 0.3 * (body - harsh - 5.0) if role == "vocals" else -0.5 * max(0.0, harsh - body + 3.0)
    values = {
        "low_peak_hz": 290.0,
        "low_peak_db": limited(-0.5 * max(0.0, mud - body - (9.0 if role == "bass" else 3.0))),
        "high_peak_hz": 3400.0,
        "high_peak_db": limited(bite_db),
        "high_shelf_hz": 8000.0,
        "high_shelf_db": style.air_db,
        "low_shelf_hz": 90.0,
    }  # fmt: skip
    # Treble that is hardly there is noise or nothing: it is not raised.
    if role not in ("bass", "other") and air > -60.0:
        values["high_shelf_db"] += limited(float(np.clip(0.35 * (presence - air - 9.0), -2.0, 4.0)))
    if role in ("drums", "bass"):
        values["low_shelf_db"] = limited(float(np.clip(0.4 * (weight - low), -2.0, 3.0))) + style.weight_db
    return values


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
