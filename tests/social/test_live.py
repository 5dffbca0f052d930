"""Following a shared tournament: what streams and parts say, to whom, and until when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.utils import timezone

from accounts.models import User
from mixarena.web import presence
from social.selectors.live import live_events
from tests.factories import NOW, make_ballot, make_battle, make_preview, make_tournament, make_user, make_vote
from tests.services.redis_server import RedisServer
from tournaments.models import Ballot, Battle, Share, Tournament
from tournaments.selectors.audience import channel_of
from tournaments.selectors.rounds import live_events as owners_events
from tournaments.services.sharing import revoke, share_battle, share_tournament
from tournaments.services.tournaments import tell

pytestmark = pytest.mark.django_db(transaction=True)
TIMEOUT_S = 20.0


@pytest.fixture
def battle() -> Battle:
    """An open first round of ada's; both sides and the upload have sound."""
    found = make_battle(tournament=make_tournament(owner=make_user("ada")))
    for mix in (found.first, found.second, None):
        make_preview(song=found.tournament.song, mix=mix)
    return found


@pytest.fixture
def share(battle: Battle) -> Share:
    return share_tournament(tournament=battle.tournament, name="", is_public=False, now=NOW)


def listener(name: str) -> Client:
    client = Client()
    client.force_login(make_user(name))
    return client


def judge(battle: Battle, name: str, choice: str = "first") -> Client:
    """Somebody of the audience who has judged the battle."""
    client = listener(name)
    user = User.objects.get(username=name)
    make_vote(ballot=make_ballot(battle=battle, voter=user, kind=Ballot.Kind.AUDIENCE), choice=choice)
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.OPEN)
    return client


def names_of(battle: Battle) -> set[str]:
    return {name for mix in (battle.first, battle.second) for name in (mix.mixer.nickname, mix.mixer.slug)}


@asynccontextmanager
async def follow(address: str, cookies: object = None) -> AsyncIterator[AsyncIterator[str]]:
    """The parts of a stream that hold events."""
    client = AsyncClient()
    if cookies is not None:
        client.cookies = cookies  # type: ignore[assignment]
    response = await client.get(address)
    assert response.status_code == 200
    raw = cast("AsyncIterator[bytes]", cast(StreamingHttpResponse, response).streaming_content)

    async def parts() -> AsyncIterator[str]:
        while True:
            try:
                part = (await asyncio.wait_for(anext(raw), TIMEOUT_S)).decode()
            except StopAsyncIteration:
                return
            if part.startswith("event: "):
                yield part

    try:
        yield parts()
    finally:
        await raw.aclose()  # type: ignore[attr-defined]


def test_a_stream_tells_changes_and_ends_with_the_link(battle: Battle, share: Share, redis_server: RedisServer) -> None:
    async def scene() -> None:
        async with follow(f"/s/{share.token}/live/") as parts:
            first = await anext(parts)
            assert "data: running 1:open" in first
            assert '"votes": {"1": 0}' in first
            await sync_to_async(judge)(battle, "grace")
            await sync_to_async(tell)(battle.tournament)
            part = await anext(parts)
            while '"votes": {"1": 1}' not in part:
                part = await anext(parts)
            await sync_to_async(revoke)(share=share, now=timezone.now())
            while "event: end" not in part:
                part = await anext(parts)
            with pytest.raises(StopAsyncIteration):
                await anext(parts)
        assert (await AsyncClient().get(f"/s/{share.token}/live/")).status_code == 404

    asyncio.run(scene())


@override_settings(MAX_STREAMS=0, ARENA_HOST="0.0.0.0")
def test_a_visitor_without_room_is_told_when_to_come_back(share: Share, redis_server: RedisServer) -> None:
    grace = AsyncClient()
    grace.cookies = listener("grace").cookies

    async def ask() -> tuple[int, str]:
        answer = await grace.get(f"/s/{share.token}/live/", headers={"accept": "text/event-stream"})
        return answer.status_code, answer["Retry-After"]

    assert asyncio.run(ask()) == (429, "10")


def test_people_count_once_and_the_owner_not_at_all(battle: Battle, share: Share, redis_server: RedisServer) -> None:
    address, place = f"/s/{share.token}/live/", channel_of(battle.tournament.public_id)
    grace, owner, stranger = listener("grace"), Client(), Client()
    owner.force_login(battle.tournament.owner)
    stranger.get(f"/s/{share.token}/")

    async def until(n: int) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while await asyncio.to_thread(presence.count, place) != n:
                await asyncio.sleep(0.05)

    async def scene() -> None:
        async with (
            follow(address, owner.cookies) as a,
            follow(address, grace.cookies) as b,
            follow(address, grace.cookies) as c,
            follow(address, stranger.cookies) as d,
        ):
            for parts in (a, b, c, d):
                await anext(parts)
            await until(2)
            # The stranger begins to judge, and is still one.
            await sync_to_async(stranger.post)(f"/s/{share.token}/rounds/1/judge/")
            await d.aclose()  # type: ignore[attr-defined]
            async with follow(address, stranger.cookies) as e:
                await anext(e)
                await asyncio.sleep(0.5)  # the stream has begun, and has named its person
                await until(2)

    asyncio.run(scene())
    owner_sees = owners_events(battle.tournament_id)
    assert owner_sees is not None
    assert json.loads(owner_sees["audience"])["listeners"] == 2
    owner.get(f"/tournaments/{battle.tournament.public_id}/battle/")
    body = owner.get(f"/tournaments/{battle.tournament.public_id}/audience/").content.decode()
    assert "data-live-listeners>2<" in body


