"""Exports: a mix as a file to take home, rendered when somebody asks for it and measured as it was written."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now

from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from mixing.console.spec import MixSettings
from tournaments.models import Export, Mix
from tournaments.services.bundles import write_project, write_stems
from tournaments.services.deliveries import deliver
from tournaments.services.disk import drop_if_deleted
from tournaments.services.materials import material_of
from tournaments.services.renderings import dither_seed

logger = logging.getLogger(__name__)

# A file that nobody asked for in this time is deleted; asking again makes it again.
KEPT_FOR = timedelta(days=14)
SUFFIXES = {
    Export.Format.WAV: "wav",
    Export.Format.WAV16: "wav",
    Export.Format.WAV32: "wav",
    Export.Format.FLAC: "flac",
    Export.Format.MP3: "mp3",
    Export.Format.OPUS: "opus",
    Export.Format.STEMS: "zip",
    Export.Format.REAPER: "zip",
}
BUNDLES = {Export.Format.STEMS: write_stems, Export.Format.REAPER: write_project}

MAKE = Step(
    task="tournaments.tasks.make_export",
    model=Export,
    state=Export.State.QUEUED,
    failed_state=Export.State.FAILED,
)


def formats_of(mix: Mix) -> list[Export.Format]:
    """The formats that a mix can be had in: a single file has no stems."""
    return [f for f in Export.Format if f != Export.Format.STEMS or mix.song.n_stems > 1]


def request_export(*, mix: Mix, format: str) -> Export:
    """A mix in a format of `formats_of`, asked for unless it exists; one that failed is tried again."""
    export, _ = Export.objects.get_or_create(mix=mix, format=format)
    Export.objects.filter(pk=export.pk).update(requested_at=Now())
    gone = export.state == Export.State.READY and not default_storage.exists(str(export.file.name))
    if gone or export.state == Export.State.FAILED:
        Export.objects.filter(pk=export.pk, state=export.state).update(state=Export.State.QUEUED, reason="")
    export.refresh_from_db()
    if export.state == Export.State.QUEUED:
        MAKE.send(export.pk)
    return export


def make_export(export_id: int) -> None:
    """Render and write a file; takes the export from queued to ready."""
    MAKE.run(export_id, _make)


def prune_exports(*, now: datetime) -> int:
    """Delete the files that nobody asked for lately; returns how many."""
    n_pruned = 0
    forgotten = Export.objects.filter(state=Export.State.READY, requested_at__lt=now - KEPT_FOR)
    for export in list(forgotten):
        with transaction.atomic():
            # Whoever asks at this moment either keeps the row from going, or waits and makes the file anew.
            if forgotten.filter(pk=export.pk).delete()[0]:
                default_storage.delete(str(export.file.name))
                n_pruned += 1
    if n_pruned:
        logger.info("pruned exports=%s", n_pruned)
    return n_pruned


def _make(export: Export, lease: Lease) -> None:
    mix, format = export.mix, Export.Format(export.format)
    # A job that is repeated after its worker died writes the same bytes under the same name.
    name = f"exports/{mix.public_id.hex}-{format.value}.{SUFFIXES[format]}"
    path = Path(default_storage.path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    if format in BUNDLES:
        BUNDLES[format](mix, path)
        if not lease.finish(state=Export.State.READY, file=name):
            drop_if_deleted(mix.song_id, [name])
        return
    delivery = deliver(
        material=material_of(mix.song),
        settings=MixSettings.from_dict(mix.console_settings or {}),
        path=path,
        format=format.value,
        seed=dither_seed(mix.song.content_hash),
    )
    is_mine = lease.finish(
        state=Export.State.READY,
        file=name,
        loudness_lufs=delivery.loudness_lufs,
        true_peak_dbtp=delivery.true_peak_dbtp,
        trim_db=delivery.trim_db,
    )
    if not is_mine:
        drop_if_deleted(mix.song_id, [name])
