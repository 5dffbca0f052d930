"""A whole tournament through the API, and what it says before each vote: nothing that tells the sides apart."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.text import slugify

from accounts.models import User
from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from mixing.console.spec import MixSettings
from tests.api.sent import body_of, everything, listen, secrets_of
from tests.api.tokens import Program, assert_problem
from tests.factories import make_mix, make_mixer, make_preview, make_song, make_user
from tests.tournaments.rounds import be_born, open_battle
from tests.tournaments.sound import write_music
from tournaments.models import Battle, Export, Mix, Song, Tournament, Vote

pytestmark = pytest.mark.django_db
RATE = 8_000


@pytest.fixture(autouse=True)
def quiet_jobs() -> Iterator[None]:
    cache.clear()
    with local_jobs():
        yield


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def program(user: User) -> Program:
    return Program(user)


@pytest.fixture
def song(user: User) -> Song:
    """With two mixes that sound, and that differ in their settings."""
    song = make_song(owner=user)
    for number in range(2):
        settings = MixSettings().to_dict()
        settings["bus"]["drive_db"] = 1.2345 + number
        mix = make_mix(song=song, mixer=make_mixer(nickname=f"Nick {number}"), console_settings=settings)
        mix.centroid_hz = 1000.0 + 900 * number
        mix.save(update_fields=["centroid_hz"])
        sound = io.BytesIO()
        noise = np.random.default_rng(number).uniform(-0.1, 0.1, (RATE, 2))
        soundfile.write(sound, noise, RATE, format="WAV", subtype="PCM_16")
        name = default_storage.save(f"previews/{mix.public_id.hex}.wav", ContentFile(sound.getvalue()))
        make_preview(song=song, mix=mix, file=name)
    return song


def start(program: Program, song: Song) -> Tournament:
    answer = program.post("/tournaments", {"song": str(song.public_id), "genre": "rock", "n_rounds": 3})
    assert answer.status_code == 201, answer.content
    return Tournament.objects.get(public_id=answer.json()["id"])


def open_round(tournament: Tournament) -> Battle:
    """Open the present battle as a worker does once both mixes are ready."""
    battle = open_battle(tournament)
    for mix in (battle.first, battle.second):
        if not mix.previews.exists():
            mix.state, mix.console_settings = Mix.State.READY, MixSettings().to_dict()
            mix.report = {"requested_lufs": -14.0, "effective_lufs": -14.0, "max_limiting_db": 0.5, "gain_db": 1.0,
                          "true_peak_dbtp": -1.5, "is_limited_by_headroom": False, "gain_reduction": []}  # fmt: skip
            mix.save()
            name = default_storage.save(f"previews/{mix.public_id.hex}.wav", ContentFile(b"RIFF" + bytes(100)))
            make_preview(song=mix.song, mix=mix, file=name)
    return battle


def test_nothing_before_the_vote_tells_the_sides_apart(program: Program, song: Song) -> None:
    tournament = start(program, song)
    url = f"/tournaments/{tournament.public_id}"
    answers = [program.get(url), program.post(f"{url}/ballot"), program.get("/tournaments")]
    assert_problem(answers[1], 409, "battle_not_open")
    battle = open_round(tournament)
    answers.append(program.post(f"{url}/ballot"))
    ballot = answers[-1].json()
    sounds = [program.get(f"/ballots/{ballot['token']}/{side}.wav") for side in ("a", "b")]
    bodies = [everything(sound) for sound in sounds]
    assert sounds[0].headers.items() == sounds[1].headers.items()
    assert not {"etag", "last-modified"} & {name.lower() for name in sounds[0].headers}
    assert "no-store" in sounds[0].headers["Cache-Control"]
    assert len(bodies[0]) == len(bodies[1])
    assert bodies[0] != bodies[1]
    answers += [
        program.post(f"/ballots/{ballot['token']}/heard", {"a": [[0, 1]], "b": []}),
        program.post(f"/ballots/{ballot['token']}/vote", {"choice": "a", "confidence": 80}),
        program.get(f"/ballots/{ballot['token']}"),
        program.get(f"{url}/rounds/1"),
        program.get(f"{url}/result"),
        program.get(f"{url}/breedings"),
        program.get(f"{url}/links"),
        program.get(f"/songs/{song.public_id}"),
        program.get("/songs"),
        program.get("/me/notices"),
        *(program.get(f"/me/{name}") for name in ("votes", "changes", "taste", "analytics", "follows", "data")),
        program.get(f"/songs/{song.public_id}/stems"),
        program.get(f"{url}/mixes/{battle.first.public_id}"),
        program.get(f"{url}/mixes/{battle.first.public_id}/settings.json"),
        program.get(url),
    ]
    text = b"\n".join([*map(everything, answers), *bodies]).decode(errors="replace").lower()
    assert ballot["token"].lower() in text
    assert not [secret for secret in secrets_of(battle) if secret.lower() in text]
    assert not Vote.objects.exists()


def test_the_secrets_are_what_a_reveal_tells(program: Program, song: Song) -> None:
    """So that the scan above would see them."""
    tournament = start(program, song)
    battle = open_round(tournament)
    ballot = program.post(f"/tournaments/{tournament.public_id}/ballot").json()
    listen(ballot)
    program.post(f"/ballots/{ballot['token']}/heard", {"a": [[0, 6]], "b": [[0, 6]]})
    text = program.post(f"/ballots/{ballot['token']}/vote", {"choice": "a", "confidence": 80}).content.decode()
    for mix in (battle.first, battle.second):
        assert {mix.mixer.slug, mix.mixer.nickname, str(mix.public_id)} <= {s for s in secrets_of(battle) if s in text}


def test_a_vote_needs_listening_and_time(program: Program, song: Song) -> None:
    tournament = start(program, song)
    open_round(tournament)
    ballot = program.post(f"/tournaments/{tournament.public_id}/ballot").json()
    vote, heard = f"/ballots/{ballot['token']}/vote", f"/ballots/{ballot['token']}/heard"
    all_of_it = {"a": [[0, 6]], "b": [[0, 6]]}
    # No time has passed, so that nothing can have been heard.
    assert program.post(heard, all_of_it).json()["heard_a_s"] == 0
    assert_problem(program.post(vote, {"choice": "a", "confidence": 80}), 422, "not_heard_enough")
    listen(ballot)
    assert program.post(heard, all_of_it).json() == {"required_s": 5.0, "heard_a_s": 6.0, "heard_b_s": 6.0}
    for body in (
        {"choice": "c", "confidence": 1},
        {"choice": "a", "confidence": 101},
        {"choice": "tie", "confidence": 6},
    ):
        assert_problem(program.post(vote, body), 422)
    first = program.post(vote, {"choice": "b", "confidence": 80})
    assert first.status_code == 200
    assert program.post(vote, {"choice": "b", "confidence": 80}).json() == first.json()
    assert_problem(program.post(vote, {"choice": "a", "confidence": 80}), 409, "voted_already")
    assert Vote.objects.count() == 1
    assert_problem(program.get(f"/ballots/{ballot['token']}/a.wav"), 404)


def test_a_sound_comes_by_byte_range(program: Program, song: Song) -> None:
    tournament = start(program, song)
    open_round(tournament)
    ballot = program.post(f"/tournaments/{tournament.public_id}/ballot").json()
    path = ballot["a_url"].removeprefix("http://testserver")
    whole = program._client.get(path, headers=program.headers)
    part = program._client.get(path, headers={**program.headers, "range": "bytes=0-3"})
    assert (part.status_code, body_of(part)) == (206, b"RIFF")
    assert body_of(whole)[:4] == b"RIFF"
    assert_problem(program.get(f"/ballots/{ballot['token']}/c.wav"), 422)


def test_a_whole_tournament(program: Program, song: Song, user: User) -> None:
    tournament = start(program, song)
    assert start(program, song) == tournament
    url = f"/tournaments/{tournament.public_id}"
    for number in range(1, 4):
        battle = open_round(tournament)
        state = program.get(url).json()
        assert (state["battle"], state["n_decided"]) == ("open", number - 1)
        ballot = program.post(f"{url}/ballot").json()
        assert (ballot["round"], ballot["is_final"]) == (number, number == 3)
        assert program.post(f"{url}/ballot").json() == ballot
        listen(ballot)
        program.post(f"/ballots/{ballot['token']}/heard", {"a": [[0, 6]], "b": [[0, 6]]})
        told = program.post(f"/ballots/{ballot['token']}/vote", {"choice": "a", "confidence": 80})
        assert told.status_code == 200, told.content
        reveal = told.json()
        assert (reveal["round"], reveal["choice"], reveal["confidence"]) == (number, "a", 80)
        assert {side["mixer"] for side in reveal["sides"]} == {battle.first.mixer.slug, battle.second.mixer.slug}
        assert [side["is_winner"] for side in reveal["sides"]] == [True, False]
        assert reveal["sides"][0]["rating"]["after"] > reveal["sides"][0]["rating"]["before"]
        assert reveal["breeding"]["state"] == "requested"
        assert program.get(f"{url}/rounds/{number}").json() == reveal
        if number == 1:
            newborn = be_born(battle)
    bred = program.get(f"{url}/breedings").json()
    assert [row["round"] for row in bred] == [1, 2, 3]
    assert bred[0]["offspring"] == newborn.slug
    assert program.get(f"/mixers/{newborn.slug}").json()["lineage"]
    assert program.get(url).json()["place"] == "result"
    result = program.get(f"{url}/result").json()
    assert sum(mix["is_taken"] for mix in result["mixes"]) == 1
    assert "stems" not in result["formats"]
    assert_problem(program.post(f"{url}/exports", {"format": "stems"}), 422, "no_stems")
    assert_problem(program.post(f"{url}/ballot"), 409, "tournament_finished")
    assert program.get("/me").json()["tier"]["n_votes"] == 3

    made = program.post(f"{url}/exports", {"format": "flac"})
    assert made.status_code == 202
    export = made.json()
    assert program.post(f"{url}/exports", {"format": "flac"}).json() == export
    assert (export["state"], export["url"]) == ("queued", None)
    assert_problem(program.get(f"/exports/{export['id']}/file"), 404)
    name = default_storage.save("exports/x.flac", ContentFile(b"fLaC sound"))
    Export.objects.filter(pk=export["id"]).update(state="ready", file=name)
    export = program.get(f"/exports/{export['id']}").json()
    assert export["url"] == f"/api/v1/exports/{export['id']}/file"
    file = program.get(f"/exports/{export['id']}/file")
    assert (body_of(file), file.headers["Content-Type"]) == (b"fLaC sound", "audio/flac")
    nickname = slugify(Mixer.objects.get(slug=result["champion"]).nickname)
    assert f'-{nickname}.flac"' in file.headers["Content-Disposition"]
    stranger = Program(make_user())
    assert_problem(stranger.get(f"/exports/{export['id']}"), 404)
    assert_problem(stranger.get(f"/exports/{export['id']}/file"), 404)
    default_storage.delete(name)
    assert_problem(program.get(f"/exports/{export['id']}/file"), 404)

    shared = program.post(f"{url}/share", {}).json()
    assert not stranger.get(f"/people/{user.username}").json()["shared"]
    assert program.post(f"{url}/share", {"is_public": True}).json() == shared | {"is_public": True}
    assert program.get(url).json()["share_url"] == shared["url"]
    assert stranger.get(f"/people/{user.username}").json()["shared"][0]["url"] == shared["url"]
    assert program.ask("DELETE", f"{url}/share").status_code == 204
    assert program.get(url).json()["share_url"] is None
    assert program.ask("DELETE", f"/songs/{song.public_id}").status_code == 204
    assert_problem(program.get(url), 404)


def test_a_song_is_uploaded_as_on_the_site(program: Program, user: User, tmp_path: Path) -> None:
    with write_music(tmp_path / "Night Drive.wav", 8.0).open("rb") as file:
        answer = program.upload({"file": file})
    assert answer.status_code == 201, answer.content
    assert (answer.json()["title"], answer.json()["state"]) == ("Night Drive", "uploaded")
    paths = [write_music(tmp_path / f"{name}.wav", 8.0, seed=i) for i, name in enumerate(("drums", "bass"))]
    with paths[0].open("rb") as drums, paths[1].open("rb") as bass:
        answer = program.upload({"file": [drums, bass], "title": "Both"})
    assert (answer.json()["title"], answer.json()["n_stems"]) == ("Both", 2)
    assert Song.objects.filter(owner=user).count() == 2
    (tmp_path / "x.wav").write_bytes(b"no sound at all")
    with (tmp_path / "x.wav").open("rb") as file:
        assert_problem(program.upload({"file": file}), 422)
    assert Song.objects.filter(owner=user).count() == 2


def test_mixers_and_boards_can_be_filtered(program: Program) -> None:
    rock, jazz = make_mixer(genres=["rock"]), make_mixer(genres=["jazz"])

    def slugs(path: str) -> list[str]:
        return [line["mixer"]["slug"] for line in program.get(path).json()["items"]]

    assert set(slugs("/mixers")) == {rock.slug, jazz.slug}
    assert slugs("/mixers?genre=jazz") == [jazz.slug]
    assert slugs("/mixers?architecture=none") == []
    assert set(slugs("/boards/live")) == {rock.slug, jazz.slug}
    assert slugs("/boards/live?genre=rock") == []
    assert program.get("/boards/official").json() == {"made_at": None, "n_votes": 0, "lines": []}
    assert program.get(f"/mixers/{rock.slug}").json()["rating"]["is_provisional"] is True
    assert_problem(program.get("/mixers?genre=polka"), 422)
    assert_problem(program.get("/mixers/nobody"), 404)
