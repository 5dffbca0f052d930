"""Playing rounds without sound: a battle is opened by hand, and its owner votes on a ballot that has heard enough."""

from __future__ import annotations

from accounts.models import User
from evolution.models import Breeding, Mixer, Parentage
from tests.factories import NOW, make_ballot, make_mixer
from tournaments.models import Battle, Entrant, Song, Tournament, Vote
from tournaments.ratings.elo import NEWBORN_BONUS
from tournaments.services.ballots import commit_ballot
from tournaments.services.ledger import append_birth
from tournaments.services.tournaments import ROUNDS_TO_GROW_UP, next_battle, start_tournament


def start(owner: User, song: Song, **options: object) -> Tournament:
    return start_tournament(owner=owner, song=song, genre="rock", **options)  # type: ignore[arg-type]


def open_battle(tournament: Tournament) -> Battle:
    """The present battle, opened as if both its mixes were ready."""
    battle = next_battle(tournament.pk)
    assert battle is not None
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.OPEN, level_lufs=-18.0)
    battle.refresh_from_db()
    return battle


def vote(battle: Battle, choice: str = "a", confidence: int = 80) -> Vote:
    """Cast the owner's ballot; A is the battle's first mix."""
    ballot = make_ballot(battle=battle)
    return commit_ballot(token=ballot.token, voter=ballot.voter, choice=choice, confidence=confidence, now=NOW)


def play(tournament: Tournament, choice: str = "a") -> Battle:
    """One whole round."""
    battle = open_battle(tournament)
    vote(battle, choice, confidence=0 if choice == "tie" else 80)
    return battle


def be_born(battle: Battle) -> Mixer:
    """What a worker does with the breeding of a battle, without the work."""
    breeding = Breeding.objects.get(key=battle.key)
    newborn = make_mixer(
        is_rated=False, is_champion=False, generation=1, seed_rating=breeding.winner.seed_rating + NEWBORN_BONUS
    )
    Parentage.objects.create(child=newborn, parent=breeding.loser, role=Parentage.Role.LOSER, share=0.5)
    Parentage.objects.create(child=newborn, parent=breeding.winner, role=Parentage.Role.WINNER, share=0.5)
    append_birth(mixer=newborn, breeding_key=battle.key)
    Breeding.objects.filter(pk=breeding.pk).update(state=Breeding.State.BORN, offspring=newborn)
    Entrant.objects.create(tournament=battle.tournament, mixer=newborn, from_round=battle.number + ROUNDS_TO_GROW_UP)
    next_battle(battle.tournament_id)
    return newborn
