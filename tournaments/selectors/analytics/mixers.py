"""Win rates, ratings and measured capabilities of mixers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Max, Sum

from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.drawings.days import draw_days
from tournaments.models import DailyArena, DailyMixer
from tournaments.selectors.analytics.parts import DAY_COLUMN, INTERVAL, MIXER_COLUMN, N_CURVES, Page, rate_of, win_rate
from tournaments.selectors.figures import Column, Figure, columns

if TYPE_CHECKING:
    from tournaments.spans import Span


def mixer_page(span: Span) -> Page:
    """Win rates, rating curves and measured capabilities of the living."""
    mixers = {mixer.pk: mixer for mixer in Mixer.objects.filter(state=Mixer.State.ACTIVE).defer("card", "style")}
    sums = (
        DailyMixer.objects.filter(day__range=(span.first, span.last), mixer__in=mixers)
        .values_list("mixer", "genre")
        .annotate(wins=Sum("n_wins"), losses=Sum("n_losses"), ties=Sum("n_ties"), neither=Sum("n_neither"))
        .order_by()
    )
    results = {(mixer, genre): numbers for mixer, genre, *numbers in sums if any(numbers)}
    overall = sorted((key for key in results if not key[1]), key=lambda key: -rate_of(results[key]))
    by_genre = sorted(
        (key for key in results if key[1]), key=lambda key: (GENRES.get(key[1], key[1]), -rate_of(results[key]))
    )
    counted = columns("Wins", "Losses", "Ties", "Neither")
    rate = (Column("Win rate", "share"), *INTERVAL)
    win_rates = Figure(
        "win-rates",
        "Win rates",
        (MIXER_COLUMN, *counted, *rate),
        tuple((mixers[pk].nickname, *results[pk, genre], *win_rate(results[pk, genre])) for pk, genre in overall),
        text="Of the votes that prefer one of the two; the interval is Wilson's, 95 %. Living mixers only.",
    )
    genres = Figure(
        "genres",
        "Win rates by genre",
        (Column("Genre", "text"), MIXER_COLUMN, *counted, *rate),
        tuple(
            (GENRES.get(genre, genre), mixers[pk].nickname, *results[pk, genre], *win_rate(results[pk, genre]))
            for pk, genre in by_genre
        ),
    )
    made_at = DailyArena.objects.aggregate(at=Max("made_at"))["at"]
    return Page((win_rates, genres, *_rating_figures(span, mixers), _capabilities(mixers)), (), made_at)


def _rating_figures(span: Span, mixers: Mapping[int, Mixer]) -> tuple[Figure, Figure]:
    rows = DailyMixer.objects.filter(
        genre="", day__range=(span.first, span.last), rating__isnull=False, mixer__in=mixers
    ).order_by("day")
    curves: dict[int, dict[date, float]] = defaultdict(dict)
    for day, mixer, rating in rows.values_list("day", "mixer_id", "rating"):
        if rating is not None:
            curves[mixer][day] = rating
    order = sorted(curves, key=lambda pk: -list(curves[pk].values())[-1])
    found = []
    for pk in order:
        values = list(curves[pk].values())
        change = values[-1] - values[0]
        found.append((mixers[pk].nickname, values[-1], change, min(values), max(values), len(values)))
    summary = Figure(
        "ratings",
        "Ratings",
        (MIXER_COLUMN, *columns("Last", "Change", "Lowest", "Highest", kind="points"), *columns("Days with votes")),
        tuple(found),
        text="The live rating at the end of each day on which it moved.",
        empty="No rating moved in these days.",
    )
    shown = order[:N_CURVES]
    days = span.days
    held = [(mixers[pk].nickname, _held(curves[pk], days)) for pk in shown]
    moved = sorted({day for pk in shown for day in curves[pk]}, reverse=True)
    curve = Figure(
        "curves",
        "Rating curves of the best",
        (DAY_COLUMN, *columns(*(label for label, _ in held), kind="points")),
        tuple((day, *(curves[pk].get(day) for pk in shown)) for day in moved),
        lines=draw_days(days, held, is_from_zero=False),
        empty="No rating moved in these days.",
        is_folded=True,
    )
    return summary, curve


def _held(curve: Mapping[date, float], days: Sequence[date]) -> list[float | None]:
    """A rating stays what it is until the next vote."""
    values: list[float | None] = []
    for day in days:
        values.append(curve.get(day, values[-1] if values else None))
    return values


def _capabilities(mixers: Mapping[int, Mixer]) -> Figure:
    names = sorted({name for mixer in mixers.values() for name in mixer.capabilities})
    return Figure(
        "capabilities",
        "Capability profiles",
        (MIXER_COLUMN, *columns("Generation"), *columns(*(name.replace("_", " ") for name in names), kind="measure")),
        tuple(
            (mixer.nickname, mixer.generation, *(mixer.capabilities.get(name) for name in names))
            for mixer in mixers.values()
            if mixer.capabilities
        ),
        text="As measured on the probe set; more is more. They are of today, whatever the days above.",
        empty="No living mixer was measured.",
    )
