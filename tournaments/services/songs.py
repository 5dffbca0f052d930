"""Songs: taking in an upload, checking it, and finding out what battles need to know of it."""

from __future__ import annotations

import math
import re
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from evolution.models import Mixer
from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from mixarena.web.names import plain_name
from mixing.audio.decode import open_for_rereading, probe, validate
from mixing.audio.peaks import waveform_peaks
from mixing.errors import AudioError
from mixing.genres import GENRES
from tournaments.errors import InvalidTournament
from tournaments.models import Analysis, Preview, Song, Stem
from tournaments.services.disk import check_free_space
from tournaments.services.mixes import features_of, request_mixes
from tournaments.services.previews import cut_upload, save_drafts, spans
from tournaments.services.regions import Region, find_regions
from tournaments.services.renderings import Cutter
from tournaments.services.stems import bounce, faults_of_stems

if TYPE_CHECKING:
    from accounts.models import User

MAX_DURATION_S = 1200.0
MAX_TITLE = 120
UNTITLED = "Untitled"
# What browsers escape in the file names that they send, and nothing else (HTML, "multipart/form-data encoding").
MULTIPART_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}

PREPARE = Step(
    task="tournaments.tasks.prepare_song",
    model=Song,
    state=Song.State.UPLOADED,
    failed_state=Song.State.FAILED,
    reason_field="refusal",
)
ANALYZE = Step(
    task="tournaments.tasks.analyze_song",
    model=Analysis,
    state=Analysis.State.QUEUED,
    failed_state=Analysis.State.FAILED,
    reason_field="",
    ready=Q(song__state=Song.State.READY),
)


def add_song(
    *,
    owner: User | None,
    file: File[Any] | Path,
    name: str,
    is_demo: bool = False,
    max_duration_s: float | None = MAX_DURATION_S,
) -> Song:
    """Take in a song, judged by its content alone, and have it prepared.

    Args:
        owner: None for a demo song.
        file: an upload, or a path on this machine, which is copied.
        name: what its owner calls the file; only ever shown as a title, never used as a path.
        max_duration_s: None for no limit.
    Raises: AudioError for what cannot be used as music, DiskNearlyFull.
    """
    check_free_space()
    stored = store(file)
    try:
        info = probe(Path(default_storage.path(stored)), max_duration_s=max_duration_s)
        with transaction.atomic():
            song = Song.objects.create(
                owner=owner,
                is_demo=is_demo,
                title=title_from(name),
                file=stored,
                container=info.container,
                sample_rate=info.sample_rate,
                channels=info.channels,
                duration_s=info.duration_s,
            )
            Analysis.objects.create(song=song)
            PREPARE.send(song.pk)
    except BaseException:
        default_storage.delete(stored)
        raise
    return song


def confirm_genre(*, song: Song, genre: str) -> Song:
    """Note what the owner says the song is. Raises InvalidTournament for a genre that there is not."""
    if genre not in GENRES:
        raise InvalidTournament(f"There is no genre {genre!r}. Choose one of {', '.join(GENRES)}.", code="bad_genre")
    song.genre = genre
    song.save(update_fields=["genre"])
    return song


def prepare_song(song_id: int) -> None:
    """Check a song and find its regions; takes it from uploaded to ready, or to refused with what is wrong."""
    PREPARE.run(song_id, _prepare)


def analyze_song(analysis_id: int) -> None:
    """Measure a song for its page. Battles never wait for this."""
    ANALYZE.run(analysis_id, _analyze)


def title_from(name: str) -> str:
    """A title to show, from a file name that may hold anything."""
    for escaped, character in MULTIPART_ESCAPES.items():
        name = name.replace(escaped, character)
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", plain_name(re.split(r"[\\/]", name)[-1]))
    return " ".join(stem.replace("_", " ").split()).strip(" .")[:MAX_TITLE].strip() or UNTITLED


def store(file: File[Any] | Path) -> str:
    """Put a file among the songs, under a name that says nothing."""
    name = f"songs/{uuid.uuid4().hex}"
    if isinstance(file, File):
        return str(default_storage.save(name, file))
    try:
        with file.open("rb") as content:
            return str(default_storage.save(name, File(content)))
    except OSError as error:
        raise AudioError(
            f"{file} cannot be read ({error.strerror}). Check the path and who may read it.", code="unreadable"
        ) from error


def _prepare(song: Song, lease: Lease) -> None:
    stems: dict[int, dict[str, Any]] = {}
    try:
        if song.n_stems > 1:
            stems = bounce(song)
        found, cutter, choruses = _examine(song)
    except AudioError as error:
        lease.finish(state=Song.State.REFUSED, refusal=error.message)
        return
    drafts = cut_upload(song=song, cutter=cutter, choruses=choruses)
    with transaction.atomic():
        if not lease.finish(state=Song.State.READY, file=song.file.name, **found):
            return
        for pk, fields in stems.items():
            Stem.objects.filter(pk=pk).update(**fields)
        save_drafts(song=song, mix=None, drafts=drafts)
        # The mixes that a first battle may need come before the measurements, which only inform.
        request_mixes(song=song, mixers=list(Mixer.objects.filter(state=Mixer.State.ACTIVE, is_champion=True)))
        ANALYZE.send(song.analysis.pk)


def _examine(song: Song) -> tuple[dict[str, Any], Cutter, dict[str, Region | None]]:
    """Everything that is found out about a song: fields of its row, its regions as uploaded, and their choruses.

    Raises: AudioError for what cannot be used as music.
    """
    # Scipy stays out of the web process.
    from mixing.audio.genre import guess_genre

    path = Path(song.file.path)
    # Its length was accepted when it came, by the limit of the door through which it came.
    check = validate(path, max_duration_s=None)
    is_sum = song.n_stems > 1
    song.content_hash = song.content_hash if is_sum else check.sha256
    source = open_for_rereading(path)
    regions = find_regions(source)
    guess = guess_genre(features_of(song))
    found = {
        "content_hash": song.content_hash,
        "n_over_full_scale": song.n_over_full_scale if is_sum else check.n_over_full_scale,
        "peaks": waveform_peaks(source).tolist(),
        "highlight_start_s": regions.highlight[0],
        "highlight_end_s": regions.highlight[1],
        "excerpt_start_s": regions.excerpt[0],
        "excerpt_end_s": regions.excerpt[1],
        "genre_guess": guess.genre,
        "genre_confidence": guess.confidence,
    }
    for name, value in found.items():
        setattr(song, name, value)
    cutter = Cutter(spans(song))
    for block in source.blocks():
        cutter(block)
    choruses = {
        Preview.Region.HIGHLIGHT.value: regions.highlight_chorus,
        Preview.Region.EXCERPT.value: regions.excerpt_chorus,
    }
    return found, cutter, choruses


def _analyze(analysis: Analysis, lease: Lease) -> None:
    # Librosa stays out of the web process.
    from mixing.audio.analysis import analyze
    from mixing.audio.faults import find_faults
    from mixing.audio.features import read_analysis_window

    audio, rate = read_analysis_window(Path(analysis.song.file.path))
    measured = asdict(analyze(audio, rate))
    # Of a song of stems only the stems can be mended.
    faults = faults_of_stems(analysis.song) if analysis.song.n_stems > 1 else find_faults(audio, rate)
    result = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in measured.items()
    }
    from mixing.audio.features import MID_BANDS

    result["third_octaves_db"] = [round(float(v), 2) for v in features_of(analysis.song).whole.stats[MID_BANDS]]
    result["faults"] = [asdict(fault) for fault in faults]
    lease.finish(state=Analysis.State.READY, result=result)
