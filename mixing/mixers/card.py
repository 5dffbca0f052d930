"""A mixer's card: who it is, what it was trained on, what was measured. TOML, read with the standard library.

Free of numeric libraries, so that web pages and commands can read cards cheaply.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mixing.errors import MixerFileError

_BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+$")
_REQUIRED = ("name", "slug", "nickname", "architecture", "rating", "sha256", "content_hash")


@dataclass(frozen=True)
class MixerCard:
    """The card.

    Attributes:
        rating: the Elo prior that it enters the arena with; not a result.
        generation: 0 for founders.
        parents: slugs.
        genres: slugs of mixing.genres that it was made for.
        specialities: names of capabilities that it has more of than most.
        capabilities: measured traits by name; empty until they have been measured.
        training: data, licences, steps and seed, as they really were.
        metrics: measured on songs that it never learned from.
        sha256: of the weights file; content_hash: of the weights themselves.
        author: who gave it to the arena; empty for the founders and those bred here.
        lineage: by slug its ancestors, with their parents; empty for founders.
    """

    name: str
    slug: str
    nickname: str
    architecture: str
    rating: float
    sha256: str
    content_hash: str
    description: str = ""
    generation: int = 0
    parents: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    specialities: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    capabilities: dict[str, float] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    author: str = ""
    lineage: dict[str, Any] = field(default_factory=dict)


def read_card(path: Path) -> MixerCard:
    """Read a card. Raises MixerFileError where it is missing, no TOML, or lacks or invents entries."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MixerFileError(f"The card {path} cannot be read. Restore the file.", code="damaged") from error
    return MixerCard(**card_values(text, called=f"The card {path}"))


def card_values(text: str, *, called: str, required: Sequence[str] = _REQUIRED) -> dict[str, Any]:
    """The entries of a card, each of its kind; for cards that are not whole yet.

    Args:
        text: TOML.
        called: what messages call the card.
    Raises: MixerFileError for what is no TOML, or lacks or invents entries.
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MixerFileError(
            f"{called} cannot be read as TOML. Correct or restore the file.", code="damaged"
        ) from error
    known = {f.name for f in fields(MixerCard)}
    wrong = sorted(set(data) - known) + sorted(name for name in required if name not in data)
    if wrong:
        raise MixerFileError(
            f"{called} has missing or unknown entries: {', '.join(wrong)}. Correct the file.", code="bad_card"
        )
    for name, value in data.items():
        if not _is_of_its_kind(name, value):
            raise MixerFileError(
                f"{called} has a value of the wrong kind at {name}. Correct the file.", code="bad_card"
            )
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}


def _is_of_its_kind(name: str, value: Any) -> bool:
    if name in ("parents", "genres", "specialities"):
        return isinstance(value, list)
    if name in ("config", "capabilities", "training", "metrics", "lineage"):
        return isinstance(value, dict)
    if name in ("rating", "generation"):
        return isinstance(value, int | float)
    return isinstance(value, str)


def write_card(card: MixerCard, path: Path) -> None:
    """Write a card, atomically."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(to_toml(asdict(card)), encoding="utf-8")
    partial.replace(path)


def to_toml(data: dict[str, Any]) -> str:
    """TOML of plain values, lists and nested dicts. Raises MixerFileError for what TOML cannot hold."""
    lines: list[str] = []
    _write_table(data, (), lines)
    return "\n".join(lines).strip() + "\n"


def _write_table(table: dict[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    if path:
        lines.extend(["", f"[{'.'.join(_key(part) for part in path)}]"])
    for key, value in table.items():
        if not isinstance(value, dict):
            lines.append(f"{_key(key)} = {_value(value)}")
    for key, value in table.items():
        if isinstance(value, dict):
            _write_table(value, (*path, key), lines)


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, str):
        # A TOML basic string escapes like JSON, except for DEL, which JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    raise MixerFileError(f"A card cannot hold {value!r}. Use text, numbers, lists and tables.", code="bad_card")
