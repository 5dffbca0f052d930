"""ABX tests: nothing tells what X is before the end, and what was answered stays."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import Activity, Award, User
from tests.factories import NOW, make_ballot, make_battle, make_preview, make_tournament, make_user, make_vote
from tournaments.errors import AbxClosed, InvalidAbx, NotHeardEnough
from tournaments.models import AbxTest, AbxTrial, Preview, Share, Vote
from tournaments.selectors.abx import abx_page
from tournaments.selectors.own_data import own_data
from tournaments.services.abx import answer_trial, give_up, start_test
from tournaments.services.departures import delete_account, delete_song
from tournaments.services.sharing import revoke, share_tournament

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=1)
HEARD = {"a": [(0.0, 2.0)], "b": [(0.0, 1.0)], "x": [(3.0, 4.5)]}
HTMX = {"hx-request": "true"}
FORM = {"segments": json.dumps(HEARD), "switches": '[[0.5, "x"]]'}


@pytest.fixture
def vote() -> Vote:
    """The owner's, on a battle with sound; A is the battle's second mix."""
    battle = make_battle(tournament=make_tournament(owner=make_user("ada")))
    for mix, content in ((battle.first, b"RIFF one!"), (battle.second, b"RIFF two!"), (None, b"RIFF own!")):
        name = default_storage.save("previews/x.wav", ContentFile(content))
        make_preview(song=battle.tournament.song, mix=mix, file=name)
    return make_vote(ballot=make_ballot(battle=battle, is_swapped=True))


def begin(vote: Vote, n_trials: int = 8, *, now: datetime = NOW) -> AbxTest:
    return start_test(vote=vote, n_trials=n_trials, now=now)


def current(test: AbxTest) -> AbxTrial:
    return test.trials.select_related("test__vote__battle__tournament__song", "test__vote__ballot").get(
        answer="", started_at__isnull=False
    )


def say(trial: AbxTrial, answer: str, heard: dict[str, Any] = HEARD) -> None:
    began_at = trial.started_at
    assert began_at is not None
    now, switches = began_at + timedelta(minutes=1), [(0.5, "a"), (3.25, "x"), (99.0, "b")]
    answer_trial(trial=trial, answer=answer, segments=heard, switches=switches, now=now)


def other(side: str) -> str:
    return "b" if side == "a" else "a"


def finish(vote: Vote, n_right: int, *, now: datetime = NOW) -> AbxTest:
    """A whole test of eight trials with so many right; it takes eight minutes."""
    test = begin(vote, now=now)
    for i in range(8):
        trial = current(test)
        say(trial, trial.x if i < n_right else other(trial.x))
    test.refresh_from_db()
    return test


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def hear(user: User, address: str) -> tuple[int, dict[str, str], bytes]:
    async def ask() -> tuple[int, dict[str, str], bytes]:
        client = AsyncClient()
        await client.aforce_login(user)
        answer: Any = await client.get(address)
        body = b"".join([part async for part in answer.streaming_content]) if answer.streaming else answer.content
        return answer.status_code, dict(answer.headers), body

    return asyncio.run(ask())


def page_of(client: Client, vote: Vote) -> str:
    """The page without what differs between any two answers."""
    body = client.get(f"/abx/{vote.ballot.token}/").content.decode()
    return re.sub(r'csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"|data-shown-at="\d+"', "", body)


def test_nothing_that_is_sent_before_the_end_tells_what_x_is(vote: Vote) -> None:
    test = begin(vote)
    client = logged_in(vote.voter)
    trial = current(test)
    sent: dict[str, tuple[Any, ...]] = {}
    for x in "ab":
        AbxTrial.objects.filter(test=test).update(x=x)
        status, headers, body = hear(vote.voter, f"/abx/trials/{trial.token}/x.wav")
        assert status == 200
        assert body == hear(vote.voter, f"/abx/{vote.ballot.token}/{x}.wav")[2]
        sent[x] = (headers, len(body), page_of(client, vote), own_data(vote.voter)["abx_trials"])
    assert sent["a"] == sent["b"]
    assert not {"ETag", "Last-Modified"} & set(sent["a"][0])
    assert sent["a"][0]["Cache-Control"] == "private, no-store"
    assert sent["a"][3] == []
    # The answer is taken without a word on whether it is right, and the same with the log of the whole test.
    following = {}
    for answer in "ab":
        AbxTrial.objects.filter(test=test).update(x="a", started_at=None, answered_at=None, answer="")
        AbxTrial.objects.filter(pk=trial.pk).update(started_at=timezone.now() - timedelta(minutes=1))
        said = client.post(f"/abx/trials/{trial.token}/answer/", FORM | {"answer": answer}, headers=HTMX)
        assert said.status_code == 200
        following[answer] = re.sub(r'data-started-at="\d+"', "", page_of(client, vote))
    assert "Trial 2 of 8" in following["a"]
    assert following["a"] == following["b"]
    assert client.get(f"/abx/tests/{test.pk}.csv").status_code == 404


def test_x_is_drawn_and_only_the_present_one_is_heard(vote: Vote) -> None:
    tests = [begin(vote, 16)]
    for _ in range(3):
        give_up(vote=vote, now=LATER)
        tests.append(begin(vote, 16))
    drawn = list(AbxTrial.objects.values_list("x", flat=True))
    assert len(drawn) == 64
    assert 10 < drawn.count("a") < 54
    first, second = tests[-1].trials.all()[:2]
    assert hear(vote.voter, f"/abx/trials/{second.token}/x.wav")[0] == 404
    say(current(tests[-1]), "a")
    assert hear(vote.voter, f"/abx/trials/{first.token}/x.wav")[0] == 404
    assert hear(vote.voter, f"/abx/trials/{second.token}/x.wav")[0] == 200
    assert hear(vote.voter, f"/abx/trials/{tests[0].trials.all()[0].token}/x.wav")[0] == 404


def test_the_length_is_fixed_and_one_test_runs_at_a_time(vote: Vote) -> None:
    test = begin(vote, 12)
    assert begin(vote, 16) == test
    assert test.trials.count() == 12
    with pytest.raises(InvalidAbx):
        begin(vote, 9)
    give_up(vote=vote, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        AbxTest.objects.create(vote=vote, n_trials=10, started_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        test.trials.filter(number=1).update(answer="c", answered_at=NOW)


def test_an_answer_stays_and_the_same_again_changes_nothing(vote: Vote) -> None:
    test = begin(vote)
    trial = current(test)
    say(trial, "a")
    say(trial, "a")
    with pytest.raises(AbxClosed):
        say(trial, "b")
    assert list(test.trials.exclude(answer="").values_list("number", "answer")) == [(1, "a")]
    assert test.trials.exclude(started_at=None).count() == 2
    give_up(vote=vote, now=LATER)
    with pytest.raises(AbxClosed):
        say(test.trials.get(number=2), "a")
    say(trial, "a")


def test_x_must_have_been_heard_and_no_longer_than_time_has_passed(vote: Vote) -> None:
    trial = current(begin(vote))
    with pytest.raises(NotHeardEnough):
        say(trial, "a", HEARD | {"x": [(0.0, 0.4)]})
    with pytest.raises(InvalidAbx):
        answer_trial(trial=trial, answer="a", segments=HEARD, now=NOW + timedelta(seconds=2))
    trial.refresh_from_db()
    assert trial.answer == ""


def test_the_reveal_of_an_own_battle_leads_here(vote: Vote) -> None:
    reveal = logged_in(vote.voter).get(f"/tournaments/{vote.battle.tournament.public_id}/rounds/1/").content.decode()
    assert f"/abx/{vote.ballot.token}/" in reveal


def test_a_finished_test_tells_all_and_lists_every_test(vote: Vote) -> None:
    finish(vote, 8)
    say(current(begin(vote)), "a")
    give_up(vote=vote, now=NOW + timedelta(minutes=9))
    test = finish(vote, 6, now=NOW + timedelta(minutes=10))
    newest, given_up, oldest = abx_page(vote).results
    assert (newest.n_right, newest.is_passed, oldest.n_right, oldest.is_passed) == (6, False, 8, True)
    assert (given_up.is_finished, given_up.n_answered) == (False, 1)
    body = logged_in(vote.voter).get(f"/abx/{vote.ballot.token}/").content.decode()
    assert "6 of 8 right" in body
    assert "Somebody who guesses does at least as well in 14 % of tests." in body
    assert "Given up after 1 of 8" in body
    assert "up to 9.8 % of cases" in body
    log = logged_in(vote.voter).get(f"/abx/tests/{test.pk}.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(log)))
    assert [row["is_right"] for row in rows] == ["1"] * 6 + ["0"] * 2
    assert {(row["n_switches"], row["switches"]) for row in rows} == {("1", "0.500:a 3.250:x")}
    assert {(row["heard_a_s"], row["heard_x_s"], row["took_s"]) for row in rows} == {("2.000", "1.500", "60.000")}
    assert [row["x_was"] for row in rows] == list(test.trials.values_list("x", flat=True))
    assert len(own_data(vote.voter)["abx_trials"]) == 24


def test_passing_three_in_a_row_is_an_achievement(vote: Vote) -> None:
    finish(vote, 7)
    assert set(Award.objects.values_list("slug", flat=True)) == {"blind-trust"}
    given_up = begin(vote)
    for _ in range(7):
        say(current(given_up), current(given_up).x)
    give_up(vote=vote, now=NOW + timedelta(hours=1))
    for streak in (1, 2, 3):
        assert "abx-streak" not in Award.objects.values_list("slug", flat=True)
        finish(vote, 8, now=NOW + timedelta(hours=1 + streak))
        assert Activity.objects.filter(kind=Activity.Kind.ABX).latest("pk").facts["streak"] == streak
    assert set(Award.objects.values_list("slug", flat=True)) == {"blind-trust", "abx-streak"}


def test_others_find_nothing(vote: Vote) -> None:
    test = finish(vote, 8)
    trial = current(begin(vote))
    token = vote.ballot.token
    stranger = make_user()
    client = logged_in(stranger)
    assert client.get(f"/abx/{token}/").status_code == 404
    assert client.get(f"/abx/tests/{test.pk}.csv").status_code == 404
    for path in (f"/abx/{token}/start/", f"/abx/{token}/give-up/", f"/abx/trials/{trial.token}/answer/"):
        assert client.post(path, FORM | {"answer": "a", "n_trials": 8}).status_code == 404
        assert client.get(path).status_code == 405
        assert Client().post(path).status_code == 302
    for path in (f"/abx/trials/{trial.token}/x.wav", f"/abx/{token}/a.wav"):
        assert hear(stranger, path)[0] == 404
    assert Client().get(f"/abx/{token}/").status_code == 302


def test_an_audience_may_test_what_it_judged_as_long_as_it_is_shared(vote: Vote) -> None:
    share = share_tournament(tournament=vote.battle.tournament, name="", is_public=True, now=NOW)
    listener = make_user()
    ballot = make_ballot(battle=vote.battle, voter=listener, kind="audience", share=share, state="committed")
    mine = make_vote(ballot=ballot)
    client = logged_in(listener)
    address = f"/abx/{ballot.token}/"
    assert address in client.get(f"/s/{share.token}/rounds/1/").content.decode()
    assert client.post(f"{address}start/", {"n_trials": "8"}).status_code == 302
    assert "Trial 1 of 8" in client.get(address).content.decode()
    assert AbxTest.objects.get().vote == mine
    first = Preview.objects.get(mix=vote.battle.first)
    assert hear(listener, f"{address}a.wav")[2] == first.file.read()
    revoke(share=Share.objects.get(), now=LATER)
    assert client.get(address).status_code == 404
    assert hear(listener, f"{address}a.wav")[0] == 404


def test_tests_go_with_the_song_and_with_the_account(vote: Vote) -> None:
    begin(vote)
    delete_song(song=vote.battle.tournament.song, now=LATER)
    assert not AbxTrial.objects.exists()
    elsewhere = make_vote(ballot=make_ballot(voter=vote.voter))
    AbxTest.objects.create(vote=elsewhere, n_trials=8, started_at=NOW)
    delete_account(user=vote.voter, keeps_votes=True, now=LATER)
    assert not AbxTest.objects.exists()
