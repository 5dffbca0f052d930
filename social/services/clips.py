"""Clips of battles: asked for by owners, made by a worker, deleted when nobody asks for them any more."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from social.clips import has_ffmpeg, write_ab_clip, write_mp3, write_video
from social.pictures import clip_frames
from tournaments.draws import generator_of
from tournaments.errors import InvalidShare
from tournaments.models import Battle, Clip, Preview
from tournaments.services.disk import drop_if_deleted

KEPT_FOR = timedelta(days=14)
MAX_WAITING = 3
# Longer than a clip can be in the making.
ORPHANED_AFTER = timedelta(hours=1)

MAKE = Step(
    task="social.tasks.make_clip",
    model=Clip,
    state=Clip.State.QUEUED,
    failed_state=Clip.State.FAILED,
)


def request_clip(*, battle: Battle, signature: str, address: str, now: datetime) -> Clip:
    """A clip of a battle, made unless it is there already with the same words; one that failed is tried again.

    Raises: InvalidShare for a battle that is not open yet or was withdrawn, and while MAX_WAITING others of its owner
        are being made: they share a queue with everybody's next battles.
    """
    if battle.state not in Battle.HEARABLE:
        raise InvalidShare(
            "There is nothing to hear of this battle. Choose one that is open or decided.", code="no_sound"
        )
    waiting = Clip.objects.filter(battle__tournament__owner=battle.tournament.owner_id, state=Clip.State.QUEUED)
    if waiting.exclude(battle=battle).count() >= MAX_WAITING:
        raise InvalidShare(
            f"{MAX_WAITING} clips of yours are still being made. Wait for them, then ask for the next.", code="too_many"
        )
    words = {"signature": signature, "address": address}
    with transaction.atomic():
        clip, is_new = Clip.objects.select_for_update().get_or_create(
            battle=battle,
            defaults=words | {"is_swapped": bool(generator_of("clip", battle.key).random() < 0.5)},
        )
        is_whole = clip.state == Clip.State.READY and default_storage.exists(str(clip.audio.name))
        if not is_new and clip.state != Clip.State.QUEUED and not (is_whole and _has_words(clip, words)):
            Clip.objects.filter(pk=clip.pk).update(state=Clip.State.QUEUED, reason="", **words)
        Clip.objects.filter(pk=clip.pk).update(requested_at=now)
        clip.refresh_from_db()
    if clip.state == Clip.State.QUEUED:
        MAKE.send(clip.pk)
    return clip


def make_clip(clip_id: int) -> None:
    """Write the files of a clip; takes it from queued to ready."""
    MAKE.run(clip_id, _make)


def sweep_clips(*, now: datetime) -> None:
    """Send again what was left behind, and delete what nobody asked for lately."""
    MAKE.fail_exhausted()
    MAKE.resend()
    forgotten = Clip.objects.filter(state=Clip.State.READY, requested_at__lt=now - KEPT_FOR)
    for clip in list(forgotten):
        if forgotten.filter(pk=clip.pk).delete()[0]:
            for file in (clip.audio, clip.video):
                if file:
                    default_storage.delete(str(file.name))
    _delete_orphans(now)


def _delete_orphans(now: datetime) -> None:
    """Delete what no clip names: killed workers leave files behind."""
    folder = Path(default_storage.path("clips"))
    before = (now - ORPHANED_AFTER).timestamp()
    old = [path for path in (folder.iterdir() if folder.exists() else ()) if path.stat().st_mtime < before]
    named = {name for names in Clip.objects.values_list("audio", "video") for name in names} if old else set()
    for path in old:
        if f"clips/{path.name}" not in named:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _make(clip: Clip, lease: Lease) -> None:
    battle = clip.battle
    first, second = (_sound(battle, mix_id) for mix_id in (battle.first_id, battle.second_id))
    side_a, side_b = (second, first) if clip.is_swapped else (first, second)
    # The names say nothing of the battle: files are posted under them.
    stem = f"clips/{generator_of('clip file', battle.key).bytes(12).hex()}"
    cut, sound, video = (Path(default_storage.path(f"{stem}{end}")) for end in (".wav", ".mp3", ".mp4"))
    cut.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = write_ab_clip(side_a, side_b, cut)
        write_mp3(cut, sound)
        if has_ffmpeg():
            frames = clip_frames(battle.tournament.song.title, clip.signature, clip.address)
            write_video(frames, written.segments, cut, video)
    finally:
        cut.unlink(missing_ok=True)
    is_mine = lease.finish(state=Clip.State.READY, audio=f"{stem}.mp3", video=f"{stem}.mp4" if video.exists() else "")
    if not is_mine:
        drop_if_deleted(battle.tournament.song_id, [f"{stem}.mp3", f"{stem}.mp4"])


def _sound(battle: Battle, mix_id: int) -> Path:
    preview = Preview.objects.filter(
        mix=mix_id, region=Preview.Region.HIGHLIGHT, level_lufs=battle.level_lufs or 0.0, state=Preview.State.READY
    ).first()
    if preview is None:
        raise InvalidShare("The sound of this battle is being cut anew. Try again in a minute.", code="no_sound")
    return Path(preview.file.path)


def _has_words(clip: Clip, words: dict[str, str]) -> bool:
    return all(getattr(clip, name) == value for name, value in words.items())
