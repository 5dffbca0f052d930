"""Roll-ups: equal to counting by hand, the same twice, and in step with late votes, verdicts and broken-off battles."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Activity, InvitationVisit, Referral, User
from evolution.models import Breeding, Mixer, Parentage
from tests.factories import (
    NOW,
    make_ballot,
    make_battle,
    make_breeding,
    make_mix,
    make_mixer,
    make_song,
    make_tournament,
    make_user,
)
from tournaments.models import (
    Ballot,
    Battle,
    DailyArena,
    DailyListener,
    DailyMixer,
    LedgerEvent,
    RatingChange,
    RollupMark,
    Tournament,
    Vote,
    WeeklyCohort,
)
from tournaments.services import rollups
from tournaments.services.day_counts import EMPTY, bin_of, seconds_of
from tournaments.services.ledger import append_verdicts, append_vote
from tournaments.services.rollups import bring_up_to_date, differences, rebuild

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

GENRES = ("rock", "jazz", "folk")
DAY = timedelta(days=1)
N_DAYS = 40


@pytest.fixture(autouse=True)
def _users_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever signs up in these tests did so on the first of their days."""
    # The field keeps what gives its default once it was asked for it.
    monkeypatch.setitem(User._meta.get_field("date_joined").__dict__, "_get_default", lambda: NOW)


def vote_at(
    moment: datetime,
    *,
    voter: User,
    first: Mixer,
    second: Mixer,
    choice: str = "first",
    confidence: int = 80,
    genre: str = "rock",
    kind: str = "listener",
) -> Vote:
    """A decided battle with its vote in the ledger, all of it at one moment."""
    song = make_song(owner=voter)
    mixes = [make_mix(song=song, mixer=mixer) for mixer in (first, second)]
    tournament = make_tournament(song=song, genre=genre, kind=kind)
    battle = make_battle(
        tournament=tournament, first=mixes[0], second=mixes[1], state="decided", opened_at=moment, decided_at=moment
    )
    ballot = make_ballot(battle=battle, kind=kind, state="committed", committed_at=moment)
    vote = Vote.objects.create(
        ballot=ballot, battle=battle, voter=voter, choice=choice, confidence=confidence, created_at=moment
    )
    append_vote(vote=vote)
    Tournament.objects.filter(pk=tournament.pk).update(created_at=moment)
    Battle.objects.filter(pk=battle.pk).update(created_at=moment)
    Activity.objects.create(user=voter, kind=Activity.Kind.VOTED, key=str(vote.pk), happened_at=moment)
    return vote


def busy_arena(seed: int, *, n_votes: int = 60) -> list[User]:
    """Votes of four listeners on five mixers, one of them an offspring, over some weeks."""
    draw = random.Random(seed)
    mixers = [make_mixer() for _ in range(4)]
    child = make_mixer(is_champion=False, generation=1)
    for parent, role in zip(mixers, ("loser", "winner"), strict=False):
        Parentage.objects.create(child=child, parent=parent, role=role, share=0.5)
    voters = [make_user() for _ in range(4)]
    for _ in range(n_votes):
        first, second = draw.sample([*mixers, child], 2)
        choice = draw.choice(Vote.Choice.values)
        vote_at(
            NOW + timedelta(days=draw.randrange(N_DAYS), hours=draw.randrange(-12, 12)),
            voter=draw.choice(voters),
            first=first,
            second=second,
            choice=choice,
            confidence={"tie": draw.randrange(6), "neither": 0}.get(choice, draw.randrange(101)),
            genre=draw.choice(GENRES),
            kind="automatic" if draw.random() < 0.1 else "listener",
        )
    numbers = list(LedgerEvent.objects.filter(kind="vote").values_list("number", flat=True))
    append_verdicts(numbers=draw.sample(numbers, 5), is_excluded=True, reason="a test")
    return voters


def stored() -> list[Any]:
    """Everything that is rolled up, without the row numbers and the moment of counting."""
    return [
        sorted(DailyMixer.objects.values_list("day", "mixer", "genre", "n_wins", "n_losses", "n_ties", "n_neither")),
        list(DailyMixer.objects.order_by("day", "mixer", "genre").values_list("rating", flat=True)),
        list(
            DailyListener.objects.order_by("day", "user").values_list(
                "day", "user", "n_votes", "n_ties", "n_neither", "confidence", "mixers", "n_started", "n_finished"
            )
        ),
        list(DailyArena.objects.values_list("day", "counters")),
        list(WeeklyCohort.objects.values_list("cohort", "week", "n_active")),
    ]


