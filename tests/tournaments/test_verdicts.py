"""Verdicts on listeners: votes are left out and come back, later ones are born left out, and the replay agrees."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Activity, Award, CreditEntry, User
from accounts.services import record
from accounts.services.credits import balance_of
from accounts.services.judging import PER_MIX
from evolution.models import Mixer
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tournaments.errors import InvalidVerdict
from tournaments.models import Ballot, Check, LedgerCounter, LedgerEvent, ListenerVerdict, Rating, Vote
from tournaments.ratings.reliability import CheckKind, Outcome, Value
from tournaments.selectors.listening import listening
from tournaments.selectors.people import listeners_by_reliability
from tournaments.services.ballots import commit_ballot
from tournaments.services.ledger import append_verdicts, differences_from_replay, rebuild_if_stale
from tournaments.services.verdicts import (
    ANSWERS_AFTER_CURATOR,
    exclusions,
    newest_verdict,
    overrule,
    review,
    warn_of_exclusions,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def vote(listener: User, choice: str = "a") -> Vote:
    song = make_song(owner=listener)
    mixes = [make_mix(song=song, mixer=mixer) for mixer in MIXERS]
    ballot = make_ballot(battle=make_battle(tournament=make_tournament(song=song), first=mixes[0], second=mixes[1]))
    return commit_ballot(token=ballot.token, voter=listener, choice=choice, confidence=80, now=NOW)


MIXERS: list[Mixer] = []


@pytest.fixture(autouse=True)
def mixers() -> None:
    MIXERS[:] = [make_mixer(), make_mixer()]


def answers(listener: User, n: int, outcome: Outcome, *, days: int = 0) -> None:
    """Answer so many checks, and let the rule look."""
    battle = make_battle()
    now = NOW + timedelta(days=days)
    for _ in range(n):
        ballot = make_ballot(battle=battle, voter=listener, kind=Ballot.Kind.CHECK, state=Ballot.State.COMMITTED)
        Check.objects.create(
            ballot=ballot, kind=CheckKind.ANCHOR, right="a", choice="a", confidence=80, outcome=outcome, answered_at=now
        )
        review(listener_id=listener.pk, now=now)


def standings() -> list[tuple[float, float, int]]:
    rows = Rating.objects.filter(mixer__in=MIXERS).order_by("mixer", "genre")
    return list(rows.values_list("rating", "variance", "n_votes"))


def test_votes_of_somebody_who_does_not_listen_are_left_out_and_come_back() -> None:
    listener, other = make_user(), make_user()
    vote(other)
    before = standings()
    for choice in ("b", "b", "a"):
        vote(listener, choice)
    withdrawn = LedgerEvent.objects.filter(vote__voter=listener).latest("number")
    append_verdicts(numbers=[withdrawn.number], is_excluded=True, reason="withdrawn by the listener")
    answers(listener, 12, Outcome.FAILED)
    verdict = newest_verdict(listener.pk)
    assert verdict is not None
    assert (verdict.value, verdict.made_by) == (Value.EXCLUDE, None)
    assert verdict.evidence["answers"]["anchor"] == {"passed": 0, "failed": 8}
    rebuild_if_stale()
    assert standings() == before
    assert differences_from_replay() == []
    answers(listener, 60, Outcome.PASSED)
    again = newest_verdict(listener.pk)
    assert again is not None
    assert again.value in (Value.UNDECIDED, Value.INCLUDE)
    rebuild_if_stale()
    assert differences_from_replay() == []
    assert LedgerEvent.objects.filter(vote__voter=listener, is_excluded=False).count() == 2
    withdrawn.refresh_from_db()
    assert withdrawn.is_excluded, "what was left out for another reason stays so"


def test_a_later_vote_is_born_left_out_and_nothing_is_rebuilt() -> None:
    listener, other = make_user(), make_user()
    vote(other)
    answers(listener, 8, Outcome.FAILED)
    rebuild_if_stale()
    before = standings()
    for _ in range(3):
        born = vote(listener)
        event = LedgerEvent.objects.get(vote=born)
        assert event.is_excluded
        assert not event.changes.exists()
    assert not LedgerCounter.objects.get().is_stale
    assert standings() == before
    vote(other, "b")
    assert differences_from_replay() == []
    assert list(LedgerEvent.objects.values_list("number", flat=True)) == list(range(1, LedgerEvent.objects.count() + 1))


def test_a_curators_word_stands_until_there_is_new_evidence() -> None:
    listener, curator = make_user(), make_user(is_staff=True)
    vote(listener)
    answers(listener, 8, Outcome.FAILED)
    overrule(listener=listener, value=Value.INCLUDE, reason="Heard on a phone.", by=curator, now=NOW)
    assert not LedgerEvent.objects.get(vote__voter=listener).is_excluded
    answers(listener, ANSWERS_AFTER_CURATOR - 1, Outcome.FAILED, days=1)
    verdict = newest_verdict(listener.pk)
    assert verdict is not None
    assert (verdict.value, verdict.made_by) == (Value.INCLUDE, curator)
    answers(listener, 1, Outcome.FAILED, days=1)
    verdict = newest_verdict(listener.pk)
    assert verdict is not None
    assert (verdict.value, verdict.made_by) == (Value.EXCLUDE, None)
    with pytest.raises(InvalidVerdict):
        overrule(listener=listener, value=Value.INCLUDE, reason=" ", by=curator, now=NOW)


@override_settings(CREDITS=True)
def test_whose_word_leaves_votes_out_is_told_as_it_is(client: Client) -> None:
    """A curator's is not told as an answer to checks that were never asked; the rule's is told as the rule's."""
    pages = [reverse(name) for name in ("accounts:progress", "accounts:credits", "social:judge")]
    curator = make_user(is_staff=True)
    by_word, by_rule = make_user(), make_user()
    overrule(listener=by_word, value=Value.EXCLUDE, reason="Votes by a program.", by=curator, now=NOW)
    answers(by_rule, 8, Outcome.FAILED)

    client.force_login(by_word)
    for body in (client.get(page).content.decode() for page in pages):
        assert "A curator has left your votes out" in body
        assert "look like chance" not in body and "Some checks heard right" not in body
        assert "Votes by a program" not in body
    page = client.get(pages[0]).content.decode()
    assert f"After {ANSWERS_AFTER_CURATOR} more telling answers" in page and "whoever runs this arena" in page
    assert "A curator has left your votes out" in listening(by_word).words[0]

    client.force_login(by_rule)
    assert not any("curator" in client.get(page).content.decode() for page in pages)
    assert "look like chance" in client.get(pages[0]).content.decode()
    # A curator's word that the rule took back is not the one that counts any more.
    answers(by_word, ANSWERS_AFTER_CURATOR, Outcome.PASSED, days=1)
    assert listening(by_word).words == ()


