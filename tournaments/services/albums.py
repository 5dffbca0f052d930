"""Albums: several songs through one mixer, at one loudness and with related tones, written as a zip.

A first job lets the mixer choose the settings of all songs. Then each job writes one song and sends the next: battles
that wait for the same worker go in between, and a worker that dies loses one song.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from evolution.models import Mixer
from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from mixing.console.spec import MixSettings
from tournaments.errors import InvalidTournament
from tournaments.models import Album, AlbumTrack, Export, Song, Tournament
from tournaments.services.bundles import safe_name
from tournaments.services.deliveries import deliver
from tournaments.services.disk import check_free_space
from tournaments.services.exports import KEPT_FOR, SUFFIXES
from tournaments.services.materials import material_of
from tournaments.services.mixes import features_of, load_network
from tournaments.services.renderings import dither_seed
from tournaments.services.stems import naming

logger = logging.getLogger(__name__)

FORMATS = (Export.Format.WAV, Export.Format.WAV16, Export.Format.FLAC, Export.Format.MP3, Export.Format.OPUS)

PLAN_ALBUM = Step(
    task="tournaments.tasks.plan_album",
    model=Album,
    state=Album.State.QUEUED,
    failed_state=Album.State.FAILED,
)
WRITE_ALBUM = Step(
    task="tournaments.tasks.write_album",
    model=Album,
    state=Album.State.PLANNED,
    failed_state=Album.State.FAILED,
)


def start_album(*, owner: User, mixer: Mixer, title: str, format: str, songs: Mapping[int, Song]) -> Album:
    """Have songs mixed as an album.

    Args:
        format: one of FORMATS.
        songs: by track number.
    Raises: InvalidTournament for too few or too many songs, one that is not ready, or one whose tournament is running,
        since its mixes must stay blind. DiskNearlyFull.
    """
    if not Album.MIN_SONGS <= len(songs) <= Album.MAX_SONGS:
        raise InvalidTournament(
            f"An album has {Album.MIN_SONGS} to {Album.MAX_SONGS} songs, and {len(songs)} "
            f"{'has' if len(songs) == 1 else 'have'} a track number. Number the songs that belong to it.",
            code="too_few" if len(songs) < Album.MIN_SONGS else "too_many",
        )
    for song in songs.values():
        if song.state != Song.State.READY:
            raise InvalidTournament(f"{song.title} cannot be mixed yet. Leave it out, or wait.", code="not_ready")
    _check_blindness(songs.values())
    check_free_space()
    with transaction.atomic():
        album = Album.objects.create(owner=owner, mixer=mixer, title=title, format=format)
        AlbumTrack.objects.bulk_create(
            AlbumTrack(album=album, song=song, position=number) for number, song in sorted(songs.items())
        )
        PLAN_ALBUM.send(album.pk)
    return album


def make_again(album: Album) -> None:
    """Ask once more for an album that failed, or whose file was deleted after a while.

    Raises: InvalidTournament where a tournament on one of its songs is running; DiskNearlyFull.
    """
    if album.state != Album.State.FAILED and not is_gone(album):
        return
    _check_blindness([track.song for track in album.tracks.select_related("song")])
    check_free_space()
    with transaction.atomic():
        if Album.objects.filter(pk=album.pk, state=album.state).update(
            state=Album.State.QUEUED, file="", reason="", is_levelled=False, requested_at=Now()
        ):
            album.tracks.update(console_settings=None, loudness_lufs=None, true_peak_dbtp=None)
            PLAN_ALBUM.send(album.pk)


def is_gone(album: Album) -> bool:
    """Whether a finished album's file was deleted."""
    return album.state == Album.State.READY and not (album.file and default_storage.exists(str(album.file.name)))


def plan_album(album_id: int) -> None:
    """Let the mixer choose the settings of all songs; takes the album from queued to planned."""
    PLAN_ALBUM.run(album_id, _plan)


