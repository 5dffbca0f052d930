"""What a safetensors file says of itself, read without any numeric library and without touching a single weight.

A file is eight bytes with the length of the header, the header as JSON, then the tensors one after the other without a
gap. Source: the format's description, https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from mixing.errors import MixerFileError

# The champions' headers take 6 kB; a bred one's carries its record. The format itself allows 100 MB.
MAX_HEADER_BYTES = 1_000_000
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
# Pickles begin with the mark of their protocol, PyTorch's own files are zips.
PICKLE_HEADS = (b"\x80", b"PK\x03\x04")


@dataclass(frozen=True)
class WeightsHeader:
    """The header.

    Attributes:
        metadata: texts by name, such as `architecture` and `config`.
        tensors: type, such as F32, and shape by the tensor's name.
    """

    metadata: dict[str, str]
    tensors: dict[str, tuple[str, tuple[int, ...]]]

    @property
    def config(self) -> dict[str, Any]:
        """Sizes of the network. Raises MixerFileError where there are none."""
        try:
            config = json.loads(self.metadata["config"])
        except (KeyError, ValueError, RecursionError) as error:
            raise _unusable("holds no configuration of its network", "bad_config") from error
        if not isinstance(config, dict):
            raise _unusable("holds no configuration of its network", "bad_config")
        return config


def read_header(file: BinaryIO, n_bytes: int) -> WeightsHeader:
    """Read and check the header of a file that anybody may have made.

    Args:
        file: opened at its first byte. n_bytes: its length.
    Raises: MixerFileError for whatever is no whole safetensors file.
    """
    head = file.read(8)
    if head.startswith(PICKLE_HEADS):
        raise MixerFileError(
            "These weights are a pickle or a PyTorch file, which could run programs here. Save them as safetensors.",
            code="pickle",
        )
    if len(head) < 8:
        raise _unusable("is too short to be safetensors", "damaged")
    (n_header,) = struct.unpack("<Q", head)
    if n_header > min(MAX_HEADER_BYTES, n_bytes - 8):
        raise _unusable("is no safetensors file", "damaged")
    try:
        header = json.loads(file.read(n_header).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _unusable("has a header that cannot be read", "damaged") from error
    if not isinstance(header, dict):
        raise _unusable("has a header that cannot be read", "damaged")
    metadata = header.pop("__metadata__", {})
    if not (isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())):
        raise _unusable("has a header that cannot be read", "damaged")
    spans = []
    tensors = {}
    for name, entry in header.items():
        kind, shape, begin, end = _entry(entry)
        if end - begin != SIZES[kind] * math.prod(shape):
            raise _unusable(f"holds less or more of {name[:80]!r} than its shape says", "damaged")
        spans.append((begin, end))
        tensors[name] = (kind, shape)
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            raise _unusable("has gaps or overlaps between its tensors", "damaged")
        at = end
    if not tensors or at != n_bytes - 8 - n_header:
        raise _unusable("is cut off or has something behind its tensors", "damaged")
    return WeightsHeader(metadata, tensors)


def _entry(entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    try:
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable("has a header that cannot be read", "damaged") from error
    numbers = [*shape, begin, end] if isinstance(shape, list) else [-1]
    if not (isinstance(kind, str) and kind in SIZES and all(type(n) is int and 0 <= n <= 2**40 for n in numbers)):
        raise _unusable("has tensors of a kind that no mixer has", "damaged")
    return kind, tuple(shape), begin, end


def _unusable(what: str, code: str) -> MixerFileError:
    return MixerFileError(f"The weights file {what}. Export it again with safetensors.", code=code)
