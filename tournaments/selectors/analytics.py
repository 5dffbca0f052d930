"""The figures of the analytics pages, read from the daily roll-ups; the number of queries never grows with votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Sum

from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.drawings.days import draw_columns, draw_days
from tournaments.models import DailyArena, DailyListener, DailyMixer, WeeklyCohort
from tournaments.selectors.figures import Column, Figure, Value, columns, ratio, totals, wilson, written
from tournaments.services.day_counts import EMPTY, N_CONFIDENCE_BINS, monday_of, seconds_of

if TYPE_CHECKING:
    from accounts.models import User
    from tournaments.spans import Span

N_CURVES = 6
N_RETENTION_WEEKS = 12
PERCENTILES = (0.5, 0.9, 0.99)
BIN_LABELS = tuple(f"{10 * i}–{10 * i + (10 if i == N_CONFIDENCE_BINS - 1 else 9)} %" for i in range(N_CONFIDENCE_BINS))
SHORT_LABELS = tuple(str(10 * i) for i in range(N_CONFIDENCE_BINS))
INTERVAL = (Column("Low", "share"), Column("High", "share"))
DAY_COLUMN, MIXER_COLUMN = Column("Day", "text"), Column("Mixer", "text")


@dataclass(frozen=True)
class Fact:
    """A total over all the days."""

    label: str
    value: str


@dataclass(frozen=True)
class Page:
    """Totals and figures of one section; `made_at` is when the newest of its days was counted."""

    figures: tuple[Figure, ...]
    facts: tuple[Fact, ...]
    made_at: datetime | None


@dataclass(frozen=True)
class Section:
    """A page of the arena's numbers."""

    slug: str
    title: str
    make: Callable[[Span], Page]


def arena_page(span: Span) -> Page:
    """What happened, a day."""
    days, made_at = _days(span)
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
        _day_rows(days, names),
        text="Votes of listeners that count. Votes by a rule, and those left out by a verdict, are in no other number.",
        lines=_day_lines(days, {"votes": "Votes", "listeners": "Listeners", "battles_decided": "Battles decided"}),
        is_folded=True,
    )
    facts = _facts(days, {"votes": "Votes", "battles_decided": "Battles decided", "sign_ups": "Sign-ups"})
    return Page((figure,), facts, made_at)


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
    overall = sorted((key for key in results if not key[1]), key=lambda key: -_rate(results[key]))
    by_genre = sorted(
        (key for key in results if key[1]), key=lambda key: (GENRES.get(key[1], key[1]), -_rate(results[key]))
    )
    counted = columns("Wins", "Losses", "Ties", "Neither")
    rate = (Column("Win rate", "share"), *INTERVAL)
    win_rates = Figure(
        "win-rates",
        "Win rates",
        (MIXER_COLUMN, *counted, *rate),
        tuple((mixers[pk].nickname, *results[pk, genre], *_win_rate(results[pk, genre])) for pk, genre in overall),
        text="Of the votes that prefer one of the two; the interval is Wilson's, 95 %. Living mixers only.",
    )
    genres = Figure(
        "genres",
        "Win rates by genre",
        (Column("Genre", "text"), MIXER_COLUMN, *counted, *rate),
        tuple(
            (GENRES.get(genre, genre), mixers[pk].nickname, *results[pk, genre], *_win_rate(results[pk, genre]))
            for pk, genre in by_genre
        ),
    )
    made_at = DailyArena.objects.aggregate(at=Max("made_at"))["at"]
    return Page((win_rates, genres, *_rating_figures(span, mixers), _capabilities(mixers)), (), made_at)


