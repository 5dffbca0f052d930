"""Keeping the disk free of what nobody needs, and uploads out before it is full, which would break every job."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from django.conf import settings
from django.core.files.storage import default_storage

from tournaments.errors import DiskNearlyFull
from tournaments.models import Song


def check_free_space() -> None:
    """Raise DiskNearlyFull while the disk that holds the media has less room than MIN_FREE_DISK_MB."""
    free_mb = shutil.disk_usage(settings.MEDIA_ROOT).free // 1_000_000
    if free_mb < settings.MIN_FREE_DISK_MB:
        raise DiskNearlyFull(
            "The arena has nearly run out of disk space and takes no new songs for now. Try again later.",
            code="disk_nearly_full",
        )


def drop_if_deleted(song_id: int, names: Iterable[str]) -> None:
    """A song may be deleted while something is made of it: then the files that were made go, too.

    Args:
        names: in storage.
    """
    if not Song.objects.filter(pk=song_id).exclude(state=Song.State.DELETED).exists():
        for name in names:
            default_storage.delete(name)
