"""Ballots: who gets one, what counts as heard, and what a vote does, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evolution.models import Breeding, Mixer
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_song, make_tournament, make_user
from tournaments.errors import (
    BallotClosed,
    BattleNotOpen,
    InvalidVote,
    MixerRetired,
    NotHeardEnough,
    NotYours,
    TournamentFinished,
)
from tournaments.models import Ballot, Battle, LedgerEvent, Rating, RatingChange, Song, Tournament, Vote
from tournaments.services.ballots import (
    commit_ballot,
    heard_s,
    issue_automatic_ballot,
    issue_ballot,
    record_heard,
    required_s,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def battle() -> Battle:
    return make_battle()


def later(seconds: float) -> object:
    return NOW + timedelta(seconds=seconds)


def issue(battle: Battle) -> Ballot:
    return issue_ballot(battle=battle, voter=battle.tournament.owner, now=NOW)


def hear(ballot: Ballot, a: list[tuple[float, float]], b: list[tuple[float, float]], *, after_s: float = 60) -> Ballot:
    return record_heard(ballot=ballot, segments={"a": a, "b": b}, now=NOW + timedelta(seconds=after_s))


def cast(ballot: Ballot, choice: str = "a", confidence: int = 80) -> Vote:
    return commit_ballot(token=ballot.token, voter=ballot.voter, choice=choice, confidence=confidence, now=NOW)


# Issuing


def test_the_owner_gets_a_ballot_and_keeps_it(battle: Battle) -> None:
    ballot = issue(battle)
    assert ballot.state == Ballot.State.ISSUED
    assert ballot.kind == Ballot.Kind.LISTENER
    assert issue(battle) == ballot
    assert Ballot.objects.count() == 1


def test_sides_are_drawn_for_each_ballot_and_can_be_drawn_again() -> None:
    song = make_song()
    tournament = make_tournament(song=song)
    mixes = [make_mix(song=song), make_mix(song=song)]
    drawn = set()
    for number in range(40):
        battle = make_battle(tournament=tournament, number=1, first=mixes[0], second=mixes[1], key=f"sides-{number}")
        ballot = issue(battle)
        drawn.add((ballot.is_swapped, ballot.starts_with))
        sides = ballot.is_swapped, ballot.starts_with
        ballot.delete()
        again = issue(battle)
        assert (again.is_swapped, again.starts_with) == sides
        Battle.objects.filter(pk=battle.pk).update(state=Battle.State.VOIDED)
    assert len(drawn) == 4


def test_a_stranger_gets_none(battle: Battle) -> None:
    with pytest.raises(NotYours) as refusal:
        issue_ballot(battle=battle, voter=make_user(), now=NOW)
    assert refusal.value.status == 403
    assert not Ballot.objects.exists()


@pytest.mark.parametrize(
    ("state", "error"),
    [("preparing", BattleNotOpen), ("decided", BallotClosed), ("voided", BallotClosed)],
)
def test_only_an_open_battle_has_ballots(state: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        issue(make_battle(state=state))


def test_a_finished_tournament_has_none(battle: Battle) -> None:
    tournament = battle.tournament
    Tournament.objects.filter(pk=tournament.pk).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first
    )
    with pytest.raises(TournamentFinished, match=r"over\. Look"):
        issue(battle)


def test_a_ballot_after_a_withdrawn_one_is_a_new_one(battle: Battle) -> None:
    withdrawn = make_ballot(battle=battle, state=Ballot.State.VOIDED)
    assert issue(battle) != withdrawn


def test_listeners_and_rules_do_not_vote_in_each_others_tournaments(battle: Battle) -> None:
    owner = battle.tournament.owner
    with pytest.raises(NotYours):
        issue_automatic_ballot(battle=battle, voter=owner, now=NOW)
    automatic = make_battle(tournament=make_tournament(kind=Tournament.Kind.AUTOMATIC))
    with pytest.raises(NotYours):
        issue(automatic)
    with pytest.raises(NotYours):
        issue_automatic_ballot(battle=automatic, voter=owner, now=NOW)
    ballot = issue_automatic_ballot(battle=automatic, voter=automatic.tournament.owner, now=NOW)
    assert (ballot.kind, ballot.state) == (Ballot.Kind.AUTOMATIC, Ballot.State.ELIGIBLE)
    event = LedgerEvent.objects.get(vote=cast(ballot))
    assert event.payload["ballot"] == "automatic"


# Listening


def test_five_seconds_of_each_side_make_a_ballot_eligible(battle: Battle) -> None:
    ballot = issue(battle)
    assert required_s(ballot) == 5
    ballot = hear(ballot, [(0, 5)], [])
    assert ballot.state == Ballot.State.LISTENING
    ballot = hear(ballot, [], [(10, 14.9)])
    assert ballot.state == Ballot.State.LISTENING
    ballot = hear(ballot, [], [(14.9, 15)])
    assert ballot.state == Ballot.State.ELIGIBLE
    assert heard_s(ballot, "a") == heard_s(ballot, "b") == pytest.approx(5)
    ballot.refresh_from_db()
    assert ballot.state == Ballot.State.ELIGIBLE


def test_a_short_region_needs_a_quarter_of_it() -> None:
    song = make_song(highlight_start_s=0.0, highlight_end_s=8.0)
    ballot = issue(make_battle(tournament=make_tournament(song=song)))
    assert required_s(ballot) == 2
    assert hear(ballot, [(0, 2)], [(6, 9)]).state == Ballot.State.ELIGIBLE


def test_the_same_time_counts_once(battle: Battle) -> None:
    ballot = issue(battle)
    for _ in range(5):
        ballot = hear(ballot, [(0, 2), (1, 3)], [(0, 20)])
    assert heard_s(ballot, "a") == 3
    assert ballot.state == Ballot.State.LISTENING


def test_nothing_outside_the_region_counts(battle: Battle) -> None:
    ballot = hear(issue(battle), [(-10, 1), (24, 60)], [(0, 20)])
    assert heard_s(ballot, "a") == 2


def test_nobody_hears_more_than_time_has_passed(battle: Battle) -> None:
    ballot = issue(battle)
    ballot = hear(ballot, [(0, 2)], [(0, 1)], after_s=3)
    ballot = hear(ballot, [(0, 10)], [(0, 10)], after_s=4)
    assert (heard_s(ballot, "a"), heard_s(ballot, "b")) == (2, 1), "twenty seconds in four cannot be"
    assert ballot.state == Ballot.State.LISTENING
    with pytest.raises(NotHeardEnough):
        cast(ballot)
    ballot = hear(ballot, [(0, 10)], [(0, 10)], after_s=19)
    assert ballot.state == Ballot.State.ELIGIBLE, "the same log counts once there was time for it"


def test_what_was_heard_before_the_ballot_was_issued_does_not_count(battle: Battle) -> None:
    assert heard_s(hear(issue(battle), [(0, 10)], [], after_s=-5), "a") == 0


def test_a_log_that_comes_after_the_vote_changes_nothing(battle: Battle) -> None:
    ballot = make_ballot(battle=battle)
    cast(ballot)
    after = hear(ballot, [(0, 25)], [(0, 25)])
    assert after.state == Ballot.State.COMMITTED
    assert after.heard == ballot.heard


# Voting


@pytest.mark.parametrize(
    ("choice", "is_swapped", "stored"),
    [
        ("a", False, "first"), ("b", False, "second"), ("a", True, "second"), ("b", True, "first"),
        ("tie", False, "tie"), ("tie", True, "tie"), ("neither", True, "neither"),
    ],
)  # fmt: skip
def test_choices_are_stored_by_mix_not_by_side(battle: Battle, choice: str, is_swapped: bool, stored: str) -> None:
    confidence = 2 if choice == "tie" else 70
    vote = cast(make_ballot(battle=battle, is_swapped=is_swapped), choice, confidence)
    assert vote.choice == stored
    assert vote.confidence == (0 if choice == "neither" else confidence)


def test_a_vote_decides_the_battle_and_commits_the_ballot(battle: Battle) -> None:
    ballot = make_ballot(battle=battle)
    vote = cast(ballot)
    battle.refresh_from_db()
    ballot.refresh_from_db()
    assert (battle.state, battle.decided_at) == (Battle.State.DECIDED, NOW)
    assert (ballot.state, ballot.committed_at) == (Ballot.State.COMMITTED, NOW)
    assert (vote.battle, vote.voter, vote.created_at) == (battle, battle.tournament.owner, NOW)


@pytest.mark.parametrize("choice", ["a", "b"])
def test_the_loser_learns_from_the_winner(battle: Battle, choice: str) -> None:
    cast(make_ballot(battle=battle), choice, 60)
    breeding = Breeding.objects.get(key=battle.key)
    winner, loser = (battle.first, battle.second) if choice == "a" else (battle.second, battle.first)
    assert (breeding.winner, breeding.loser) == (winner.mixer, loser.mixer)
    ratings = {row.mixer_id: row.rating for row in Rating.objects.filter(genre="")}
    assert breeding.confidence == 0.6
    assert breeding.rating_gap == ratings[winner.mixer_id] - ratings[loser.mixer_id] > 0
    assert breeding.newborn_rating == ratings[winner.mixer_id] + 10
    assert breeding.genre == "rock"
    assert breeding.seed >= 0


@pytest.mark.parametrize(("choice", "confidence"), [("tie", 0), ("neither", 50)])
def test_nobody_learns_from_a_tie_or_from_neither(battle: Battle, choice: str, confidence: int) -> None:
    cast(make_ballot(battle=battle), choice, confidence)
    assert not Breeding.objects.exists()


def test_the_same_vote_again_is_the_same_vote(battle: Battle) -> None:
    ballot = make_ballot(battle=battle)
    first = cast(ballot)
    changes = list(RatingChange.objects.values())
    assert cast(ballot) == first
    assert Vote.objects.count() == LedgerEvent.objects.filter(kind="vote").count() == Breeding.objects.count() == 1
    assert list(RatingChange.objects.values()) == changes


@pytest.mark.parametrize(("choice", "confidence"), [("b", 80), ("a", 81), ("tie", 0), ("neither", 0)])
def test_there_is_no_second_thought(battle: Battle, choice: str, confidence: int) -> None:
    ballot = make_ballot(battle=battle)
    cast(ballot, "a", 80)
    with pytest.raises(BallotClosed, match="voted on this battle already") as refusal:
        cast(ballot, choice, confidence)
    assert refusal.value.status == 409
    assert Vote.objects.get().choice == "first"


@pytest.mark.parametrize("state", [Ballot.State.ISSUED, Ballot.State.LISTENING])
def test_who_has_not_listened_is_told_what_is_missing(battle: Battle, state: str) -> None:
    ballot = make_ballot(battle=battle, state=state, heard={"a": [[0, 3.2]]})
    with pytest.raises(NotHeardEnough, match=r"3\.2 s of A and 0\.0 s of B, and a fair vote needs 5 s of each\."):
        cast(ballot)
    ballot.refresh_from_db()
    battle.refresh_from_db()
    assert (ballot.state, battle.state) == (state, Battle.State.OPEN)
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    ("choice", "confidence", "code"),
    [
        ("c", 50, "bad_choice"), ("", 50, "bad_choice"), ("first", 50, "bad_choice"),
        ("a", -1, "bad_confidence"), ("b", 101, "bad_confidence"), ("tie", 6, "bad_confidence"),
    ],
)  # fmt: skip
def test_bad_votes_change_nothing(battle: Battle, choice: str, confidence: int, code: str) -> None:
    ballot = make_ballot(battle=battle)
    with pytest.raises(InvalidVote) as refusal:
        cast(ballot, choice, confidence)
    assert refusal.value.code == code
    assert not Vote.objects.exists()
    assert cast(ballot).pk


def test_a_stranger_cannot_cast_it(battle: Battle) -> None:
    ballot = make_ballot(battle=battle)
    with pytest.raises(NotYours):
        commit_ballot(token=ballot.token, voter=make_user(), choice="a", confidence=80, now=NOW)
    with pytest.raises(NotYours):
        commit_ballot(token="guessed", voter=ballot.voter, choice="a", confidence=80, now=NOW)
    assert not Vote.objects.exists()


def test_a_withdrawn_ballot_is_closed(battle: Battle) -> None:
    ballot = make_ballot(battle=battle, state=Ballot.State.VOIDED)
    with pytest.raises(BallotClosed, match="no votes any more"):
        cast(ballot)


def test_a_battle_that_was_withdrawn_takes_no_vote(battle: Battle) -> None:
    ballot = make_ballot(battle=battle)
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.VOIDED)
    with pytest.raises(BallotClosed):
        cast(ballot)
    ballot.refresh_from_db()
    assert ballot.state == Ballot.State.ELIGIBLE, "what could not be done as a whole was not done in part"


def test_a_tournament_that_is_over_takes_no_vote(battle: Battle) -> None:
    ballot = make_ballot(battle=battle, state=Ballot.State.LISTENING)
    Tournament.objects.filter(pk=battle.tournament_id).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first
    )
    with pytest.raises(TournamentFinished):
        cast(ballot)


def test_a_mixer_retired_meanwhile_costs_the_battle_but_not_the_tournament() -> None:
    song: Song = make_song()
    mixes = [make_mix(song=song) for _ in range(4)]
    tournament = make_tournament(song=song, mixers=[mix.mixer for mix in mixes])
    battle = make_battle(tournament=tournament, first=mixes[0], second=mixes[1])
    ballot = make_ballot(battle=battle)
    Mixer.objects.filter(pk=mixes[0].mixer_id).update(state=Mixer.State.RETIRED)
    with pytest.raises(MixerRetired, match="another pair is coming") as refusal:
        cast(ballot)
    assert refusal.value.status == 409
    battle.refresh_from_db()
    ballot.refresh_from_db()
    assert (battle.state, ballot.state) == (Battle.State.VOIDED, Ballot.State.VOIDED)
    assert not Vote.objects.exists()
    replacement = Battle.objects.exclude(pk=battle.pk).get()
    assert replacement.number == 1
    assert mixes[0] not in (replacement.first, replacement.second)
    with pytest.raises(BallotClosed):
        cast(ballot)


def test_a_battle_with_a_retired_mixer_gives_out_no_ballot() -> None:
    battle = make_battle()
    Mixer.objects.filter(pk=battle.second.mixer_id).update(state=Mixer.State.RETIRED)
    with pytest.raises(MixerRetired):
        issue(battle)
    battle.refresh_from_db()
    assert battle.state == Battle.State.VOIDED


def test_a_failing_step_leaves_no_trace(battle: Battle, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or nothing: the last thing a vote does is to look for the next battle."""

    def break_down(*args: object) -> None:
        raise RuntimeError("power cut")

    ballot = make_ballot(battle=battle)
    ratings = list(Rating.objects.values())
    monkeypatch.setattr("tournaments.services.ballots.next_battle", break_down)
    with pytest.raises(RuntimeError):
        cast(ballot)
    battle.refresh_from_db()
    ballot.refresh_from_db()
    assert (battle.state, ballot.state) == (Battle.State.OPEN, Ballot.State.ELIGIBLE)
    assert not Vote.objects.exists()
    assert not Breeding.objects.exists()
    assert list(Rating.objects.values()) == ratings
