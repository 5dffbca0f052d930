"""Where those who sign up come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tournaments.drawings.days import draw_columns
from tournaments.selectors.analytics.parts import Page, days_of, facts_of
from tournaments.selectors.figures import Column, Figure, columns, ratio

if TYPE_CHECKING:
    from tournaments.spans import Span

# Under the columns of a picture that a phone shows there is room for a word.
INVITED = ("Opened", "Signed up", "Verified", "Stayed")
SHARED = ("Shared", "Visited", "Judged", "Signed up")


def funnel_page(span: Span) -> Page:
    """From an invitation to a friend who stays, and from a link to a stranger who signs up."""
    days, made_at = days_of(span)
    steps = {
        "invitation_visits": "Opened a link",
        "referrals_made": "Signed up by a link",
        "referrals_verified": "Verified an address",
        "referrals_credited": "Came to stay",
    }
    counted = {name: sum(counters[name] for counters in days.values()) for name in steps}
    opened = counted["invitation_visits"]
    referrals = Figure(
        "referrals",
        "Invitations",
        (Column("Step", "text"), *columns("How many"), Column("Of visits", "share")),
        tuple((label, counted[name], ratio(counted[name], opened)) for name, label in steps.items())
        if any(counted.values())
        else (),
        text="A visit is one browser that opened one link. Every step is counted on its own day, so a late one may "
        "belong to a friend of an earlier time.",
        bars=draw_columns(INVITED, list(counted.values())),
        empty="Nobody opened somebody's link in these days.",
    )
    shared = {
        "shares_made": "Shared by a link",
        "share_visits": "Visited",
        "share_votes": "Battles judged",
        "share_sign_ups": "Signed up after it",
    }
    came = {name: sum(counters[name] for counters in days.values()) for name in shared}
    visits = came["share_visits"]
    sharing = Figure(
        "sharing",
        "Shared tournaments, battles and mixes",
        (Column("Step", "text"), *columns("Times"), Column("Of visits", "share")),
        tuple((label, came[name], ratio(came[name], visits)) for name, label in shared.items())
        if any(came.values())
        else (),
        text="A visit is one browser that opened one link; guests' votes are among the battles judged.",
        bars=draw_columns(SHARED, list(came.values())),
        empty="Nothing was shared in these days.",
    )
    return Page((referrals, sharing), facts_of(days, {"sign_ups": "Sign-ups", **steps}), made_at)
