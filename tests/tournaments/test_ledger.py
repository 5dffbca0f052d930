"""The ledger in the database: numbers without gaps, live ratings equal to the replay, and a check that notices."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from evolution.models import Mixer
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tournaments.models import Ballot, LedgerCounter, LedgerEvent, Rating, RatingChange, Vote
from tournaments.ratings.elo import START_VARIANCE, Standing, update
from tournaments.services.ballots import commit_ballot
from tournaments.services.ledger import (
    append_birth,
    append_seed,
    append_verdicts,
    differences_from_replay,
    rebuild_from_ledger,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def numbers() -> list[int]:
    return list(LedgerEvent.objects.values_list("number", flat=True))


def play(n_votes: int, *, genres: tuple[str, ...] = ("rock",)) -> list[Mixer]:
    """Two listeners judge three mixers in turn, with all kinds of choices and confidences."""
    mixers = [make_mixer(seed_rating=rating) for rating in (1250.0, 1300.0, 1400.0)]
    listeners = [make_user(), make_user()]
    for i in range(n_votes):
        owner = listeners[i % 2]
        song = make_song(owner=owner)
        first, second = (make_mix(song=song, mixer=mixers[j % 3]) for j in (i, i + 1))
        tournament = make_tournament(song=song, genre=genres[i % len(genres)], mixers=mixers)
        ballot = make_ballot(battle=make_battle(tournament=tournament, first=first, second=second))
        choice = ("a", "b", "tie", "a", "neither")[i % 5]
        confidence = 3 if choice == "tie" else 10 + (37 * i) % 90
        commit_ballot(token=ballot.token, voter=owner, choice=choice, confidence=confidence, now=NOW)
    return mixers


def test_a_seeded_mixer_stands_at_its_prior() -> None:
    mixer = make_mixer(seed_rating=1350.0)
    rating = Rating.objects.get(mixer=mixer)
    assert (rating.genre, rating.rating, rating.variance, rating.n_votes) == ("", 1350.0, START_VARIANCE, 0)
    change = RatingChange.objects.get(mixer=mixer)
    assert (change.before, change.after, change.event.kind) == (1350.0, 1350.0, LedgerEvent.Kind.SEED)


def test_seeding_twice_changes_nothing() -> None:
    mixer = make_mixer()
    before = numbers()
    assert not append_seed(mixer=mixer)
    assert numbers() == before
    assert LedgerCounter.objects.get().value == before[-1]


def test_a_newborn_stands_at_the_rating_of_its_breeding() -> None:
    newborn = make_mixer(is_rated=False, seed_rating=1319.5)
    event = append_birth(mixer=newborn, breeding_key="battle-x")
    assert event.payload["breeding"] == "battle-x"
    rating = Rating.objects.get(mixer=newborn, genre="")
    assert (rating.rating, rating.variance) == (1319.5, START_VARIANCE)


def test_a_vote_moves_ratings_by_the_formulas() -> None:
    mixers = play(1)
    after = update(Standing(1250, START_VARIANCE), Standing(1300, START_VARIANCE), score=1.0, weight=1.0)
    for mixer, standing in zip(mixers[:2], after, strict=True):
        for genre in ("", "rock"):
            row = Rating.objects.get(mixer=mixer, genre=genre)
            assert (row.rating, row.variance, row.n_votes) == standing


def test_an_event_says_all_that_a_replay_needs() -> None:
    mixers = play(1)
    vote = Vote.objects.get()
    assert LedgerEvent.objects.get(vote=vote).payload == {
        "first": mixers[0].pk,
        "second": mixers[1].pk,
        "choice": "first",
        "confidence": vote.confidence,
        "genre": "rock",
        "voter": vote.voter_id,
        "ballot": "listener",
    }


def test_neither_is_noted_and_moves_nothing() -> None:
    song = make_song()
    mixes = [make_mix(song=song), make_mix(song=song)]
    battle = make_battle(tournament=make_tournament(song=song), first=mixes[0], second=mixes[1])
    before = list(Rating.objects.values_list("mixer", "rating", "variance", "n_votes"))
    ballot = make_ballot(battle=battle)
    vote = commit_ballot(token=ballot.token, voter=ballot.voter, choice="neither", confidence=70, now=NOW)
    assert LedgerEvent.objects.get(vote=vote).changes.count() == 0
    assert list(Rating.objects.values_list("mixer", "rating", "variance", "n_votes")) == before


def test_live_ratings_equal_the_replay_exactly_and_numbers_have_no_gaps() -> None:
    """Enough votes of one listener for confidence to weigh, over two genres."""
    play(60, genres=("rock", "jazz", "rock"))
    assert numbers() == list(range(1, 64))
    assert differences_from_replay() == []


def test_rules_do_not_spoil_the_habits_of_the_user_they_vote_for() -> None:
    play(30)
    first_ten = list(Ballot.objects.order_by("pk").values_list("pk", flat=True)[:10])
    Ballot.objects.filter(pk__in=first_ten).update(kind=Ballot.Kind.AUTOMATIC)
    for event in LedgerEvent.objects.filter(vote__ballot__kind=Ballot.Kind.AUTOMATIC):
        event.payload["ballot"] = "automatic"
        event.save(update_fields=["payload"])
    rebuild_from_ledger()
    owner = Vote.objects.latest("pk").voter
    tournament = make_tournament(song=make_song(owner=owner))
    mixes = [make_mix(song=tournament.song, mixer=mixer) for mixer in Mixer.objects.all()[:2]]
    ballot = make_ballot(battle=make_battle(tournament=tournament, first=mixes[0], second=mixes[1]))
    commit_ballot(token=ballot.token, voter=owner, choice="a", confidence=99, now=NOW)
    assert differences_from_replay() == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda: Rating.objects.filter(genre="").update(rating=F("rating") + 1e-9),
        lambda: Rating.objects.filter(genre="rock").update(n_votes=F("n_votes") + 1),
        lambda: Rating.objects.filter(genre="rock").delete(),
        lambda: Rating.objects.create(mixer=Mixer.objects.earliest("pk"), genre="jazz", rating=1300, variance=100),
        lambda: RatingChange.objects.filter(event=5).update(before=F("before") - 1e-9),
        lambda: RatingChange.objects.filter(event=5, genre="").delete(),
        lambda: RatingChange.objects.filter(event=5).update(event=1),
        lambda: LedgerEvent.objects.filter(number=5).delete(),
        lambda: LedgerEvent.objects.filter(kind="seed").delete(),
        lambda: LedgerCounter.objects.update(value=F("value") + 1),
    ],
)
def test_the_check_notices_any_damage(damage: object) -> None:
    play(6)
    assert differences_from_replay() == []
    damage()  # type: ignore[operator]
    assert differences_from_replay()


def test_rebuilding_repairs_every_rating_and_every_change() -> None:
    play(20, genres=("rock", "jazz"))
    rows = Rating.objects.order_by("mixer", "genre").values_list("mixer", "genre", "rating", "variance", "n_votes")
    before = list(rows)
    Rating.objects.update(rating=0)
    RatingChange.objects.all().delete()
    assert rebuild_from_ledger() == 23
    assert differences_from_replay() == []
    assert list(rows.all()) == before


def test_the_command_exits_0_only_where_all_is_equal() -> None:
    play(3)
    out = StringIO()
    call_command("recompute_ratings", "--check", stdout=out)
    assert "equals" in out.getvalue()
    Rating.objects.update(rating=1)
    err = StringIO()
    with pytest.raises(SystemExit) as exit_info:
        call_command("recompute_ratings", "--check", stderr=err)
    assert exit_info.value.code == 1
    assert Rating.objects.filter(rating=1).exists()  # the check writes nothing
    call_command("recompute_ratings", stdout=out)
    call_command("recompute_ratings", "--check", stdout=out)
    append_verdicts(numbers=numbers(), is_excluded=True, reason="a test")
    with pytest.raises(CommandError, match="Run this again") as waits:
        call_command("recompute_ratings", "--check")
    assert waits.value.returncode == 75
