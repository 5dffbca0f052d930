"""How reliable a listener is, as the listener and the curators read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tournaments.ratings.reliability import MIN_CHECKS, CheckKind, Reliability, Tally, Value, reliability
from tournaments.services.verdicts import ANSWERS_AFTER_CURATOR, newest_verdict, tallies_of

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

BY_CHECKS = (
    "Your answers look like chance at present, so your votes do not move ratings. No other listener sees that. Some "
    "checks heard right, and all of them count again."
)
BY_CURATOR = (
    "A curator has left your votes out, so they do not move ratings. No other listener sees that. If it seems wrong to "
    f"you, write to whoever runs this arena. After {ANSWERS_AFTER_CURATOR} more telling answers to the judging queue’s "
    "checks, those answers decide."
)


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
        why_left_out: why the votes are left out now, and what to do; empty while they count.
        advice: what would raise it; empty without a wrong answer.
    """

    lines: tuple[KindLine, ...]
    score: Reliability | None
    n_missing: int
    why_left_out: str
    advice: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """All that is to be said to the listener, what weighs most first."""
        return (self.why_left_out, *self.advice) if self.why_left_out else self.advice


def listening(user: User) -> Listening:
    """What the checks say of a listener."""
    tallies = tallies_of(user.pk)
    passed, n = (sum(getattr(tally, what) for tally in tallies.values()) for what in ("passed", "n"))
    return Listening(
        lines=tuple(KindLine(LABELS[kind], tallies[kind]) for kind in CheckKind if kind in tallies),
        score=reliability(passed, n - passed) if n >= MIN_CHECKS else None,
        n_missing=max(MIN_CHECKS - n, 0),
        why_left_out=why_left_out(user),
        advice=tuple(ADVICE[kind] for kind in CheckKind if kind in tallies and tallies[kind].failed),
    )


def why_left_out(user: User) -> str:
    """Why a listener's votes are left out, by the verdict that counts: BY_CURATOR or BY_CHECKS; empty: they count."""
    verdict = newest_verdict(user.pk)
    if verdict is None or verdict.value != Value.EXCLUDE:
        return ""
    return BY_CHECKS if verdict.made_by_id is None else BY_CURATOR


def is_left_out_by_curator(user: User) -> bool:
    """Whether it is a curator's word, and not the rule, that leaves a listener's votes out."""
    return why_left_out(user) == BY_CURATOR
