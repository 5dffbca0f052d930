"""How reliable a listener is, as the listener and the curators read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tournaments.ratings.reliability import MIN_CHECKS, CheckKind, Reliability, Tally, Value, reliability
from tournaments.services.verdicts import newest_verdict, tallies_of

if TYPE_CHECKING:
    from accounts.models import User

LABELS = {
    CheckKind.IDENTICAL: "The same sound twice",
    CheckKind.ANCHOR: "One side without treble",
    CheckKind.REPEAT: "A battle once more",
}
ADVICE = {
    CheckKind.IDENTICAL: "Where you hear no difference, say that you cannot tell: it is an answer, too.",
    CheckKind.ANCHOR: "Listen to cymbals and breath before you vote, with headphones if you can.",
    CheckKind.REPEAT: "Be only as sure as you are: a change of mind counts where both votes were sure.",
}


@dataclass(frozen=True)
class KindLine:
    """Answers to one kind of check."""

    label: str
    tally: Tally


@dataclass(frozen=True)
class Listening:
    """A listener's own page of checks.

    Attributes:
        score: None before MIN_CHECKS telling answers.
        n_missing: telling answers until then.
        is_left_out: whether the votes are left out now.
        advice: what would raise it; empty without a wrong answer.
    """

    lines: tuple[KindLine, ...]
    score: Reliability | None
    n_missing: int
    is_left_out: bool
    advice: tuple[str, ...]


def listening(user: User) -> Listening:
    """What the checks say of a listener."""
    tallies = tallies_of(user.pk)
    passed, n = (sum(getattr(tally, what) for tally in tallies.values()) for what in ("passed", "n"))
    verdict = newest_verdict(user.pk)
    return Listening(
        lines=tuple(KindLine(LABELS[kind], tallies[kind]) for kind in CheckKind if kind in tallies),
        score=reliability(passed, n - passed) if n >= MIN_CHECKS else None,
        n_missing=max(MIN_CHECKS - n, 0),
        is_left_out=verdict is not None and verdict.value == Value.EXCLUDE,
        advice=tuple(ADVICE[kind] for kind in CheckKind if kind in tallies and tallies[kind].failed),
    )
