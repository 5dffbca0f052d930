"""What people send: a song, its stems, or a zip of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from mixing.audio.alignment import align
from mixing.audio.archive import MAX_STEMS, ZIP_HEADS, is_zip, unique_names, unpack_stems
from mixing.audio.decode import MIN_DURATION_S, probe
from mixing.errors import AudioError
from tournaments.models import Analysis, Song, Stem
from tournaments.services.disk import check_free_space
from tournaments.services.songs import MAX_DURATION_S, PREPARE, UNTITLED, add_song, store, title_from
from tournaments.services.stems import naming

if TYPE_CHECKING:
    from accounts.models import User

# Fewer letters that all names begin with are no title.
MIN_SHARED = 3


def add_upload(*, owner: User, files: Sequence[tuple[File[Any] | Path, str]], title: str = "") -> Song:
    """Take in what somebody sent: one song, its stems, or a zip of them.

    Args:
        files: each with the name that its owner gave it.
        title: of a song of several stems; made up from the names where it is empty.
    Raises: as `add_song` and `add_stems`; AudioError where a zip is refused.
    """
    if len(files) == 1 and not _is_zip(files[0][0]):
        return add_song(owner=owner, file=files[0][0], name=files[0][1])
    if any(_is_zip(file) for file, _ in files):
        if len(files) > 1:
            raise AudioError(
                "There is a zip among the files. Send one zip with all stems, or the stems alone.", code="zip_nested"
            )
        return _add_zip(owner, *files[0], title)
    return add_stems(owner=owner, files=files, title=title)


def add_stems(*, owner: User | None, files: Sequence[tuple[File[Any] | Path, str]], title: str = "") -> Song:
    """Take in a song as its stems, each judged by its content alone, and have it prepared.

    Raises: AudioError for stems that cannot be used, or more than MAX_STEMS; DiskNearlyFull.
    """
    check_free_space()
    if len(files) > MAX_STEMS:
        raise AudioError(
            f"These are {len(files)} stems, and {MAX_STEMS} are allowed. Bounce some of them together.",
            code="too_many_stems",
        )
    names = unique_names([title_from(name) for _, name in files])
    stored: list[str] = []
    try:
        infos = []
        for (file, _), name in zip(files, names, strict=True):
            stored.append(store(file))
            with naming(name):
                infos.append(probe(Path(default_storage.path(stored[-1])), max_duration_s=None, min_duration_s=0.0))
        alignment = align(infos)
        _check_duration(alignment.n_frames / alignment.sample_rate)
        with transaction.atomic():
            song = Song.objects.create(
                owner=owner,
                title=title_from(title) if title else common_title(names),
                n_stems=len(files),
                container="/".join(dict.fromkeys(info.container for info in infos)),
                sample_rate=alignment.sample_rate,
                channels=2,
                duration_s=alignment.n_frames / alignment.sample_rate,
            )
            Stem.objects.bulk_create(
                Stem(
                    song=song,
                    position=position,
                    name=names[position][:80],
                    file=stored[position],
                    container=info.container,
                    sample_rate=info.sample_rate,
                    channels=info.channels,
                    duration_s=info.duration_s,
                )
                for position, info in enumerate(infos)
            )
            Analysis.objects.create(song=song)
            PREPARE.send(song.pk)
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise
    return song


def common_title(names: Sequence[str]) -> str:
    """A title from what the names of stems begin with."""
    letters = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    shared = re.sub(r"[\W_]*\w?$", "", "".join(column[0] for column in letters))
    return title_from(shared) if len(shared) >= MIN_SHARED else UNTITLED


def _is_zip(file: File[Any] | Path) -> bool:
    try:
        if isinstance(file, Path):
            return is_zip(file)
        head = file.read(4)
        file.seek(0)
    except OSError:
        # Whoever reads it next says what is wrong.
        return False
    return head in ZIP_HEADS


def _add_zip(owner: User, file: File[Any] | Path, name: str, title: str) -> Song:
    check_free_space()
    stored = store(file)
    try:
        with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
            stems = unpack_stems(Path(default_storage.path(stored)), Path(folder))
            if len(stems) == 1:
                return add_song(owner=owner, file=stems[0].path, name=stems[0].name)
            return add_stems(owner=owner, files=[(stem.path, stem.name) for stem in stems], title=title or name)
    finally:
        default_storage.delete(stored)


def _check_duration(duration_s: float) -> None:
    if duration_s < MIN_DURATION_S:
        raise AudioError(
            f"The longest stem lasts {duration_s:.1f} s, and a battle needs {MIN_DURATION_S:g} s. Choose longer ones.",
            code="too_short",
        )
    if duration_s > MAX_DURATION_S:
        raise AudioError(
            f"The longest stem lasts {duration_s / 60:.1f} minutes, and {MAX_DURATION_S / 60:g} are allowed. "
            "Cut the stems and retry.",
            code="too_long",
        )
