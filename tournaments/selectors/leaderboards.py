"""The live board: every living mixer by its Elo."""

from __future__ import annotations

from dataclasses import dataclass

from evolution.models import Mixer
from tournaments.models import Rating
from tournaments.selectors.ratings import Score, score


@dataclass(frozen=True)
class BoardLine:
    """A place on the board."""

    place: int
    mixer: Mixer
    score: Score


def leaderboard(genre: str = "") -> list[BoardLine]:
    """Living mixers by live rating, overall or in a genre in which they have been judged."""
    rows = (
        Rating.objects.filter(genre=genre, mixer__state=Mixer.State.ACTIVE)
        .select_related("mixer")
        .order_by("-rating", "mixer_id")
    )
    return [BoardLine(i, row.mixer, score(row)) for i, row in enumerate(rows, start=1)]


def champions() -> list[BoardLine]:
    """The founding mixers, best first."""
    rows = (
        Rating.objects.filter(genre="", mixer__is_champion=True, mixer__state=Mixer.State.ACTIVE)
        .select_related("mixer")
        .order_by("-rating", "mixer_id")
    )
    return [BoardLine(i, row.mixer, score(row)) for i, row in enumerate(rows, start=1)]
