"""Genres that blend in a way of their own: stored, checked, chosen by the song's confirmed genre, replayed."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from evolution.models import GenreStrategy, Mixer, Parentage
from evolution.services.champions import seed_champions
from evolution.services.population import KEPT_FOR, Place, drop_weights, keep_population
from evolution.services.strategies import guest_for, strategy_of
from evolution.services.verification import replay_breeding, verify_breeding
from mixing.breeding.blend.strategies import DEFAULT, STRATEGIES
from mixing.errors import BreedingError
from tests.evolution.test_breedings import ask, failures, give_birth
from tests.mixing.breeding.champions import MODELS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def champions() -> dict[str, Mixer]:
    return {mixer.slug: mixer for mixer in seed_champions(folder=MODELS)}


def test_a_genre_without_a_strategy_has_the_default() -> None:
    GenreStrategy.objects.create(genre="jazz", strategy="slerp")
    assert strategy_of("jazz") == (STRATEGIES["slerp"], {})
    assert strategy_of("rock") == (STRATEGIES[DEFAULT], {})


@pytest.mark.parametrize("parameters", [{"density": 3.0}, {"volume": 1.0}, ["density"], {"scale": "much"}])
def test_impossible_parameters_are_refused(parameters: object) -> None:
    row = GenreStrategy(genre="jazz", strategy="ties", parameters=parameters)
    with pytest.raises(ValidationError, match=r"parameter|number"):
        row.full_clean()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_each_strategy_breeds_in_its_genre_and_replays(name: str, champions: dict[str, Mixer]) -> None:
    GenreStrategy.objects.create(genre="rock", strategy=name)
    breeding = ask(champions)
    offspring = give_birth(breeding)
    assert breeding.record["strategy"] == name
    again, on_record = replay_breeding(breeding.pk)
    assert again == on_record == offspring.content_hash
    parents = {p.role: p for p in Parentage.objects.filter(child=offspring)}
    assert sum(p.share for p in parents.values()) == pytest.approx(1.0)
    if STRATEGIES[name].needs_guest:
        # Made for rock, and of those the highest prior; the winner and the loser are out.
        assert parents["guest"].parent == champions["boss-collective"]
        assert parents["guest"].share == pytest.approx(0.2)
        assert "boss-collective" in offspring.card["training"]["bred_from"]
    else:
        assert set(parents) == {"loser", "winner"}


def test_a_guest_is_neither_parent_and_lives(champions: dict[str, Mixer]) -> None:
    loser, winner = champions["baseline-beast"], champions["boss-collective"]
    guest = guest_for(loser=loser, winner=winner, genre="jazz")
    assert guest == champions["elite-warrior"]
    Mixer.objects.exclude(pk__in=[loser.pk, winner.pk]).update(state=Mixer.State.RETIRED)
    assert guest_for(loser=loser, winner=winner, genre="jazz") is None


def test_room_is_made_and_only_the_childless_lose_their_weights(
    champions: dict[str, Mixer], capsys: pytest.CaptureFixture[str]
) -> None:
    breeding = ask(champions)
    child = give_birth(breeding)
    grandchild_breeding = ask(champions, key="battle-2", loser=child, winner=champions["elite-warrior"])
    grandchild = give_birth(grandchild_breeding)
    for i in range(22):  # the population is full of better ones
        Mixer.objects.create(
            slug=f"rival-{i}", name="Rival", nickname="Rival", architecture="cnn", content_hash=f"rival-{i}",
            weights=f"mixers/rival-{i}", seed_rating=1300.0, capabilities={"warmth": 0.0}, generation=1,
        )  # fmt: skip
    places = {m.pk: Place(1500.0, 50) for m in Mixer.objects.all()}
    places |= {child.pk: Place(900.0, 50), grandchild.pk: Place(900.0, 50)}
    Mixer.objects.filter(pk__in=[child.pk, grandchild.pk]).update(capabilities={"warmth": -1.0})
    assert keep_population(places=places, needed=list(Mixer.objects.values_list("pk", flat=True))) == []
    gone = keep_population(places=places, needed=())
    assert {child, grandchild} <= set(gone)
    assert drop_weights(needed=()) == 0  # somebody may just be breeding with them
    Mixer.objects.filter(state=Mixer.State.RETIRED).update(retired_at=timezone.now() - KEPT_FOR)
    assert drop_weights(needed=[grandchild.pk]) == len(gone) - 2
    assert drop_weights(needed=()) == 1
    child.refresh_from_db()
    grandchild.refresh_from_db()
    assert child.weights and not grandchild.weights
    Mixer.objects.filter(slug__startswith="rival").delete()  # they have no weights to compare with
    assert failures(verify_breeding(breeding.pk)) == set()
    with pytest.raises(BreedingError, match="weights were dropped"):
        verify_breeding(grandchild_breeding.pk)
    call_command("replay_breeding", str(grandchild_breeding.pk))
    assert grandchild.content_hash in capsys.readouterr().out
