"""ABX tests: beginning one, taking an answer, and what the last answer earns.

What X is, is drawn by the system's generator when a test begins, and leaves the server when the test is over.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.urls import reverse

from accounts.models import Activity
from accounts.services import record
from tournaments.errors import AbxClosed, InvalidAbx, NotHeardEnough, SoundGone
from tournaments.heard import Segment, Switch, merge, merge_switches, total_s
from tournaments.models import AbxTest, AbxTrial, Preview, Vote
from tournaments.ratings.abx import is_passed, p_value
from tournaments.services.ballots import CLOCK_TOLERANCE_S
from tournaments.services.previews import request_cut, spans

logger = logging.getLogger(__name__)

# Of X, before an answer: enough to have recognized something.
NEEDED_S = 0.5
# How many trials of a test are answered, and how many of them rightly.
N_ANSWERED = Count("trials", filter=~Q(trials__answer=""))
N_RIGHT = Count("trials", filter=Q(trials__answer=F("trials__x")))

_HEARD = ("a", "b", "x")


def start_test(*, vote: Vote, n_trials: int, now: datetime) -> AbxTest:
    """Begin a test on the sides of a vote; one that is running goes on instead.

    Args:
        n_trials: one of AbxTest.LENGTHS. It stays.
    Raises: InvalidAbx, SoundGone.
    """
    if n_trials not in AbxTest.LENGTHS:
        raise InvalidAbx("A test has 8, 12 or 16 trials. Choose one of them.", code="bad_length")
    running = AbxTest.objects.filter(vote=vote, state=AbxTest.State.RUNNING)
    _check_sound(vote)
    try:
        with transaction.atomic():
            test = AbxTest.objects.create(vote=vote, n_trials=n_trials, started_at=now)
            AbxTrial.objects.bulk_create(
                AbxTrial(test=test, number=number, x=secrets.choice("ab"), started_at=now if number == 1 else None)
                for number in range(1, n_trials + 1)
            )
    except IntegrityError:
        return running.get()
    logger.info("started abx=%s", test.pk)
    return test


def answer_trial(
    *,
    trial: AbxTrial,
    answer: str,
    segments: Mapping[str, Sequence[Segment]],
    switches: Sequence[Switch] = (),
    now: datetime,
) -> None:
    """Keep an answer, and open the next trial or end the test. The same answer again changes nothing.

    Args:
        answer: "a" or "b".
        segments: of "a", "b" and "x": stretches [start, end] in seconds from the start of the region.
        switches: [seconds since the trial began, "a", "b" or "x"].
    Raises: InvalidAbx for a log that claims more time than has passed, NotHeardEnough, AbxClosed.
    """
    began_at = trial.started_at
    if answer not in ("a", "b") or began_at is None:
        raise InvalidAbx("X is A or B, and one trial comes after the other. Reload the page.", code="bad_answer")
    start, end = spans(trial.test.vote.battle.tournament.song)[Preview.Region.HIGHLIGHT]
    region_s = (end - start) / trial.test.vote.battle.tournament.song.sample_rate
    heard = {side: merge(segments.get(side, []), region_s) for side in _HEARD}
    allowed_s = (now - began_at).total_seconds() + CLOCK_TOLERANCE_S
    if sum(map(total_s, heard.values())) > allowed_s:
        raise InvalidAbx("More was heard than time has passed. Reload the page and listen again.", code="bad_log")
    if total_s(heard["x"]) < NEEDED_S:
        raise NotHeardEnough("You have not heard X yet. Listen to it, then answer.", code="x_not_heard")
    with transaction.atomic():
        test = AbxTest.objects.select_for_update().get(pk=trial.test_id)
        is_new = test.state == AbxTest.State.RUNNING and AbxTrial.objects.filter(pk=trial.pk, answer="").update(
            answer=answer, heard=heard, switches=merge_switches(switches, allowed_s), answered_at=now
        )
        if not is_new:
            _check_is_same(trial, answer)
        elif trial.number < test.n_trials:
            AbxTrial.objects.filter(test=test, number=trial.number + 1).update(started_at=now)
        else:
            _finish(test, trial.test.vote, now)


def give_up(*, vote: Vote, now: datetime) -> None:
    """End the test that is running without a result, if there is one."""
    AbxTest.objects.filter(vote=vote, state=AbxTest.State.RUNNING).update(state=AbxTest.State.ABANDONED, ended_at=now)


def _check_sound(vote: Vote) -> None:
    """Have the previews that were voted on cut again where they have gone. Raises SoundGone then."""
    battle = vote.battle
    cuts = [
        request_cut(mix=mix, region=Preview.Region.HIGHLIGHT, level_lufs=battle.level_lufs)
        for mix in (battle.first, battle.second)
        if battle.level_lufs is not None
    ]
    if [cut.state for cut in cuts] != [Preview.State.READY] * 2:
        raise SoundGone("The sound of this battle is being cut anew. Try again in a few seconds.", code="sound_gone")


def _check_is_same(trial: AbxTrial, answer: str) -> None:
    trial.refresh_from_db(fields=["answer"])
    if trial.answer == answer:
        return
    if trial.answer:
        raise AbxClosed("You have answered this trial already, and an answer stays. Reload the page.", code="answered")
    raise AbxClosed("This test was given up. Reload the page to begin another one.", code="given_up")


def _finish(test: AbxTest, vote: Vote, now: datetime) -> None:
    """End a test and tell accounts of it, in the caller's transaction, which holds the test."""
    AbxTest.objects.filter(pk=test.pk).update(state=AbxTest.State.FINISHED, ended_at=now)
    n_right = AbxTrial.objects.filter(test=test, answer=F("x")).count()
    record(
        user_id=vote.voter_id,
        kind=Activity.Kind.ABX,
        key=str(test.pk),
        facts={
            "n_right": n_right,
            "n_trials": test.n_trials,
            "p": p_value(n_right, test.n_trials),
            "is_passed": is_passed(n_right, test.n_trials),
            "streak": _streak(vote.voter_id),
            "label": f"An ABX test, {n_right} of {test.n_trials} right",
            "url": reverse("tournaments:abx", args=[vote.ballot.token]),
        },
        now=now,
    )
    logger.info("finished abx=%s", test.pk)


def _streak(listener_id: int) -> int:
    """How many of a listener's newest tests were passed in a row; one that was given up ends the row."""
    ended = AbxTest.objects.filter(vote__voter=listener_id).exclude(state=AbxTest.State.RUNNING)
    newest_first = (
        ended.annotate(n_right=N_RIGHT).order_by("-ended_at", "-pk").values_list("n_right", "n_trials", "state")
    )
    return sum(
        1
        for _ in takewhile(lambda test: test[2] == AbxTest.State.FINISHED and is_passed(test[0], test[1]), newest_first)
    )
