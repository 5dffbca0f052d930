"""The judging queue: what it gives, that checks look like everything else, and what judging earns."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client, override_settings
from django.utils import timezone

from accounts.models import Activity, Award, CreditEntry, User
from accounts.services.judging import MAX_A_DAY, PER_MIX
from social.services import queue
from tests.factories import NOW, make_ballot, make_battle, make_preview, make_tournament, make_user, make_vote
from tournaments.models import Anchor, Ballot, Battle, Check, LedgerEvent, Preview, QueueItem, Share, Tournament, Vote
from tournaments.ratings.reliability import CheckKind
from tournaments.services.departures import delete_account
from tournaments.services.ledger import differences_from_replay
from tournaments.services.sharing import revoke, share_tournament

pytestmark = pytest.mark.django_db(transaction=True)
HEARD = json.dumps({"a": [[0.0, 6.0]], "b": [[0.0, 6.0]]})


def publish(n_battles: int, owner: User | None = None, **fields: Any) -> Tournament:
    """A public tournament whose battles can be heard; each mix sounds like its own number."""
    tournament = make_tournament(owner=owner or make_user(), **fields)
    for number in range(1, n_battles + 1):
        battle = make_battle(tournament=tournament, number=number)
        for mix in (battle.first, battle.second):
            name = default_storage.save("previews/x.wav", ContentFile(f"RIFF {mix.pk:08d}".encode()))
            make_preview(song=tournament.song, mix=mix, file=name)
    share_tournament(tournament=tournament, name="", is_public=True, now=NOW)
    return tournament


@pytest.fixture
def tournament() -> Tournament:
    return publish(6, make_user("ada"))


@pytest.fixture
def listener(client: Client) -> User:
    user = make_user("ears")
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "CHECK_SHARE", 0.0)


def only(monkeypatch: pytest.MonkeyPatch, kind: CheckKind | None) -> None:
    """Nothing but checks of a kind from now on, or nothing but battles."""
    monkeypatch.setattr(queue, "CHECK_SHARE", 0.0 if kind is None else 1.0)
    monkeypatch.setattr(queue, "WEIGHTS", {} if kind is None else {kind: 1.0})


def make_anchors(tournament: Tournament) -> None:
    Anchor.objects.all().delete()
    for preview in Preview.objects.filter(song=tournament.song):
        name = default_storage.save("anchors/x.wav", ContentFile(f"DULL {preview.mix_id:08d}".encode()))
        Anchor.objects.create(preview=preview, state=Anchor.State.READY, file=name)


def given(client: Client) -> QueueItem:
    """What the page gives."""
    assert client.get("/judge/").status_code == 200
    return QueueItem.objects.latest("pk")


def judge(client: Client, choice: str = "a", confidence: int = 90) -> tuple[QueueItem, Any]:
    """Take what the page gives, listen long enough, and answer."""
    item = given(client)
    Ballot.objects.filter(pk=item.ballot_id).update(issued_at=NOW)
    sent = {"choice": choice, "confidence": confidence, "segments": HEARD}
    answer = client.post(f"/judge/{item.ballot.token}/vote/", sent, headers={"hx-request": "true"})
    return item, answer


def sounds(client: Client, token: str) -> list[tuple[bytes, dict[str, str]]]:
    """Both sides as they are sent: bytes and headers."""

    async def ask(side: str) -> tuple[bytes, dict[str, str]]:
        asking = AsyncClient()
        asking.cookies = client.cookies
        answer = await asking.get(f"/ballots/{token}/{side}.wav")
        assert answer.status_code == 200
        parts = [part async for part in answer]  # type: ignore[attr-defined]
        return b"".join(parts), dict(answer.headers)

    return [asyncio.run(ask(side)) for side in "ab"]


def test_the_queue_gives_what_can_be_judged_blind(client: Client, listener: User, tournament: Tournament) -> None:
    publish(2, listener)
    publish(2, kind=Tournament.Kind.AUTOMATIC)
    private = publish(2)
    revoke(share=Share.objects.get(tournament=private), now=NOW)
    looked = publish(2)
    client.post(f"/s/{Share.objects.get(tournament=looked).token}/look/")
    body = client.get("/judge/").content.decode()
    item = QueueItem.objects.get()
    names = {mix.mixer.nickname for mix in (item.ballot.battle.first, item.ballot.battle.second)}
    assert not any(name in body for name in {*names, "ada", tournament.song.title})
    assert given(client) == item, "asked again it gives the same"
    seen = set()
    for _ in range(6):
        item, answer = judge(client)
        assert answer.status_code == 200
        assert answer["HX-Push-Url"] == f"/judge/{item.number}/"
        seen.add(item.ballot.battle)
    assert seen == set(tournament.battles.all())
    assert "Nothing left to judge" in client.get("/judge/").content.decode()
    assert LedgerEvent.objects.filter(vote__voter=listener).count() == 6
    shown = client.get(f"/judge/{item.number}/").content.decode()
    assert item.ballot.battle.first.mixer.nickname in shown
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.get(f"/judge/{item.number}/").status_code == 404
    assert stranger.post(f"/judge/{item.ballot.token}/vote/", {}).status_code == 404


def test_strangers_find_a_door(client: Client, tournament: Tournament) -> None:
    body = client.get("/judge/").content.decode()
    assert "/accounts/signup/?next=/judge/" in body
    assert not QueueItem.objects.exists()
    assert "/judge/" in client.get("/listen/").content.decode()


def test_battles_with_few_votes_come_first(client: Client, listener: User, tournament: Tournament) -> None:
    for battle in tournament.battles.filter(number__lte=3):
        make_vote(ballot=make_ballot(battle=battle))
        for _ in range(3):
            make_vote(ballot=make_ballot(battle=battle, voter=make_user(), kind=Ballot.Kind.AUDIENCE))
    numbers = []
    for _ in range(20):
        user = make_user()
        item = queue.next_item(listener=user, looked_at=[], now=NOW)
        assert item is not None
        numbers.append(item.ballot.battle.number)
    assert len(set(numbers)) > 1, "not all listeners are given the same"
    assert sum(number > 3 for number in numbers) > 12


def test_another_one_instead_of_this(client: Client, listener: User, tournament: Tournament) -> None:
    first = given(client)
    assert client.post(f"/judge/{first.ballot.token}/another/").status_code == 302
    second = given(client)
    assert second.ballot.battle != first.ballot.battle
    revoke(share=Share.objects.get(), now=NOW)
    assert "Nothing left to judge" in client.get("/judge/").content.decode()


@pytest.mark.parametrize("kind", [CheckKind.IDENTICAL, CheckKind.ANCHOR, CheckKind.REPEAT])
def test_a_check_looks_like_any_battle(
    client: Client, listener: User, tournament: Tournament, monkeypatch: pytest.MonkeyPatch, kind: CheckKind
) -> None:
    """Tokens and moments aside, page and sound of a check are what those of a battle are."""

    def page() -> tuple[str, list[tuple[int, dict[str, str]]], QueueItem]:
        body = client.get("/judge/").content.decode()
        item = QueueItem.objects.latest("pk")
        body = body.replace(item.ballot.token, "TOKEN")
        body = re.sub(r'(csrf\w*" value=|X-CSRFToken[^,]*?: |data-(?:issued|shown)-at=)"[^"]*"', r"\1", body)
        body = re.sub(r'data-(listening|starts-with)="[ab]"', r"\1", body)
        return body, [(len(data), headers) for data, headers in sounds(client, item.ballot.token)], item

    judge(client, "b", 90)
    Vote.objects.update(created_at=NOW)
    Activity.objects.all().delete()
    real, real_sounds, _ = page()
    judge(client)
    Activity.objects.all().delete()
    make_anchors(tournament)
    only(monkeypatch, kind)
    asked, asked_sounds, item = page()
    assert item.ballot.kind == Ballot.Kind.CHECK
    assert Check.objects.get().kind == kind
    assert asked == real
    assert asked_sounds == real_sounds


def test_what_each_check_plays_and_how_it_is_told(
    client: Client, listener: User, tournament: Tournament, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, _ = judge(client, "b", 80)
    make_anchors(tournament)
    before = Vote.objects.count(), LedgerEvent.objects.count()
    only(monkeypatch, CheckKind.IDENTICAL)
    sides = [data for data, _ in sounds(client, given(client).ballot.token)]
    assert sides[0] == sides[1]
    assert "very same sound" in judge(client, "tie", 0)[1].content.decode()

    only(monkeypatch, CheckKind.ANCHOR)
    item = given(client)
    check = Check.objects.latest("pk")
    sides = [data for data, _ in sounds(client, item.ballot.token)]
    right = 0 if check.right == "a" else 1
    assert (sides[right][:4], sides[1 - right][:4]) == (b"RIFF", b"DULL")
    assert sides[0][4:] == sides[1][4:]
    assert "lost its treble" in judge(client, check.right, 70)[1].content.decode()

    only(monkeypatch, CheckKind.REPEAT)
    assert given(client).ballot.kind == Ballot.Kind.AUDIENCE, "too early for a repeat"
    judge(client)
    Vote.objects.filter(ballot=earlier.ballot).update(created_at=NOW)
    item = given(client)
    assert (item.ballot.battle, item.ballot.is_swapped) == (earlier.ballot.battle, not earlier.ballot.is_swapped)
    body = judge(client, "a", 80)[1].content.decode()
    assert "the same mix again" in body
    assert list(Check.objects.values_list("outcome", flat=True)) == ["passed"] * 3
    assert (Vote.objects.count(), LedgerEvent.objects.count()) == (before[0] + 1, before[1] + 1)
    assert differences_from_replay() == []
    assert Activity.objects.filter(kind=Activity.Kind.JUDGED).count() == 5
    again = client.get(f"/judge/{item.number}/").content.decode()
    assert "the same mix again" in again


def test_a_check_is_answered_once_and_only_in_the_queue(
    client: Client, listener: User, tournament: Tournament, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, CheckKind.IDENTICAL)
    item = given(client)
    sent = {"choice": "a", "confidence": 90, "segments": HEARD}
    early = client.post(f"/judge/{item.ballot.token}/vote/", sent)
    assert early.status_code == 422
    judge(client, "a", 90)
    assert client.post(f"/judge/{item.ballot.token}/vote/", sent).status_code == 302
    other = client.post(f"/judge/{item.ballot.token}/vote/", {**sent, "choice": "b"})
    assert other.status_code == 409
    assert Check.objects.get().outcome == "failed"
    assert Activity.objects.filter(kind=Activity.Kind.JUDGED).count() == 1
    only(monkeypatch, None)
    battle = given(client)
    for token in (item.ballot.token, battle.ballot.token):
        assert client.post(f"/ballots/{token}/vote/", sent).status_code == 404
    assert not Vote.objects.exists()


@override_settings(CREDITS=True)
def test_five_judged_bring_a_free_mix_up_to_a_number_a_day(client: Client, listener: User) -> None:
    publish(10, n_rounds=10)
    publish(10, n_rounds=10)
    for done in range(1, MAX_A_DAY + PER_MIX + 1):
        body = judge(client)[1].content.decode()
        if done < PER_MIX:
            assert f"{done} of {PER_MIX} to a free mix" in body
    paid = CreditEntry.objects.filter(user=listener, kind=CreditEntry.Kind.JUDGING)
    assert list(paid.order_by("pk").values_list("key", "amount")) == [("1", 1), ("2", 1)]
    assert "Today’s free mixes are earned" in client.get("/judge/").content.decode()
    Activity.objects.update(happened_at=NOW)
    for _ in range(PER_MIX):
        judge(client)
    assert paid.count() == 3


def test_right_answers_earn_achievements(
    client: Client, listener: User, tournament: Tournament, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, CheckKind.IDENTICAL)
    for _ in range(3):
        item, _ = judge(client, "tie", 0)
    award = Award.objects.get(user=listener, slug="not-fooled")
    assert award.activities.count() == 3
    assert f"/judge/{item.number}/" in client.get("/me/cabinet/").content.decode()
    assert "3 of 3" in client.get("/me/").content.decode()
    delete_account(user=listener, keeps_votes=True, now=timezone.now())
    assert not Check.objects.exists()
    assert not QueueItem.objects.exists()


def test_about_one_in_six_is_a_check_and_guests_get_none(
    tournament: Tournament, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    people = [make_user() for _ in range(60)]
    items = [queue.next_item(listener=person, looked_at=[], now=NOW) for person in people]
    n_checks = sum(item is not None and item.ballot.kind == Ballot.Kind.CHECK for item in items)
    assert 3 <= n_checks <= 19  # 99.7 % of draws of 60 with a sixth
    assert Anchor.objects.filter(state=Anchor.State.QUEUED).count() == 1, "one is asked for before it is needed"
    guest = Client()
    share = Share.objects.get()
    guest.post(f"/s/{share.token}/rounds/1/judge/")
    guest.get(f"/s/{share.token}/rounds/1/")
    assert "Sign up" in guest.get("/judge/").content.decode()
    assert not Check.objects.filter(ballot__voter__is_guest=True).exists()
    assert Battle.objects.count() == 6
