"""Which blending strategy a breeding uses: the one that its song's genre carries, or the default."""

from __future__ import annotations

from evolution.models import GenreStrategy, Mixer
from mixing.breeding.blend.strategies import DEFAULT, STRATEGIES, Strategy


def strategy_of(genre: str) -> tuple[Strategy, dict[str, float]]:
    """The strategy of a genre and its parameters, as stored."""
    row = GenreStrategy.objects.filter(genre=genre).first()
    return (STRATEGIES[row.strategy], row.parameters) if row else (STRATEGIES[DEFAULT], {})


def guest_for(*, loser: Mixer, winner: Mixer, genre: str) -> Mixer | None:
    """A third parent: the other living mixer made for the genre, the highest prior first; None without any."""
    others = Mixer.objects.filter(state=Mixer.State.ACTIVE, architecture=loser.architecture).exclude(
        pk__in=[loser.pk, winner.pk]
    )
    return max(others, key=lambda m: (genre in m.genres, m.seed_rating, -m.pk), default=None)
