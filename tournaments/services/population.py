"""Room for newborns: after a birth, those who are among the best of nothing retire."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.utils import timezone

from evolution.models import Mixer
from evolution.services.population import Place, drop_weights, keep_population
from mixing.breeding.population import SIZE
from tournaments.models import Album, Entrant, Mix, Rating, Tournament
from tournaments.ratings.replay import OVERALL

if TYPE_CHECKING:
    from mixing.breeding.taste import Votes

# A mixer in a tournament that began this long ago may go: the tournament finds another one.
TOURNAMENT_HOURS = 24


def make_room(votes: Votes) -> list[Mixer]:
    """Retire whom the population has no room for, as the votes say; returns them. Call inside a transaction."""
    from mixing.breeding.taste import lower_bounds

    if Mixer.objects.filter(state=Mixer.State.ACTIVE).count() <= SIZE:
        return []
    rated = dict(Rating.objects.filter(mixer__state=Mixer.State.ACTIVE, genre=OVERALL).values_list("mixer", "n_votes"))
    living = dict(Mixer.objects.filter(pk__in=rated).exclude(style=[]).order_by("pk").values_list("pk", "style"))
    bounds = lower_bounds(votes, np.array(list(living.values())))
    places = {
        pk: Place(
            lower_bound=float(bounds[None][row]),
            n_votes=rated[pk],
            by_genre={genre: float(bound[row]) for genre, bound in bounds.items() if genre is not None},
        )
        for row, pk in enumerate(living)
    }
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
