"""What others share, judged by a program: blind first, then everything that the pages tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import override_settings

from accounts.models import User
from clients.python.mixarena_client import Problem
from mixarena.web import live, presence
from social.selectors.live import live_events
from tests.api.sent import ALL_OF_IT, everything, listen, make_sounding, secrets_of
from tests.api.tokens import Program, arena_of, assert_problem
from tests.factories import NOW, make_ballot, make_tournament, make_user, make_vote
from tests.services.redis_server import RedisServer
from tournaments.models import Ballot, Battle, LedgerEvent, Share, ShareEvent, Tournament, Vote
from tournaments.selectors.audience import channel_of
from tournaments.services.sharing import revoke, share_battle, share_mix, share_tournament
from tournaments.services.tournaments import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def battle() -> Battle:
    """The first of two that can be heard."""
    tournament = make_tournament(owner=make_user("ada"), n_rounds=3)
    make_sounding(tournament, 2)
    return make_sounding(tournament)


@pytest.fixture
def listener() -> User:
    return make_user("ears")


@pytest.fixture
def share(battle: Battle) -> Share:
    return share_tournament(tournament=battle.tournament, name="Ada L.", is_public=True, now=NOW)


def test_a_shared_tournament_is_found_judged_and_uncovered(
    battle: Battle, share: Share, listener: User, tmp_path: Path
) -> None:
    private = make_sounding(make_tournament())
    share_tournament(tournament=private.tournament, name="", is_public=False, now=NOW)
    arena = arena_of(listener)
    [found] = arena.shared()
    assert (found["share"], found["by"], found["n_battles"]) == (share.token, "Ada L.", 2)
    page = arena.behind_link(share.token)
    assert [(row["round"], row["is_hearable"], row["is_judged"]) for row in page["rounds"]] == [
        (1, True, False),
        (2, True, False),
    ]
    ballot = arena.take_shared_ballot(share.token, 1)
    assert arena.take_shared_ballot(share.token, 1) == ballot
    sounds = {arena.download(ballot[f"{side}_url"], tmp_path / side).read_bytes() for side in "ab"}
    assert len(sounds) == 2
    listen(ballot)
    assert arena.heard(ballot["token"], a=ALL_OF_IT, b=ALL_OF_IT)["heard_b_s"] == 6.0
    told = arena.vote_shared(share.token, 1, "b", confidence=70)
    assert arena.vote_shared(share.token, 1, "b", confidence=70) == told
    assert arena.shared_round(share.token, 1) == told
    assert (told["choice"], told["n_votes"], told["owner_verdict"]) == ("b", 1, "")
    assert {camp["choice"]: camp["percent"] for camp in told["crowd"]} == {"a": 0, "b": 100, "tie": 0, "neither": 0}
    chosen = battle.first if Ballot.objects.get().is_swapped else battle.second
    assert [(side["side"], side["nickname"]) for side in told["sides"] if side["is_winner"]] == [
        ("b", chosen.mixer.nickname)
    ]
    assert [row["is_judged"] for row in arena.behind_link(share.token)["rounds"]] == [True, False]
    # It counts as a vote on the page does, and is its listener's.
    assert LedgerEvent.objects.get(vote__isnull=False).vote == Vote.objects.get(voter=listener)
    assert not ShareEvent.objects.exists(), "a program is no visit"


def test_nothing_before_the_vote_tells_who_fights(battle: Battle, share: Share, listener: User) -> None:
    make_vote(ballot=make_ballot(battle=battle))
    Tournament.objects.filter(pk=battle.tournament_id).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first, finished_at=NOW
    )
    one = share_battle(battle=battle, name="", now=NOW)
    program = Program(listener)
    round_one = f"/shared/{share.token}/rounds/1"
    answers = [program.get("/shared"), program.get(f"/shared/{share.token}"), program.get(f"/shared/{one.token}")]
    answers.append(program.post(f"{round_one}/ballot"))
    ballot = answers[-1].json()
    sounds = [program.get(f"/ballots/{ballot['token']}/{side}.wav") for side in "ab"]
    assert sounds[0].headers.items() == sounds[1].headers.items()
    assert not {"etag", "last-modified"} & {name.lower() for name in sounds[0].headers}
    answers += [
        *sounds,
        program.post(f"/ballots/{ballot['token']}/heard", {"a": [[0, 1]], "b": []}),
        program.post(f"{round_one}/vote", {"choice": "a", "confidence": 80}),
        program.get(round_one),
        program.get(f"/ballots/{ballot['token']}"),
        program.get(f"/ballots/{ballot['token']}/abx"),
        program.get(f"/ballots/{ballot['token']}/abx/a.wav"),
        program.get(f"/shared/{share.token}"),
    ]
    assert_problem(answers[7], 422, "not_heard_enough")
    assert_problem(answers[8], 409, "not_judged")
    text = b"\n".join(map(everything, answers)).decode(errors="replace").lower()
    assert ballot["token"].lower() in text
    assert not [secret for secret in secrets_of(battle) if secret.lower() in text]
    assert Vote.objects.count() == 1


def test_the_result_is_told_after_the_last_vote(battle: Battle, share: Share, listener: User) -> None:
    """And the names that the test above looks for are those that are told then."""
    Tournament.objects.filter(pk=battle.tournament_id).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first, finished_at=NOW
    )
    arena = arena_of(listener)
    for number in (1, 2):
        assert arena.behind_link(share.token)["result"] is None
        ballot = arena.take_shared_ballot(share.token, number)
        listen(ballot)
        arena.heard(ballot["token"], a=ALL_OF_IT, b=ALL_OF_IT)
        told = arena.vote_shared(share.token, number, "tie", confidence=0)
        assert told["choice"] == "tie"
        if number == 1:
            names = {side["nickname"] for side in told["sides"]} | {side["mixer"] for side in told["sides"]}
            assert len(names & secrets_of(battle)) == 4
    assert arena.behind_link(share.token)["result"]["mixer"] == battle.first.mixer.slug


@pytest.mark.django_db(transaction=True)
def test_a_program_follows_as_pages_do_and_is_nobody_who_listens(
    battle: Battle, share: Share, listener: User, redis_server: RedisServer
) -> None:
    answer = Program(listener).get(f"/shared/{share.token}/live")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    parts = cast("AsyncIterator[bytes]", answer.streaming_content)
    place = channel_of(battle.tournament.public_id)

    def vote() -> None:
        make_vote(ballot=make_ballot(battle=battle, kind=Ballot.Kind.AUDIENCE, share=share))
        tell(battle.tournament)

    async def follow() -> bytes:
        heard = b""
        async for part in parts:
            heard += part
            if b'"votes": {"1": 0' in part:
                shown = await sync_to_async(live_events)(share.pk)
                assert shown is not None
                for name, data in shown.items():
                    assert live.format_event(name, data) in heard
                assert await sync_to_async(presence.count)(place) == 0
                await sync_to_async(vote)()
            elif b'"votes": {"1": 1' in part:
                await sync_to_async(revoke)(share=share, now=NOW)
        return heard

    heard = async_to_sync(follow)()
    assert heard.endswith(live.END)
    assert not [secret for secret in secrets_of(battle) if secret in heard.decode()]
    assert_problem(Program(listener).get(f"/shared/{share.token}/live"), 404, "share_closed")


@override_settings(MAX_STREAMS=0, ARENA_HOST="0.0.0.0")
def test_too_many_streams_are_a_problem_that_says_when_to_go_on(share: Share, listener: User) -> None:
    answer = Program(listener).get(f"/shared/{share.token}/live")
    assert_problem(answer, 429, "too_many_streams")
    assert answer.headers["Retry-After"] == "10"


def test_what_is_refused(battle: Battle, share: Share, listener: User) -> None:
    program, owner = Program(listener), Program(battle.tournament.owner)
    judgement = {"choice": "a", "confidence": 80}
    for path, body in (("ballot", None), ("vote", judgement)):
        assert_problem(owner.post(f"/shared/{share.token}/rounds/1/{path}", body), 403, "not_yours")
        assert_problem(program.post(f"/shared/{share.token}/rounds/3/{path}", body), 404, "no_round")
    assert_problem(owner.get(f"/shared/{share.token}/rounds/1"), 409, "not_judged")
    one = share_battle(battle=battle, name="", now=NOW)
    assert_problem(program.post(f"/shared/{one.token}/rounds/2/ballot"), 404, "no_round")
    assert [row["round"] for row in program.get(f"/shared/{one.token}").json()["rounds"]] == [1]
    mix = share_mix(tournament=battle.tournament, mix=battle.first, name="", now=NOW)
    for path in ("", "/live"):
        answer = program.get(f"/shared/{mix.token}{path}")
        assert_problem(answer, 409, "for_people")
        assert battle.first.mixer.nickname not in answer.content.decode()
    # A ballot of the audience is cast where it was given.
    ballot = program.post(f"/shared/{share.token}/rounds/1/ballot").json()
    assert_problem(program.post(f"/ballots/{ballot['token']}/vote", judgement), 404, "not_found")
    assert_problem(Program(make_user()).get(f"/ballots/{ballot['token']}/a.wav"), 404, "not_found")
    Battle.objects.filter(number=2).update(state=Battle.State.PREPARING)
    assert_problem(program.post(f"/shared/{share.token}/rounds/2/ballot"), 409, "battle_not_open")


def test_a_link_that_was_taken_back_opens_nothing(battle: Battle, share: Share, listener: User) -> None:
    arena, program = arena_of(listener), Program(listener)
    ballot = arena.take_shared_ballot(share.token, 1)
    listen(ballot)
    arena.heard(ballot["token"], a=ALL_OF_IT, b=ALL_OF_IT)
    revoke(share=share, now=NOW)
    assert list(arena.shared()) == []
    with pytest.raises(Problem) as refused:
        arena.vote_shared(share.token, 1, "a", confidence=80)
    assert (refused.value.status, refused.value.code) == (404, "share_closed")
    assert_problem(program.get(f"/shared/{share.token}"), 404, "share_closed")
    assert_problem(program.get(f"/shared/{share.token}/rounds/1"), 404, "share_closed")
    assert_problem(program.get(f"/ballots/{ballot['token']}/a.wav"), 404, "not_found")
    assert not Vote.objects.exists()
