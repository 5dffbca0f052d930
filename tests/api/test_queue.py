"""The judging queue for programs: checks look like battles, to the byte."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import override_settings

from accounts.models import Activity, User
from social.services import queue
from tests.api.sent import ALL_OF_IT, body_of, everything, listen, make_sounding, secrets_of
from tests.api.tokens import Program, arena_of, assert_problem
from tests.factories import NOW, make_tournament, make_user
from tournaments.models import Anchor, Ballot, Check, LedgerEvent, Preview, QueueItem, Share, Tournament, Vote
from tournaments.ratings.reliability import CheckKind
from tournaments.services.sharing import revoke, share_tournament

pytestmark = pytest.mark.django_db


@pytest.fixture
def tournament() -> Tournament:
    """Public, with four battles that can be heard and everything that checks are made of."""
    found = make_tournament(owner=make_user("ada"))
    for number in range(1, 5):
        make_sounding(found, number)
    for preview in Preview.objects.all():
        name = default_storage.save("anchors/x.wav", ContentFile(b"DULL" + bytes(100)))
        Anchor.objects.create(preview=preview, state=Anchor.State.READY, file=name)
    share_tournament(tournament=found, name="", is_public=True, now=NOW)
    return found


@pytest.fixture
def listener() -> User:
    return make_user("ears")


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "CHECK_SHARE", 0.0)


def only(monkeypatch: pytest.MonkeyPatch, kind: CheckKind) -> None:
    monkeypatch.setattr(queue, "CHECK_SHARE", 1.0)
    monkeypatch.setattr(queue, "WEIGHTS", {kind: 1.0})


@override_settings(CREDITS=True)
def test_battles_are_given_judged_and_told(tournament: Tournament, listener: User) -> None:
    arena, stranger = arena_of(listener), Program(make_user())
    first = arena.take_next()
    assert arena.take_next() == first
    assert first["free_mix"]["n_done"] == 0
    other = arena.pass_over(first["item"]["number"])["item"]
    assert (other["number"], other["token"] != first["item"]["token"]) == (2, True)
    listen(other)
    arena.heard(other["token"], a=ALL_OF_IT, b=ALL_OF_IT)
    told = arena.judge(other["number"], "a", confidence=80)
    assert arena.judge(other["number"], "a", confidence=80) == arena.judged(other["number"]) == told
    assert (told["check"], told["battle"]["choice"], told["battle"]["by"]) == (None, "a", "ada")
    assert told["battle"]["ballot"] == other["token"]
    assert LedgerEvent.objects.filter(vote__voter=listener).count() == 1
    following = arena.take_next()
    assert (following["item"]["number"], following["n_judged"], following["free_mix"]["n_done"]) == (3, 1, 1)
    assert_problem(stranger.get("/queue/2"), 404, "not_found")
    revoke(share=Share.objects.get(), now=NOW)
    assert arena.take_next()["item"] is None
    assert_problem(Program(listener).get("/queue/2"), 404, "share_closed")


@pytest.mark.parametrize("kind", [CheckKind.IDENTICAL, CheckKind.ANCHOR, CheckKind.REPEAT])
def test_a_check_looks_like_any_battle(
    tournament: Tournament, listener: User, monkeypatch: pytest.MonkeyPatch, kind: CheckKind
) -> None:
    """Tokens, numbers, moments and the first side aside, everything that is sent is the same before the vote."""
    program = Program(listener)
    judgement = {"choice": "a", "confidence": 80}

    def step() -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
        answer = program.post("/queue")
        item = answer.json()["item"]
        listen(item)
        url, own = f"/ballots/{item['token']}", f"/queue/{item['number']}"
        sounds = [program.get(f"{url}/{side}.wav") for side in "ab"]
        heads = [(len(body_of(sound)), dict(sound.headers)) for sound in sounds]
        said = [
            answer,
            program.post(f"{url}/heard", {"a": [[0, 1]]}),
            program.post(f"{own}/vote", judgement),
            program.post(f"{url}/vote", judgement),
            program.get(url),
            program.get(own),
            program.get(f"{url}/abx"),
            program.post(f"{url}/heard", {"a": ALL_OF_IT, "b": ALL_OF_IT}),
        ]
        sent = b"\n".join(map(everything, said)).decode()
        assert not [s for battle in tournament.battles.all() for s in secrets_of(battle) if s in sent]
        assert tournament.song.title not in sent and "ada" not in sent
        assert_problem(said[2], 422, "not_heard_enough")
        assert program.post(f"{own}/vote", judgement).status_code == 200
        texts = [everything(one).decode().replace(item["token"], "TOKEN") for one in said]
        own = r'("number": ?)\d+|("starts_with": ?)"[ab]"|("issued_at": ?)"[-\dTZ:.]+"'
        return [re.sub(own, r"\1\2\3", text) for text in texts], heads

    # What is counted differs from item to item, whatever they are.
    step()
    Vote.objects.update(created_at=NOW)
    Activity.objects.all().delete()
    real = step()
    Activity.objects.all().delete()
    only(monkeypatch, kind)
    assert step() == real
    assert Check.objects.get().kind == kind


def test_what_a_check_was_is_told_after_its_answer(
    tournament: Tournament, listener: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena, program = arena_of(listener), Program(listener)
    only(monkeypatch, CheckKind.IDENTICAL)
    for _ in range(2):
        item = arena.take_next()["item"]
        assert_problem(program.post(f"/queue/{item['number']}/vote", {"choice": "c", "confidence": 1}), 422, "invalid")
        listen(item)
        arena.heard(item["token"], a=ALL_OF_IT, b=ALL_OF_IT)
        told = arena.judge(item["number"], "b", confidence=95)
    assert told["battle"] is None
    check = {"kind": "identical", "right": "", "choice": "b", "confidence": 95, "outcome": "failed"}
    assert told["check"] == check
    assert_problem(program.post(f"/queue/{item['number']}/vote", {"choice": "a", "confidence": 95}), 409)
    assert not Vote.objects.exists()
    page = arena.listening()
    assert page["checks"] == [{"label": "The same sound twice", "n_passed": 0, "n_failed": 2}]
    assert (page["score"], page["is_left_out"], len(page["advice"])) == (None, False, 1)
    assert json.loads(Program(make_user()).get("/me/listening").content)["checks"] == []


def test_only_what_the_queue_gave_is_taken(tournament: Tournament, listener: User) -> None:
    program: Any = Program(listener)
    for path in ("/queue/1/vote", "/queue/1/another"):
        assert_problem(program.post(path, {"choice": "a", "confidence": 80}), 404, "not_found")
    program.post("/queue")
    stranger = Program(make_user())
    assert_problem(stranger.post("/queue/1/another"), 404, "not_found")
    assert not QueueItem.objects.get().is_passed_over
    revoke(share=Share.objects.get(), now=NOW)
    assert_problem(program.post("/queue/1/vote", {"choice": "a", "confidence": 80}), 404, "not_found")
    assert Ballot.objects.get().state == Ballot.State.ISSUED
