"""The blind part in the browser's eyes: nothing that is sent before the vote tells the two mixes apart."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import soundfile
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import User
from mixarena.jobs.queue import local_jobs
from tests.factories import make_ballot, make_battle, make_song, make_tournament, make_user
from tests.tournaments.rounds import open_battle, start
from tournaments.models import Ballot, Battle, Mix, Preview, Song, Tournament, Vote
from tournaments.selectors.rounds import live_version
from tournaments.services.ballots import issue_ballot
from tournaments.services.battles import open_if_ready
from tournaments.services.tournaments import void_battle

pytestmark = pytest.mark.django_db(transaction=True)
HEARD = json.dumps({"a": [[0.0, 6.0]], "b": [[0.0, 6.0]]})


@pytest.fixture
def tournament(song: Song, mixes: tuple[Mix, Mix]) -> Tournament:
    """Its first battle is open, with real sound."""
    assert song.owner is not None
    with local_jobs() as jobs:
        running = start(song.owner, song, n_rounds=3, seed=1)
        jobs.drain()
    open_if_ready(running.battles.get().pk)
    assert running.battles.get().state == Battle.State.OPEN
    return running


@pytest.fixture
def page(client: Client, song: Song) -> Client:
    assert song.owner is not None
    client.force_login(song.owner)
    return client


def battle_url(tournament: Tournament) -> str:
    return f"/tournaments/{tournament.public_id}/battle/"


def ballot_of(tournament: Tournament) -> Ballot:
    """The ballot of the page that was opened, issued long enough ago to have listened."""
    ballot = Ballot.objects.get(battle__tournament=tournament)
    Ballot.objects.filter(pk=ballot.pk).update(issued_at=timezone.now() - timedelta(seconds=60))
    ballot.refresh_from_db()
    return ballot


def vote(
    page: Client,
    ballot: Ballot,
    choice: str = "a",
    confidence: int = 80,
    *,
    is_htmx: bool = False,
    switches: str = "[]",
) -> Any:
    form = {"choice": choice, "confidence": str(confidence), "segments": HEARD, "switches": switches}
    with local_jobs():
        return page.post(f"/ballots/{ballot.token}/vote/", form, headers={"hx-request": "true"} if is_htmx else None)


def sent(answer: Any) -> bytes:
    """Everything of an answer, head and body."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
    if answer.streaming:
        raise AssertionError("read streams where they are made")
    return head + b"\n" + answer.content


def secrets_of(tournament: Tournament) -> set[str]:
    """What would give a side away: every name, identifier and setting of the mixes and mixers of the battle."""
    battle = tournament.battles.get()
    found: set[str] = set()
    for mix in (battle.first, battle.second):
        mixer = mix.mixer
        found |= {mixer.nickname, mixer.name, mixer.slug, mixer.content_hash, mixer.content_hash[:8]}
        found |= {str(mix.public_id), mix.public_id.hex}
        settings = mix.console_settings or {}
        found |= {f"{value:.3f}" for value in settings["bus"].values() if value is not None and abs(value) > 0.01}
        found |= {str(value) for value in settings["bus"].values() if value is not None and len(str(value)) > 5}
        found |= {Path(preview.file.path).name for preview in mix.previews.all()}
        # What was measured of the sound would tell the sides apart before the ear does.
        for preview in mix.previews.all():
            found |= {str(value) for value in preview.measures["third_octaves_db"] if len(str(value)) > 5}
            found.add(json.dumps(preview.measures["peaks"][0][:8])[1:-1])
        found |= {f"{(mix.report or {})[name]:.3f}" for name in ("effective_lufs", "true_peak_dbtp")}
    return {secret.lower() for secret in found if secret}


def assert_blind(data: bytes, secrets: set[str]) -> None:
    text = data.decode(errors="replace").lower()
    assert not [secret for secret in secrets if secret in text]


async def _collect(client: AsyncClient, url: str, headers: dict[str, str]) -> tuple[dict[str, str], bytes, int]:
    answer: Any = await client.get(url, headers=headers)
    body = b"".join([part async for part in answer.streaming_content]) if answer.streaming else answer.content
    return dict(answer.headers), body, answer.status_code


def get_sound(user: User, url: str, **headers: str) -> tuple[dict[str, str], bytes, int]:
    client = AsyncClient()
    client.force_login(user)
    return asyncio.run(_collect(client, url, headers))


