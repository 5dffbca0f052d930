"""What a listener may know of an ABX test: while it runs, nothing that tells X; afterwards everything."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from tournaments.heard import total_s
from tournaments.models import AbxTest, AbxTrial, Ballot, Mix, Preview, Vote
from tournaments.ratings.abx import is_passed, luck, needed, odds, p_value, power
from tournaments.selectors.presets import Preset, presets
from tournaments.services.abx import N_ANSWERED, N_RIGHT, NEEDED_S

# Of trials that are right: somebody who hears something, and not always.
HALF_HEARING = 0.75


@dataclass(frozen=True)
class TrialStage:
    """The trial that a listener is at; addresses hold its token only."""

    token: str
    number: int
    n_trials: int
    a_url: str
    b_url: str
    x_url: str
    answer_url: str
    needed_s: float
    started_at: datetime
    presets: tuple[Preset, ...]


@dataclass(frozen=True)
class Result:
    """A test that is over. Of one that was given up only how far it went is told."""

    test: AbxTest
    n_answered: int
    n_right: int
    is_finished: bool
    is_passed: bool
    guessers: str


@dataclass(frozen=True)
class Length:
    """A choice of how many trials.

    Attributes:
        n_needed: how many must be right.
        chance: of passing, for somebody who is right in three of four.
    """

    n_trials: int
    n_needed: int
    chance: str


@dataclass(frozen=True)
class AbxPage:
    """The page of a judged battle's ABX tests.

    Attributes:
        nicknames: of the mixers behind A and B.
        results: tests that are over, newest first, on the same two mixes in whatever round.
        newest: the newest one that was finished; its trials follow.
        luck: how likely a guesser is to pass at least one of the finished tests; empty for fewer than two.
    """

    vote: Vote
    nicknames: tuple[str, str]
    back_url: str
    trial: TrialStage | None
    results: tuple[Result, ...]
    newest: Result | None
    newest_trials: tuple[AbxTrial, ...]
    lengths: tuple[Length, ...]
    luck: str


def abx_page(vote: Vote) -> AbxPage:
    """Everything that the page is made of."""
    results = _results(vote)
    finished = [result for result in results if result.is_finished]
    newest = finished[0] if finished else None
    return AbxPage(
        vote=vote,
        nicknames=(_mix(vote, "a").mixer.nickname, _mix(vote, "b").mixer.nickname),
        back_url=_back_url(vote),
        trial=_trial_stage(vote),
        results=results,
        newest=newest,
        newest_trials=tuple(newest.test.trials.all()) if newest else (),
        lengths=tuple(Length(n, needed(n), odds(power(n, HALF_HEARING))) for n in AbxTest.LENGTHS),
        luck=odds(luck(len(finished))) if len(finished) > 1 else "",
    )


def sound_of(vote: Vote, side: str) -> Preview | None:
    """What is behind A or B: the very previews that were voted on."""
    level_lufs = vote.battle.level_lufs
    if level_lufs is None:
        return None
    return Preview.objects.filter(
        mix=_mix(vote, side), region=Preview.Region.HIGHLIGHT, level_lufs=level_lufs, state=Preview.State.READY
    ).first()


def sound_of_x(trial: AbxTrial) -> Preview | None:
    """What is behind X, as long as the trial waits for its answer."""
    if trial.answer or trial.test.state != AbxTest.State.RUNNING:
        return None
    return sound_of(trial.test.vote, trial.x)


def test_csv(test: AbxTest) -> str:
    """The log of a finished test, one trial a line. Times are seconds; what was heard counts different seconds once."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads = ["trial", "x_was", "answer", "is_right", "heard_a_s", "heard_b_s", "heard_x_s"]
    writer.writerow([*heads, "n_switches", "switches", "took_s", "answered_at"])
    for trial in test.trials.all():
        if trial.started_at is None or trial.answered_at is None:
            raise ValueError(f"ABX test {test.pk} is not finished")
        writer.writerow(
            [
                trial.number,
                trial.x,
                trial.answer,
                int(trial.answer == trial.x),
                *(f"{total_s(trial.heard[side]):.3f}" for side in ("a", "b", "x")),
                # The first is the start.
                max(0, len(trial.switches) - 1),
                " ".join(f"{at_s:.3f}:{side}" for at_s, side in trial.switches),
                f"{(trial.answered_at - trial.started_at).total_seconds():.3f}",
                trial.answered_at.isoformat(),
            ]
        )
    return out.getvalue()


def _trial_stage(vote: Vote) -> TrialStage | None:
    """The trial that waits for an answer. What X is, is not even read."""
    trial = (
        AbxTrial.objects.select_related("test")
        .defer("x")
        .filter(test__vote=vote, test__state=AbxTest.State.RUNNING, answer="", started_at__isnull=False)
        .first()
    )
    if trial is None or trial.started_at is None:
        return None
    ballot = vote.ballot.token
    return TrialStage(
        token=trial.token,
        number=trial.number,
        n_trials=trial.test.n_trials,
        a_url=reverse("tournaments:abx-side", args=[ballot, "a"]),
        b_url=reverse("tournaments:abx-side", args=[ballot, "b"]),
        x_url=reverse("tournaments:abx-x", args=[trial.token]),
        answer_url=reverse("tournaments:abx-answer", args=[trial.token]),
        needed_s=NEEDED_S,
        started_at=trial.started_at,
        presets=presets(vote.battle.tournament.song, Preview.Region.HIGHLIGHT),
    )


def _results(vote: Vote) -> tuple[Result, ...]:
    pair = (vote.battle.first_id, vote.battle.second_id)
    tests = (
        AbxTest.objects.filter(vote__voter=vote.voter_id, vote__battle__first__in=pair, vote__battle__second__in=pair)
        .exclude(state=AbxTest.State.RUNNING)
        .annotate(n_answered=N_ANSWERED, n_right=N_RIGHT)
        .order_by("-ended_at", "-pk")
    )
    return tuple(
        Result(
            test=test,
            n_answered=test.n_answered,
            n_right=test.n_right,
            is_finished=test.state == AbxTest.State.FINISHED,
            is_passed=is_passed(test.n_right, test.n_trials),
            guessers=odds(p_value(test.n_right, test.n_trials)),
        )
        for test in tests
    )


def _mix(vote: Vote, side: str) -> Mix:
    return vote.battle.second if (side == "b") != vote.ballot.is_swapped else vote.battle.first


def _back_url(vote: Vote) -> str:
    """Where the battle was uncovered; nowhere if the link that it was judged by was taken back."""
    battle, share = vote.battle, vote.ballot.share
    if vote.ballot.kind != Ballot.Kind.AUDIENCE:
        return reverse("tournaments:reveal", args=[battle.tournament.public_id, battle.number])
    if share is None or share.revoked_at is not None:
        return ""
    return reverse("social:battle", args=[share.token, battle.number])