def evolution_page(span: Span) -> Page:
    """Births and rejections, and what offspring do against their parents."""
    days, made_at = _days(span)
    outcomes = ("born", "rejected", "breedings_failed")
    sums = {name: _summed(counters[name] for counters in days.values()) for name in outcomes}
    duels: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
    for counters in days.values():
        for generation, numbers in counters["against_parents"].items():
            duels[generation] = [a + b for a, b in zip(duels[generation], numbers, strict=True)]
    rows = []
    for generation in sorted({*duels, *(g for found in sums.values() for g in found)}, key=int):
        born, rejected, failed = (sums[name].get(generation, 0) for name in outcomes)
        wins, losses, ties, _ = duels[generation]
        born_rate, duel_rate = wilson(born, born + rejected), wilson(wins, wins + losses)
        rows.append((int(generation), born, rejected, failed, *born_rate, wins, losses, ties, *duel_rate))
    generations = Figure(
        "generations",
        "By generation",
        (
            *columns("Generation", "Born", "Rejected", "Failed"),
            Column("Passed the gate", "share"),
            *INTERVAL,
            *columns("Beat a parent", "Lost to a parent", "Tied"),
            Column("Wins against parents", "share"),
            *INTERVAL,
        ),
        tuple(rows),
        text="Each vote on an offspring and one of its two parents counts once. The intervals are Wilson's, 95 %.",
        empty="No breeding ended in these days.",
    )
    daily = {day: {name: sum(counters[name].values()) for name in outcomes} for day, counters in days.items()}
    labels = {"born": "Born", "rejected": "Rejected", "breedings_failed": "Failed"}
    births = Figure(
        "births",
        "Births a day",
        (DAY_COLUMN, *columns(*labels.values())),
        _day_rows(daily, labels),
        lines=_day_lines(daily, labels),
        empty="No breeding ended in these days.",
        is_folded=True,
    )
    return Page((generations, births), _facts(daily, labels), made_at)


def listener_page(span: Span) -> Page:
    """How listeners vote, whether they finish, and whether they come back."""
    days, made_at = _days(span)
    votes = Figure(
        "votes",
        "Votes a day and listener",
        (DAY_COLUMN, *columns("Votes", "Listeners"), Column("Votes each", "measure")),
        tuple(
            (day, counters["votes"], counters["listeners"], ratio(counters["votes"], counters["listeners"]))
            for day, counters in days.items()
        ),
        lines=draw_days(
            list(days),
            [("Votes each", [ratio(counters["votes"], counters["listeners"]) for counters in days.values()])],
        ),
        is_folded=True,
    )
    sure = _confidence(totals((counters["confidence"] for counters in days.values()), N_CONFIDENCE_BINS))
    facts = _facts(days, {"votes": "Votes", "tournaments_started": "Started", "tournaments_finished": "Finished"})
    return Page((votes, sure, _completion(days), _retention(span)), facts, made_at)


def funnel_page(span: Span) -> Page:
    """From an invitation to a friend who stays, and from a link to a stranger who signs up."""
    days, made_at = _days(span)
    steps = {
        "referrals_made": "Signed up by a link",
        "referrals_verified": "Verified an address",
        "referrals_credited": "Came to stay",
    }
    counted = {name: sum(counters[name] for counters in days.values()) for name in steps}
    first = counted["referrals_made"]
    referrals = Figure(
        "referrals",
        "Invitations",
        (Column("Step", "text"), *columns("Friends"), Column("Of the first step", "share")),
        tuple((label, counted[name], ratio(counted[name], first)) for name, label in steps.items()) if first else (),
        text="Every step is counted on its own day, so a late one may belong to a friend of an earlier time.",
        bars=draw_columns(list(steps.values()), list(counted.values())),
        empty="Nobody signed up by somebody's link in these days.",
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
        (Column("Step", "text"), *columns("Times"), Column("Of the visits", "share")),
        tuple((label, came[name], ratio(came[name], visits) if visits else None) for name, label in shared.items())
        if any(came.values())
        else (),
        text="A visit is one browser that opened one link; guests' votes are among the battles judged.",
        bars=draw_columns(list(shared.values()), list(came.values())),
        empty="Nothing was shared in these days.",
    )
    return Page((referrals, sharing), _facts(days, {"sign_ups": "Sign-ups", **steps}), made_at)


