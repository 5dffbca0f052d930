"""What the arena makes of a breeding: a birth, a place in the field, mixes, or a reason, and in each case a way on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evolution.models import Breeding, Mixer, Parentage
from evolution.services.breedings import Outcome
from mixarena.jobs.leases import claim
from mixing.breeding.taste import TastePosterior
from mixing.errors import BreedingError
from tests.factories import make_mixer, make_song
from tests.tournaments.rounds import play, start
from tournaments.models import Battle, Entrant, LedgerEvent, Mix, Rating, Tournament
from tournaments.services.breedings import breed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

Compute = Callable[..., Outcome]


@pytest.fixture
def tournament() -> Tournament:
    for rating in (1250.0, 1300.0, 1280.0, 1350.0, 1400.0):
        make_mixer(seed_rating=rating)
    song = make_song()
    return start(song.owner, song, n_rounds=3)  # type: ignore[arg-type]


def born(breeding: Breeding, *, taste: TastePosterior) -> Outcome:
    """The outcome of a breeding that went well, without the networks."""
    offspring = Mixer(
        slug="newborn",
        name="Newborn",
        nickname="Newborn",
        architecture=Mixer.Architecture.CNN,
        generation=1,
        style=breeding.winner.style,
        weights="mixers/newborn.safetensors",
        content_hash="f" * 64,
        seed_rating=breeding.newborn_rating,
    )
    return Outcome(
        fields={"state": Breeding.State.BORN, "seconds": 1.0}, offspring=offspring, shares={"loser": 0.4, "winner": 0.6}
    )


def rejected(breeding: Breeding, *, taste: TastePosterior) -> Outcome:
    fields = {"state": Breeding.State.REJECTED, "reason": "It is a copy of a living mixer.", "seconds": 1.0}
    return Outcome(fields=fields, offspring=None, shares={"loser": 0.5, "winner": 0.5})


@pytest.fixture
def compute(monkeypatch: pytest.MonkeyPatch) -> Callable[[Compute], None]:
    def use(compute_breeding: Compute) -> None:
        monkeypatch.setattr("tournaments.services.breedings.compute_breeding", compute_breeding)

    return use


def breeding_of(battle: Battle) -> Breeding:
    return Breeding.objects.get(key=battle.key)


def test_an_offspring_is_born_rated_entered_and_mixed(
    tournament: Tournament, compute: Callable[[Compute], None]
) -> None:
    battle = play(tournament)
    breeding = breeding_of(battle)
    compute(born)
    breed(breeding.pk)
    breeding.refresh_from_db()
    newborn = Mixer.objects.get(slug="newborn")
    assert (breeding.state, breeding.offspring, breeding.lease_owner) == (Breeding.State.BORN, newborn, "")
    assert {(p.parent_id, p.role) for p in Parentage.objects.filter(child=newborn)} == {
        (battle.first.mixer_id, "winner"),
        (battle.second.mixer_id, "loser"),
    }
    event = LedgerEvent.objects.get(kind=LedgerEvent.Kind.BIRTH)
    assert event.payload["breeding"] == battle.key
    winner = Rating.objects.get(mixer=battle.first.mixer, genre="")
    rating = Rating.objects.get(mixer=newborn, genre="")
    assert (rating.rating, rating.variance) == (winner.rating + 10, 100.0**2)
    assert Entrant.objects.get(mixer=newborn).from_round == 3
    assert Mix.objects.filter(song=tournament.song, mixer=newborn).exists()


def test_a_birth_opens_the_way_to_the_battle_that_waits_for_it(
    tournament: Tournament, compute: Callable[[Compute], None]
) -> None:
    first, _ = play(tournament), play(tournament)
    assert not Battle.objects.filter(number=3).exists()
    compute(born)
    breed(breeding_of(first).pk)
    final = Battle.objects.get(number=3)
    assert "newborn" in (final.first.mixer.slug, final.second.mixer.slug)


def test_an_offspring_that_comes_too_late_to_fight_is_born_all_the_same(
    tournament: Tournament, compute: Callable[[Compute], None]
) -> None:
    _, second = play(tournament), play(tournament)
    compute(born)
    breed(breeding_of(second).pk)
    newborn = Mixer.objects.get(slug="newborn")
    assert not Entrant.objects.filter(mixer=newborn).exists()
    assert Mix.objects.filter(mixer=newborn).exists(), "its before and after can be heard"


def test_breeding_twice_makes_one_offspring(tournament: Tournament, compute: Callable[[Compute], None]) -> None:
    breeding = breeding_of(play(tournament))
    compute(born)
    breed(breeding.pk)
    breed(breeding.pk)
    assert Mixer.objects.filter(slug__startswith="newborn").count() == 1
    assert LedgerEvent.objects.filter(kind=LedgerEvent.Kind.BIRTH).count() == 1


def test_who_holds_no_lease_does_nothing(tournament: Tournament, compute: Callable[[Compute], None]) -> None:
    breeding = breeding_of(play(tournament))
    compute(born)
    assert claim(Breeding, breeding.pk, state=Breeding.State.REQUESTED)
    breed(breeding.pk)
    assert not Mixer.objects.filter(slug="newborn").exists()


def test_a_lease_lost_on_the_way_leaves_no_trace(tournament: Tournament, compute: Callable[[Compute], None]) -> None:
    breeding = breeding_of(play(tournament))

    def overtaken(breeding: Breeding, *, taste: TastePosterior) -> Outcome:
        Breeding.objects.filter(pk=breeding.pk).update(lease_owner="another worker")
        return born(breeding, taste=taste)

    compute(overtaken)
    breed(breeding.pk)
    breeding.refresh_from_db()
    assert (breeding.state, breeding.lease_owner) == (Breeding.State.REQUESTED, "another worker")
    assert not Mixer.objects.filter(slug="newborn").exists()
    assert not LedgerEvent.objects.filter(kind=LedgerEvent.Kind.BIRTH).exists()


def test_parents_retired_meanwhile_still_have_their_offspring(
    tournament: Tournament, compute: Callable[[Compute], None]
) -> None:
    battle = play(tournament)
    Mixer.objects.filter(pk__in=[battle.first.mixer_id, battle.second.mixer_id]).update(state=Mixer.State.RETIRED)
    compute(born)
    breed(breeding_of(battle).pk)
    assert Mixer.objects.get(slug="newborn").parents.count() == 2


def fails(breeding: Breeding, *, taste: TastePosterior) -> Outcome:
    raise BreedingError("The parents differ in shape. Breed others.", code="shape")


@pytest.mark.parametrize(("outcome", "state"), [(rejected, "rejected"), (fails, "failed")])
def test_a_breeding_without_offspring_keeps_its_reason_and_holds_nobody_up(
    tournament: Tournament, compute: Callable[[Compute], None], outcome: Compute, state: str
) -> None:
    first, _ = play(tournament), play(tournament)
    compute(outcome)
    breed(breeding_of(first).pk)
    breeding = breeding_of(first)
    assert breeding.state == state
    assert breeding.reason
    assert Battle.objects.filter(number=3).exists()


def test_a_breeding_that_breaks_three_times_is_given_up(
    tournament: Tournament, compute: Callable[[Compute], None]
) -> None:
    first, _ = play(tournament), play(tournament)

    def breaks(breeding: Breeding, *, taste: TastePosterior) -> Outcome:
        raise RuntimeError("out of memory")

    compute(breaks)
    for _ in range(3):
        assert breeding_of(first).state == Breeding.State.REQUESTED
        breed(breeding_of(first).pk)
    assert breeding_of(first).state == Breeding.State.FAILED
    assert Battle.objects.filter(number=3).exists()