@override_settings(CREDITS=True)
def test_judging_pays_nothing_while_votes_are_left_out_and_all_of_it_afterwards(client: Client) -> None:
    listener, curator = make_user(), make_user(is_staff=True)

    def judge(n: int, since: int) -> None:
        for number in range(since, since + n):
            at = NOW + timedelta(days=number // 5)
            record(user_id=listener.pk, kind=Activity.Kind.VOTED, key=f"v{number}", facts={"confidence": 95}, now=at)
            record(user_id=listener.pk, kind=Activity.Kind.JUDGED, key=f"j{number}", facts={}, now=at)

    judge(PER_MIX + 2, since=0)
    answers(listener, 8, Outcome.FAILED)
    before = balance_of(listener.pk)
    judge(2 * PER_MIX, since=PER_MIX + 2)
    assert balance_of(listener.pk) == before
    assert not Award.objects.filter(user=listener, slug="sharp-shooter").exists()
    client.force_login(listener)
    for page in ("accounts:credits", "social:judge"):
        assert "judging pays nothing" in client.get(reverse(page)).content.decode()
    overrule(listener=listener, value=Value.INCLUDE, reason="Heard on a phone.", by=curator, now=NOW)
    promotion, sharp_shooter, judging = 1, 1, 2
    assert balance_of(listener.pk) == before + promotion + sharp_shooter + judging
    judge(2 * PER_MIX - 2, since=3 * PER_MIX + 2)
    assert CreditEntry.objects.filter(user=listener, kind="judging").count() == 5
    assert "judging pays nothing" not in client.get(reverse("accounts:credits")).content.decode()


def test_curators_decide_in_the_admin(client: Client) -> None:
    listener = make_user()
    vote(listener)
    answers(listener, 8, Outcome.FAILED)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page = reverse("admin:tournaments_listenerverdict_changelist")
    sent: dict[str, object] = {"action": "count_again", "_selected_action": [ListenerVerdict.objects.get().pk]}
    assert client.post(page, sent).status_code == 302
    newest = newest_verdict(listener.pk)
    assert newest is not None
    assert (newest.value, newest.made_by is not None) == (Value.INCLUDE, True)
    add = reverse("admin:tournaments_listenerverdict_add")
    sent = {"listener": listener.pk, "value": "exclude", "reason": "Votes by a program."}
    assert client.post(add, sent).status_code == 302
    assert LedgerEvent.objects.get(vote__voter=listener).is_excluded
    assert ListenerVerdict.objects.count() == 3
    assert client.get(reverse("admin:tournaments_check_changelist")).status_code == 200


def test_curators_are_warned_when_too_many_are_left_out(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    people = [make_user() for _ in range(6)]
    for person in people:
        vote(person)
        answers(person, 8, Outcome.PASSED)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert exclusions(now=NOW).share == 0.0
    ListenerVerdict.objects.create(listener=people[0], value=Value.EXCLUDE, reason="x", created_at=NOW)
    found = exclusions(now=NOW)
    assert (found.n_checked, found.n_excluded, found.is_alarming) == (6, 1, True)
    with caplog.at_level(logging.WARNING):
        warn_of_exclusions(now=NOW)
    assert "1 of 6" in caplog.text
    assert exclusions(now=NOW + timedelta(days=31)).n_checked == 0
    Vote.objects.update(created_at="2126-01-01T00:00Z")
    for page in (reverse("tournaments:analytics"), reverse("admin:index")):
        assert "are left out" in client.get(page).content.decode()
    client.force_login(people[0])
    assert "do not move ratings" in client.get(reverse("accounts:progress")).content.decode()


def test_the_board_by_reliability_respects_who_stays_out(client: Client) -> None:
    best, good, left_out, hidden = (make_user(name) for name in ("best", "good", "out", "hidden"))
    for person, right, wrong in ((best, 20, 0), (good, 8, 1), (hidden, 20, 0)):
        answers(person, right, Outcome.PASSED)
        answers(person, wrong, Outcome.FAILED)
    answers(left_out, 9, Outcome.FAILED)
    User.objects.filter(pk=hidden.pk).update(is_ranked=False)
    lines = listeners_by_reliability()
    assert [line.person for line in lines] == [best, good]
    assert all(line.reliability and line.reliability.low < line.reliability.mean for line in lines)
    body = client.get("/people/?by=reliability").content.decode()
    assert "best" in body
    assert "/people/out/" not in body