def write_album(album_id: int) -> None:
    """Write the next song and send the one after it; after the last, takes the album from planned to ready."""
    WRITE_ALBUM.run(album_id, _write_next)


def prune_albums(*, now: datetime) -> int:
    """Delete the files of albums that nobody asked for lately; returns how many."""
    n_pruned = 0
    for album in Album.objects.filter(state=Album.State.READY, requested_at__lt=now - KEPT_FOR).exclude(file=""):
        if Album.objects.filter(pk=album.pk, requested_at=album.requested_at).update(file=""):
            default_storage.delete(str(album.file.name))
            n_pruned += 1
    if n_pruned:
        logger.info("pruned albums=%s", n_pruned)
    return n_pruned


def _check_blindness(songs: Iterable[Song]) -> None:
    """Whoever hears a mixer by its name could know it again in a battle."""
    for song in songs:
        if song.tournaments.filter(state=Tournament.State.RUNNING).exists():
            raise InvalidTournament(
                f"A tournament on {song.title} is running, and its mixers fight blind. Finish it first.",
                code="still_blind",
            )


def _write_next(album: Album, lease: Lease) -> None:
    tracks = list(album.tracks.select_related("song"))
    if unwritten := [track for track in tracks if track.loudness_lufs is None or not _file_of(track).exists()]:
        _write(unwritten[0])
    elif not album.is_levelled:
        _level(album, tracks)
    else:
        name = f"albums/{album.public_id.hex}.zip"
        _bundle(album, tracks, Path(default_storage.path(name)))
        if lease.finish(state=Album.State.READY, file=name):
            for track in tracks:
                _file_of(track).unlink(missing_ok=True)
        return
    if lease.finish():
        WRITE_ALBUM.send(album.pk)


def _plan(album: Album, lease: Lease) -> None:
    # Scipy stays out of the web process.
    from mixing.console.album import consistent

    tracks = list(album.tracks.select_related("song"))
    network = load_network(album.mixer)
    features = [features_of(track.song) for track in tracks]
    chosen = consistent([network.settings(song) for song in features], features)
    with transaction.atomic():
        if lease.finish(state=Album.State.PLANNED):
            for track, settings in zip(tracks, chosen, strict=True):
                AlbumTrack.objects.filter(pk=track.pk).update(console_settings=settings.to_dict())
            WRITE_ALBUM.send(album.pk)


def _write(track: AlbumTrack) -> None:
    path = _file_of(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(track.song.title):
        delivery = deliver(
            material=material_of(track.song),
            settings=MixSettings.from_dict(track.console_settings or {}),
            path=path,
            format=track.album.format,
            seed=dither_seed(track.song.content_hash),
        )
    AlbumTrack.objects.filter(pk=track.pk).update(
        loudness_lufs=delivery.loudness_lufs, true_peak_dbtp=delivery.true_peak_dbtp
    )


def _level(album: Album, tracks: list[AlbumTrack]) -> None:
    """Songs that a limiter's bound kept below the album's loudness bring the others down to theirs, once."""
    from mixing.console.album import lowered

    reached = [track.loudness_lufs for track in tracks if track.loudness_lufs is not None]
    with transaction.atomic():
        for track, lufs in zip(tracks, reached, strict=True):
            quieter = lowered(MixSettings.from_dict(track.console_settings or {}), lufs, min(reached))
            if quieter is not None:
                AlbumTrack.objects.filter(pk=track.pk).update(console_settings=quieter.to_dict(), loudness_lufs=None)
        Album.objects.filter(pk=album.pk).update(is_levelled=True)


def _bundle(album: Album, tracks: list[AlbumTrack], path: Path) -> None:
    partial = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as bundle:
        for track in tracks:
            name = f"{track.position:02d} {safe_name(track.song.title)}.{SUFFIXES[Export.Format(album.format)]}"
            bundle.write(_file_of(track), name)
    partial.replace(path)


def _file_of(track: AlbumTrack) -> Path:
    return Path(default_storage.path(f"albums/{track.album.public_id.hex}-{track.pk}"))
