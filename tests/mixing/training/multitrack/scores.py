"""Small songs made by hand: a General MIDI file and a four-channel module."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# Where Debian's timgm6mb-soundfont puts it; tests/system_packages.sh installs it.
SOUND_FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
TICKS_A_BEAT = 96


def midi_file(channels: Sequence[tuple[int, int, int, int]], *, n_beats: int = 66) -> bytes:
    """At 120 beats a minute each channel repeats a note every beat.

    Args:
        channels: program (0 to 127), note, volume (CC7) and pan (CC10) each; the tenth are drums.
    """
    tracks = []
    for channel, (program, note, volume, pan) in enumerate(channels):
        events = bytes([0, 0xB0 | channel, 7, volume, 0, 0xB0 | channel, 10, pan, 0, 0xC0 | channel, program])
        for _ in range(n_beats):
            events += bytes([0, 0x90 | channel, note, 100, 48, 0x80 | channel, note, 0, 48, 0xB0 | channel, 1, 0])
        events += bytes([0, 0xFF, 0x2F, 0])
        tracks.append(b"MTrk" + struct.pack(">I", len(events)) + events)
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_A_BEAT) + b"".join(tracks)


def module_file(*, n_positions: int = 6) -> bytes:
    """A ProTracker module: a saw on channels 1, 2 and 3 at falling volumes, the fourth silent; 46 s at 6 positions."""
    saw = np.linspace(-100, 100, 64).astype(np.int8).tobytes() * 4
    samples = struct.pack(">22sHBBHH", b"saw", len(saw) // 2, 0, 64, 0, len(saw) // 2)
    samples += struct.pack(">22sHBBHH", b"", 0, 0, 0, 0, 1) * 30
    order = bytes([0] * n_positions).ljust(128, b"\0")
    pattern = b""
    for row in range(64):
        for channel, (period, volume) in enumerate(((428, 64), (339, 32), (285, 16))):
            cell = (period, 0x1, 0xC00 | volume) if row % 8 == channel else (0, 0, 0)
            pattern += bytes([cell[0] >> 8, cell[0] & 255, (cell[1] << 4) | (cell[2] >> 8), cell[2] & 255])
        pattern += bytes(4)
    return b"by hand".ljust(20, b"\0") + samples + bytes([n_positions, 127]) + order + b"M.K." + pattern + saw


def wad_file(lumps: Sequence[tuple[str, bytes]]) -> bytes:
    """A WAD of some lumps."""
    content, directory = b"", b""
    for name, lump in lumps:
        directory += struct.pack("<ii8s", 12 + len(content), len(lump), name.encode())
        content += lump
    return struct.pack("<4sii", b"PWAD", len(lumps), 12 + len(content)) + content + directory
