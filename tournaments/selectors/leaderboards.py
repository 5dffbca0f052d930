"""The live board: every living mixer by its Elo."""

from __future__ import annotations

from dataclasses import dataclass

from evolution.models import Mixer
from tournaments.models import BoardRow, BoardRun, Rating
from tournaments.selectors.ratings import PROVISIONAL_BELOW_VOTES, Score, score


@dataclass(frozen=True)
class BoardLine:
    """A place on the board."""

    place: int
    mixer: Mixer
    score: Score


def leaderboard(genre: str = "", architecture: str = "") -> list[BoardLine]:
    """Living mixers by live rating, overall or in a genre in which they were judged, all or of one architecture."""
    rows = (
        Rating.objects.filter(genre=genre, mixer__state=Mixer.State.ACTIVE)
        .select_related("mixer")
        .order_by("-rating", "mixer_id")
    )
    if architecture:
        rows = rows.filter(mixer__architecture=architecture)
    return [BoardLine(i, row.mixer, score(row)) for i, row in enumerate(rows, start=1)]


def living_architectures() -> dict[str, str]:
    """The architectures of the living mixers, with what pages call them."""
    labels = dict(Mixer.Architecture.choices)
    living = Mixer.objects.filter(state=Mixer.State.ACTIVE).order_by("architecture")
    return {name: labels.get(name, name) for name in living.values_list("architecture", flat=True).distinct()}


def champions() -> list[BoardLine]:
    """The founding mixers, best first."""
    rows = (
        Rating.objects.filter(genre="", mixer__is_champion=True, mixer__state=Mixer.State.ACTIVE)
        .select_related("mixer")
        .order_by("-rating", "mixer_id")
    )
    return [BoardLine(i, row.mixer, score(row)) for i, row in enumerate(rows, start=1)]


# The picture of an interval: its width, and the points left free at both ends.
WIDTH, MARGIN_POINTS = 160.0, 10.0


@dataclass(frozen=True)
class OfficialLine:
    """A place on the official board, with the picture of its interval from 0 to `width`."""

    place: int
    mixer: Mixer
    rating: int
    low: int
    high: int
    n_votes: int
    is_provisional: bool
    at: float
    from_x: float
    to_x: float
    width: float = WIDTH


@dataclass(frozen=True)
class OfficialBoard:
    """The newest computation, and its lines by falling lower bound; no run before the first vote."""

    run: BoardRun | None
    lines: tuple[OfficialLine, ...]


def official_board(genre: str = "", architecture: str = "") -> OfficialBoard:
    """Living mixers by the lower bound of their official rating, overall or in a genre, all or of one architecture."""
    run = BoardRun.objects.first()
    rows = BoardRow.objects.filter(run=run, genre=genre, mixer__state=Mixer.State.ACTIVE).select_related("mixer")
    if architecture:
        rows = rows.filter(mixer__architecture=architecture)
    found = list(rows)
    if not found:
        return OfficialBoard(run, ())
    least = min(row.low for row in found) - MARGIN_POINTS
    scale = WIDTH / (max(row.high for row in found) + MARGIN_POINTS - least)
    return OfficialBoard(
        run,
        tuple(
            OfficialLine(
                place=place,
                mixer=row.mixer,
                rating=round(row.rating),
                low=round(row.low),
                high=round(row.high),
                n_votes=row.n_votes,
                is_provisional=row.n_votes < PROVISIONAL_BELOW_VOTES,
                at=(row.rating - least) * scale,
                from_x=(row.low - least) * scale,
                to_x=(row.high - least) * scale,
            )
            for place, row in enumerate(found, start=1)
        ),
    )
