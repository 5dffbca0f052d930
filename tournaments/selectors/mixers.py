"""What the page of one mixer shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from evolution.models import Breeding, Mixer
from mixing.genres import GENRES
from tournaments.drawings.curves import RatingChart, RatingPoint, draw_ratings
from tournaments.models import Battle, Rating, RatingChange
from tournaments.selectors.cards import Card, card_of
from tournaments.selectors.family_tree import FamilyTree, family_tree
from tournaments.selectors.profiles import ProfileLine, profile
from tournaments.selectors.ratings import Score, score

N_CURVE_POINTS = 200
N_BREEDINGS = 30
# A small picture with more can be read by nobody.
MAX_RELATIVES = 60


@dataclass(frozen=True)
class GenreScore:
    """A rating in one genre."""

    label: str
    score: Score


@dataclass(frozen=True)
class MixerPage:
    """A mixer with its ratings, measured profile, relatives and breedings.

    Attributes:
        author: who gave it to the arena and is still here.
        family: the nearest relatives in the direct line; None without any.
    """

    mixer: Mixer
    author: User | None
    score: Score | None
    genre_scores: tuple[GenreScore, ...]
    n_battles: int
    curve: RatingChart | None
    profile: tuple[ProfileLine, ...]
    family: FamilyTree | None
    breedings: QuerySet[Breeding]
    birth: Breeding | None
    genre_labels: tuple[str, ...]
    card: Card


def mixer_page(mixer: Mixer) -> MixerPage:
    """Gather the page; the number of queries does not depend on how much a mixer has done."""
    ratings = list(Rating.objects.filter(mixer=mixer).order_by("-rating"))
    overall = next((score(row) for row in ratings if row.genre == ""), None)
    return MixerPage(
        mixer=mixer,
        author=User.objects.filter(pk=mixer.author_id, is_active=True).first() if mixer.author_id else None,
        score=overall,
        genre_scores=tuple(GenreScore(GENRES[row.genre], score(row)) for row in ratings if row.genre),
        n_battles=Battle.objects.filter(
            Q(first__mixer=mixer) | Q(second__mixer=mixer), state=Battle.State.DECIDED
        ).count(),
        curve=draw_ratings(_curve(mixer)),
        profile=profile(mixer),
        family=_family(mixer),
        breedings=Breeding.objects.filter(Q(loser=mixer) | Q(winner=mixer)).select_related(
            "loser", "winner", "offspring"
        )[:N_BREEDINGS],
        birth=Breeding.objects.filter(offspring=mixer).select_related("loser", "winner").first(),
        genre_labels=tuple(GENRES.get(genre, genre) for genre in mixer.genres),
        card=card_of(mixer),
    )


def _family(mixer: Mixer) -> FamilyTree | None:
    tree = family_tree(of=mixer, is_all=True, at_most=MAX_RELATIVES)
    return tree if tree.n_all > 1 else None


def _curve(mixer: Mixer) -> list[RatingPoint]:
    newest = RatingChange.objects.filter(mixer=mixer, genre="").order_by("-event_id")[:N_CURVE_POINTS]
    return [RatingPoint(row.after, math.sqrt(row.variance)) for row in reversed(newest)]
