"""Uploading a song and looking at it: what works, what is refused, and who may see it."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import User
from accounts.services.credits import charge_tournament
from mixarena.jobs.queue import local_jobs
from tests.factories import NOW, make_mixer, make_song, make_user
from tests.tournaments.sound import write_music
from tournaments.models import Analysis, Song, Tournament

pytestmark = pytest.mark.django_db
UPLOAD = "/songs/new/"
MEASURED = {
    "tempo_bpm": 121.6, "tempo_confidence": 0.8, "key": "A minor", "key_confidence": 0.5, "loudness_lufs": -11.24,
    "range_lu": 5.0, "true_peak_dbtp": 0.31, "crest_db": 12.0, "plr_db": 11.5, "width_db": -8.0, "centroid_hz": 2100.0,
}  # fmt: skip


@pytest.fixture
def owner() -> User:
    return make_user("owner")


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def test_an_upload_leads_to_its_page(page: Client, tmp_path: Path) -> None:
    content = write_music(tmp_path / "a.wav").read_bytes()
    with local_jobs():
        answer = page.post(UPLOAD, {"file": SimpleUploadedFile("../Night Drive.wav", content)})
    song = Song.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/songs/{song.public_id}/")
    body = page.get(answer["Location"]).content.decode()
    assert "Night Drive" in body
    assert "song-checks" in body


def test_a_script_gets_the_address_as_json(page: Client, tmp_path: Path) -> None:
    content = write_music(tmp_path / "a.wav").read_bytes()
    with local_jobs():
        answer = page.post(
            UPLOAD, {"file": SimpleUploadedFile("a.wav", content)}, headers={"accept": "application/json"}
        )
    assert (answer.status_code, answer.json()) == (201, {"url": f"/songs/{Song.objects.get().public_id}/"})


@pytest.mark.parametrize("content", [b"", b"A letter, whatever its name says. " * 50])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_no_music_is_refused_in_two_sentences(page: Client, content: bytes, accept: str) -> None:
    with local_jobs():
        answer = page.post(UPLOAD, {"file": SimpleUploadedFile("a.wav", content)}, headers={"accept": accept})
    assert answer.status_code == 422
    message = answer.json()["error"]["message"] if accept == "application/json" else answer.content.decode()
    assert "Export" in message
    assert not Song.objects.exists()


def test_a_form_without_a_file_says_so(page: Client) -> None:
    answer = page.post(UPLOAD, {})
    assert answer.status_code == 422
    assert "No file came with the form. Choose one and send it again." in answer.content.decode()


def test_a_refused_song_says_why(page: Client, owner: User) -> None:
    song = make_song(owner=owner, state=Song.State.REFUSED, refusal="The file is silent. Choose one with music in it.")
    body = page.get(f"/songs/{song.public_id}/").content.decode()
    assert "The file is silent. Choose one with music in it." in body
    assert "Confirm and start" not in body
    Analysis.objects.create(song=song)
    assert "battle" not in page.get(f"/songs/{song.public_id}/analysis/").content.decode().casefold()


def test_the_guess_is_filled_in_and_the_owner_decides(page: Client, owner: User) -> None:
    song = make_song(owner=owner, genre_guess="jazz")
    body = page.get(f"/songs/{song.public_id}/").content.decode()
    assert '<option value="jazz" selected>' in body
    for _ in range(2):
        make_mixer()
    with local_jobs():
        answer = page.post(f"/songs/{song.public_id}/start/", {"genre": "rock", "n_rounds": "3"})
    tournament = Tournament.objects.get()
    assert (tournament.genre, tournament.n_rounds) == ("rock", 3)
    assert (answer.status_code, answer["Location"]) == (302, f"/tournaments/{tournament.public_id}/battle/")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"genre": "", "n_rounds": "5"}, "No genre is chosen."),
        ({"genre": "polka", "n_rounds": "5"}, "This genre is not on the list."),
        ({"genre": "rock", "n_rounds": "11"}, "A tournament has 3 to 10 rounds."),
        ({"genre": "rock", "n_rounds": "x"}, "A tournament has 3 to 10 rounds."),
    ],
)
def test_a_wrong_start_says_what_is_wrong(page: Client, owner: User, form: dict[str, str], sentence: str) -> None:
    song = make_song(owner=owner)
    answer = page.post(f"/songs/{song.public_id}/start/", form)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Tournament.objects.exists()


@override_settings(CREDITS=True)
def test_the_price_is_told_and_whoever_cannot_pay_is_shown_the_way(page: Client, owner: User) -> None:
    song = make_song(owner=owner)
    for _ in range(2):
        make_mixer()
    url = f"/songs/{song.public_id}/"
    assert "One free mix; you have 3." in page.get(url).content.decode()
    for key in ("1", "2", "3"):
        charge_tournament(user_id=owner.pk, key=key, title="A song", now=NOW)
    before = page.get(url).content.decode()
    answer = page.post(f"{url}start/", {"genre": "jazz", "n_rounds": "7"})
    after = answer.content.decode()
    assert answer.status_code == 402
    for body in (before, after):
        assert "You have no free mix left" in body
        assert "Confirm and start" not in body
        assert all(f'href="{reverse(name)}"' in body for name in ("social:judge", "accounts:credits"))
    assert '<option value="jazz" selected>' in after
    assert re.search(r'<input[^>]*value="7"[^>]* checked', after)
    assert not Tournament.objects.exists()


def test_a_running_tournament_is_gone_on_with(page: Client, owner: User) -> None:
    song = make_song(owner=owner)
    for _ in range(2):
        make_mixer()
    form = {"genre": "rock", "n_rounds": "3"}
    url = f"/songs/{song.public_id}/"
    assert "Go on with your tournament" not in page.get(url).content.decode()
    with local_jobs():
        first = page.post(f"{url}start/", form)
        body = page.get(url).content.decode()
        again = page.post(f"{url}start/", form)
        told = page.get(url).content.decode()
        other = page.post(f"{url}start/", form | {"n_rounds": "4"})
    assert re.search(rf'href="{first["Location"]}">.*Go on with your tournament', body)
    assert "Start another tournament on this song" in body
    assert again["Location"] == first["Location"] != other["Location"]
    assert "You had started this tournament already" in told
    assert Tournament.objects.get(n_rounds=4).genre == "rock"


def test_the_analysis_comes_when_it_comes(page: Client, owner: User) -> None:
    song = make_song(owner=owner)
    analysis = Analysis.objects.create(song=song)
    url = reverse("tournaments:song-analysis", args=[song.public_id])
    assert "hx-trigger" in page.get(url).content.decode()
    analysis.state = Analysis.State.READY
    analysis.result = MEASURED
    analysis.save()
    body = page.get(url).content.decode()
    assert "hx-trigger" not in body
    assert all(text in body for text in ("122", "A minor", "-11.2", "80 %"))


def test_lists_ask_the_same_number_of_questions_for_more_rows(page: Client, owner: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get("/songs/").status_code == 200
        return len(queries)

    make_song(owner=owner)
    few = count()
    for _ in range(5):
        make_song(owner=owner)
    assert count() == few


def test_an_empty_list_says_what_to_do(page: Client) -> None:
    assert "Upload a song" in page.get("/songs/").content.decode()


PAGES = ("", "checks/", "analysis/")


@pytest.mark.parametrize("part", PAGES)
def test_strangers_find_nothing(client: Client, owner: User, part: str) -> None:
    song = make_song(owner=owner)
    url = f"/songs/{song.public_id}/{part}"
    assert client.get(url)["Location"].startswith("/accounts/login/")
    client.force_login(make_user("stranger"))
    assert client.get(url).status_code == 404
    assert client.get(f"/songs/{uuid.uuid4()}/{part}").status_code == 404


def test_a_stranger_cannot_start_on_anothers_song(client: Client, owner: User) -> None:
    song = make_song(owner=owner)
    client.force_login(make_user("stranger"))
    answer = client.post(f"/songs/{song.public_id}/start/", {"genre": "rock", "n_rounds": "3"})
    assert answer.status_code == 404


def test_a_demo_song_is_everybodys(client: Client) -> None:
    song = make_song(is_demo=True)
    client.force_login(make_user("stranger"))
    assert client.get(f"/songs/{song.public_id}/").status_code == 200


def test_wrong_methods_are_refused(page: Client, owner: User) -> None:
    song = make_song(owner=owner)
    assert page.post(f"/songs/{song.public_id}/").status_code == 405
    assert page.get(f"/songs/{song.public_id}/start/").status_code == 405
    assert page.put(UPLOAD).status_code == 405


def test_the_tone_is_shown_beside_its_genre(page: Client, owner: User) -> None:
    song = make_song(owner=owner, genre_guess="folk")
    quiet_treble = [-20.0] * 20 + [-75.0] * 8
    Analysis.objects.create(song=song, state=Analysis.State.READY, result=MEASURED | {"third_octaves_db": quiet_treble})
    body = page.get(f"/songs/{song.public_id}/").content.decode()
    assert "29 songs of Folk and acoustic" in body
    assert "dB less treble" in body
    Song.objects.filter(pk=song.pk).update(genre_guess="jazz")
    assert "135 songs of all genres" in page.get(f"/songs/{song.public_id}/").content.decode()
