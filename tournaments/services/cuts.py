"""Rendering mixes: each is rendered once in full, measured, and cut into what listeners will compare."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from mixarena.jobs.leases import Lease
from tournaments.models import Mix, Preview
from tournaments.services.battles import open_waiting
from tournaments.services.disk import drop_if_deleted
from tournaments.services.mixes import RENDER
from tournaments.services.nudges import follow_reference
from tournaments.services.previews import CUT, cut_all, cut_queued, save_drafts, spans
from tournaments.services.renderings import Cutter, render


def render_mix(mix_id: int) -> None:
    """Render and cut a mix; takes it from planned to ready, and opens the battles that waited for it."""
    RENDER.run(mix_id, _render)
    open_waiting(mix_id)


def cut_preview(preview_id: int) -> None:
    """Cut a preview at a level of its own, and open the battles that waited for it."""
    CUT.run(preview_id, cut_queued)
    mix_id = Preview.objects.values_list("mix", flat=True).get(pk=preview_id)
    if mix_id is not None:
        open_waiting(mix_id)


def _render(mix: Mix, lease: Lease) -> None:
    # Scipy and numba stay out of the web process.
    from mixing.audio.analysis import spectral_centroid_hz

    began = time.monotonic()
    song = mix.song
    followed: dict[str, Any] = {}
    reference = str(mix.reference.name)
    if reference:
        followed = follow_reference(mix)
        mix.console_settings = followed["console_settings"]
    cutter = Cutter(spans(song))
    report = render(mix, cutter)
    drafts, loudnesses_lufs = cut_all(song=song, mix=mix, cutter=cutter)
    centroid_hz = spectral_centroid_hz(cutter.cut(Preview.Region.HIGHLIGHT), song.sample_rate)
    with transaction.atomic():
        is_mine = lease.finish(
            state=Mix.State.READY,
            report=asdict(report) | {"render_s": round(time.monotonic() - began, 2)},
            highlight_lufs=loudnesses_lufs[Preview.Region.HIGHLIGHT],
            excerpt_lufs=loudnesses_lufs[Preview.Region.EXCERPT],
            centroid_hz=centroid_hz,
            **followed,
        )
        if is_mine:
            save_drafts(song=song, mix=mix, drafts=drafts)
            if reference:
                transaction.on_commit(partial(default_storage.delete, reference))
    if not is_mine:
        drop_if_deleted(song.pk, [draft.file for draft in drafts])
