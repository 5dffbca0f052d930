"""Breeding as a job of the arena: the work, and then offspring, rating and place in the field in one transaction."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from evolution.models import Breeding
from evolution.services.breedings import compute_breeding, register
from evolution.services.styles import measure_missing_styles
from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from tournaments.models import Battle, Entrant, LedgerEvent
from tournaments.services.follows import tell_of_birth
from tournaments.services.ledger import append_birth
from tournaments.services.mixes import request_mixes
from tournaments.services.population import forget_childless, make_room
from tournaments.services.records import record_birth
from tournaments.services.taste import votes_on_styles
from tournaments.services.tournaments import ROUNDS_TO_GROW_UP, next_battle, tell

BREED = Step(
    task="tournaments.tasks.breed",
    model=Breeding,
    state=Breeding.State.REQUESTED,
    failed_state=Breeding.State.FAILED,
)


def breed(breeding_id: int) -> None:
    """Make the offspring of a decided battle, unless somebody else is at it or it is made."""
    BREED.run(breeding_id, _breed)
    # However it ended, the next battle may have waited for it.
    battle = Battle.objects.select_related("tournament").get(key=Breeding.objects.get(pk=breeding_id).key)
    next_battle(battle.tournament_id)
    tell(battle.tournament)


def _breed(breeding: Breeding, lease: Lease) -> None:
    from mixing.breeding.taste import learn_taste

    measure_missing_styles()
    # Up to the vote that decided the battle, so that a second try makes the same offspring; an audience votes before
    # and after it.
    decided = LedgerEvent.objects.filter(
        vote__battle__key=breeding.key, vote__created_at=F("vote__battle__decided_at")
    ).latest("number")
    votes = votes_on_styles(upto=decided.number)
    outcome = compute_breeding(breeding, taste=learn_taste(votes, breeding.genre))
    with transaction.atomic():
        offspring = register(breeding=breeding, lease=lease, outcome=outcome)
        if offspring is None:
            return
        append_birth(mixer=offspring, breeding_key=breeding.key)
        battle = Battle.objects.select_related("tournament__song").get(key=breeding.key)
        tournament = battle.tournament
        from_round = battle.number + ROUNDS_TO_GROW_UP
        if from_round <= tournament.n_rounds:
            Entrant.objects.create(tournament=tournament, mixer=offspring, from_round=from_round)
        request_mixes(song=tournament.song, mixers=[offspring])
        now = timezone.now()
        record_birth(battle=battle, offspring=offspring, now=now)
        tell_of_birth(parents=[breeding.loser, breeding.winner], offspring=offspring, now=now)
        make_room(votes)
    forget_childless()
