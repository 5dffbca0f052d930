"""The official board: its fit against other implementations, its symmetries, and what its intervals are worth."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.bench.bench_board import as_arrays, check_arena, draw_outcomes, small_arena
from tournaments.ratings.board import Board, bootstrap, official_board
from tournaments.ratings.bradley_terry import (
    FIRST_WON,
    SECOND_WON,
    TIE,
    Ledger,
    Parents,
    Spreads,
    Strengths,
    Votes,
)

WINNERS = {FIRST_WON: evalica.Winner.X, SECOND_WON: evalica.Winner.Y, TIE: evalica.Winner.Draw}
# No prior to speak of, and no side: the model that others fit.
PLAIN = Spreads(founder=1e5, offspring=1e5, side=1e-3, log_tie=1e3)
# In natural units: what PLAIN leaves of the prior shifts strengths by less than 1e-7.
AGREEMENT = 1e-6
# In Elo points: sums of float32 weights in another order differ by about 1e-4.
REORDERED = 0.01


def votes_of(rows: list[tuple[int, int, int]], **arrays: NDArray[np.int64]) -> Votes:
    """Votes of (first, second, outcome), each on a battle of its own and by a voter of its own, A as often as B."""
    first, second, outcome = np.array(rows, np.int64).reshape(-1, 3).T
    own = np.arange(len(rows))
    genre, battle, voter = (
        arrays.get(name, default) for name, default in (("genre", 0 * own), ("battle", own), ("voter", own))
    )
    return Votes(first, second, outcome.astype(np.int8), genre, own % 2 == 0, battle, voter)


def fit_of(votes: Votes, n_mixers: int, spreads: Spreads, n_genres: int = 1) -> Strengths:
    ledger = Ledger(votes, [None] * n_mixers, n_genres, spreads)
    prior = ledger.prior_mean()
    return ledger.fit(ledger.tally(np.ones((len(votes), 1), np.float32)), start=prior, prior=prior)


def board_of(votes: Votes, parents: Parents, *, n_genres: int = 1, rounds: int = 300, seed: int = 1) -> Board:
    return official_board(
        votes, parents=parents, n_genres=n_genres, generator=np.random.default_rng(seed), rounds=rounds
    )


def ratings_of(votes: Votes, parents: Parents, **options: int) -> NDArray[np.float64]:
    """(mixers, 3): value, low, high."""
    return as_arrays(board_of(votes, parents, **options))[0]


def width(row: NDArray[np.float64]) -> float:
    return float(row[2] - row[1])


def taken(votes: Votes, order: NDArray[np.int64]) -> Votes:
    names = ("first", "second", "outcome", "genre", "is_first_a", "battle", "voter")
    return Votes(**{name: getattr(votes, name)[order] for name in names})


@st.composite
def arenas(draw: st.DrawFn) -> Votes:
    """Up to 40 votes on 4 mixers in 2 genres, few battles and voters."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 3), st.integers(1, 3), st.integers(0, 2), st.integers(0, 1), st.booleans(),
                st.integers(0, 9), st.integers(0, 5),
            ),
            max_size=40,
        )
    )  # fmt: skip
    first, shift, outcome, genre, is_a, battle, voter = np.array(rows, np.int64).reshape(-1, 7).T
    second = (first + shift) % 4
    return Votes(first, second, outcome.astype(np.int8), genre, is_a.astype(bool), battle, voter)


def drawn_rows(seed: int, n_votes: int, n_mixers: int) -> list[tuple[int, int, int]]:
    """Of mixers 70 points apart at a time."""
    generator = np.random.default_rng(seed)
    first = generator.integers(0, n_mixers, n_votes)
    second = (first + generator.integers(1, n_mixers, n_votes)) % n_mixers
    outcome = draw_outcomes(generator, 70.0 * (first - second))
    return list(zip(first.tolist(), second.tolist(), outcome.tolist(), strict=True))


