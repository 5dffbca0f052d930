"""The ledger's arithmetic: what each kind of event does to the board."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.ratings.confidence import vote_weight
from tournaments.ratings.elo import START_VARIANCE, Standing, update
from tournaments.ratings.replay import OVERALL, Board, Change, Entry, Event, Judgement, Replay, apply

ENTRIES = [Entry(1, 1250.0, START_VARIANCE), Entry(2, 1400.0, START_VARIANCE)]


def board() -> Board:
    standings: Board = {}
    for entry in ENTRIES:
        apply(standings, entry)
    return standings


def vote(choice: str, *, confidence: int = 80, genre: str = "rock", voter: object = "ann") -> Judgement:
    return Judgement(1, 2, choice, confidence, genre, voter)


def test_an_entry_stands_at_its_rating() -> None:
    standings: Board = {}
    assert apply(standings, ENTRIES[0]) == [Change(1, OVERALL, 1250.0, Standing(1250.0, START_VARIANCE))]
    assert standings == {(1, OVERALL): Standing(1250.0, START_VARIANCE)}


def test_nobody_enters_twice() -> None:
    with pytest.raises(ValueError, match="second time"):
        apply(board(), ENTRIES[0])


def test_a_vote_on_a_stranger_is_refused() -> None:
    with pytest.raises(KeyError):
        apply({(1, OVERALL): Standing(0, 1)}, vote("first"))


def test_a_vote_moves_the_overall_ratings_and_those_of_its_genre() -> None:
    standings = board()
    changes = apply(standings, vote("first"))
    after = update(Standing(1250, START_VARIANCE), Standing(1400, START_VARIANCE), score=1.0, weight=1.0)
    for genre in (OVERALL, "rock"):
        assert (standings[1, genre], standings[2, genre]) == after
    assert {(change.mixer, change.genre, change.before) for change in changes} == {
        (1, "rock", 1250.0), (2, "rock", 1400.0), (1, OVERALL, 1250.0), (2, OVERALL, 1400.0)
    }  # fmt: skip
    assert (1, "jazz") not in standings


def test_a_genre_starts_from_the_overall_ratings_of_its_first_vote_and_then_goes_its_own_way() -> None:
    standings = board()
    apply(standings, vote("first", genre="rock"))
    overall = standings[1, OVERALL], standings[2, OVERALL]
    apply(standings, vote("second", genre="jazz"))
    start = [Standing(s.rating, s.variance) for s in overall]
    assert (standings[1, "jazz"], standings[2, "jazz"]) == update(*start, score=0.0, weight=1.0)
    assert standings[1, "jazz"].n_votes == 1
    assert standings[1, OVERALL].n_votes == 2
    rock = standings[1, "rock"]
    apply(standings, vote("second", genre="jazz"))
    assert standings[1, "rock"] == rock


def test_neither_moves_nothing() -> None:
    standings = board()
    before = dict(standings)
    assert apply(standings, vote("neither")) == []
    assert standings == before


def test_a_tie_pulls_the_two_together() -> None:
    standings = board()
    apply(standings, vote("tie"))
    assert 1250 < standings[1, OVERALL].rating < standings[2, OVERALL].rating < 1400


def test_replay_weighs_by_each_voters_own_earlier_votes() -> None:
    """Twelve sure votes of ann and one unsure one; bob's votes and ann's "neither" are not among her habits."""
    judged = [vote("first", confidence=90 + i % 2) for i in range(12)]
    strangers = [vote("first", confidence=1, voter="bob"), vote("neither", confidence=0)]
    last = vote("second", confidence=20)
    events: list[Event] = [*ENTRIES, *judged[:6], *strangers, *judged[6:], last]
    replay = Replay()
    for event in events:
        replay.step(event)

    expected: Board = {}
    for entry in ENTRIES:
        apply(expected, entry)
    habit: list[int] = []
    for judgement in [*judged[:6], strangers[0], *judged[6:]]:
        apply(expected, judgement, earlier=habit if judgement.voter == "ann" else [])
        if judgement.voter == "ann":
            habit.append(judgement.confidence)
    assert vote_weight(20, habit) == 0.5
    apply(expected, last, earlier=habit)
    assert replay.board == expected


def test_replay_is_a_function_of_the_events() -> None:
    generator = np.random.default_rng(3)
    events: list[Event] = [Entry(i, 1300.0, START_VARIANCE) for i in range(6)]
    for _ in range(400):
        first, second = (int(i) for i in generator.choice(6, 2, replace=False))
        choice = str(generator.choice(["first", "second", "tie", "neither"]))
        events.append(Judgement(first, second, choice, int(generator.integers(101)), "pop", int(generator.integers(4))))
    one, other = Replay(), Replay()
    changes = [change for event in events for change in one.step(event)]
    assert [change for event in events for change in other.step(event)] == changes
    assert one.board == other.board
    assert {(change.mixer, change.genre): change.after for change in changes} == one.board
