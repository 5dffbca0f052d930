"""Following mixers: who hears what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse

from accounts.models import Notice
from accounts.services.notices import tell
from evolution.models import Mixer
from tournaments.models import Follow, Tournament

if TYPE_CHECKING:
    from accounts.models import User


def follow(*, user: User, mixer: Mixer, now: datetime) -> None:
    """Hear of a mixer from now on; of one that is retired already there is nothing to hear."""
    Follow.objects.get_or_create(
        user=user,
        mixer=mixer,
        defaults={"created_at": now, "is_retirement_told": mixer.state == Mixer.State.RETIRED},
    )


def unfollow(*, user: User, mixer: Mixer) -> None:
    """Hear of it no more."""
    Follow.objects.filter(user=user, mixer=mixer).delete()


def tell_of_crown(*, tournament: Tournament, mixer: Mixer, now: datetime) -> None:
    """The followers hear that a mixer won somebody's tournament; its owner has just seen it."""
    followers = Follow.objects.filter(mixer=mixer).exclude(user=tournament.owner_id)
    _tell(
        followers.values_list("user_id", flat=True),
        mixer,
        f"{mixer.nickname} has won a tournament",
        f"On a song of the genre {tournament.get_genre_display()}, over {tournament.n_rounds} rounds.",
        now,
    )


def tell_of_birth(*, parents: Collection[Mixer], offspring: Mixer, now: datetime) -> None:
    """The followers of its parents hear of an offspring."""
    for parent in parents:
        _tell(
            Follow.objects.filter(mixer=parent).values_list("user_id", flat=True),
            offspring,
            f"{parent.nickname} has an offspring",
            f"{offspring.nickname}, generation {offspring.generation}.",
            now,
        )


def tell_of_retired(*, now: datetime) -> int:
    """Whoever follows a mixer that has retired hears so, once. Returns to how many."""
    waiting = Follow.objects.filter(mixer__state=Mixer.State.RETIRED, is_retirement_told=False).select_related("mixer")
    n_told = 0
    for row in waiting:
        with transaction.atomic():
            if Follow.objects.filter(pk=row.pk, is_retirement_told=False).update(is_retirement_told=True):
                _tell([row.user_id], row.mixer, f"{row.mixer.nickname} has retired", "Its history stays.", now)
                n_told += 1
    return n_told


def _tell(user_ids: Collection[int], mixer: Mixer, title: str, text: str, now: datetime) -> None:
    tell(
        user_ids=user_ids,
        kind=Notice.Kind.MIXER,
        title=title,
        text=text,
        url=reverse("tournaments:mixer", args=[mixer.slug]),
        now=now,
    )
