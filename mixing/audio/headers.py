"""What the first bytes of a file say it is, and how much of it there should be.

Decoders quietly shorten a file that was cut off; its own header knows better.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

# A file that says so was written to a pipe, by a program that did not know the length yet.
UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF - 36)
# An MP3 tag at the end, and what encoders leave off.
MP3_SLACK = 4096
OGG_END_OF_STREAM = 4
# The largest page of an Ogg file.
OGG_PAGE = 65_307


def container_of(path: Path) -> str | None:
    """WAV, AIFF, FLAC, MP3 or OGG by content, None for anything else."""
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] in (b"RIFF", b"RIFX", b"RF64") and start[8:12] == b"WAVE":
        return "WAV"
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    if start[:4] == b"fLaC":
        return "FLAC"
    if start[:4] == b"OggS":
        return "OGG"
    if start[:3] == b"ID3" or (len(start) > 2 and start[0] == 0xFF and start[1] & 0xE6 in (0xE2, 0xE4, 0xE6)):
        return "MP3"
    return None


def is_cut_off(path: Path, container: str) -> bool:
    """Whether a file is shorter than its own header says. Only FLAC cannot be told before it is decoded."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if container == "WAV":
            return _riff_end(file) > size
        if container == "AIFF":
            return _aiff_end(file) > size
        if container == "OGG":
            return not _ogg_ends(file, size)
        if container == "MP3":
            return _mp3_end(file) > size + MP3_SLACK
    return False


def _riff_end(file: BinaryIO) -> int:
    order = ">" if file.read(4) == b"RIFX" else "<"
    file.seek(12)
    long_size = 0
    while len(header := file.read(8)) == 8:
        name, size = header[:4], struct.unpack(order + "I", header[4:])[0]
        if name == b"ds64":
            body = file.read(size)
            long_size = struct.unpack("<Q", body[8:16])[0] if len(body) >= 16 else 0
        elif name == b"data":
            if size in UNKNOWN_SIZES:
                size = long_size
            return file.tell() + int(size)
        else:
            file.seek(size + size % 2, 1)
    return 0


def _aiff_end(file: BinaryIO) -> int:
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, size = header[:4], struct.unpack(">I", header[4:])[0]
        if name == b"SSND":
            return 0 if size in UNKNOWN_SIZES else file.tell() + int(size)
        file.seek(size + size % 2, 1)
    return 0


def _ogg_ends(file: BinaryIO, size: int) -> bool:
    """Whether the last page is whole and says that it is the last."""
    file.seek(max(0, size - OGG_PAGE))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return False
    n_segments = tail[at + 26]
    lengths = tail[at + 27 : at + 27 + n_segments]
    is_whole = len(lengths) == n_segments and len(tail) >= at + 27 + n_segments + sum(lengths)
    return is_whole and bool(tail[at + 5] & OGG_END_OF_STREAM)


def _mp3_end(file: BinaryIO) -> int:
    """Where the audio ends by the Xing or Info header that most encoders write; 0 without one."""
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(400)
    for tag in (b"Xing", b"Info"):
        at = frame.find(tag)
        if at < 0 or len(frame) < at + 16:
            continue
        flags = struct.unpack(">I", frame[at + 4 : at + 8])[0]
        if flags & 2:
            position = at + 8 + (4 if flags & 1 else 0)
            return start + int(struct.unpack(">I", frame[position : position + 4])[0])
    return 0
