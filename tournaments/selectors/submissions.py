"""What authors and curators see of submitted mixers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evolution.models import Submission
from tournaments.plain_words import CheckLine, gate_lines

if TYPE_CHECKING:
    from accounts.models import User

N_SHOWN = 30


@dataclass(frozen=True)
class SubmissionLine:
    """A submission with its checks in words."""

    submission: Submission
    checks: tuple[CheckLine, ...]


def submissions_of(author: User) -> list[SubmissionLine]:
    """One's own, newest first."""
    rows = Submission.objects.filter(author=author).select_related("mixer")[:N_SHOWN]
    return [submission_line(row) for row in rows]


def submission_line(row: Submission) -> SubmissionLine:
    """One submission."""
    return SubmissionLine(row, gate_lines(row.report))
