"""After the last vote: the result, its files, its public link, and the pages that look back."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest
import soundfile
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils.text import slugify

from accounts.models import User
from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from tests.factories import NOW, make_mix, make_mixer, make_user
from tests.tournaments.rounds import be_born, open_battle, start, vote
from tournaments.models import Battle, BoardRow, BoardRun, Export, Mix, Song, Tournament
from tournaments.selectors.downloads import download_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(song: Song) -> User:
    assert song.owner is not None
    return song.owner


@pytest.fixture
def finished(song: Song, mixes: tuple[Mix, Mix], owner: User) -> Tournament:
    """Three rounds between two champions, one of them a rematch at least; what was born only has settings."""
    with local_jobs():
        tournament = start(owner, song, n_rounds=3, seed=1)
        for number in (1, 2, 3):
            battle = open_battle(tournament)
            vote(battle, "a")
            if number == 1:
                be_born(battle)
    Mix.objects.filter(song=song, console_settings__isnull=True).update(
        state=Mix.State.READY, console_settings=mixes[0].console_settings, report=mixes[0].report
    )
    tournament.refresh_from_db()
    return tournament


@pytest.fixture
def result(song: Song, mixes: tuple[Mix, Mix], owner: User) -> Tournament:
    """Finished by hand, so that the champion is a mix with real sound."""
    tournament = Tournament.objects.create(owner=owner, song=song, genre="rock", seed=1, n_rounds=3)
    for number, (first, second) in enumerate([mixes, mixes[::-1], mixes], start=1):
        battle = Battle.objects.create(
            key=f"by-hand-{number}", tournament=tournament, number=number, first=first, second=second,
            pair_probability=1.0, level_lufs=-18.0, state=Battle.State.OPEN, is_final=number == 3,
        )  # fmt: skip
        with local_jobs():
            vote(battle, "a" if number != 2 else "b")
        battle.refresh_from_db()
    Tournament.objects.filter(pk=tournament.pk).update(
        state=Tournament.State.FINISHED, champion=mixes[0], taken=mixes[0], finished_at=tournament.created_at
    )
    tournament.refresh_from_db()
    return tournament


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def url(tournament: Tournament, path: str = "") -> str:
    return f"/tournaments/{tournament.public_id}/{path}"


async def _get(client: AsyncClient, address: str) -> tuple[int, bytes, dict[str, str]]:
    answer: Any = await client.get(address)
    body = b"".join([part async for part in answer.streaming_content]) if answer.streaming else answer.content
    return answer.status_code, body, dict(answer.headers)


def fetch(address: str, user: User | None = None) -> tuple[int, bytes, dict[str, str]]:
    client = AsyncClient()
    if user is not None:
        client.force_login(user)
    return asyncio.run(_get(client, address))


def test_the_result_names_the_champion_and_tells_the_story(page: Client, result: Tournament) -> None:
    body = page.get(url(result)).content.decode()
    assert result.champion is not None
    assert f">{result.champion.mixer.nickname}</a></h1>" in body
    assert body.count("story__line") == 3
    assert "Beside the original" in body
    assert body.count("data-track") == 2


def test_no_file_overwrites_another(result: Tournament) -> None:
    mix = result.taken
    assert mix is not None
    versions = [make_mix(song=mix.song, mixer=mix.mixer, nudged_from=mix) for _ in range(2)]
    formats = Export.Format.values
    names = {download_of(Export(mix=one, format=value))[1] for one in (mix, *versions) for value in formats}
    assert len(names) == 3 * len(formats)
    assert any(name.endswith("-version-2-16bit.wav") for name in names)


def test_a_file_is_made_once_and_downloaded(page: Client, result: Tournament, owner: User, tmp_path: Path) -> None:
    mix = result.taken
    assert mix is not None
    address = url(result, f"mixes/{mix.public_id}/exports/")
    with local_jobs() as jobs:
        line = page.post(address, {"format": "wav24"}, headers={"hx-request": "true"})
        assert "hx-trigger" in line.content.decode()
        page.post(address, {"format": "wav24"})
        jobs.drain()
    export = Export.objects.get()
    line = page.get(url(result, f"exports/{export.pk}/"))
    assert f"/exports/{export.pk}/file/" in line.content.decode()
    assert f"{export.loudness_lufs:.1f} LUFS" in line.content.decode()
    status, body, head = fetch(f"/exports/{export.pk}/file/", owner)
    assert status == 200
    title, mixer = slugify(result.song.title), slugify(mix.mixer.nickname)
    assert head["Content-Disposition"] == f'attachment; filename="{title}-{mixer}-24bit.wav"'
    (tmp_path / "mix.wav").write_bytes(body)
    info = soundfile.info(tmp_path / "mix.wav")
    assert (info.subtype, info.samplerate) == ("PCM_24", result.song.sample_rate)
    assert fetch(f"/exports/{export.pk}/file/", make_user("stranger"))[0] == 404
    assert fetch(f"/exports/{export.pk}/file/")[0] == 302


def test_a_format_that_does_not_exist_is_a_bad_request(page: Client, result: Tournament) -> None:
    assert result.taken is not None
    answer = page.post(url(result, f"mixes/{result.taken.public_id}/exports/"), {"format": "ogg"})
    assert answer.status_code == 400


def test_another_heard_mix_can_be_taken(page: Client, result: Tournament, mixes: tuple[Mix, Mix]) -> None:
    answer = page.post(url(result, "champion/"), {"mix": str(mixes[1].public_id)})
    assert answer.status_code == 302
    body = page.get(url(result)).content.decode()
    assert f">{mixes[1].mixer.nickname}</a></h1>" in body
    assert "Your pick instead of" in body
    assert page.post(url(result, "champion/"), {"mix": str(uuid.uuid4())}).status_code == 404
    assert page.post(url(result, "champion/"), {"mix": "nonsense"}).status_code == 400


@pytest.mark.parametrize("path", ["", "champion/", "sharing/", "rounds/1/", "rounds/1/evolution/", "rounds/1/next/"])
def test_a_result_is_its_owners(client: Client, result: Tournament, path: str) -> None:
    client.force_login(make_user("stranger"))
    answer = client.post(url(result, path)) if path == "champion/" else client.get(url(result, path))
    assert answer.status_code == 404


def test_reveals_stay_open_and_show_who_was_born(page: Client, finished: Tournament) -> None:
    for number in (1, 2, 3):
        assert page.get(url(finished, f"rounds/{number}/")).status_code == 200
        assert page.get(url(finished, f"rounds/{number}/next/")).status_code == 200
    body = page.get(url(finished, "rounds/1/evolution/")).content.decode()
    newborn = Mixer.objects.get(is_champion=False)
    assert newborn.nickname in body
    assert f'href="/mixers/family/?of={newborn.slug}"' in body
    assert page.get(url(finished, "rounds/4/")).status_code == 404


def test_the_history_is_listed_with_a_constant_number_of_queries(page: Client, result: Tournament, owner: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get("/tournaments/").status_code == 200
        return len(queries)

    few = count()
    for seed in range(4):
        Tournament.objects.create(
            owner=owner, song=result.song, genre="rock", seed=seed, state=Tournament.State.FINISHED,
            champion=result.champion, taken=result.champion,
        )  # fmt: skip
    assert count() == few


def test_an_empty_history_says_what_to_do(client: Client) -> None:
    client.force_login(make_user())
    assert "No tournament of your own yet" in client.get("/tournaments/").content.decode()


def test_the_board_sorts_by_rating_and_asks_constantly(client: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/mixers/").status_code == 200
        return len(queries)

    make_mixer(nickname="Low", seed_rating=1200.0)
    few = count()
    for rating in (1300.0, 1400.0):
        make_mixer(nickname=f"At {rating:.0f}", seed_rating=rating)
    assert count() == few
    make_mixer(nickname="Gone", state=Mixer.State.RETIRED)
    body = client.get("/mixers/").content.decode()
    assert body.index("At 1400") < body.index("At 1300") < body.index("Low")
    assert "Gone" not in body
    assert "seed" in body


def test_the_board_by_architecture_once_there_are_two(client: Client) -> None:
    make_mixer(nickname="Founder")
    make_mixer(nickname="Gone", architecture="transformer", state=Mixer.State.RETIRED)
    assert "architecture" not in client.get("/mixers/").content.decode()
    assert client.get("/mixers/?architecture=transformer").status_code == 404
    make_mixer(nickname="Newcomer", architecture="hybrid")
    page = client.get("/mixers/").content.decode()
    assert ("Founder" in page, "Newcomer" in page, 'name="architecture"' in page) == (True, True, True)
    assert '<option value="cnn">CNN</option>' in page
    page = client.get("/mixers/?architecture=hybrid").content.decode()
    assert ("Founder" in page, "Newcomer" in page) == (False, True)
    assert '<option value="hybrid" selected>' in page
    mixers = Mixer.objects.filter(state=Mixer.State.ACTIVE)
    run = BoardRun.objects.create(upto=1, n_votes=1, n_rounds=1, side=[], tie=[], seconds=0.1, made_at=NOW)
    for mixer in mixers:
        BoardRow.objects.create(run=run, mixer=mixer, rating=1300.0, low=1200.0, high=1400.0, n_votes=1, n_battles=1)
    page = client.get("/mixers/?board=official&architecture=cnn").content.decode()
    assert ("Founder" in page, "Newcomer" in page) == (True, False)


def test_a_genre_without_votes_says_so(client: Client) -> None:
    body = client.get("/mixers/?genre=jazz", headers={"hx-request": "true"}).content.decode()
    assert "Nobody rated here yet" in body
    assert "<html" not in body
    assert client.get("/mixers/?genre=polka").status_code == 404


def test_a_mixers_page_shows_card_curve_and_family(client: Client, finished: Tournament) -> None:
    newborn = Mixer.objects.get(is_champion=False)
    body = client.get(f"/mixers/{newborn.slug}/").content.decode()
    assert "learned from" in body
    assert body.count("tree__line") >= 2
    champion = Mixer.objects.filter(is_champion=True).first()
    assert champion is not None
    body = client.get(f"/mixers/{champion.slug}/").content.decode()
    assert "chart__band" in body
    assert client.get("/mixers/nobody/").status_code == 404


def test_a_champions_card_tells_what_it_learned_from(client: Client, song: Song) -> None:
    mixer = Mixer.objects.get(slug="enhanced-enforcer")
    assert client.get(f"/mixers/{mixer.slug}/").status_code == 200


def test_first_page_and_error_pages_answer_everybody(client: Client) -> None:
    assert client.get("/").status_code == 200
    missing = client.get("/nowhere/")
    assert missing.status_code == 404
    assert "Traceback" not in missing.content.decode()