def job_page(span: Span) -> Page:
    """How long jobs take, and how many fail."""
    days, made_at = _days(span)
    names = sorted({name for counters in days.values() for name in counters["jobs"]})
    rows, lines = [], []
    for name in names:
        jobs = [counters["jobs"].get(name, {"bins": {}, "failed": 0}) for counters in days.values()]
        bins = _summed(job["bins"] for job in jobs)
        n, failed = sum(bins.values()), sum(job["failed"] for job in jobs)
        rows.append((name, n, *(percentile(bins, share) for share in PERCENTILES), failed, ratio(failed, n + failed)))
        lines.append((name, [percentile(job["bins"], 0.9) for job in jobs]))
    figure = Figure(
        "jobs",
        "Jobs",
        (
            Column("Job", "text"),
            *columns("Done"),
            *columns("p50", "p90", "p99", kind="seconds"),
            *columns("Failed"),
            Column("Failed", "share"),
        ),
        tuple(rows),
        text="From being asked for to being there, waiting included, unless it says work alone. Percentiles come from "
        "counts in bins 12 % wide. The lines are the p90 in seconds, a day.",
        lines=draw_days(list(days), lines[:N_CURVES], is_from_zero=False, is_log=True),
        empty="No job ended in these days.",
    )
    return Page((figure,), (), made_at)


SECTIONS = {
    section.slug: section
    for section in (
        Section("arena", "Arena", arena_page),
        Section("mixers", "Mixers", mixer_page),
        Section("evolution", "Evolution", evolution_page),
        Section("listeners", "Listeners", listener_page),
        Section("funnel", "Funnel", funnel_page),
        Section("jobs", "Jobs", job_page),
    )
}


def own_page(user: User, span: Span) -> Page:
    """A listener's own voting patterns."""
    stored = {row.day: row for row in DailyListener.objects.filter(user=user, day__range=(span.first, span.last))}
    days: dict[date, dict[str, Any]] = {}
    for day in span.days if stored else []:
        row = stored.get(day) or DailyListener(day=day)
        days[day] = {name: getattr(row, name) for name in ("n_votes", "n_ties", "n_neither", "n_started", "n_finished")}
    labels = {
        "n_votes": "Votes",
        "n_ties": "Ties",
        "n_neither": "Neither",
        "n_started": "Tournaments started",
        "n_finished": "Tournaments finished",
    }
    votes = Figure(
        "votes",
        "Votes a day",
        (DAY_COLUMN, *columns(*labels.values())),
        _day_rows({day: numbers for day, numbers in days.items() if any(numbers.values())}, labels),
        lines=_day_lines(days, {"n_votes": "Votes"}),
        empty="No votes in these days.",
        is_folded=True,
    )
    sure = _confidence(totals((row.confidence for row in stored.values()), N_CONFIDENCE_BINS))
    results: dict[int, list[int]] = defaultdict(lambda: [0] * 4)
    for row in stored.values():
        for pk, numbers in row.mixers.items():
            results[int(pk)] = [a + b for a, b in zip(results[int(pk)], numbers, strict=True)]
    names = dict(Mixer.objects.filter(pk__in=results).values_list("pk", "nickname"))
    heard = sorted(names, key=lambda pk: (-_rate(results[pk]), -sum(results[pk])))
    mixers = Figure(
        "mixers",
        "Mixers that you heard",
        (
            MIXER_COLUMN,
            *columns("Preferred", "Passed over", "Ties", "Neither"),
            Column("Preferred, of decided", "share"),
            *INTERVAL,
        ),
        tuple((names[pk], *results[pk], *_win_rate(results[pk])) for pk in heard),
        text="Blind, so it is your ears that say this. The interval is Wilson's, 95 %: with few votes it is wide.",
        empty="No votes in these days.",
    )
    facts = [*_facts(days, labels)] if days else []
    started, finished = (sum(day[name] for day in days.values()) for name in ("n_started", "n_finished"))
    if started:
        facts.append(Fact("Finished, of started", written("share", ratio(finished, started))))
    made_at = DailyArena.objects.aggregate(at=Max("made_at"))["at"]
    return Page((votes, sure, mixers), tuple(facts), made_at)


def percentile(bins: Mapping[str, int], share: float) -> float | None:
    """The duration that a share of them stays below, in seconds, evenly spread inside of a bin; None of nothing."""
    n = sum(bins.values())
    wanted, below = share * n, 0
    for place in sorted(map(int, bins)):
        here = bins[str(place)]
        if below + here >= wanted:
            return seconds_of(place + (wanted - below) / here)
        below += here
    return None


def _days(span: Span) -> tuple[dict[date, dict[str, Any]], datetime | None]:
    """The counters of the days that were counted, oldest first, each with every name."""
    rows = list(DailyArena.objects.filter(day__range=(span.first, span.last)))
    return {row.day: {**EMPTY, **row.counters} for row in rows}, max((row.made_at for row in rows), default=None)


