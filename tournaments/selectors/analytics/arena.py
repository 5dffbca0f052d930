"""What happened, a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tournaments.selectors.analytics.parts import DAY_COLUMN, Page, day_lines, day_rows, days_of, facts_of
from tournaments.selectors.figures import Figure, columns

if TYPE_CHECKING:
    from tournaments.spans import Span


def arena_page(span: Span) -> Page:
    """What happened, a day."""
    days, made_at = days_of(span)
    names = {
        "votes": "Votes",
        "ties": "Ties",
        "neither": "Neither",
        "votes_by_rule": "By a rule",
        "votes_left_out": "Left out",
        "listeners": "Listeners",
        "battles_opened": "Battles opened",
        "battles_decided": "Battles decided",
        "battles_voided": "Battles broken off",
        "sign_ups": "Sign-ups",
    }
    figure = Figure(
        "days",
        "Votes a day",
        (DAY_COLUMN, *columns(*names.values())),
        day_rows(days, names),
        text="Votes of listeners that count. Votes by a rule, and those left out by a verdict, are in no other number.",
        lines=day_lines(days, {"votes": "Votes", "listeners": "Listeners", "battles_decided": "Battles decided"}),
        is_folded=True,
    )
    facts = facts_of(days, {"votes": "Votes", "battles_decided": "Battles decided", "sign_ups": "Sign-ups"})
    return Page((figure,), facts, made_at)
