"""Demo battles: every pair of champions on the demo song, judged by an audience alone.

There is no owner whose vote would decide, so a battle is settled by its majority, and the loser learns from the winner
as anywhere else.
"""

from __future__ import annotations

import logging
from itertools import combinations
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts.names import HOUSE
from evolution.models import Mixer
from tournaments.draws import generator_of
from tournaments.errors import ArenaError
from tournaments.models import Battle, Mix, Share, Song, Tournament

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

_SEED = 1


def open_showcase(*, song: Song) -> Tournament:
    """Demo battles of a song that the champions have mixed; asked again it gives the same ones.

    Raises: ArenaError where somebody has the arena's name.
    """
    with transaction.atomic():
        song = Song.objects.select_for_update().get(pk=song.pk)
        known = Tournament.objects.filter(song=song, kind=Tournament.Kind.SHOWCASE).first()
        if known is not None:
            return known
        mixes = list(
            Mix.objects.filter(
                song=song, mixer__is_champion=True, mixer__state=Mixer.State.ACTIVE, state=Mix.State.READY
            ).order_by("mixer__slug")
        )
        pairs = list(combinations(mixes, 2))
        generator_of("showcase", song.content_hash).shuffle(pairs)
        pairs = pairs[: Tournament.MAX_ROUNDS]
        tournament = Tournament.objects.create(
            owner=_house(),
            song=song,
            genre=song.genre or song.genre_guess,
            kind=Tournament.Kind.SHOWCASE,
            n_rounds=max(len(pairs), Tournament.MIN_ROUNDS),
            seed=_SEED,
        )
        for number, (first, second) in enumerate(pairs, 1):
            Battle.objects.create(
                key=f"{tournament.public_id.hex}-{number}-0",
                tournament=tournament,
                number=number,
                first=first,
                second=second,
                pair_probability=1.0,
            )
        Share.objects.create(
            kind=Share.Kind.TOURNAMENT, tournament=tournament, is_public=True, created_at=timezone.now()
        )
    logger.info("opened showcase tournament=%s battles=%s", tournament.pk, len(pairs))
    return tournament


def _house() -> User:
    """Whose name stands under the demo battles; nobody can log in by it, nor ever could."""
    house, is_new = get_user_model().objects.get_or_create(
        username=HOUSE, defaults={"is_public": False, "is_ranked": False}
    )
    if is_new:
        house.set_unusable_password()
        house.save(update_fields=["password"])
    is_ours = not house.has_usable_password() and house.last_login is None and not house.email and not house.is_staff
    if not is_ours:
        raise ArenaError(
            f"There is an account {HOUSE} that somebody can use, and it would own the demo battles. Give it another "
            "username in the admin, then run manage.py set_up again.",
            code="name_taken",
        )
    return house
