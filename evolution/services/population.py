"""Keeping the population small: who has had a chance and is among the best of nothing retires."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from evolution.models import Breeding, Mixer
from evolution.services.curation import retire
from mixing.breeding.population import Member, survivors

logger = logging.getLogger(__name__)

# A breeding that is being computed may have taken somebody as its third parent, and says so only when it is written.
KEPT_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Place:
    """Where a mixer stands on the board.

    Attributes:
        lower_bound: of how much it is liked over all genres.
        n_votes: that moved its rating.
        by_genre: lower bounds of how much it is liked in genres.
    """

    lower_bound: float
    n_votes: int
    by_genre: Mapping[str, float] = field(default_factory=dict)


def keep_population(*, places: Mapping[int, Place], needed: Collection[int]) -> list[Mixer]:
    """Retire those whom the population has no room for; returns them.

    Args:
        places: of every living mixer that has one, by primary key; others have entered nothing yet and stay.
        needed: primary keys of mixers that somebody waits for.
    """
    living = {mixer.pk: mixer for mixer in Mixer.objects.filter(state=Mixer.State.ACTIVE)}
    breeding = Breeding.objects.filter(state=Breeding.State.REQUESTED).values_list("loser", "winner")
    parents = {pk for pair in breeding for pk in pair}
    members = [
        Member(
            key=pk,
            is_champion=mixer.is_champion,
            born=pk,
            n_votes=places[pk].n_votes,
            lower_bound=places[pk].lower_bound,
            capabilities=mixer.capabilities,
            by_genre=places[pk].by_genre,
        )
        for pk, mixer in living.items()
        if pk in places
    ]
    kept = survivors(members, protected=set(needed) | parents)
    leaving = [living[member.key] for member in members if member.key not in kept]
    for mixer in leaving:
        retire(mixer=mixer)
        logger.info("retired mixer=%s for want of room", mixer.slug)
    return leaving


def drop_weights(*, needed: Collection[int]) -> int:
    """Delete the weights of mixers that retired KEPT_FOR ago and left no offspring; returns how many.

    Their records stay. Call outside a transaction: a deleted file comes back with no rollback.

    Args:
        needed: primary keys of mixers that somebody waits for.
    """
    waiting = Q(breedings_as_loser__state=Breeding.State.REQUESTED) | Q(
        breedings_as_winner__state=Breeding.State.REQUESTED
    )
    childless = Mixer.objects.filter(
        state=Mixer.State.RETIRED, is_champion=False, offspring_links=None, retired_at__lt=timezone.now() - KEPT_FOR
    )
    dropped = 0
    for mixer in childless.exclude(weights="").exclude(waiting).exclude(pk__in=needed):
        name = str(mixer.weights.name)
        # First the row, then the file: a mixer that says it has weights has them.
        if Mixer.objects.filter(pk=mixer.pk, state=Mixer.State.RETIRED).update(weights=""):
            mixer.weights.storage.delete(name)
            dropped += 1
    return dropped
