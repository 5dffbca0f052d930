"""Where the commands write a mix: checked before the work begins, not after it."""

from __future__ import annotations

from pathlib import Path

from tournaments.errors import ArenaError
from tournaments.models import Export

FORMATS = {
    ".wav": (Export.Format.WAV, Export.Format.WAV16, Export.Format.WAV32),
    ".flac": (Export.Format.FLAC,),
    ".mp3": (Export.Format.MP3,),
    ".opus": (Export.Format.OPUS,),
}


def format_of(out: Path, wish: str | None = None) -> Export.Format:
    """The format to write: the wish if the suffix fits it, else the first that the suffix stands for.

    Raises: ArenaError for a suffix that stands for nothing or for something else, and for a path in no folder.
    """
    formats = FORMATS.get(out.suffix.lower())
    if formats is None:
        raise ArenaError(
            f"{out.name} names no format that mixes are written in. Let it end in .wav, .flac, .mp3 or .opus.",
            code="bad_format",
        )
    if wish is not None and wish not in formats:
        raise ArenaError(
            f"{out.name} does not end like a file of the format {wish}. Rename it, or leave --format out.",
            code="bad_format",
        )
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise ArenaError(f"{out} cannot be written there. Name a file in a folder that exists.", code="no_folder")
    return formats[0] if wish is None else Export.Format(wish)
