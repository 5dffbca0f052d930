"""The card of a submitted mixer: what its author may say of it. What can be measured is measured here instead."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any

from mixing.errors import MixerFileError
from mixing.genres import GENRES
from mixing.mixers.card import card_values

MAX_CARD_BYTES = 64_000
MAX_NICKNAME, MAX_NAME, MAX_DESCRIPTION = 40, 80, 600
EXAMPLE = """nickname = "Soft Landing"
description = "Gentle and warm, for acoustic songs."
architecture = "cnn"
genres = ["folk", "jazz"]

[training]
songs = 120
hours = 7.5
limits = "No vocals among them."

[training.packages]
"my-own-recordings" = ["CC-BY-4.0"]
"""


@dataclass(frozen=True)
class SubmittedCard:
    """What an author says.

    Attributes:
        training: plain values; `packages` lists what it learned from with every licence.
        architecture, sha256: empty where the card does not say.
    """

    name: str
    nickname: str
    description: str
    genres: tuple[str, ...]
    training: dict[str, Any]
    architecture: str
    sha256: str


def read_submitted_card(content: bytes) -> SubmittedCard:
    """Read a card that anybody may have written. Raises MixerFileError with what to correct."""
    if len(content) > MAX_CARD_BYTES:
        raise _bad(f"is larger than {MAX_CARD_BYTES // 1000} kB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad("is no text in UTF-8") from error
    values = card_values(text, called="The card", required=("nickname", "training"))
    nickname = _line(values["nickname"], "nickname", MAX_NICKNAME)
    if len(nickname) < 2:
        raise _bad("has no nickname of two letters or more")
    genres = values.get("genres", ())
    if not all(isinstance(genre, str) and genre in GENRES for genre in genres):
        raise _bad(f"names genres that there are not; there are {', '.join(GENRES)}")
    return SubmittedCard(
        name=_line(values.get("name", nickname), "name", MAX_NAME) or nickname,
        nickname=nickname,
        description=_line(values.get("description", ""), "description", MAX_DESCRIPTION),
        genres=tuple(dict.fromkeys(genres)),
        training=_training(values["training"]),
        architecture=values.get("architecture", ""),
        sha256=values.get("sha256", ""),
    )


def _line(text: str, name: str, longest: int) -> str:
    """Text of one line without characters that are invisible or turn the direction of what follows."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(c)[0] == "C" for c in line):
        raise _bad(f"has characters at {name} that cannot be seen")
    if len(line) > longest:
        raise _bad(f"has more than {longest} letters at {name}")
    return line


def _training(training: dict[str, Any]) -> dict[str, Any]:
    packages = training.get("packages")
    if not (
        isinstance(packages, dict)
        and packages
        and all(
            isinstance(found, list) and found and all(isinstance(licence, str) and licence.strip() for licence in found)
            for found in packages.values()
        )
    ):
        raise _bad("does not list under [training.packages] what it learned from, each with its licences")
    kinds: dict[str, type | tuple[type, ...]] = {"songs": int, "hours": (int, float), "limits": str}
    for name, kind in kinds.items():
        if name in training and (not isinstance(training[name], kind) or isinstance(training[name], bool)):
            raise _bad(f"has a value of the wrong kind at training.{name}")
    try:
        # Dates and infinities are TOML, and nothing that a row of JSON can hold.
        json.dumps(training, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _bad("holds dates or infinite numbers under training") from error
    return training


def _bad(what: str) -> MixerFileError:
    return MixerFileError(f"The card {what}. Correct the file and send it again.", code="bad_card")