def test_pages_fragments_and_events_before_the_vote_name_nobody(page: Client, tournament: Tournament) -> None:
    secrets = secrets_of(tournament)
    url = battle_url(tournament)
    answers = [page.get(url), page.get(url, headers={"hx-request": "true"})]
    ballot = ballot_of(tournament)
    answers.append(page.post(f"/ballots/{ballot.token}/heard/", {"segments": HEARD}))
    answers.append(page.get(f"/tournaments/{tournament.public_id}/"))
    answers.append(page.get("/tournaments/"))
    # Cast with less than was asked: the refusal is sent before the vote, too.
    answers.append(page.post(f"/ballots/{ballot.token}/vote/", {"choice": "a", "confidence": "x", "segments": "{}"}))
    assert {answer.status_code for answer in answers} <= {200, 302, 422}
    for answer in answers:
        assert_blind(sent(answer), secrets)
    assert_blind(live_version(tournament.pk).encode(), secrets)
    assert ballot.token.lower() not in secrets


def test_the_two_sounds_differ_in_nothing_but_the_sound(page: Client, tournament: Tournament, tmp_path: Any) -> None:
    secrets = secrets_of(tournament)
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    heads, bodies = [], []
    for side in ("a", "b"):
        head, body, status = get_sound(ballot.voter, f"/ballots/{ballot.token}/{side}.wav")
        assert status == 200
        assert_blind("\n".join(f"{k}: {v}" for k, v in head.items()).encode(), secrets)
        assert not {"etag", "last-modified"} & {name.lower() for name in head}
        heads.append(head)
        bodies.append(body)
    assert heads[0] == heads[1]
    assert int(heads[0]["Content-Length"]) == len(bodies[0])
    for part in ("bytes=0-99", "bytes=-1", f"bytes={len(bodies[0])}-"):
        ranges = [get_sound(ballot.voter, f"/ballots/{ballot.token}/{side}.wav", range=part) for side in ("a", "b")]
        assert (ranges[0][0], ranges[0][2]) == (ranges[1][0], ranges[1][2]), part
    assert len(bodies[0]) == len(bodies[1])
    assert bodies[0] != bodies[1]
    # The files' own headers are the same bytes; the sound starts at the same place.
    assert bodies[0][:44] == bodies[1][:44]
    for number, body in enumerate(bodies):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(body)
        info = soundfile.info(path)
        assert (info.samplerate, info.channels) == (tournament.song.sample_rate, tournament.song.channels)


def test_sides_are_drawn_for_each_ballot() -> None:
    swapped = {Ballot.objects.get(pk=_issue(seed)).is_swapped for seed in range(12)}
    assert swapped == {True, False}


def _issue(seed: int) -> int:
    tournament = make_tournament(owner=make_user(), seed=seed)
    battle = make_battle(tournament=tournament)
    return issue_ballot(battle=battle, voter=tournament.owner, now=timezone.now()).pk


@pytest.mark.parametrize("choice", ["a", "b", "tie", "neither"])
def test_a_vote_uncovers_the_battle(page: Client, tournament: Tournament, choice: str) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    answer = vote(page, ballot, choice, 3 if choice == "tie" else 80, is_htmx=True)
    assert answer.status_code == 200
    body = answer.content.decode()
    battle = tournament.battles.get(number=1)
    assert battle.first.mixer.nickname in body
    assert battle.second.mixer.nickname in body
    assert body.count('class="waveform"') == 2
    assert "Difference of the spectra in third octaves." in body
    assert answer["HX-Push-Url"] == f"/tournaments/{tournament.public_id}/rounds/1/"
    assert page.get(answer["HX-Push-Url"]).status_code == 200


