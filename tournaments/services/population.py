"""Room for newborns: after a birth, those who are among the best of nothing retire."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta

from django.utils import timezone

from evolution.models import Mixer
from evolution.services.population import Place, drop_weights, keep_population
from tournaments.models import Album, Entrant, Mix, Rating, Tournament
from tournaments.ratings.replay import OVERALL

# A mixer in a tournament that began this long ago may go: the tournament finds another one.
TOURNAMENT_HOURS = 24
# The lower bound of a rating lies this many deviations below it.
N_DEVIATIONS = 2.0


def make_room() -> list[Mixer]:
    """Retire whom the population has no room for; returns them. Call inside a transaction."""
    by_genre: defaultdict[int, dict[str, float]] = defaultdict(dict)
    votes: dict[int, int] = {}
    for row in Rating.objects.filter(mixer__state=Mixer.State.ACTIVE):
        by_genre[row.mixer_id][row.genre] = row.rating - N_DEVIATIONS * math.sqrt(row.variance)
        if row.genre == OVERALL:
            votes[row.mixer_id] = row.n_votes
    places = {pk: Place(bounds.pop(OVERALL), votes[pk], bounds) for pk, bounds in by_genre.items() if pk in votes}
    return keep_population(places=places, needed=_needed())


def forget_childless() -> int:
    """Delete the weights of the retired that left nobody behind, as soon as nobody waits for their mixes."""
    return drop_weights(needed=_needed())


def _needed() -> set[int]:
    recent = timezone.now() - timedelta(hours=TOURNAMENT_HOURS)
    fighting = Entrant.objects.filter(
        tournament__state=Tournament.State.RUNNING, tournament__created_at__gte=recent
    ).values_list("mixer", flat=True)
    planning = Mix.objects.filter(state=Mix.State.QUEUED).values_list("mixer", flat=True)
    albums = Album.objects.filter(state=Album.State.QUEUED).values_list("mixer", flat=True)
    return {*fighting, *planning, *albums}