def test_events_and_parts_give_nothing_of_a_battle_away(battle: Battle, share: Share) -> None:
    """Whatever others and the owner have said, the bytes are the same for either side, and name nobody."""
    stranger, sent = Client(), []
    for choice in ("first", "second"):
        judge(battle, f"voter-{choice}", choice)
        Battle.objects.filter(pk=battle.pk).update(state=Battle.State.DECIDED)
        events = json.dumps(live_events(share.pk))
        part = stranger.get(f"/s/{share.token}/rounds/1/pulse/").content.decode()
        assert not any(name in events + part for name in names_of(battle))
        sent.append((events, part))
        battle.votes.all().delete()
        Ballot.objects.all().delete()
    assert sent[0] == sent[1]


def test_the_crowd_is_shown_after_the_own_vote_only(battle: Battle, share: Share) -> None:
    address = f"/s/{share.token}/rounds/1/crowd/"
    grace = judge(battle, "grace")
    assert Client().get(address).status_code == 409
    assert "<bdi>ada</bdi> has not voted yet" in grace.get(address).content.decode()
    make_vote(ballot=make_ballot(battle=battle), choice="second", confidence=70)
    body = grace.get(address).content.decode()
    assert "<bdi>ada</bdi> chose B, 70 % sure" in body
    assert "2 listeners" in body
    looker = Client()
    looker.post(f"/s/{share.token}/look/", {"next": "/"})
    assert looker.get(address).status_code == 200


def test_a_round_that_opens_is_announced_until_it_is_judged(battle: Battle, share: Share) -> None:
    stranger, address = Client(), f"/s/{share.token}/rounds/1/pulse/"
    before = live_events(share.pk)
    second = make_battle(tournament=battle.tournament, number=2, state=Battle.State.PREPARING)
    assert "is open" not in stranger.get(address).content.decode()
    Battle.objects.filter(pk=second.pk).update(state=Battle.State.OPEN)
    assert live_events(share.pk) != before
    assert "Round 2 is open: judge it" in stranger.get(address).content.decode()
    assert "is open" not in judge(second, "grace").get(address).content.decode()
    make_battle(tournament=battle.tournament, number=3)
    assert "Round 2 is open: judge it" in stranger.get(address).content.decode()
    page = stranger.get(f"/s/{share.token}/", headers={"hx-request": "true"})
    assert f"/s/{share.token}/rounds/2/" in page.content.decode()
    Tournament.objects.filter(pk=battle.tournament_id).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first
    )
    assert stranger.get(f"/s/{share.token}/", headers={"hx-request": "true"})["HX-Refresh"] == "true"


def test_the_link_to_one_battle_tells_of_no_other(battle: Battle) -> None:
    make_battle(tournament=battle.tournament, number=2)
    link = share_battle(battle=battle, name="", now=NOW)
    events = live_events(link.pk)
    assert events is not None
    assert events["message"] == "running 1:open"
    assert json.loads(events["audience"])["votes"] == {"1": 0}
    assert "Round 2" not in Client().get(f"/s/{link.token}/rounds/1/pulse/").content.decode()


def test_the_owner_hears_of_the_audience_and_of_its_verdict_after_the_own_vote(battle: Battle) -> None:
    owner, tournament = Client(), battle.tournament
    owner.force_login(tournament.owner)
    address = f"/tournaments/{tournament.public_id}/audience/"
    page = f"/tournaments/{tournament.public_id}/battle/"
    assert address not in owner.get(page).content.decode()
    share_tournament(tournament=tournament, name="", is_public=False, now=NOW)
    judge(battle, "grace", "second")
    assert address in owner.get(page).content.decode()
    body = owner.get(address).content.decode()
    assert 'data-live-votes="1">1<' in body
    assert not any(name in body for name in names_of(battle))
    assert owner.get(f"{address}1/").status_code == 404
    make_vote(ballot=Ballot.objects.get(voter=tournament.owner))
    assert f"{address}1/" in owner.get(f"/tournaments/{tournament.public_id}/rounds/1/").content.decode()
    assert "2 listeners" in owner.get(f"{address}1/").content.decode()
    for path in (address, f"{address}1/"):
        assert listener(f"x{len(path)}").get(path).status_code == 404


def test_streams_ask_the_database_no_more_for_more_rounds(
    battle: Battle, share: Share, django_assert_num_queries: object
) -> None:
    for number in range(2, 6):
        make_battle(tournament=battle.tournament, number=number)
    with django_assert_num_queries(3):  # type: ignore[operator]
        live_events(share.pk)