def test_the_same_vote_again_shows_the_same_reveal(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    first, second = vote(page, ballot), vote(page, ballot)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Vote.objects.count() == 1


def test_another_vote_afterwards_is_refused_and_led_to_the_reveal(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    vote(page, ballot, "a")
    answer = vote(page, ballot, "b", is_htmx=True)
    assert answer["HX-Redirect"] == f"/tournaments/{tournament.public_id}/rounds/1/"
    assert "You have voted on this battle already" in page.get(answer["HX-Redirect"]).content.decode()
    assert Vote.objects.get().choice == ("second" if ballot.is_swapped else "first")


def test_a_vote_on_a_battle_that_was_withdrawn_leads_to_the_tournament(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    with local_jobs():
        void_battle(ballot.battle_id)
    answer = vote(page, ballot, is_htmx=True)
    assert answer["HX-Redirect"] == f"/tournaments/{tournament.public_id}/"
    assert "takes no votes any more" in page.get(answer["HX-Redirect"], follow=True).content.decode()


def test_a_vote_without_listening_is_refused_and_nothing_is_lost(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    form = {"choice": "a", "confidence": "80", "segments": json.dumps({"a": [[0.0, 1.0]], "b": []})}
    answer = page.post(f"/ballots/{ballot.token}/vote/", form, headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#errors")
    assert "Listen" in answer.content.decode()
    assert not Vote.objects.exists()
    assert vote(page, ballot).status_code == 302


def test_a_forged_log_cannot_say_more_than_time_allows(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = Ballot.objects.get(battle__tournament=tournament)
    assert vote(page, ballot, is_htmx=True).status_code == 422
    assert not Vote.objects.exists()
    ballot.refresh_from_db()
    assert (ballot.state, ballot.heard) == (Ballot.State.ISSUED, {})


def test_switches_are_kept_with_the_ballot(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    for forged in ('[[1, "c"]]', '[["x", "a"]]', "{}x", json.dumps([[i, "a"] for i in range(501)]), '[[1, "a", 2]]'):
        answer = page.post(f"/ballots/{ballot.token}/heard/", {"segments": HEARD, "switches": forged})
        assert answer.status_code == 422, forged
    page.post(f"/ballots/{ballot.token}/heard/", {"segments": HEARD, "switches": '[[0.5, "b"], [9e9, "a"]]'})
    vote(page, ballot, switches='[[0.5, "b"], [7.25, "a"]]')
    ballot.refresh_from_db()
    assert ballot.switches == [[0.5, "b"], [7.25, "a"]]


def test_a_reveal_leaves_out_what_was_never_measured(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    Preview.objects.update(measures={})
    answer = vote(page, ballot_of(tournament), is_htmx=True)
    assert answer.status_code == 200
    assert "What you heard, measured" not in answer.content.decode()


def test_sound_is_gone_from_the_ballot_after_the_vote(page: Client, tournament: Tournament) -> None:
    page.get(battle_url(tournament))
    ballot = ballot_of(tournament)
    vote(page, ballot)
    assert get_sound(ballot.voter, f"/ballots/{ballot.token}/a.wav")[2] == 404


@pytest.mark.parametrize("path", ["heard/", "vote/"])
def test_anothers_ballot_does_not_exist(client: Client, path: str) -> None:
    ballot = make_ballot()
    url = f"/ballots/{ballot.token}/{path}"
    assert client.post(url, {}).status_code == 302
    client.force_login(make_user("stranger"))
    assert client.post(url, {"segments": HEARD}).status_code == 404
    assert client.get(url).status_code == 405
    assert client.post("/ballots/no-such-token/vote/", {}).status_code == 404


def test_a_stranger_hears_nothing() -> None:
    ballot = make_ballot()
    assert get_sound(make_user("stranger"), f"/ballots/{ballot.token}/a.wav")[2] == 404


def test_anothers_battle_does_not_exist(client: Client) -> None:
    tournament = make_tournament(owner=make_user("owner"))
    client.force_login(make_user("stranger"))
    for path in ("", "battle/", "live/", "rounds/1/", "share/"):
        url = f"/tournaments/{tournament.public_id}/{path}"
        answer = client.post(url) if path == "share/" else client.get(url)
        assert answer.status_code == 404, path


def test_a_battle_in_preparation_says_so(client: Client) -> None:
    owner = make_user("owner")
    tournament = make_tournament(owner=owner, song=make_song(owner=owner))
    make_battle(tournament=tournament, state=Battle.State.PREPARING, opened_at=None, level_lufs=None)
    client.force_login(owner)
    body = client.get(battle_url(tournament)).content.decode()
    assert "Two mixes are being made" in body
    assert "data-wants-live" in body


def test_a_running_tournament_leads_to_where_its_owner_was(page: Client, tournament: Tournament) -> None:
    home = f"/tournaments/{tournament.public_id}/"
    assert page.get(home)["Location"] == battle_url(tournament)
    page.get(battle_url(tournament))
    vote(page, ballot_of(tournament))
    assert page.get(home)["Location"] == f"/tournaments/{tournament.public_id}/rounds/1/"
    open_battle(tournament)
    page.get(battle_url(tournament))
    assert page.get(home)["Location"] == battle_url(tournament)
