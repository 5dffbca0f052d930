"""The states of REAPER's stock plug-ins, as a project file holds them: what docs/reaper.md says of their bytes.

A plug-in stands in a project as a line that names it and lines of base64: a header with its identity, inputs, outputs
and the length of its state; the state; and the name of its program.
"""

from __future__ import annotations

import base64
import math
import struct
from dataclasses import dataclass

from mixing.console.compressor import Compression
from mixing.console.spec import KNEE_DB, ReverbSettings

LOW_SHELF, HIGH_SHELF, HIGH_PASS, BELL = 0, 1, 4, 8
# The bandwidth in octaves of a Q of 0.7071, which shelves and high-pass have.
BUTTERWORTH_OCTAVES = 1.9
_LINE_BYTES = 96
_PROGRAM = b"\0Program 1\0\x10\0\0\0"
_EQ_TAIL = struct.pack("<iiii", 0, 509, 348, 2)
_MAGIC = struct.pack("<II", 0xDEADBEEF, 0xDEADF00D)
# Room sizes 0, 0.1 to 1 of ReaVerbate and the decay that was measured of them, s.
_ROOM_DECAYS_S = (0.21, 0.24, 0.27, 0.32, 0.38, 0.46, 0.58, 0.78, 1.15, 2.10, 9.72)
# As REAPER sets it: 10^(-15 dB / 20).
_LIMIT_RELEASE = 10.0**-0.75
# It waits this long of itself.
_ROOM_WAITS_MS = 25.0


@dataclass(frozen=True)
class Band:
    """One band of ReaEQ."""

    kind: int
    center_hz: float
    gain_db: float
    octaves: float


def octaves(q: float) -> float:
    """The bandwidth of a bell of some Q. Source: R. Bristow-Johnson, Audio EQ cookbook."""
    return 2.0 / math.log(2.0) * math.asinh(1.0 / (2.0 * q))


def rea_eq(bands: list[Band], *, gain_db: float = 0.0) -> list[str]:
    """ReaEQ with some bands and a gain behind them."""
    state = struct.pack("<ii", 33, len(bands))
    for band in bands:
        gain = 10.0 ** (band.gain_db / 20.0)
        state += struct.pack("<iidddb", band.kind, 1, band.center_hz, gain, band.octaves, 1)
    state += struct.pack("<iid", 1, 1, 10.0 ** (gain_db / 20.0)) + _EQ_TAIL
    return _plug_in("ReaEQ", "reaeq.dll", b"qeer", state, is_new=True)


def rea_comp(compression: Compression, loudness_lufs: float) -> list[str]:
    """ReaComp; its threshold stands in dBFS, so the loudness that ours is relative to must be known."""
    threshold_db = min(loudness_lufs + compression.threshold_db, 6.0)
    values = [0.0] * 21
    values[0] = 10.0 ** (threshold_db / 20.0)
    values[1] = (compression.ratio - 1.0) / 99.0
    values[2] = compression.attack_ms / 500.0
    values[3] = compression.release_ms / 5000.0
    values[6] = 1.0
    values[11] = min(2.0, 10.0 ** (compression.makeup_db / 20.0))
    values[13] = min(max(compression.attack_ms / 2.0, 0.5), 10.0) / 100.0
    values[14] = KNEE_DB / 24.0
    state = _MAGIC + struct.pack("<21f", *values)
    return _plug_in("ReaComp", "reacomp.dll", b"mcer", state, is_new=False, inputs=4)


def rea_limit(ceiling_db: float) -> list[str]:
    """ReaLimit against true peaks, without a gain of its own."""
    state = struct.pack("<iiddiidd", 3, 1, ceiling_db, ceiling_db, 2, 0, 0.0, _LIMIT_RELEASE)
    return _plug_in("ReaLimit", "realimit.dll", b"tmlr", state, is_new=True)


def rea_verbate(reverb: ReverbSettings) -> list[str]:
    """ReaVerbate, wet only, with the room that decays as long."""
    values = [
        min(2.0, 10.0 ** (reverb.level_db / 20.0)),
        0.0,
        _room(reverb.decay_s),
        0.3,
        1.0,
        max(0.0, reverb.predelay_ms - _ROOM_WAITS_MS) / 500.0,
        min(1.0, reverb.damping_hz / 20_000.0),
        0.0,
    ]
    return _plug_in("ReaVerbate", "reaverbate.dll", b"8bvr", _MAGIC + struct.pack("<8f", *values), is_new=False)


def _room(decay_s: float) -> float:
    wanted = min(max(decay_s, _ROOM_DECAYS_S[0]), _ROOM_DECAYS_S[-1])
    above = next(i for i, known in enumerate(_ROOM_DECAYS_S) if known >= wanted)
    if above == 0:
        return 0.0
    low, high = math.log(_ROOM_DECAYS_S[above - 1]), math.log(_ROOM_DECAYS_S[above])
    return (above - 1 + (math.log(wanted) - low) / (high - low)) / 10.0


def _plug_in(name: str, file: str, identity: bytes, state: bytes, *, is_new: bool, inputs: int = 2) -> list[str]:
    number = int.from_bytes(identity, "little")
    header = identity + struct.pack("<I", 0xFEED5EEE if is_new else 0xFEED5EEF)
    header += struct.pack("<I", inputs) + b"".join(struct.pack("<Q", 1 << i) for i in range(inputs))
    header += struct.pack("<IQQ", 2, 1, 2) + struct.pack("<III", len(state), int(is_new), 0x00100000)
    letters = (identity[::-1] + name.lower().encode())[:13].ljust(13, b"\0")
    key = (b"VST" + letters).hex().upper()
    lines = [header, *(state[i : i + _LINE_BYTES] for i in range(0, len(state), _LINE_BYTES)), _PROGRAM]
    encoded = [f"  {base64.b64encode(line).decode()}" for line in lines]
    return ["BYPASS 0 0 0", f'<VST "VST: {name} (Cockos)" {file} 0 "" {number}<{key}> ""', *encoded, ">", "WAK 0 0"]
