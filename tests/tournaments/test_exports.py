"""A mix to take home: asked for once, measured as written, deleted when nobody wants it, made again when wanted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyloudnorm
import pytest
import soundfile
from django.conf import settings
from django.utils import timezone

from mixarena.jobs.queue import local_jobs
from tests.factories import make_mix
from tournaments.models import Export, Mix, Song
from tournaments.services.exports import KEPT_FOR, make_export, prune_exports, request_export

pytestmark = pytest.mark.django_db(transaction=True)

FORMATS = {
    Export.Format.WAV: ("WAV", "PCM_24"),
    Export.Format.WAV16: ("WAV", "PCM_16"),
    Export.Format.FLAC: ("FLAC", "PCM_24"),
}


def exported(mix: Mix, format: str = Export.Format.WAV16) -> Export:
    with local_jobs() as jobs:
        export = request_export(mix=mix, format=format)
        jobs.drain()
    export.refresh_from_db()
    assert export.state == Export.State.READY, export.reason
    return export


@pytest.mark.parametrize("format", FORMATS)
def test_a_lossless_file_has_the_songs_rate_and_length_and_states_its_loudness(
    song: Song, mixes: tuple[Mix, Mix], format: str
) -> None:
    export = exported(mixes[0], format)
    info = soundfile.info(export.file.path)
    assert (info.format, info.subtype) == FORMATS[Export.Format(format)]
    assert (info.samplerate, info.channels) == (song.sample_rate, song.channels)
    assert info.frames == round(song.duration_s * song.sample_rate)
    audio, rate = soundfile.read(export.file.path)
    meter = pyloudnorm.Meter(rate, filter_class="DeMan")
    assert export.loudness_lufs == pytest.approx(meter.integrated_loudness(audio), abs=0.1)
    assert export.trim_db == 0.0


def test_an_mp3_keeps_the_ceiling(mixes: tuple[Mix, Mix]) -> None:
    export = exported(mixes[0], Export.Format.MP3)
    assert soundfile.info(export.file.path).format == "MP3"
    assert export.true_peak_dbtp is not None
    assert export.true_peak_dbtp <= -1.0
    assert export.trim_db <= 0.0


def test_asking_twice_makes_one_file(mixes: tuple[Mix, Mix]) -> None:
    first = exported(mixes[0])
    with local_jobs() as jobs:
        again = request_export(mix=mixes[0], format=first.format)
        assert not jobs._waiting
    assert (again.pk, again.state) == (first.pk, Export.State.READY)
    make_export(first.pk)
    assert Export.objects.count() == 1


def test_a_failed_export_is_tried_again_when_asked_for() -> None:
    export = Export.objects.create(mix=make_mix(), format="wav24", state=Export.State.FAILED, reason="broken")
    with local_jobs() as jobs:
        again = request_export(mix=export.mix, format="wav24")
        assert len(jobs._waiting) == 1
    assert (again.pk, again.state, again.reason) == (export.pk, Export.State.QUEUED, "")


def test_what_nobody_asks_for_is_deleted_and_made_again_when_somebody_does(mixes: tuple[Mix, Mix]) -> None:
    export = exported(mixes[0])
    path = Path(export.file.path)
    before = path.read_bytes()
    now = timezone.now()
    assert prune_exports(now=now + KEPT_FOR - timedelta(minutes=1)) == 0
    assert prune_exports(now=now + KEPT_FOR + timedelta(minutes=1)) == 1
    assert not path.exists()
    assert not Export.objects.exists()
    assert Path(exported(mixes[0]).file.path).read_bytes() == before


def test_asking_for_a_file_keeps_it(mixes: tuple[Mix, Mix]) -> None:
    export = exported(mixes[0])
    Export.objects.update(requested_at=timezone.now() - KEPT_FOR - timedelta(days=1))
    request_export(mix=mixes[0], format=export.format)
    assert prune_exports(now=timezone.now()) == 0


def test_a_file_that_has_gone_is_made_again(mixes: tuple[Mix, Mix]) -> None:
    path = Path(exported(mixes[0]).file.path)
    path.unlink()
    assert Path(exported(mixes[0]).file.path) == path
    assert path.exists()


def test_nothing_unfinished_is_left_beside_the_files(mixes: tuple[Mix, Mix]) -> None:
    folder = Path(settings.MEDIA_ROOT) / "exports"
    before = set(folder.iterdir()) if folder.exists() else set()
    export = exported(mixes[0])
    assert set(folder.iterdir()) - before == {Path(export.file.path)}
