"""Albums: one mixer, one loudness, one zip; made song by song, made again when wanted, and never against blindness."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pyloudnorm
import pytest
import soundfile
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from accounts.models import User
from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from tests.factories import make_mixer, make_song, make_tournament, make_user
from tests.tournaments.sound import enter, write_music
from tournaments.errors import InvalidTournament
from tournaments.models import Album, Song
from tournaments.services.albums import make_again, plan_album, prune_albums, start_album, write_album
from tournaments.services.departures import delete_song
from tournaments.services.exports import KEPT_FOR
from tournaments.services.songs import add_song

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner() -> User:
    return make_user("owner")


@pytest.fixture
def songs(owner: User, tmp_path: Path) -> dict[int, Song]:
    """Two real songs, and a mixer in the arena."""
    enter("veteran-virtuoso")
    added = {}
    with local_jobs() as jobs:
        for number, rate in ((1, 22_050), (2, 44_100)):
            path = write_music(tmp_path / f"{number}.wav", 16.0, rate=rate, seed=number)
            added[number] = add_song(owner=owner, file=path, name=f"Song {number}: loud.wav")
        jobs.drain()
    for song in added.values():
        song.refresh_from_db()
    return added


def album_of(owner: User, songs: dict[int, Song], **overrides: str) -> Album:
    return start_album(
        owner=owner, mixer=Mixer.objects.get(), songs=songs, **{"title": "Two", "format": "wav16"} | overrides
    )


def made(owner: User, songs: dict[int, Song], **overrides: str) -> Album:
    with local_jobs() as jobs:
        album = album_of(owner, songs, **overrides)
        jobs.drain()
    album.refresh_from_db()
    assert album.state == Album.State.READY, album.reason
    return album


def sounds(content: bytes) -> dict[str, float]:
    """Loudness of each file of a zip by another meter."""
    loudnesses = {}
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        for name in bundle.namelist():
            audio, rate = soundfile.read(io.BytesIO(bundle.read(name)))
            meter = pyloudnorm.Meter(rate, filter_class="DeMan")
            loudnesses[name] = float(meter.integrated_loudness(audio))
    return loudnesses


def test_an_album_has_all_songs_in_order_at_one_loudness(owner: User, songs: dict[int, Song]) -> None:
    album = made(owner, songs)
    found = sounds(Path(album.file.path).read_bytes())
    assert [name.split()[0] for name in found] == ["01", "02"]
    assert max(found.values()) - min(found.values()) < 0.3
    for track, lufs in zip(album.tracks.all(), found.values(), strict=True):
        assert track.loudness_lufs == pytest.approx(lufs, abs=0.1)
        assert (track.true_peak_dbtp or 0.0) <= -1.0
    # Nothing but the zip is kept.
    assert [path.name for path in Path(album.file.path).parent.glob(f"{album.public_id.hex}*")] == [
        f"{album.public_id.hex}.zip"
    ]


def test_a_song_that_cannot_be_as_loud_brings_the_others_down(
    owner: User, songs: dict[int, Song], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mixing.console.spec import CEILING_DBTP, DeliverySettings, MixSettings

    def very_loud(settings: list[MixSettings], features: object) -> list[MixSettings]:
        return [MixSettings(chosen.bus, DeliverySettings(-7.0)) for chosen in settings]

    monkeypatch.setattr("mixing.console.album.consistent", very_loud)
    album = made(owner, songs)
    assert album.is_levelled
    loudnesses = [track.loudness_lufs or 0.0 for track in album.tracks.all()]
    assert max(loudnesses) < -7.1
    assert max(loudnesses) - min(loudnesses) < 0.2
    assert all((track.true_peak_dbtp or 0.0) <= CEILING_DBTP for track in album.tracks.all())


def test_each_job_writes_one_song_so_that_battles_come_in_between(owner: User, songs: dict[int, Song]) -> None:
    written = []
    with local_jobs():
        album = album_of(owner, songs)
        plan_album(album.pk)
        for _ in range(5):
            write_album(album.pk)
            written.append(album.tracks.exclude(loudness_lufs=None).count())
    album.refresh_from_db()
    assert written[:3] == [1, 2, 2]
    assert album.state == Album.State.READY


def test_a_song_without_its_file_fails_the_album_by_name_and_can_be_made_again(
    owner: User, songs: dict[int, Song]
) -> None:
    path = Path(songs[2].file.path)
    content = path.read_bytes()
    path.write_bytes(b"no sound at all")
    with local_jobs() as jobs:
        album = album_of(owner, songs)
        jobs.drain()
    album.refresh_from_db()
    assert album.state == Album.State.FAILED
    assert songs[2].title in album.reason
    path.write_bytes(content)
    with local_jobs() as jobs:
        make_again(album)
        jobs.drain()
    album.refresh_from_db()
    assert album.state == Album.State.READY


def test_files_go_after_a_while_and_come_back(owner: User, songs: dict[int, Song], client: Client) -> None:
    album = made(owner, songs)
    path = Path(album.file.path)
    assert prune_albums(now=timezone.now()) == 0
    assert prune_albums(now=timezone.now() + KEPT_FOR + timedelta(days=1)) == 1
    assert not path.exists()
    client.force_login(owner)
    page = client.get(f"/albums/{album.public_id}/")
    assert "made again" in page.content.decode()
    assert client.get(f"/albums/{album.public_id}/file/").status_code == 404
    running = make_tournament(owner=owner, song=songs[1])
    assert client.post(f"/albums/{album.public_id}/again/").status_code == 422
    running.delete()
    with local_jobs() as jobs:
        client.post(f"/albums/{album.public_id}/again/")
        jobs.drain()
    assert path.exists()
    path.unlink()
    assert client.get(f"/albums/{album.public_id}/file/").status_code == 404


def test_a_running_tournament_keeps_its_song_out(owner: User) -> None:
    make_mixer()
    song, other = make_song(owner=owner), make_song(owner=owner)
    make_tournament(owner=owner, song=song)
    with pytest.raises(InvalidTournament, match="fight blind"):
        album_of(owner, {1: song, 2: other})
    with pytest.raises(InvalidTournament, match="2 to 20 songs, and 1 has"):
        album_of(owner, {1: other})
    song.state = Song.State.UPLOADED
    with pytest.raises(InvalidTournament, match="cannot be mixed yet"):
        album_of(owner, {1: song, 2: other})


# --- Pages ------------------------------------------------------------------------------------------------------------


def form_of(songs: dict[int, Song], **overrides: str) -> dict[str, str]:
    tracks = {f"track_{song.public_id.hex}": str(number) for number, song in songs.items()}
    return {"title": "My album", "mixer": Mixer.objects.get().slug, "format": "flac"} | tracks | overrides


def test_the_way_from_the_form_to_the_zip(owner: User, songs: dict[int, Song], client: Client) -> None:
    client.force_login(owner)
    assert songs[1].title in client.get("/albums/new/").content.decode()
    with local_jobs() as jobs:
        answer = client.post("/albums/new/", form_of({2: songs[1], 1: songs[2]}))
        assert answer.status_code == 302
        part = client.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
        assert "every 1s" in part
        jobs.drain()
    page = client.get(answer["Location"]).content.decode()
    assert "Download the album" in page
    assert "every 1s" not in page
    assert "My album" in client.get("/albums/").content.decode()
    download = client.get(f"{answer['Location']}file/")
    assert download["Content-Disposition"].startswith('attachment; filename="my-album-')

    async def read() -> bytes:
        return b"".join([part async for part in download.streaming_content])  # type: ignore[attr-defined]

    names = list(sounds(async_to_sync(read)()))
    assert [name[:9] for name in names] == ["01 Song 2", "02 Song 1"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Give it one"),
        ({"mixer": "nobody"}, "not active"),
        ({"mixer": ""}, "No mixer is chosen"),
        ({"format": ""}, "No kind of file is chosen"),
        ({"format": "reaper"}, "no files of this kind"),
        ({"tracks": "1 1"}, "Number them differently"),
        ({"tracks": "1"}, "2 to 20 songs"),
        ({"tracks": "1 99"}, "too high"),
        ({"tracks": "1 x"}, "no whole number"),
    ],
)
def test_wrong_forms_say_what_is_wrong(owner: User, client: Client, wrong: dict[str, str], said: str) -> None:
    make_mixer()
    client.force_login(owner)
    songs = [make_song(owner=owner), make_song(owner=owner)]
    numbers = [*wrong.pop("tracks", "1 2").split(), ""]
    tracks = {f"track_{song.public_id.hex}": n for song, n in zip(songs, numbers, strict=False)}
    answer = client.post("/albums/new/", {**form_of({}), **tracks, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Album.objects.exists()


def test_a_page_that_waits_for_an_album_hears_that_a_song_was_deleted(owner: User, client: Client) -> None:
    make_mixer()
    songs = {1: make_song(owner=owner), 2: make_song(owner=owner)}
    client.force_login(owner)
    with local_jobs():
        url = f"/albums/{album_of(owner, songs).public_id}/"
        assert "every 1s" in client.get(url).content.decode()
        delete_song(song=songs[1], now=timezone.now())
    part = client.get(url, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "one of its songs was deleted" in part.content.decode()
    assert "every 1s" not in part.content.decode()
    assert client.get(url).status_code == 404


def test_nobody_else_sees_an_album_or_puts_a_foreign_song_on_one(owner: User, client: Client) -> None:
    make_mixer()
    songs = {1: make_song(owner=owner), 2: make_song(owner=owner)}
    with local_jobs():
        album = album_of(owner, songs)
    client.force_login(make_user())
    for way in ("", "file/"):
        assert client.get(f"/albums/{album.public_id}/{way}").status_code == 404
    assert client.post(f"/albums/{album.public_id}/again/").status_code == 404
    assert client.post("/albums/new/", form_of(songs)).status_code == 422
    client.logout()
    assert client.get(f"/albums/{album.public_id}/").status_code == 302
