"""Requests that nobody wrote by hand: whatever they ask, the answers keep to the description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache as shared_cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import Notice
from accounts.services.tokens import SCOPES
from mixarena.jobs.queue import local_jobs
from mixarena.web import live
from tests.api.sent import make_sounding
from tests.api.tokens import Program
from tests.factories import (
    NOW,
    make_ballot,
    make_battle,
    make_mixer,
    make_song,
    make_tournament,
    make_user,
    make_vote,
)
from tournaments.models import Album, AlbumTrack, Ballot, Clip, QueueItem, Stem, Tournament
from tournaments.services.abx import start_test
from tournaments.services.sharing import share_battle, share_tournament

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
N_EXAMPLES = 5
# Of what takes nothing but its address: two that are there, and one that is not. Few wrong ones reach any of our code.
N_ADDRESSES = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 2}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests are answered inside the test's own transaction, as they are with Django's test client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def one_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that end."""

    async def events(*_: object) -> AsyncIterator[bytes]:
        yield live.format_event("message", "running")

    monkeypatch.setattr(live, "_events", events)


@override_settings(API_REQUESTS_PER_MINUTE=10**6, API_UPLOADS_PER_HOUR=10**6, CREDITS=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_keep_to_the_description(scope: str, mode: GenerationMode) -> None:
    shared_cache.clear()
    user = make_user("ada", is_staff=True)
    mixer = make_mixer(slug="eddie")
    Notice.objects.create(user=user, kind="mixer", title="x", created_at=NOW)
    song = make_song(owner=user)
    running = make_tournament(owner=user, song=song, mixers=[mixer])
    ballot = make_ballot(battle=make_sounding(running))
    finished = make_tournament(owner=user, song=song)
    vote = make_vote(ballot=make_ballot(battle=make_sounding(finished)))
    Tournament.objects.filter(pk=finished.pk).update(
        state="finished", champion=vote.battle.first, taken=vote.battle.first, finished_at=NOW
    )
    album = Album.objects.create(owner=user, mixer=mixer, title="Two")
    AlbumTrack.objects.create(album=album, song=song, position=1)
    stems = make_song(owner=user, n_stems=2)
    for position, name in enumerate(("kick", "bass"), start=1):
        Stem.objects.create(
            song=stems, position=position, name=name, container="WAV", sample_rate=44_100, channels=1, duration_s=60.0
        )
    trial = start_test(vote=vote, n_trials=8, now=NOW).trials.get(number=1)
    clip = Clip.objects.create(battle=vote.battle, is_swapped=False, signature="ada", address="x", state="ready")
    others = make_battle()
    whole = share_tournament(tournament=others.tournament, name="", is_public=True, now=NOW)
    part = share_battle(battle=make_battle(), name="", now=NOW)
    judged = make_vote(ballot=make_ballot(battle=others, voter=user, kind=Ballot.Kind.AUDIENCE, share=whole))
    QueueItem.objects.create(listener=user, number=1, ballot=judged.ballot, created_at=NOW)
    known: dict[str, list[Any]] = {
        "song": [str(stems.public_id), str(song.public_id)],
        "tournament": [str(finished.public_id), str(running.public_id)],
        "mix": [str(vote.battle.first.public_id)],
        "album": [str(album.public_id)],
        "token": [ballot.token, vote.ballot.token],
        "share": [whole.token, part.token],
        "trial": [trial.token],
        "clip": [clip.pk],
        "slug": ["eddie"],
        "username": ["ada"],
        "number": [1],
        "section": ["arena", "jobs"],
        "table": ["votes", "days"],
    }
    headers = Program(user, [scope]).headers
    asked = {}
    for result in described().get_all_operations():
        operation = result.ok()
        if operation.definition.raw["x-scope"] == scope:
            with local_jobs():
                asked[operation.label] = ask(operation, mode, headers, known)
    assert asked
    if mode == GenerationMode.POSITIVE:
        assert all(asked.values())


@cache
def described() -> Any:
    """The description, read once."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())


def ask(operation: Any, mode: GenerationMode, headers: dict[str, str], known: dict[str, list[Any]]) -> int:
    """Send requests that an operation should understand, or should not; returns how many."""
    turns = 0

    @settings(
        max_examples=N_EXAMPLES if operation.body or operation.query else N_ADDRESSES[mode],
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        nonlocal turns
        # Half of the requests meet something that is there.
        if turns % 2 == 0 and case.method != "DELETE":
            for name in set(case.path_parameters or {}) & set(known):
                case.path_parameters[name] = known[name][turns // 2 % len(known[name])]
        turns += 1
        case.call_and_validate(headers=headers, checks=CHECKS)

    send()
    return turns