def centered(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values - values.mean()


def test_without_ties_the_fit_is_that_of_choix_and_evalica() -> None:
    rows = [row for row in drawn_rows(3, 1500, 6) if row[2] != TIE]
    ours = centered(fit_of(votes_of(rows), 6, PLAIN).genre[0, :, 0])
    theirs = choix.ilsr_pairwise(6, [(a, b) if outcome == FIRST_WON else (b, a) for a, b, outcome in rows])
    np.testing.assert_allclose(ours, centered(theirs), atol=AGREEMENT)
    xs, ys, winners = zip(*((a, b, WINNERS[outcome]) for a, b, outcome in rows), strict=True)
    others = evalica.bradley_terry(xs, ys, winners, tolerance=1e-12, limit=10_000).scores.sort_index()
    np.testing.assert_allclose(ours, centered(np.log(others.to_numpy())), atol=AGREEMENT)


def test_with_ties_the_fit_is_that_of_evalica() -> None:
    """M. Newman's algorithm (JMLR 24, 2023) fits Davidson's model; his v is nu / 2."""
    rows = drawn_rows(4, 2000, 6)
    ours = fit_of(votes_of(rows), 6, PLAIN)
    xs, ys, winners = zip(*((a, b, WINNERS[outcome]) for a, b, outcome in rows), strict=True)
    theirs = evalica.newman(xs, ys, winners, tolerance=1e-12, limit=10_000)
    others = np.log(theirs.scores.sort_index().to_numpy())
    np.testing.assert_allclose(centered(ours.genre[0, :, 0]), centered(others), atol=AGREEMENT)
    assert math.exp(ours.log_tie[0]) == pytest.approx(2.0 * theirs.v, rel=1e-5)


def test_two_mixers_by_hand() -> None:
    """60 wins, 30 losses, 20 ties: exp(d) = 60 / 30, nu = 20 / sqrt(60 * 30)."""
    rows = [(0, 1, FIRST_WON)] * 60 + [(1, 0, FIRST_WON)] * 30 + [(0, 1, TIE)] * 20
    fitted = fit_of(votes_of(rows), 2, PLAIN)
    strong, weak = fitted.genre[0, :, 0]
    assert strong - weak == pytest.approx(math.log(2.0), abs=AGREEMENT)
    assert math.exp(fitted.log_tie[0]) == pytest.approx(20.0 / math.sqrt(1800.0), abs=AGREEMENT)


def test_full_steps_that_overshoot_are_shortened() -> None:
    """Far out, where every outcome seems certain, the curvature is nearly 0 and Newton's step much too long."""
    rows = [(0, 1, FIRST_WON)] * 60 + [(0, 1, SECOND_WON)] * 30
    votes = votes_of(rows)
    ledger = Ledger(votes, [None, None], 1, PLAIN)
    prior = ledger.prior_mean()
    apart = np.array([[10.0], [-10.0]])
    start = replace(prior, overall=apart, genre=apart[None])
    found = ledger.fit(ledger.tally(np.ones((90, 1), np.float32)), start=start, prior=prior)
    assert found.genre[0, 0, 0] - found.genre[0, 1, 0] == pytest.approx(math.log(2.0), abs=AGREEMENT)


def test_the_side_is_found_and_taken_out() -> None:
    """Equal mixers: A wins 90 of 120 as mixer 0 and 30 of 40 as mixer 1; without a side term 0 would seem better."""
    rows = [(0, 1, FIRST_WON)] * 90 + [(0, 1, SECOND_WON)] * 30 + [(1, 0, FIRST_WON)] * 30 + [(1, 0, SECOND_WON)] * 10
    votes = replace(votes_of(rows), is_first_a=np.ones(160, bool))
    fitted, blind = (fit_of(votes, 2, replace(PLAIN, side=side)) for side in (1e5, 1e-3))
    assert fitted.side[0] == pytest.approx(math.log(3.0), abs=AGREEMENT)
    assert np.ptp(fitted.genre) < AGREEMENT
    assert np.ptp(blind.genre) > 0.4


def test_genres_differ_only_as_far_as_their_ridge_lets_them() -> None:
    rows = [(0, 1, FIRST_WON)] * 80 + [(0, 1, SECOND_WON)] * 20
    votes = votes_of(rows + [(b, a, outcome) for a, b, outcome in rows], genre=np.arange(200) // 100)
    free, held = (fit_of(votes, 2, Spreads(genre=genre), n_genres=2) for genre in (200.0, 5.0))
    assert free.genre[0, 0, 0] - free.genre[0, 1, 0] > 1.0
    assert free.genre[1, 0, 0] - free.genre[1, 1, 0] < -1.0
    assert abs(held.genre[0, 0, 0] - held.genre[0, 1, 0]) < 0.1
    assert free.overall[0, 0] == pytest.approx(free.overall[1, 0], abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(arenas(), st.integers(0, 2**32 - 1))
def test_the_gradient_is_that_of_the_log_posterior(votes: Votes, seed: int) -> None:
    generator = np.random.default_rng(seed)
    ledger = Ledger(votes, [None, None, (0, 1), (0, 2)], 2, Spreads())
    tally = ledger.tally(np.ones((len(votes), 1), np.float32))
    prior, here = ledger.prior_draws(1, generator), ledger.prior_draws(1, generator)
    gradient = ledger.gradient(tally, ledger.at(here), prior)
    for name in ("overall", "genre", "side", "log_tie"):
        direction = generator.standard_normal(getattr(here, name).shape)
        up, down = (
            ledger.log_posterior(
                tally, ledger.at(replace(here, **{name: getattr(here, name) + step * direction})), prior
            )
            for step in (1e-5, -1e-5)
        )
        slope = float((getattr(gradient, name) * direction).sum())
        assert (up - down)[0] / 2e-5 == pytest.approx(slope, rel=1e-5, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(arenas(), st.integers(0, 2**32 - 1))
def test_a_fit_leaves_no_slope_wherever_it_starts(votes: Votes, seed: int) -> None:
    generator = np.random.default_rng(seed)
    ledger = Ledger(votes, [None, None, (0, 1), (0, 2)], 2, Spreads())
    tally = ledger.tally(generator.standard_exponential((len(votes), 3), dtype=np.float32))
    prior, start = ledger.prior_draws(3, generator), ledger.prior_draws(3, generator)
    far = Strengths(20.0 * start.overall, 20.0 * start.genre, 20.0 * start.side, 5.0 * start.log_tie)
    found = ledger.fit(tally, start=far, prior=prior)
    slope = ledger.gradient(tally, ledger.at(found), prior)
    for array in (slope.overall, slope.genre, slope.side, slope.log_tie):
        assert np.abs(array).max() < 1e-3


@settings(max_examples=30, deadline=None)
@given(arenas(), st.integers(0, 2**32 - 1))
def test_the_order_of_votes_does_not_matter(votes: Votes, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(votes))
    parents: Parents = [None, None, None, (0, 1)]
    one, other = (ratings_of(v, parents, n_genres=2, rounds=20) for v in (votes, taken(votes, order)))
    np.testing.assert_allclose(one, other, atol=REORDERED)


@settings(max_examples=30, deadline=None)
@given(arenas())
def test_first_and_second_may_be_swapped(votes: Votes) -> None:
    outcome = np.array([FIRST_WON, SECOND_WON, TIE], np.int8)[votes.outcome]
    swapped = replace(votes, first=votes.second, second=votes.first, outcome=outcome, is_first_a=~votes.is_first_a)
    one, other = (board_of(v, [None] * 4, n_genres=2, rounds=20) for v in (votes, swapped))
    np.testing.assert_allclose(as_arrays(one)[0], as_arrays(other)[0], atol=REORDERED)
    np.testing.assert_allclose(one.side, other.side, atol=REORDERED)


@settings(max_examples=30, deadline=None)
@given(arenas())
def test_reversed_outcomes_mirror_the_ratings(votes: Votes) -> None:
    outcome = np.array([FIRST_WON, SECOND_WON, TIE], np.int8)[votes.outcome]
    one, other = (board_of(v, [None] * 4, n_genres=2, rounds=2) for v in (votes, replace(votes, outcome=outcome)))
    np.testing.assert_allclose(as_arrays(one)[0][:, 0] + as_arrays(other)[0][:, 0], 3000.0, atol=REORDERED)
    assert one.side.value == pytest.approx(-other.side.value, abs=REORDERED)


@settings(max_examples=30, deadline=None)
@given(arenas(), st.permutations(range(4)))
def test_other_numbers_for_mixers_change_no_rating(votes: Votes, renamed: list[int]) -> None:
    names = np.array(renamed)
    parents: list[tuple[int, int] | None] = [None, None, (0, 1), (1, 2)]
    others: list[tuple[int, int] | None] = [None] * 4
    for mixer, pair in enumerate(parents):
        others[renamed[mixer]] = pair and (renamed[pair[0]], renamed[pair[1]])
    one = ratings_of(votes, parents, n_genres=2, rounds=2)
    other = ratings_of(
        replace(votes, first=names[votes.first], second=names[votes.second]), others, n_genres=2, rounds=2
    )
    np.testing.assert_allclose(one[:, 0], other[names, 0], atol=REORDERED)


@settings(max_examples=30, deadline=None)
@given(arenas())
def test_every_number_is_finite_and_rows_fall_by_their_lower_bound(votes: Votes) -> None:
    board = board_of(votes, [None, None, (0, 1), (2, 2)], n_genres=2, rounds=20)
    for estimates in as_arrays(board):
        assert np.isfinite(estimates).all()
        assert (estimates[..., 1] <= estimates[..., 2]).all()
    lows = [row.rating.low for row in board.rows]
    assert lows == sorted(lows, reverse=True)
    assert {row.mixer for row in board.rows} == set(range(4))


def test_anchors_stand_at_their_rating_overall_and_in_every_genre() -> None:
    arena = small_arena(np.random.default_rng(2))
    board = official_board(
        arena.votes, parents=[None] * 6, n_genres=3, generator=np.random.default_rng(0), anchors=[1, 4],
        anchor_rating=1300.0, rounds=2,
    )  # fmt: skip
    overall, genres = as_arrays(board)
    assert overall[[1, 4], 0].mean() == pytest.approx(1300.0)
    np.testing.assert_allclose(genres[[1, 4], :, 0].mean(axis=0), 1300.0)


def test_the_same_seed_gives_the_same_board() -> None:
    votes = small_arena(np.random.default_rng(2)).votes
    assert board_of(votes, [None] * 6, n_genres=3) == board_of(votes, [None] * 6, n_genres=3)


def test_ties_push_together() -> None:
    decided = [(0, 1, FIRST_WON)] * 30 + [(0, 1, SECOND_WON)] * 10
    apart, nearer = (
        ratings_of(votes_of(rows), [None, None], rounds=2) for rows in (decided, decided + [(0, 1, TIE)] * 200)
    )
    # They leave the ratio of wins to losses as it is, but make it weigh less against the prior.
    assert nearer[0, 0] - nearer[1, 0] < apart[0, 0] - apart[1, 0]


def test_an_offspring_without_votes_stands_between_its_parents_and_is_uncertain() -> None:
    votes = votes_of(drawn_rows(5, 900, 3))
    rows = ratings_of(replace(votes, genre=np.arange(900) % 2), [None, None, None, (1, 2), (3, 0)], n_genres=2)
    assert rows[3, 0] == pytest.approx((rows[1, 0] + rows[2, 0]) / 2.0, abs=REORDERED)
    assert rows[4, 0] == pytest.approx((rows[3, 0] + rows[0, 0]) / 2.0, abs=REORDERED)
    assert width(rows[3]) > 4.0 * max(width(row) for row in rows[:3])
    # 2 * 1.96 standard deviations, of 100 overall and 50 in each of two genres.
    assert width(rows[3]) == pytest.approx(3.92 * math.hypot(100.0, 50.0 / math.sqrt(2.0)), rel=0.15)


def test_an_offspring_of_strong_parents_takes_votes_to_believe_it_weak() -> None:
    strong = [(0, 1, FIRST_WON)] * 200 + [(0, 1, SECOND_WON)] * 50
    lost = [(1, 2, FIRST_WON)] * 5
    born = ratings_of(votes_of(strong + lost), [None, None, (0, 0)], rounds=2)
    founder = ratings_of(votes_of(strong + lost), [None, None, None], rounds=2)
    assert born[2, 0] - born[1, 0] > founder[2, 0] - founder[1, 0] + 50.0


def test_an_unplayed_founder_stands_in_the_middle_and_is_uncertain() -> None:
    rows = ratings_of(votes_of(drawn_rows(6, 300, 3)), [None] * 4)
    assert rows[0, 0] < rows[3, 0] < rows[2, 0]
    assert width(rows[3]) > 500.0


def test_more_votes_of_the_same_kind_narrow() -> None:
    rows = drawn_rows(7, 150, 4)
    once, often = ratings_of(votes_of(rows), [None] * 4), ratings_of(votes_of(rows * 8), [None] * 4)
    for one, other in zip(once, often, strict=True):
        # The root of 8 is 2.8; the prior narrows the wide ones.
        assert width(other) < 0.55 * width(one)


@pytest.mark.parametrize(("n_won", "widening"), [(20, 2.0), (12, 1.05)])
def test_twenty_votes_of_one_voter_on_one_battle_are_not_twenty_battles(n_won: int, widening: float) -> None:
    parents: Parents = [None, None, None, (0, 1)]
    cloned = [(3, 0, FIRST_WON)] * n_won + [(3, 0, SECOND_WON)] * (20 - n_won)
    rows = drawn_rows(8, 400, 3) + cloned
    own, one = np.arange(420), np.minimum(np.arange(420), 400)
    # A battle of its own for every vote and a common voter: independent votes.
    apart = ratings_of(votes_of(rows, voter=0 * own), parents, rounds=1000)[3]
    clone = ratings_of(votes_of(rows, battle=one, voter=one), parents, rounds=1000)[3]
    assert width(clone) > widening * width(apart)
    assert clone[1] < apart[1] - 20.0
    assert clone[0] == pytest.approx(apart[0], abs=REORDERED)


def test_kinship_of_votes_widens() -> None:
    """40 battles with 20 votes each; the same votes as 800 battles by 800 voters."""
    votes = small_arena(np.random.default_rng(9)).votes
    own = np.arange(len(votes))
    kin = ratings_of(votes, [None] * 6, n_genres=3)
    apart = ratings_of(replace(votes, battle=own, voter=0 * own), [None] * 6, n_genres=3)
    assert np.mean([width(row) for row in kin]) > 1.5 * np.mean([width(row) for row in apart])


def test_intervals_hold_the_truth_of_small_arenas() -> None:
    """The benchmark does the same with 1,000 arenas, where 0.93 is asked for."""
    checks = [check_arena(seed, rounds=200) for seed in range(60)]
    assert np.mean([held for held, *_ in checks]) >= 0.88
    assert np.mean([held for _, held, *_ in checks]) >= 0.88
    assert np.mean([widths for _, _, widths, _ in checks]) < 250.0


def test_known_strengths_are_recovered() -> None:
    rows = ratings_of(votes_of(drawn_rows(11, 20_000, 5)), [None] * 5, rounds=100)
    np.testing.assert_allclose(rows[:, 0] - 1500.0, 70.0 * np.arange(-2, 3), atol=12.0)
    assert (rows[:, 1] < rows[:, 0]).all()
    assert (rows[:, 0] < rows[:, 2]).all()


def test_genre_ratings_and_ties_are_told_as_such() -> None:
    won, lost = [(0, 1, FIRST_WON)] * 60 + [(0, 1, TIE)] * 30, [(0, 1, SECOND_WON)] * 60 + [(0, 1, TIE)] * 30
    board = board_of(votes_of(won + lost, genre=np.arange(180) // 90), [None, None], n_genres=2)
    genres = as_arrays(board)[1]
    assert genres[0, 0, 1] > 1500.0 > genres[0, 1, 2]
    # A third are ties: nu is 1 between equals, and more the further apart the mixers are in a genre.
    assert 0.5 < board.tie.low < board.tie.value < board.tie.high
    assert 1.0 < board.tie.value < 2.0


def test_rounds_come_in_parts_that_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tournaments.ratings.board.MAX_WEIGHTS", 700)
    votes = votes_of(drawn_rows(12, 100, 3))
    ledger = Ledger(votes, [None] * 3, 1, Spreads())
    parts = bootstrap(ledger, votes, start=fit_of(votes, 3, Spreads()), rounds=18, generator=np.random.default_rng(0))
    assert [len(part.side) for part in parts] == [7, 7, 4]


def test_votes_and_battles_are_counted() -> None:
    votes = votes_of([(0, 1, TIE)] * 99 + [(0, 2, TIE)], battle=np.array([0] * 60 + [1] * 39 + [2]))
    rows = {row.mixer: row for row in board_of(votes, [None] * 3, rounds=2).rows}
    assert [rows[mixer].n_votes for mixer in range(3)] == [100, 99, 1]
    assert [rows[mixer].n_battles for mixer in range(3)] == [3, 2, 1]
    assert [rows[mixer].is_provisional for mixer in range(3)] == [False, True, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"second": np.array([0])}, "against itself"),
        ({"outcome": np.array([3])}, "outcome"),
        ({"genre": np.array([-1])}, "below 0"),
        ({"voter": np.array([1, 2])}, "length"),
    ],
)
def test_votes_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    votes = votes_of([(0, 1, FIRST_WON)])
    with pytest.raises(ValueError, match=message):
        replace(votes, **changes)


@pytest.mark.parametrize(
    ("parents", "anchors", "rounds", "message"),
    [
        ([None], [], 10, "names none"),
        ([None, (0, 5)], [], 10, "parent 5"),
        ([None, (0, 1)], [], 10, "cycle"),
        ([None, None], [2], 10, "anchors"),
        ([None, None], [], 1, "rounds"),
    ],
)
def test_boards_that_cannot_be_are_refused(parents: Parents, anchors: list[int], rounds: int, message: str) -> None:
    votes = votes_of([(0, 1, FIRST_WON)])
    with pytest.raises(ValueError, match=message):
        official_board(
            votes, parents=parents, n_genres=1, generator=np.random.default_rng(0), anchors=anchors, rounds=rounds
        )


def test_spreads_above_nothing() -> None:
    with pytest.raises(ValueError, match="spread"):
        Spreads(genre=0.0)
