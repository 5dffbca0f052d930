"""MIDI songs inside a WAD, the container of Doom's data. Source: The Unofficial Doom Specs 1.666, chapter 2."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mixing.errors import AudioError

MIDI_MAGIC = b"MThd"


def midi_lumps(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of every lump that is a MIDI file, in the WAD's order. Raises AudioError for no WAD."""
    if len(content) < 12 or content[:4] not in (b"IWAD", b"PWAD"):
        raise AudioError("This is no WAD. Fetch the package again.", code="corrupt")
    n_lumps, directory = struct.unpack_from("<ii", content, 4)
    if directory < 0 or directory + 16 * n_lumps > len(content):
        raise AudioError("The WAD is cut off. Fetch the package again.", code="corrupt")
    for i in range(n_lumps):
        start, size, name = struct.unpack_from("<ii8s", content, directory + 16 * i)
        lump = content[start : start + size]
        if lump.startswith(MIDI_MAGIC):
            yield name.rstrip(b"\0").decode("ascii", "replace"), lump
