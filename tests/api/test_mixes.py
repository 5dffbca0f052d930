"""Finished mixes, their versions, stems and albums through the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from mixarena.jobs.queue import local_jobs
from mixing.console.spec import MixSettings
from tests.api.test_playing import body_of
from tests.api.tokens import Program, assert_problem
from tests.factories import make_ballot, make_battle, make_mixer, make_song, make_tournament, make_user, make_vote
from tests.tournaments.sound import write_music
from tournaments.models import Album, Mix, Stem, Tournament

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet_jobs() -> Iterator[None]:
    with local_jobs():
        yield


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def program(user: User) -> Program:
    return Program(user)


@pytest.fixture
def finished(user: User) -> Tournament:
    """A tournament that is over: its first mix has won against its second."""
    tournament = make_tournament(owner=user)
    vote = make_vote(ballot=make_ballot(battle=make_battle(tournament=tournament)))
    first = vote.battle.first
    Tournament.objects.filter(pk=tournament.pk).update(state="finished", champion=first, taken=first)
    tournament.refresh_from_db()
    return tournament


def address(tournament: Tournament, mix: Mix | None) -> str:
    assert mix is not None
    return f"/tournaments/{tournament.public_id}/mixes/{mix.public_id}"


def value(recipe: dict[str, Any], path: str) -> Any:
    return next(p["value"] for p in recipe["parameters"] if p["path"] == path)


def test_a_version_is_made_from_words_locks_and_values(program: Program, finished: Tournament) -> None:
    url = address(finished, finished.taken)
    before = program.get(url).json()
    assert (before["state"], before["is_taken"], before["versions"]) == ("ready", True, [])
    assert [deed["what"] for deed in before["deeds"]]
    wanted = {
        "brightness": 50,
        "width": 20,
        "locks": ["stereo"],
        "values": {
            "bus.mono_below_hz": 60.5,
            "bus.drive_db": 3,
            "delivery.loudness_lufs": -11,
            "reverb.level_db": None,
        },
    }
    answer = program.post(f"{url}/versions", wanted)
    assert answer.status_code == 202, answer.content
    made = answer.json()
    assert (made["state"], made["origin"], made["is_taken"]) == ("planned", before["mix"], False)
    for name, given in wanted.items():
        assert made["nudge"][name] == given
    assert value(made, "bus.high_shelf_db") == pytest.approx(value(before, "bus.high_shelf_db") + 1.5)
    assert value(made, "bus.width_db") == value(before, "bus.width_db")
    assert (value(made, "bus.mono_below_hz"), value(made, "bus.drive_db")) == (60.5, 3)
    settings = program.get(f"{address(finished, Mix.objects.get(nudged_from=finished.taken))}/settings.json").json()
    assert settings["settings"]["reverb"]["level_db"] is None
    assert MixSettings.from_dict(settings["settings"]).delivery.loudness_lufs == -11
    assert program.get(url).json()["versions"] == [{"mix": made["mix"], "state": "planned", "reference": ""}]
    for refused in ({"values": {"bus.drive_db": 99}}, {"values": {"bus.none": 1}}, {"values": {"strips.²._": 1}}):
        assert_problem(program.post(f"{url}/versions", refused), 422)
    for invalid in ({"strength": 151}, {"locks": ["taste"]}, {"brightness": "x"}):
        assert_problem(program.post(f"{url}/versions", invalid), 422, "invalid")


def test_a_reference_leads_a_version(program: Program, finished: Tournament, tmp_path: Path) -> None:
    url = f"{address(finished, finished.taken)}/references"
    with write_music(tmp_path / "Loud Record.wav", 8.0).open("rb") as file:
        answer = program.upload({"reference": file, "strength": "120", "locks": ["level", "tone"]}, url)
    assert answer.status_code == 202, answer.content
    assert (answer.json()["state"], answer.json()["reference"]) == ("planned", "Loud Record")
    row = Mix.objects.get(nudged_from=finished.taken)
    assert row.nudge is not None
    assert (row.nudge["strength"], row.nudge["locks"]) == (1.2, ["level", "tone"])
    (tmp_path / "x.wav").write_bytes(b"no sound")
    with (tmp_path / "x.wav").open("rb") as file:
        assert_problem(program.upload({"reference": file}, url), 422)
    assert Mix.objects.filter(nudged_from=finished.taken).count() == 1


def test_another_mix_is_taken_home(program: Program, finished: Tournament) -> None:
    other = finished.battles.get().second
    url = f"/tournaments/{finished.public_id}/taken"
    result = program.ask("PUT", url, {"mix": str(other.public_id)}).json()
    assert result["taken"] == str(other.public_id)
    assert [mix["is_taken"] for mix in result["mixes"]] == [False, True]
    version = program.post(f"{address(finished, other)}/versions", {}).json()
    assert_problem(program.ask("PUT", url, {"mix": version["mix"]}), 404, "mix_not_heard")
    Mix.objects.filter(public_id=version["mix"]).update(state="ready", report=other.report)
    assert program.ask("PUT", url, {"mix": version["mix"]}).json()["taken"] == version["mix"]
    made = program.post(f"/tournaments/{finished.public_id}/exports", {"format": "reaper"})
    assert (made.status_code, made.json()["mix"]) == (202, version["mix"])


def test_mixes_of_strangers_and_of_running_tournaments_are_not_there(program: Program, finished: Tournament) -> None:
    stranger = Program(make_user())
    Tournament.objects.filter(pk=finished.pk).update(state="running")
    url, taken = address(finished, finished.taken), {"mix": str(finished.taken.public_id)}  # type: ignore[union-attr]
    for asked in (program, stranger):
        assert_problem(asked.get(url), 404)
        assert_problem(asked.get(f"{url}/settings.json"), 404)
        assert_problem(asked.post(f"{url}/versions", {}), 404)
        assert_problem(asked.ask("PUT", f"/tournaments/{finished.public_id}/taken", taken), 404)
        assert_problem(asked.upload({"reference": ContentFile(b"x", name="x.wav")}, f"{url}/references"), 404)
    assert_problem(stranger.get(f"/tournaments/{finished.public_id}/live"), 404)


def test_what_stems_play_is_corrected_before_the_first_tournament(program: Program, user: User) -> None:
    song = make_song(owner=user, n_stems=2)
    for position, name in ((1, "kick"), (2, "thing")):
        Stem.objects.create(song=song, position=position, name=name, container="WAV", sample_rate=48_000, channels=1,
                            duration_s=50.0, role="drums", role_confidence=0.4)  # fmt: skip
    url = f"/songs/{song.public_id}/stems"
    found = program.get(url).json()
    assert found["may_change"]
    assert [(stem["number"], stem["name"], stem["role"]) for stem in found["stems"]] == [
        (1, "kick", "drums"),
        (2, "thing", "drums"),
    ]
    assert "converted from 48 kHz" in found["stems"][0]["notices"]
    changed = program.ask("PATCH", url, {"roles": {"2": "bass"}}).json()
    assert [(stem["role"], stem["confidence"]) for stem in changed["stems"]] == [("drums", 0.4), ("bass", 1.0)]
    assert_problem(program.ask("PATCH", url, {"roles": {"3": "bass"}}), 422, "no_such_stem")
    assert_problem(program.ask("PATCH", url, {"roles": {"2": "noise"}}), 422, "bad_role")
    assert_problem(Program(make_user()).ask("PATCH", url, {"roles": {"2": "bass"}}), 404)
    assert_problem(Program(make_user()).get(url), 404)
    make_tournament(owner=user, song=song)
    assert_problem(program.ask("PATCH", url, {"roles": {"2": "keys"}}), 422, "too_late")
    assert program.get(url).json()["may_change"] is False
    assert program.get(f"/songs/{make_song(owner=user).public_id}/stems").json()["stems"] == []


def test_an_album_from_its_songs_to_its_zip(program: Program, user: User) -> None:
    songs = [make_song(owner=user) for _ in range(2)]
    mixer = make_mixer()
    wanted: dict[str, Any] = {"title": "Two", "mixer": mixer.slug, "format": "flac"}
    wanted["songs"] = [str(song.public_id) for song in reversed(songs)]
    answer = program.post("/albums", wanted)
    assert answer.status_code == 202, answer.content
    album = answer.json()
    assert [track["song"] for track in album["tracks"]] == wanted["songs"]
    assert (album["state"], album["url"], album["mixer"]) == ("queued", None, mixer.slug)
    url = f"/albums/{album['id']}"
    assert_problem(program.get(f"{url}/file"), 404)
    name = default_storage.save("albums/x.zip", ContentFile(b"PK sound"))
    Album.objects.update(state="ready", file=name)
    assert program.get(url).json()["url"] == f"/api/v1{url}/file"
    assert body_of(program.get(f"{url}/file")) == b"PK sound"
    listed = program.get("/albums").json()
    assert (listed["count"], listed["items"][0]["n_songs"]) == (1, 2)
    stranger = Program(make_user())
    for method, path in (("GET", url), ("GET", f"{url}/file"), ("POST", f"{url}/again")):
        assert_problem(stranger.ask(method, path), 404)
    assert_problem(stranger.post("/albums", wanted), 404)

    assert program.post(f"{url}/again").json()["state"] == "ready"
    default_storage.delete(name)
    assert (program.get(url).json()["is_gone"], program.get(url).json()["url"]) == (True, None)
    assert program.post(f"{url}/again").json()["state"] == "queued"

    assert_problem(program.post("/albums", wanted | {"songs": 2 * wanted["songs"]}), 422, "song_twice")
    assert_problem(program.post("/albums", wanted | {"songs": wanted["songs"][:1]}), 422, "invalid")
    assert_problem(program.post("/albums", wanted | {"format": "stems"}), 422, "form")
    assert_problem(program.post("/albums", wanted | {"mixer": "nobody"}), 422, "form")
    make_tournament(owner=user, song=songs[0])
    assert_problem(program.post("/albums", wanted), 422, "still_blind")
    assert Album.objects.count() == 1
