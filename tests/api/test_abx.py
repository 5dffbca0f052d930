"""ABX tests through the API: nothing tells what X is before the end."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from clients.python.mixarena_client import Problem
from tests.api.sent import body_of, everything, make_sounding
from tests.api.tokens import Program, arena_of, assert_problem
from tests.factories import NOW, make_ballot, make_tournament, make_user, make_vote
from tournaments.models import AbxTest, AbxTrial, Ballot, Vote
from tournaments.services.sharing import revoke, share_tournament

pytestmark = pytest.mark.django_db
X = [[0.0, 2.0]]


@pytest.fixture
def vote() -> Vote:
    battle = make_sounding(make_tournament(owner=make_user("ada")))
    return make_vote(ballot=make_ballot(battle=battle, is_swapped=True))


def listen() -> None:
    AbxTrial.objects.filter(started_at__isnull=False, answer="").update(
        started_at=timezone.now() - timedelta(minutes=1)
    )


def test_a_whole_test(vote: Vote, tmp_path: Path) -> None:
    arena, ballot = arena_of(vote.voter), vote.ballot.token
    assert arena.abx(ballot) == {"trial": None, "results": [], "newest_trials": []}
    page = arena.start_abx(ballot, n_trials=8)
    assert arena.start_abx(ballot, n_trials=16) == page, "one that is running goes on"
    for number in range(1, 9):
        trial = page["trial"]
        assert (trial["number"], trial["n_trials"], page["results"]) == (number, 8, [])
        a, b, x = (arena.download(trial[f"{s}_url"], tmp_path / s).read_bytes() for s in "abx")
        listen()
        page = arena.answer_abx(trial["trial"], "a" if x == a else "b", x=X)
        assert a != b
    [result] = page["results"]
    assert (page["trial"], result["n_right"], result["is_passed"], result["p"]) == (None, 8, True, 1 / 256)
    assert all(said["x"] == said["answer"] for said in page["newest_trials"])
    lines = list(csv.DictReader(arena.download(result["csv_url"], tmp_path / "abx.csv").open()))
    assert [line["heard_x_s"] for line in lines] == ["2.000"] * 8
    assert_problem(Program(make_user()).get(result["csv_url"].removeprefix("/api/v1")), 404)


def test_nothing_that_is_sent_before_the_end_tells_what_x_is(vote: Vote) -> None:
    program = Program(vote.voter)
    url = f"/ballots/{vote.ballot.token}/abx"
    trial = program.post(url, {"n_trials": 8}).json()["trial"]["trial"]
    sides = {side: body_of(program.get(f"{url}/{side}.wav")) for side in "ab"}
    first = AbxTrial.objects.get(token=trial)
    sent: dict[str, list[Any]] = {}
    for x in "ab":
        AbxTrial.objects.update(x=x)
        AbxTrial.objects.exclude(pk=first.pk).update(started_at=None)
        AbxTrial.objects.filter(pk=first.pk).update(
            answer="", answered_at=None, started_at=timezone.now() - timedelta(minutes=1)
        )
        sound = program.get(f"/abx/{trial}/x.wav")
        assert body_of(sound) == sides[x]
        assert not {"etag", "last-modified"} & {name.lower() for name in sound.headers}
        assert sound.headers["Cache-Control"] == "private, no-store"
        # The answer is taken without a word on whether it is right.
        asked = [program.get(url), program.post(f"/abx/{trial}/answer", {"answer": "a", "x": X}), program.get(url)]
        assert [answer.status_code for answer in asked] == [200] * 3
        sent[x] = [dict(sound.headers), len(sides[x]), *map(everything, asked)]
        assert_problem(program.get(f"/abx/{trial}/x.wav"), 404)
    assert sent["a"] == sent["b"]


def test_what_is_refused(vote: Vote) -> None:
    program, stranger = Program(vote.voter), Program(make_user())
    url = f"/ballots/{vote.ballot.token}/abx"
    assert_problem(program.post(url, {"n_trials": 9}), 422, "invalid")
    trial = program.post(url, {}).json()["trial"]["trial"]
    later = AbxTrial.objects.get(number=2).token
    answer = {"answer": "a", "x": X}
    assert_problem(program.post(f"/abx/{trial}/answer", answer), 422, "bad_log")
    listen()
    assert_problem(program.post(f"/abx/{trial}/answer", {"answer": "a"}), 422, "x_not_heard")
    assert_problem(program.post(f"/abx/{trial}/answer", {"answer": "x", "x": X}), 422, "invalid")
    assert_problem(program.post(f"/abx/{later}/answer", answer), 404, "not_found")
    for method, path in (("GET", url), ("POST", url), ("DELETE", url), ("POST", f"/abx/{trial}/answer")):
        assert_problem(stranger.ask(method, path, answer if method == "POST" else None), 404, "not_found")
    assert_problem(stranger.get(f"/abx/{trial}/x.wav"), 404, "not_found")
    assert program.post(f"/abx/{trial}/answer", answer).status_code == 200
    assert_problem(program.post(f"/abx/{trial}/answer", {"answer": "b", "x": X}), 409, "answered")
    arena = arena_of(vote.voter)
    arena.give_abx_up(vote.ballot.token)
    [given_up] = arena.abx(vote.ballot.token)["results"]
    assert (given_up["n_answered"], given_up["n_right"], given_up["p"], given_up["csv_url"]) == (1, None, None, None)
    test = AbxTest.objects.get()
    assert_problem(program.get(f"/abx/tests/{test.pk}.csv"), 404)


def test_a_vote_of_the_audience_is_tested_as_long_as_its_link_is_open(vote: Vote) -> None:
    share = share_tournament(tournament=vote.battle.tournament, name="", is_public=False, now=NOW)
    ballot = make_ballot(battle=vote.battle, voter=make_user(), kind=Ballot.Kind.AUDIENCE, share=share)
    arena = arena_of(ballot.voter)
    with pytest.raises(Problem):
        arena.start_abx(ballot.token)
    make_vote(ballot=ballot)
    assert arena.start_abx(ballot.token)["trial"]["n_trials"] == 12
    revoke(share=share, now=NOW)
    with pytest.raises(Problem) as refused:
        arena.abx(ballot.token)
    assert refused.value.status == 404
