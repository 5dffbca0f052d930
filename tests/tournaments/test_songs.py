"""An upload is judged by its content, kept under a name of ours, and prepared or refused with a reason."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from mixing.errors import AudioError
from tests.factories import make_mixer, make_song, make_user
from tests.tournaments.sound import RATE, music, write_music
from tournaments.errors import DiskNearlyFull, InvalidTournament
from tournaments.models import Analysis, Mix, Preview, Song
from tournaments.services.songs import UNTITLED, add_song, confirm_genre, prepare_song, title_from
from tournaments.services.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)


def stored_songs() -> set[Path]:
    folder = Path(settings.MEDIA_ROOT) / "songs"
    return set(folder.iterdir()) if folder.exists() else set()


def prepared(path: Path) -> Song:
    """A song after its own checks, before any mixing."""
    with local_jobs():
        song = add_song(owner=make_user(), file=path, name=path.name)
        prepare_song(song.pk)
    song.refresh_from_db()
    return song


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("My Song.wav", "My Song"),
        ("my_rough__mix.final.flac", "my rough mix.final"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Music\\Song.mp3", "Song"),
        ("Größe \u0065\u0301té – 音楽.ogg", "Größe été – 音楽"),
        ("left\u202eright\u0000\u0007.wav", "leftright"),
        ("half \ud83d surrogate.wav", "half surrogate"),
        ("two\nlines\t.wav", "two lines"),
        ("The %22Song%22%0D%0A100%25.wav", 'The "Song" 100%25'),
        ("x" * 300 + ".wav", "x" * 120),
        ("Mr. Blue.", "Mr. Blue"),
        ("", UNTITLED),
        (".wav", UNTITLED),
        ("...", UNTITLED),
        ("songs/", UNTITLED),
    ],
)
def test_a_title_comes_from_any_name(name: str, title: str) -> None:
    assert title_from(name) == title


def test_an_upload_is_kept_under_a_name_that_says_nothing(tmp_path: Path) -> None:
    content = write_music(tmp_path / "a.wav").read_bytes()
    before = stored_songs()
    with local_jobs():
        song = add_song(
            owner=make_user(),
            file=SimpleUploadedFile("../../Secret Title.wav", content),
            name="../../Secret Title.wav",
        )
    (path,) = stored_songs() - before
    assert Path(song.file.path) == path
    assert path.read_bytes() == content
    assert "secret" not in path.name.lower()
    assert song.title == "Secret Title"
    assert (song.container, song.sample_rate, song.channels, song.duration_s) == ("WAV", RATE, 2, 16.0)
    assert song.state == Song.State.UPLOADED


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"This is a letter, whatever its name says. " * 100, "unsupported_type"),
        (b"RIFF\xff\xff\xff\xffWAVE", None),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "unsupported_type"),
    ],
)
def test_a_file_that_is_no_music_leaves_nothing_behind(content: bytes, code: str | None) -> None:
    before = stored_songs()
    with pytest.raises(AudioError) as refusal:
        add_song(owner=make_user(), file=ContentFile(content), name="song.wav")
    assert code is None or refusal.value.code == code
    assert stored_songs() == before
    assert not Song.objects.exists()


def test_a_song_that_lies_about_its_type_is_taken_for_what_it_is(tmp_path: Path) -> None:
    flac = write_music(tmp_path / "a.flac")
    with local_jobs():
        song = add_song(owner=make_user(), file=flac.rename(tmp_path / "a.mp3"), name="a.mp3")
    assert song.container == "FLAC"


def test_the_length_is_limited_by_the_door(tmp_path: Path) -> None:
    path = write_music(tmp_path / "a.wav", 16.0)
    with pytest.raises(AudioError) as refusal, local_jobs():
        add_song(owner=make_user(), file=path, name="a", max_duration_s=10.0)
    assert refusal.value.code == "too_long"
    with pytest.raises(AudioError) as refusal, local_jobs():
        add_song(owner=make_user(), file=write_music(tmp_path / "b.wav", 4.0), name="b")
    assert refusal.value.code == "too_short"
    with local_jobs():
        assert add_song(owner=make_user(), file=path, name="a", max_duration_s=None).pk


def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError) as refusal:
        add_song(owner=None, file=tmp_path / "nowhere.wav", name="nowhere.wav")
    assert refusal.value.code == "unreadable"


def test_no_upload_is_taken_while_the_disk_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_music(tmp_path / "a.wav")
    monkeypatch.setattr(settings, "MIN_FREE_DISK_MB", 1000)
    before = stored_songs()
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=999_999_999))
    with pytest.raises(DiskNearlyFull) as refusal:
        add_song(owner=make_user(), file=path, name="a.wav")
    assert refusal.value.status == 507
    assert stored_songs() == before
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1_000_000_000))
    with local_jobs():
        add_song(owner=make_user(), file=path, name="a.wav")


def test_a_prepared_song_knows_what_battles_need(tmp_path: Path) -> None:
    song = prepared(write_music(tmp_path / "a.wav", 64.0))
    assert song.state == Song.State.READY
    assert len(song.content_hash) == 64
    assert song.peaks is not None
    assert len(song.peaks) == 2
    assert song.genre_guess
    highlight = (song.highlight_start_s, song.highlight_end_s)
    excerpt = (song.excerpt_start_s, song.excerpt_end_s)
    for start_s, end_s in (highlight, excerpt):
        assert start_s is not None
        assert end_s is not None
        assert 0.0 <= start_s < end_s <= song.duration_s
        assert 19.9 <= end_s - start_s <= 30.1
    assert excerpt[1] <= highlight[0] or highlight[1] <= excerpt[0]  # type: ignore[operator]


def test_the_upload_itself_is_cut_for_comparison(tmp_path: Path) -> None:
    song = prepared(write_music(tmp_path / "a.wav"))
    previews = Preview.objects.filter(song=song, mix=None, state=Preview.State.READY)
    assert set(previews.values_list("region", flat=True)) == {"highlight", "excerpt"}
    for preview in previews:
        audio, rate = soundfile.read(preview.file.path)
        assert (rate, audio.shape[1]) == (RATE, 2)


def test_a_prepared_song_is_mixed_by_the_active_champions_and_then_measured(tmp_path: Path) -> None:
    champion = make_mixer()
    make_mixer(state=Mixer.State.RETIRED)
    make_mixer(is_champion=False)
    path = write_music(tmp_path / "a.wav")
    with local_jobs() as jobs:
        song = add_song(owner=make_user(), file=path, name="a.wav")
        prepare_song(song.pk)
        assert list(Mix.objects.values_list("song", "mixer", "state")) == [(song.pk, champion.pk, "queued")]
        jobs.drain()
    analysis = Analysis.objects.get(song=song)
    assert analysis.state == Analysis.State.READY
    assert analysis.result["loudness_lufs"] < 0.0


def test_preparing_again_changes_nothing(tmp_path: Path) -> None:
    song = prepared(write_music(tmp_path / "a.wav"))
    before = (Song.objects.values().get(pk=song.pk), list(Preview.objects.values()))
    prepare_song(song.pk)
    assert (Song.objects.values().get(pk=song.pk), list(Preview.objects.values())) == before


def test_a_silent_song_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros((10 * RATE, 2)), RATE)
    song = prepared(path)
    assert song.state == Song.State.REFUSED
    assert song.refusal.count(".") == 2
    assert not Mix.objects.exists()
    sweep()
    assert song.analysis.state == Analysis.State.FAILED


def test_a_song_with_impossible_values_is_refused(tmp_path: Path) -> None:
    audio = music()
    audio[0, 1000] = np.nan
    path = tmp_path / "nan.wav"
    soundfile.write(path, audio.T, RATE, subtype="FLOAT")
    assert prepared(path).state == Song.State.REFUSED


def test_a_confirmed_genre_must_exist() -> None:
    song = make_song()
    confirm_genre(song=song, genre="jazz")
    song.refresh_from_db()
    assert song.genre == "jazz"
    with pytest.raises(InvalidTournament):
        confirm_genre(song=song, genre="noise rock of the moon")