def counting_votes() -> list[Vote]:
    excluded = set(LedgerEvent.objects.filter(is_excluded=True).values_list("vote_id", flat=True))
    rows = Vote.objects.select_related("ballot", "battle__tournament", "battle__first", "battle__second")
    return [vote for vote in rows if vote.pk not in excluded and vote.ballot.kind == Ballot.Kind.LISTENER]


@pytest.mark.parametrize("seed", range(4))
def test_a_roll_up_equals_counting_by_hand(seed: int) -> None:
    busy_arena(seed)
    now = NOW + N_DAYS * DAY
    bring_up_to_date(now=now)
    sides: Counter[tuple[date, int, str, str]] = Counter()
    own: Counter[tuple[date, int, str]] = Counter()
    bins: Counter[tuple[date, int]] = Counter()
    against: Counter[tuple[date, int]] = Counter()
    parents = set(Parentage.objects.values_list("child", "parent"))
    for vote in counting_votes():
        day = vote.created_at.date()
        pair = [vote.battle.first.mixer_id, vote.battle.second.mixer_id]
        for i, mixer in enumerate(pair):
            result = {"tie": "n_ties", "neither": "n_neither"}.get(
                vote.choice, "n_wins" if vote.choice == ("first", "second")[i] else "n_losses"
            )
            for genre in ("", vote.battle.tournament.genre):
                sides[day, mixer, genre, result] += 1
            if (mixer, pair[1 - i]) in parents:
                against[day, ["n_wins", "n_losses", "n_ties", "n_neither"].index(result)] += 1
        own[day, vote.voter_id, "n_votes"] += 1
        own[day, vote.voter_id, {"tie": "n_ties", "neither": "n_neither"}.get(vote.choice, "decided")] += 1
        if vote.choice != "neither":
            bins[day, min(vote.confidence // 10, 9)] += 1
    names = ("n_wins", "n_losses", "n_ties", "n_neither")
    assert +sides == +Counter(
        {
            (row.day, row.mixer_id, row.genre, name): getattr(row, name)
            for row in DailyMixer.objects.all()
            for name in names
        }
    )
    for row in DailyListener.objects.all():
        assert [row.n_votes, row.n_ties, row.n_neither] == [
            own[row.day, row.user_id, n] for n in ("n_votes", *names[2:])
        ]
        assert sum(row.confidence) == row.n_votes - row.n_neither
        assert sum(map(sum, row.mixers.values())) == 2 * row.n_votes
    days = dict(DailyArena.objects.values_list("day", "counters"))
    assert sorted(days) == [NOW.date() + i * DAY for i in range(min(0, (min(days) - NOW.date()).days), N_DAYS + 1)]
    for day, counters in days.items():
        voters = {vote.voter_id for vote in counting_votes() if vote.created_at.date() == day}
        n_left_out = LedgerEvent.objects.filter(is_excluded=True, vote__created_at__date=day).count()
        assert counters["listeners"] == len(voters)
        assert counters["votes"] == sum(n for (at, _, what), n in own.items() if at == day and what == "n_votes")
        assert counters["confidence"] == [bins[day, i] for i in range(10)]
        assert counters["against_parents"].get("1", [0] * 4) == [against[day, i] for i in range(4)]
        assert counters["votes_left_out"] == n_left_out
        assert counters["battles_decided"] == Battle.objects.filter(decided_at__date=day).count()
    assert sum(c["sign_ups"] for c in days.values()) == User.objects.count()
    assert sum(c["votes"] + c["votes_by_rule"] + c["votes_left_out"] for c in days.values()) == Vote.objects.count()


@pytest.mark.parametrize("seed", range(2))
def test_the_rating_of_a_day_is_the_one_after_its_newest_vote(seed: int) -> None:
    busy_arena(seed)
    bring_up_to_date(now=NOW + N_DAYS * DAY)
    expected: dict[tuple[date, int, str], float] = {}
    for change in RatingChange.objects.filter(event__vote__isnull=False).select_related("event__vote"):
        assert change.event.vote is not None
        expected[change.event.vote.created_at.date(), change.mixer_id, change.genre] = change.after
    rows = DailyMixer.objects.filter(rating__isnull=False)
    assert {(row.day, row.mixer_id, row.genre): row.rating for row in rows} == expected


def test_cohorts_count_each_listener_once_a_week() -> None:
    voters = busy_arena(3)
    bring_up_to_date(now=NOW + N_DAYS * DAY)
    weeks: dict[date, set[int]] = {}
    for activity in Activity.objects.filter(user__in=voters):
        day = activity.happened_at.date()
        weeks.setdefault(day - day.weekday() * DAY, set()).add(activity.user_id)
    monday = NOW.date() - NOW.weekday() * DAY
    rows = WeeklyCohort.objects.values_list("cohort", "week", "n_active")
    assert set(rows) == {(monday, week, len(who)) for week, who in weeks.items()}


def test_rolling_twice_changes_nothing_and_counts_only_the_newest_days() -> None:
    busy_arena(1)
    now = NOW + N_DAYS * DAY
    assert bring_up_to_date(now=now) > N_DAYS
    before = stored()
    assert bring_up_to_date(now=now) == 2
    assert stored() == before
    rebuild(now=now)
    assert stored() == before
    assert differences(now=now) == []


def test_a_late_vote_shows_after_the_next_roll_up() -> None:
    voter, first, second = make_user(), make_mixer(), make_mixer()
    now = NOW + 20 * DAY
    vote_at(NOW, voter=voter, first=first, second=second)
    bring_up_to_date(now=now)
    vote_at(NOW + 3 * DAY, voter=voter, first=first, second=second, choice="second")
    assert bring_up_to_date(now=now) == 3
    late = DailyMixer.objects.get(day=NOW.date() + 3 * DAY, mixer=second, genre="rock")
    assert (late.n_wins, late.n_losses) == (1, 0)
    assert differences(now=now) == []


def test_a_withdrawn_vote_goes_with_the_next_roll_up_and_comes_back() -> None:
    voter, first, second = make_user(), make_mixer(), make_mixer()
    now = NOW + 9 * DAY
    withdrawn = vote_at(NOW, voter=voter, first=first, second=second)
    vote_at(NOW + 2 * DAY, voter=voter, first=first, second=second)
    bring_up_to_date(now=now)
    before = stored()
    append_verdicts(numbers=[withdrawn.event.number], is_excluded=True, reason="a test")
    bring_up_to_date(now=now)
    assert not DailyMixer.objects.filter(day=NOW.date()).exists()
    assert DailyArena.objects.get(day=NOW.date()).counters["votes_left_out"] == 1
    # The later rating no longer builds on the vote.
    assert stored()[1] != before[1][-4:]
    assert differences(now=now) == []
    append_verdicts(numbers=[withdrawn.event.number], is_excluded=False, reason="a test")
    bring_up_to_date(now=now)
    assert stored() == before


def test_a_battle_that_is_broken_off_later_is_counted_anew() -> None:
    battle = make_battle()
    Battle.objects.filter(pk=battle.pk).update(created_at=NOW)
    now = NOW + 9 * DAY
    Tournament.objects.update(created_at=NOW)
    bring_up_to_date(now=now)
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.VOIDED)
    assert bring_up_to_date(now=now) == 3
    assert DailyArena.objects.get(day=NOW.date()).counters["battles_voided"] == 1
    assert bring_up_to_date(now=now) == 2


def test_tournaments_breedings_people_and_jobs_are_counted_on_their_days() -> None:
    owner, friend = make_user(), make_user()
    tournament = make_tournament(owner=owner)
    mix = make_mix(song=tournament.song)
    born = make_breeding(winner=make_mixer(generation=2))
    Breeding.objects.filter(pk=born.pk).update(
        state="born", offspring=make_mixer(generation=3), finished_at=NOW, seconds=4.0
    )
    make_breeding(state="rejected", finished_at=NOW, seconds=2.0)
    make_breeding(state="failed", finished_at=NOW)
    Tournament.objects.filter(pk=tournament.pk).update(
        created_at=NOW, state="finished", champion=mix, taken=mix, finished_at=NOW + DAY
    )
    make_battle(tournament=tournament)
    Battle.objects.update(created_at=NOW - timedelta(seconds=9))
    Referral.objects.create(inviter=owner, friend=friend, state="credited", created_at=NOW, credited_at=NOW + 2 * DAY)
    InvitationVisit.objects.create(inviter=owner, at=NOW)
    Activity.objects.create(user=friend, kind=Activity.Kind.VERIFIED, key="1", happened_at=NOW + DAY)
    Activity.objects.create(user=owner, kind=Activity.Kind.VERIFIED, key="2", happened_at=NOW)
    bring_up_to_date(now=NOW + 5 * DAY)
    days = [DailyArena.objects.get(day=NOW.date() + i * DAY).counters for i in range(3)]
    assert set(days[0]) == set(EMPTY)
    assert (days[0]["born"], days[0]["rejected"], days[0]["breedings_failed"]) == ({"3": 1}, {"1": 1}, {"1": 1})
    assert [day["tournaments_started"] for day in days] == [1, 0, 0]
    assert [day["tournaments_finished"] for day in days] == [0, 1, 0]
    assert [day["verified"] for day in days] == [1, 1, 0]
    assert [day["invitation_visits"] for day in days] == [1, 0, 0]
    assert [day["referrals_verified"] for day in days] == [0, 1, 0]
    assert [day["referrals_credited"] for day in days] == [0, 0, 1]
    assert days[0]["jobs"]["battle ready"]["bins"] == {str(bin_of(9.0)): 1}
    assert days[0]["jobs"]["breeding, work alone"] == {"bins": {str(bin_of(4.0)): 1, str(bin_of(2.0)): 1}, "failed": 1}
    own = {row.day: (row.n_started, row.n_finished) for row in DailyListener.objects.filter(user=owner)}
    assert own == {NOW.date(): (1, 0), NOW.date() + DAY: (0, 1)}


def test_a_bin_holds_its_durations() -> None:
    for seconds in (0.001, 0.5, 1.0, 9.0, 3600.0):
        assert seconds_of(bin_of(seconds)) <= seconds * (1 + 1e-12)
        assert seconds < seconds_of(bin_of(seconds) + 1)


def test_the_check_notices_a_changed_a_missing_and_a_foreign_row(capsys: pytest.CaptureFixture[str]) -> None:
    busy_arena(2, n_votes=20)
    call_command("rebuild_rollups")
    call_command("rebuild_rollups", "--check")
    before = stored()
    row = DailyMixer.objects.filter(genre="rock", n_wins__gt=0).first()
    assert row is not None
    DailyMixer.objects.filter(pk=row.pk).update(n_wins=row.n_wins + 1)
    DailyListener.objects.order_by("pk")[0].delete()
    DailyMixer.objects.create(day=NOW.date() - 500 * DAY, mixer_id=row.mixer_id, genre="jazz")
    with pytest.raises(SystemExit):
        call_command("rebuild_rollups", "--check")
    said = capsys.readouterr().err
    assert f"mixer {row.day}, {row.mixer_id}, rock" in said
    assert "stored None" in said
    assert "before the arena" in said
    call_command("rebuild_rollups")
    call_command("rebuild_rollups", "--check")
    assert stored() == before


def test_whoever_counted_while_another_wrote_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    voter, first, second = make_user(), make_mixer(), make_mixer()
    vote_at(NOW, voter=voter, first=first, second=second)
    count, calls = rollups.count_days, []

    def overtaken(begin: date, end: date) -> Any:
        counts = count(begin, end)
        calls.append(begin)
        if len(calls) == 1:
            vote_at(NOW, voter=voter, first=first, second=second)
            RollupMark.objects.update(n_writes=100)
        return counts

    monkeypatch.setattr(rollups, "count_days", overtaken)
    rollups.roll_up(first=NOW.date(), last=NOW.date(), now=NOW)
    assert len(calls) == 2
    assert DailyArena.objects.get(day=NOW.date()).counters["votes"] == 2


def test_an_arena_without_anything_is_rolled_up_too() -> None:
    assert bring_up_to_date(now=NOW) == 1
    assert DailyArena.objects.get().counters == EMPTY
