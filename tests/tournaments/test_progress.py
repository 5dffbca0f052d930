"""Work that is waited for: stages, estimates and the place in the queue, from the rows alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client, override_settings
from django.utils import timezone

from mixarena.jobs.leases import claim
from mixarena.jobs.queue import local_jobs
from tests.factories import make_battle, make_breeding, make_mix, make_mixer, make_song, make_tournament, make_user
from tests.tournaments.rounds import open_battle, start, vote
from tournaments.models import Battle, Mix
from tournaments.selectors.progress import breeding_s, jobs_ahead, preparation, rendering_s
from tournaments.services.breedings import BREED
from tournaments.services.mixes import PLAN, RENDER

pytestmark = pytest.mark.django_db


def waiting_battle(*states: str) -> Battle:
    tournament = make_tournament()
    mixes = [make_mix(song=tournament.song, state=state) for state in states]
    return make_battle(tournament=tournament, first=mixes[0], second=mixes[1], state=Battle.State.PREPARING)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("queued", "queued"), ("now", "ahead", "ahead")),
        (("planned", "queued"), ("now", "now", "ahead")),
        (("queued", "planned"), ("now", "now", "ahead")),
        (("planned", "ready"), ("done", "now", "ahead")),
        (("ready", "ready"), ("done", "done", "now")),
    ],
)
def test_stages_follow_the_states_of_both_mixes(states: tuple[str, str], expected: tuple[str, ...]) -> None:
    battle = waiting_battle(*states)
    assert tuple(stage.state for stage in preparation(battle.tournament, battle).stages) == expected


def test_the_place_in_the_queue_counts_what_was_asked_for_earlier() -> None:
    now = timezone.now()
    song = make_song()
    first, second, third = (
        make_mix(song=song, state=Mix.State.QUEUED, queued_at=now - timedelta(seconds=10 - i)) for i in range(3)
    )
    breeding = make_breeding(queued_at=now - timedelta(seconds=20))  # the same workers breed and plan
    make_mix(song=song, state=Mix.State.PLANNED, queued_at=now - timedelta(seconds=20))  # others render
    make_mix(song=song, state=Mix.State.QUEUED, queued_at=now - timedelta(seconds=20), attempts=3)  # given up
    assert [jobs_ahead(PLAN, mix) for mix in (first, second, third)] == [1, 2, 3]
    assert jobs_ahead(BREED, breeding) == 0
    assert claim(Mix, third.pk, state=Mix.State.QUEUED) is not None
    assert jobs_ahead(PLAN, third) == 0
    Mix.objects.filter(pk=third.pk).update(lease_expires_at=Now() - timedelta(seconds=1))  # its worker died
    assert jobs_ahead(PLAN, third) == 3
    assert jobs_ahead(RENDER, make_mix(song=song, state=Mix.State.PLANNED, queued_at=now)) == 1


@override_settings(RENDER_PROCESSES=1)
def test_estimates_are_medians_of_what_was_measured_by_length() -> None:
    song = make_song(duration_s=120.0)
    assert rendering_s(song, n_mixes=2) is None
    assert breeding_s() is None
    for render_s in (1.0, 2.0, 30.0):
        mix = make_mix(song=make_song(duration_s=60.0))
        Mix.objects.filter(pk=mix.pk).update(report={**(mix.report or {}), "render_s": render_s})
    make_mix(song=song)  # of a time before anything was measured
    assert rendering_s(song, n_mixes=1) == 4
    assert rendering_s(song, n_mixes=2) == 8
    assert rendering_s(make_song(duration_s=60.0, n_stems=4), n_mixes=1) == 8
    assert rendering_s(song, n_mixes=0) is None
    with override_settings(RENDER_PROCESSES=2):
        assert rendering_s(song, n_mixes=2) == 4
    for seconds in (3.0, 5.2, 90.0):
        make_breeding(seconds=seconds)
    assert breeding_s() == 6


def test_the_page_says_what_is_waited_for_and_names_nobody(client: Client) -> None:
    battle = waiting_battle("planned", "queued")
    client.force_login(battle.tournament.owner)
    body = client.get(f"/tournaments/{battle.tournament.public_id}/battle/").content.decode()
    assert "1 of 2 done" in body
    assert not any(mix.mixer.nickname in body for mix in (battle.first, battle.second))


def test_the_next_round_is_prepared_while_the_listener_listens() -> None:
    """All mixes of the field are asked for when the tournament starts (and an offspring's at its birth)."""
    field = [make_mixer() for _ in range(5)]
    with local_jobs():
        tournament = start(make_user(), make_song(is_demo=True))
        battle = open_battle(tournament)
        asked = set(Mix.objects.filter(song=tournament.song).values_list("mixer", flat=True))
        assert asked == {mixer.pk for mixer in field}
        Mix.objects.filter(song=tournament.song).update(state=Mix.State.READY)
        vote(battle)
        following = Battle.objects.get(tournament=tournament, number=2)
        # Nothing of it is left to be mixed by the time of the vote.
        assert {following.first.state, following.second.state} == {Mix.State.READY}
