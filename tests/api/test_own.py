"""What is a listener's own through the API: news, privacy, free mixes, friends, votes, taste, numbers, mixers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from accounts.models import Award, Notice, Referral, User
from accounts.services.tokens import create_token, scopes_for
from evolution.models import Submission
from mixarena.jobs.queue import local_jobs
from mixarena.web.live import publish
from tests.api.test_playing import body_of
from tests.api.tokens import Program, assert_problem
from tests.factories import NOW, make_mixer, make_song, make_tournament, make_user
from tests.services.redis_server import RedisServer
from tests.submitted import CARD, NICKNAME, card_file, weights_file
from tests.tournaments.rounds import be_born, play, start
from tests.tournaments.sound import enter
from tournaments.models import DailyListener, Tournament

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


def test_news_are_seen_up_to_one(program: Program, user: User) -> None:
    for owner in (user, make_user(), user, user):
        Notice.objects.create(user=owner, kind="mixer", title="x", created_at=NOW)
    newest, middle, _ = program.get("/me/notices").json()["items"]
    assert program.post("/me/notices/seen", {"upto": middle["id"]}).status_code == 204
    assert [row["is_seen"] for row in program.get("/me/notices").json()["items"]] == [False, True, True]
    assert Notice.objects.exclude(user=user).get().seen_at is None
    assert program.get("/me").json()["n_unseen_notices"] == 1
    assert newest["id"] > middle["id"]


def test_mixers_are_followed(program: Program) -> None:
    mixer = make_mixer()
    for _ in range(2):
        assert program.ask("PUT", f"/mixers/{mixer.slug}/follow").status_code == 204
    assert [row["slug"] for row in program.get("/me/follows").json()["items"]] == [mixer.slug]
    assert Program(make_user()).get("/me/follows").json()["count"] == 0
    for _ in range(2):
        assert program.ask("DELETE", f"/mixers/{mixer.slug}/follow").status_code == 204
    assert program.get("/me/follows").json()["items"] == []
    assert_problem(program.ask("PUT", "/mixers/nobody/follow"), 404)


def test_a_profile_is_closed(program: Program, user: User) -> None:
    assert program.get("/me/privacy").json() == {"is_public": True, "is_ranked": True}
    closed = {"is_public": False, "is_ranked": False}
    assert program.ask("PUT", "/me/privacy", closed).json() == closed
    assert Program(user).get("/me/privacy").json() == closed
    assert_problem(Program(make_user()).get(f"/people/{user.username}"), 404)
    assert_problem(program.ask("PUT", "/me/privacy", {"is_public": True}), 422, "invalid")


def test_free_mixes_and_friends(program: Program, user: User) -> None:
    assert_problem(program.get("/me/credits"), 404)
    friend = make_user()
    Referral.objects.create(inviter=user, friend=friend, created_at=NOW)
    with override_settings(CREDITS=True):
        make_mixer(), make_mixer()
        start(user, make_song(owner=user, title="Night Drive"), n_rounds=3)
        rows = program.get("/me/credits").json()["items"]
        page = program.get("/me/referrals").json()
        theirs = Program(friend).get("/me/referrals").json()
        assert Program(friend).get("/me/credits").json()["items"] == []
    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [("tournament", -1, 2), ("welcome", 3, 3)]
    assert rows[0]["note"] == "Night Drive"
    assert page["link"] == f"http://testserver/join/{user.referral_code}/"
    assert [(row["username"], row["state"]) for row in page["friends"]] == [(friend.username, "pending")]
    assert "verified e-mail" in page["friends"][0]["waits_for"]
    assert (page["invited_by"], theirs["invited_by"]["username"]) == (None, user.username)
    assert theirs["friends"] == []


def test_what_votes_changed_and_the_taste_they_tell_of(program: Program, user: User) -> None:
    mixers = [make_mixer(capabilities={"warmth": float(i)}) for i in (1, 2)]
    tournament = start(user, make_song(owner=user, title="Night Drive"), n_rounds=3)
    battle = play(tournament)
    newborn = be_born(battle)
    assert program.get("/me/changes").json() == {"n_votes": 1, "n_born": 1, "n_living": 1, "n_descendants": 0}
    (line,) = program.get("/me/votes").json()["items"]
    assert (line["song_title"], line["round"], line["breeding"]) == ("Night Drive", 1, "born")
    assert {row["mixer"] for row in line["moved"]} == {mixer.slug for mixer in mixers}
    assert sorted(row["change"] for row in line["moved"])[0] < 0
    assert (line["offspring"]["mixer"], line["offspring"]["is_living"]) == (newborn.slug, True)
    assert program.get("/me/votes?offset=1").json() == {"items": [], "count": 1}
    stranger = Program(make_user())
    assert stranger.get("/me/votes").json()["count"] == 0

    assert program.get("/me/taste").json() == []
    for _ in range(5):
        play(Tournament.objects.get(pk=start(user, make_song(owner=user), n_rounds=3).pk))
    taste = program.get("/me/taste").json()
    assert all(lean["low"] <= lean["value"] <= lean["high"] for lean in taste)
    assert taste
    assert program.ask("DELETE", "/me/taste").status_code == 204
    assert program.get("/me/taste").json() == []
    assert program.get("/me/votes").json()["count"] == 6


def test_the_cabinet_shows_what_earned_an_achievement(program: Program, user: User) -> None:
    make_mixer(), make_mixer()
    play(start(user, make_song(owner=user), n_rounds=3))
    award = Award.objects.filter(user=user).first()
    assert award is not None
    earned = next(row for row in program.get("/me/achievements").json() if row["slug"] == award.slug)
    assert earned["evidence"][0]["url"].startswith("/tournaments/")
    shown = Program(make_user()).get(f"/people/{user.username}").json()["achievements"]
    assert [row["evidence"] for row in shown if row["slug"] == award.slug] == [[]]


def test_all_own_data_and_nobody_elses(program: Program, user: User) -> None:
    make_song(owner=user, title="Night Drive")
    make_song(owner=make_user(), title="Not Mine")
    found = program.get("/me/data").json()
    assert found["account"]["username"] == user.username
    assert [song["title"] for song in found["songs"]] == ["Night Drive"]
    assert found["api_tokens"][0]["name"] == "test"


def test_own_numbers_as_json_and_as_csv(program: Program, user: User) -> None:
    today = timezone.now().date()
    for owner, n in ((user, 3), (make_user(), 9)):
        DailyListener.objects.create(user=owner, day=today, n_votes=n, confidence=[0] * 10, mixers={})
    found = program.get("/me/analytics").json()
    votes = next(figure for figure in found["figures"] if figure["table"] == "votes")
    assert votes["rows"] == [[today.isoformat(), 3, 0, 0, 0, 0]]
    assert {"label": "Votes", "value": "3"} in found["facts"]
    answer = program.get(f"/me/analytics/votes.csv?since={today}&until={today}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode().splitlines()[1] == f"{today},3,0,0,0,0"
    assert_problem(program.get("/me/analytics/none.csv"), 404)
    assert_problem(program.get("/me/analytics?since=2026-02-01&until=2026-01-01"), 422, "form")
    assert_problem(program.get("/me/analytics?since=9999-12-01&until=9999-12-31"), 422, "form")
    assert_problem(program.get("/me/analytics?since=yesterday"), 422, "invalid")


def test_the_arenas_numbers_are_for_curators(user: User) -> None:
    assert "analytics" not in scopes_for(user)
    with pytest.raises(Exception, match="what the token may do"):
        create_token(user=user, name="x", scopes=["analytics"], expires_at=None, now=NOW)
    curator = make_user(is_staff=True)
    program = Program(curator, ["analytics"])
    assert program.get("/analytics/jobs").json()["figures"][0]["table"] == "jobs"
    assert program.get("/analytics/arena/days.csv").content.decode().startswith("Day,Votes,")
    assert_problem(program.get("/analytics/none"), 404)
    assert_problem(program.get("/analytics/arena/none.csv"), 404)
    User.objects.filter(pk=curator.pk).update(is_staff=False)
    assert_problem(program.get("/analytics/jobs"), 404)
    assert_problem(program.get("/analytics/arena/days.csv"), 404)


def test_a_mixer_is_offered_and_followed_through_its_checks(program: Program, user: User) -> None:
    weights = (settings.MODELS_DIR / "elite-warrior" / "weights.safetensors").read_bytes()
    answer = program.upload({"weights": weights_file(weights), "card": card_file()}, "/submissions")
    assert answer.status_code == 202, answer.content
    offered = answer.json()
    assert (offered["nickname"], offered["state"], offered["checks"]) == (NICKNAME, "checking", [])
    check = {"name": "stable", "passed": False, "value": 0.5, "limit": 0.01, "sentence": "It is swayed."}
    Submission.objects.update(state="rejected", reason="It is swayed.", report={"checks": [check]}, decided_at=NOW)
    shown = program.get(f"/submissions/{offered['id']}").json()
    assert (shown["state"], shown["reason"], shown["mixer"]) == ("rejected", "It is swayed.", None)
    assert [check["is_passed"] for check in shown["checks"]] == [False]
    assert program.get("/submissions").json() == [shown]
    stranger = Program(make_user())
    assert_problem(stranger.get(f"/submissions/{offered['id']}"), 404)
    assert stranger.get("/submissions").json() == []
    assert_problem(program.upload({"weights": weights_file(b"no weights"), "card": card_file()}, "/submissions"), 422)
    assert_problem(program.upload({"weights": weights_file(b""), "card": card_file()}, "/submissions"), 422, "form")
    assert_problem(program.upload({"card": card_file(CARD)}, "/submissions"), 422, "invalid")
    assert Submission.objects.count() == 1


def test_a_mixer_is_taken_along_with_its_card_and_lineage(program: Program) -> None:
    enter("elite-warrior")
    answer = program.get("/mixers/elite-warrior/file")
    with zipfile.ZipFile(io.BytesIO(body_of(answer))) as bundle:
        assert set(bundle.namelist()) == {"elite-warrior/weights.safetensors", "elite-warrior/card.toml"}
        assert "[training" in bundle.read("elite-warrior/card.toml").decode()
    assert "mixarena-elite-warrior.zip" in answer.headers["Content-Disposition"]
    gone = make_mixer(weights="")
    for slug in (gone.slug, make_mixer().slug, "nobody"):
        assert_problem(program.get(f"/mixers/{slug}/file"), 404)


@pytest.mark.django_db(transaction=True)
def test_a_stream_tells_of_every_change(program: Program, user: User, redis_server: RedisServer) -> None:
    tournament = make_tournament(owner=user)
    answer = program.get(f"/tournaments/{tournament.public_id}/live")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    parts = cast("AsyncIterator[bytes]", answer.streaming_content)

    async def event() -> str:
        async for part in parts:
            if part.startswith(b"event: message\n"):
                return part.decode()
        raise AssertionError("the stream has ended")

    async def listen() -> list[str]:
        found = [await event()]
        await sync_to_async(Tournament.objects.filter(pk=tournament.pk).update)(state="failed")
        await sync_to_async(publish)(f"tournament:{tournament.public_id}")
        found.append(await event())
        await cast(Any, parts).aclose()
        return found

    first, second = async_to_sync(listen)()
    assert "data: running" in first
    assert "data: failed" in second
