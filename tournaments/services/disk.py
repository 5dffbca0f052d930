"""Keeping some of the disk free: a full one would break every running job, so uploads are refused before that."""

from __future__ import annotations

import shutil

from django.conf import settings

from tournaments.errors import DiskNearlyFull


def check_free_space() -> None:
    """Raise DiskNearlyFull while the disk that holds the media has less room than MIN_FREE_DISK_MB."""
    free_mb = shutil.disk_usage(settings.MEDIA_ROOT).free // 1_000_000
    if free_mb < settings.MIN_FREE_DISK_MB:
        raise DiskNearlyFull(
            "The arena has nearly run out of disk space and takes no new songs for now. Try again later.",
            code="disk_nearly_full",
        )
