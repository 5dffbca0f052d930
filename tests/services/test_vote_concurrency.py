"""The same thing at the same moment, over real connections: it happens once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connection

from accounts.models import User
from evolution.models import Breeding, Mixer
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tournaments.errors import BallotClosed
from tournaments.models import Ballot, Battle, LedgerEvent, Rating, RatingChange, Song, Tournament, Vote
from tournaments.services.ballots import commit_ballot, heard_s, issue_ballot, record_heard
from tournaments.services.ledger import append_seed, differences_from_replay
from tournaments.services.tournaments import next_battle, start_tournament

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

T = TypeVar("T")
N_AT_ONCE = 20


def at_once(action: Callable[[int], T], n: int = N_AT_ONCE) -> list[T | Exception]:
    """Run an action in so many threads, each with a connection of its own, all let go in the same moment."""
    barrier = threading.Barrier(n)

    def run(i: int) -> T | Exception:
        try:
            barrier.wait(timeout=30)
            return action(i)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))


@pytest.fixture
def field() -> list[Mixer]:
    return [make_mixer(seed_rating=rating) for rating in (1250.0, 1300.0, 1280.0, 1350.0, 1400.0)]


def open_battle(field: list[Mixer], owner: User | None = None) -> Battle:
    song: Song = make_song(owner=owner)
    mixes = [make_mix(song=song, mixer=mixer) for mixer in field]
    tournament = make_tournament(song=song, mixers=field)
    return make_battle(tournament=tournament, first=mixes[0], second=mixes[1])


def test_one_vote_posted_twenty_times_counts_once(field: list[Mixer]) -> None:
    battle = open_battle(field)
    ballot = make_ballot(battle=battle)

    def cast(_: int) -> int:
        vote = commit_ballot(token=ballot.token, voter=ballot.voter, choice="a", confidence=80, now=NOW)
        return vote.pk

    results = at_once(cast)
    vote = Vote.objects.get()
    assert results == [vote.pk] * N_AT_ONCE
    assert LedgerEvent.objects.filter(kind=LedgerEvent.Kind.VOTE).count() == 1
    assert RatingChange.objects.filter(event__vote=vote).count() == 4
    assert list(Rating.objects.filter(genre="", n_votes__gt=0).values_list("n_votes", flat=True)) == [1, 1]
    assert Breeding.objects.count() == 1
    assert list(Battle.objects.values_list("number", "state")) == [(1, "decided"), (2, "preparing")]
    assert differences_from_replay() == []


def test_of_different_votes_on_one_ballot_one_counts(field: list[Mixer]) -> None:
    ballot = make_ballot(battle=open_battle(field))
    choices = ["a", "b", "neither", "tie"]

    def cast(i: int) -> str:
        choice = choices[i % 4]
        confidence = 0 if choice == "tie" else 80
        return commit_ballot(
            token=ballot.token, voter=ballot.voter, choice=choice, confidence=confidence, now=NOW
        ).choice

    results = at_once(cast)
    winner = Vote.objects.get().choice
    kinds = Counter(result if isinstance(result, str) else type(result) for result in results)
    assert kinds == {winner: N_AT_ONCE / 4, BallotClosed: N_AT_ONCE * 3 / 4}
    assert differences_from_replay() == []


def test_votes_on_many_battles_at_once_make_a_ledger_without_gaps_that_replays_exactly(field: list[Mixer]) -> None:
    """All on the same two mixers, by two listeners, so that every vote wants the same ratings and habits."""
    owners = [make_user(), make_user()]
    ballots = [make_ballot(battle=open_battle(field, owners[i % 2])) for i in range(N_AT_ONCE)]

    def cast(i: int) -> int:
        ballot = ballots[i]
        return commit_ballot(token=ballot.token, voter=ballot.voter, choice="ab"[i % 2], confidence=50 + i, now=NOW).pk

    results = at_once(cast)
    assert all(isinstance(result, int) for result in results), results
    n_events = len(field) + N_AT_ONCE
    assert list(LedgerEvent.objects.values_list("number", flat=True)) == list(range(1, n_events + 1))
    assert Rating.objects.get(mixer=field[0], genre="").n_votes == N_AT_ONCE
    assert differences_from_replay() == []


def test_a_ballot_asked_for_twenty_times_is_one_ballot(field: list[Mixer]) -> None:
    battle = open_battle(field)
    results = at_once(lambda _: issue_ballot(battle=battle, voter=battle.tournament.owner, now=NOW).pk)
    assert results == [Ballot.objects.get().pk] * N_AT_ONCE


def test_logs_that_come_at_once_are_added_up(field: list[Mixer]) -> None:
    ballot = issue_ballot(battle=(battle := open_battle(field)), voter=battle.tournament.owner, now=NOW)
    soon = NOW + timedelta(seconds=60)
    results = at_once(
        lambda i: record_heard(ballot=ballot, segments={"a": [(i, i + 1)], "b": [(i, i + 0.5)]}, now=soon).pk
    )
    assert results == [ballot.pk] * N_AT_ONCE
    ballot.refresh_from_db()
    assert heard_s(ballot, "a") == pytest.approx(20)
    assert heard_s(ballot, "b") == pytest.approx(10)
    assert ballot.state == Ballot.State.ELIGIBLE


def test_a_start_clicked_twenty_times_starts_one_tournament(field: list[Mixer]) -> None:
    song = make_song()
    owner = song.owner
    assert owner is not None
    results = at_once(lambda _: start_tournament(owner=owner, song=song, genre="rock").pk)
    assert results == [Tournament.objects.get().pk] * N_AT_ONCE
    assert Battle.objects.count() == 1


def test_a_next_battle_wanted_by_many_is_one_battle(field: list[Mixer]) -> None:
    tournament = make_tournament(mixers=field)

    def ask(_: int) -> int | None:
        battle = next_battle(tournament.pk)
        return battle.pk if battle else None

    assert at_once(ask) == [Battle.objects.get().pk] * N_AT_ONCE


def test_a_mixer_seeded_by_many_enters_once() -> None:
    mixer = make_mixer(is_rated=False)
    assert sorted(at_once(lambda _: append_seed(mixer=mixer)), key=str) == [False] * (N_AT_ONCE - 1) + [True]
    assert LedgerEvent.objects.count() == 1
