"""Stems that come as one zip: unpacked under names of our own, within bounds, and never outside their folder.

What a member says of itself (its name, its size) is only believed where believing it is safe.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mixing.audio.headers import container_of
from mixing.errors import AudioError

MAX_STEMS = 32
# 32 stereo stems of ten minutes at 48 kHz in 24 bit are 5.5 GB; most songs are far below.
MAX_BYTES = 6 * 2**30
MAX_MEMBERS = 1000
# Sound compresses to a third at best; silence and zeros do better, so small members may.
MAX_RATIO = 100
SMALL_BYTES = 64 * 2**20
CHUNK = 2**20
MAX_SHOWN = 60
AUDIO_SUFFIXES = frozenset((".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga"))
ZIP_SUFFIXES = frozenset((".zip", ".rar", ".7z", ".tar", ".gz"))
ZIP_HEADS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
HIDDEN_FOLDERS = frozenset(("__macosx",))
_REGULAR = 0


@dataclass(frozen=True)
class UnpackedStem:
    """A member that holds sound.

    Attributes:
        name: to be shown, without folders and suffix; unique within the archive.
        path: where it lies.
    """

    name: str
    path: Path


def is_zip(path: Path) -> bool:
    """Whether a file is a zip by its content. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) in ZIP_HEADS


def unpack_stems(
    archive: Path, folder: Path, *, max_stems: int = MAX_STEMS, max_bytes: int = MAX_BYTES
) -> list[UnpackedStem]:
    """Unpack the sound in a zip, ordered by name.

    Hidden files and what is no sound by its name are left out. Nothing stays in `folder` where it is refused.

    Args:
        folder: exists; files in it are named by their number.
        max_bytes: of everything unpacked.
    Raises: AudioError with the code bad_zip, zip_encrypted, zip_path, zip_bomb, zip_nested, no_stems, too_many_stems
        or unsupported_type.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _wanted(opened.infolist(), max_stems)
            return _unpack(opened, members, folder, max_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise AudioError(
            "The zip is damaged and cannot be unpacked. Make it again and retry.", code="bad_zip"
        ) from error


def shown(name: str) -> str:
    """A member's or file's own name, fit to be shown: no folders, no control characters, not too long."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    return visible if len(visible) <= MAX_SHOWN else f"{visible[: MAX_SHOWN - 1]}…"


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts 2 before 10, and capitals with small letters."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(p[:18]), "") if p.isdigit() else (1, 0, p) for p in parts if p)


def unique_names(names: list[str]) -> list[str]:
    """Names told apart by a number where two are alike."""
    found: list[str] = []
    for name in names:
        candidate, n = name, 2
        while candidate in found:
            candidate, n = f"{name} ({n})", n + 1
        found.append(candidate)
    return found


def _wanted(members: list[zipfile.ZipInfo], max_stems: int) -> list[zipfile.ZipInfo]:
    if len(members) > MAX_MEMBERS:
        raise AudioError(
            f"The zip holds {len(members)} files. Zip only the stems, at most {max_stems}.", code="zip_bomb"
        )
    wanted = []
    for member in members:
        path = PurePosixPath(member.filename)
        if member.is_dir() or _is_hidden(path):
            continue
        _check_place(member, path)
        suffix = path.suffix.lower()
        if suffix in ZIP_SUFFIXES:
            raise AudioError(
                f"The zip holds another archive, {shown(member.filename)}. Zip the stems themselves and retry.",
                code="zip_nested",
            )
        if suffix in AUDIO_SUFFIXES:
            wanted.append(member)
    if not wanted:
        raise AudioError(
            "There is no sound in the zip. Put stems as WAV, AIFF, FLAC, MP3 or OGG into it.", code="no_stems"
        )
    if len(wanted) > max_stems:
        raise AudioError(
            f"The zip holds {len(wanted)} stems, and {max_stems} are allowed. Bounce some of them together.",
            code="too_many_stems",
        )
    return sorted(wanted, key=lambda member: natural_order(member.filename))


def _is_hidden(path: PurePosixPath) -> bool:
    return any((p.startswith(".") and p not in (".", "..")) or p.casefold() in HIDDEN_FOLDERS for p in path.parts)


def _check_place(member: zipfile.ZipInfo, path: PurePosixPath) -> None:
    name = member.orig_filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise AudioError(
            f"A path in the zip leads out of it ({shown(member.filename)}). Zip the stems again, without full paths.",
            code="zip_path",
        )
    if kind not in (_REGULAR, stat.S_IFREG):
        raise AudioError(
            f"{shown(member.filename)} in the zip is a link, not a file. Zip the files themselves.", code="zip_path"
        )
    if member.flag_bits & 1:
        raise AudioError("The zip is encrypted. Make one without a password.", code="zip_encrypted")


def _unpack(
    opened: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, max_bytes: int
) -> list[UnpackedStem]:
    names = unique_names([re.sub(r"\.[A-Za-z0-9]{1,5}$", "", shown(m.filename)) or "stem" for m in members])
    paths = [folder / f"{i:02d}" for i in range(len(members))]
    left = max_bytes
    try:
        for member, path in zip(members, paths, strict=True):
            left -= _copy(opened, member, path, left)
            _check_content(member, path)
    except BaseException:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    return [UnpackedStem(name, path) for name, path in zip(names, paths, strict=True)]


def _check_content(member: zipfile.ZipInfo, path: Path) -> None:
    if container_of(path) is None:
        raise AudioError(
            f"{shown(member.filename)} is not WAV, AIFF, FLAC, MP3 or OGG, whatever its name says. "
            "Export it again and retry.",
            code="unsupported_type",
        )


def _copy(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, limit: int) -> int:
    """Unpack one member, counting what comes out. Returns its bytes."""
    written = 0
    allowed = min(limit, max(SMALL_BYTES, MAX_RATIO * member.compress_size))
    with opened.open(member) as source, path.open("wb") as out:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > allowed:
                raise AudioError(
                    f"The zip grows too large when it is unpacked ({shown(member.filename)}). "
                    "Zip the stems alone, or upload them as separate files.",
                    code="zip_bomb",
                )
            out.write(chunk)
    return written