def _day_rows(days: Mapping[date, Mapping[str, int]], names: Iterable[str]) -> tuple[tuple[Value, ...], ...]:
    """The newest first, as one wants to read them."""
    names = list(names)
    return tuple((day, *(numbers[name] for name in names)) for day, numbers in reversed(list(days.items())))


def _day_lines(days: Mapping[date, Mapping[str, int]], labels: Mapping[str, str]) -> Any:
    series = [(label, [float(numbers[name]) for numbers in days.values()]) for name, label in labels.items()]
    return draw_days(list(days), series)


def _facts(days: Mapping[date, Mapping[str, int]], labels: Mapping[str, str]) -> tuple[Fact, ...]:
    return tuple(
        Fact(label, written("count", sum(numbers[name] for numbers in days.values()))) for name, label in labels.items()
    )


def _summed(found: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for numbers in found:
        for name, n in numbers.items():
            sums[name] += n
    return dict(sums)


def _win_rate(numbers: Sequence[int]) -> tuple[float | None, float | None, float | None]:
    return wilson(numbers[0], numbers[0] + numbers[1])


def _rate(numbers: Sequence[int]) -> float:
    return _win_rate(numbers)[0] or 0.0


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


def _confidence(bins: Sequence[int]) -> Figure:
    n = sum(bins)
    return Figure(
        "confidence",
        "How sure",
        (Column("Confidence", "text"), *columns("Votes"), Column("Share", "share")),
        tuple((label, count, ratio(count, n)) for label, count in zip(BIN_LABELS, bins, strict=True)) if n else (),
        text="Of all votes but “neither”. A column begins at the number under it, in %.",
        bars=draw_columns(SHORT_LABELS, bins),
        empty="No votes in these days.",
        is_folded=True,
    )


def _completion(days: Mapping[date, Mapping[str, int]]) -> Figure:
    names = ("tournaments_started", "tournaments_finished", "tournaments_failed")
    weeks: dict[date, list[int]] = defaultdict(lambda: [0] * 3)
    for day, counters in days.items():
        weeks[monday_of(day)] = [n + counters[name] for n, name in zip(weeks[monday_of(day)], names, strict=True)]
    series = list(zip(("Started", "Finished", "Failed"), zip(*weeks.values(), strict=True), strict=False))
    return Figure(
        "completion",
        "Tournaments a week",
        (
            Column("Week from", "text"),
            *columns("Started", "Finished", "Failed"),
            Column("Finished, of started", "share"),
        ),
        tuple((week, *numbers, ratio(numbers[1], numbers[0])) for week, numbers in reversed(list(weeks.items())))
        if any(map(any, weeks.values()))
        else (),
        text="Each is counted in its own week: one started on a Sunday may be finished in the next.",
        lines=draw_days(list(weeks), series),
        empty="No tournament began or ended in these days.",
        is_folded=True,
    )


def _retention(span: Span) -> Figure:
    """A triangle: sign-up weeks down, weeks since then across."""
    first = monday_of(span.first)
    sizes: dict[date, int] = defaultdict(int)
    for day, n in DailyArena.objects.filter(day__range=(first, span.last)).values_list("day", "counters__sign_ups"):
        sizes[monday_of(day)] += n or 0
    active = {
        (row.cohort, row.week): row.n_active
        for row in WeeklyCohort.objects.filter(cohort__range=(first, span.last), week__lte=span.last)
    }
    rows = []
    for cohort, size in sizes.items():
        if not size:
            continue
        n_weeks = (monday_of(span.last) - cohort).days // 7 + 1
        shares: list[float | None] = [
            ratio(active.get((cohort, cohort + i * timedelta(days=7)), 0), size) if i < n_weeks else None
            for i in range(N_RETENTION_WEEKS)
        ]
        rows.append((cohort, size, *shares))
    return Figure(
        "retention",
        "Retention",
        (
            Column("Signed up in week from", "text"),
            *columns("Listeners"),
            *(Column(f"Week {i}", "share", is_shaded=True) for i in range(N_RETENTION_WEEKS)),
        ),
        tuple(rows),
        text="Of those who signed up in a week: how many voted, finished a tournament or did something else that counts"
        ", in that week and in those after it.",
        empty="Nobody signed up in these days.",
    )
