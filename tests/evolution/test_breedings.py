"""A breeding from request to registry, with the real champions, and its verification in a fresh process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from safetensors import safe_open

from evolution.models import Breeding, Mixer, Parentage
from evolution.services.breedings import Outcome, compute_breeding, register, request_breeding
from evolution.services.champions import seed_champions
from evolution.services.verification import Finding, verify_breeding
from mixarena.jobs.leases import claim
from mixing.breeding.taste import Votes, learn_taste
from mixing.errors import BreedingError
from mixing.mixers.zoo import load_mixer, save_mixer
from tests.mixing.breeding.champions import MODELS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def champions() -> dict[str, Mixer]:
    return {mixer.slug: mixer for mixer in seed_champions(folder=MODELS)}


def ask(champions: dict[str, Mixer], **overrides: Any) -> Breeding:
    fields: dict[str, Any] = {
        "key": "battle-1",
        "loser": champions["baseline-beast"],
        "winner": champions["enhanced-enforcer"],
        "confidence": 0.8,
        "rating_gap": 62.0,
        "seed": 7,
        "genre": "rock",
        "newborn_rating": 1322.0,
    }
    return request_breeding(**(fields | overrides))


def give_birth(breeding: Breeding) -> Mixer:
    lease = claim(Breeding, breeding.pk, state=Breeding.State.REQUESTED)
    assert lease is not None
    with lease:
        parents = [breeding.loser.style, breeding.winner.style]
        taste = learn_taste(Votes(np.array(parents, np.float32), [0, 1], []), breeding.genre)
        outcome = compute_breeding(breeding, taste=taste)
        with transaction.atomic():
            offspring = register(breeding=breeding, lease=lease, outcome=outcome)
    breeding.refresh_from_db()
    assert offspring is not None, breeding.reason
    return offspring


def failures(findings: list[Finding]) -> set[str]:
    return {finding.name for finding in findings if not finding.passed}


def test_a_birth_is_registered_whole_and_can_be_verified(champions: dict[str, Mixer]) -> None:
    breeding = ask(champions)
    offspring = give_birth(breeding)
    assert breeding.state == Breeding.State.BORN
    assert breeding.offspring == offspring
    assert breeding.gate["passed"]
    assert (offspring.generation, offspring.seed_rating, offspring.is_champion) == (1, 1322.0, False)
    shares = {p.role: p.share for p in Parentage.objects.filter(child=offspring)}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert 0.3 < shares["winner"] < 0.8
    assert set(offspring.capabilities) == set(champions["baseline-beast"].capabilities)
    owed = offspring.card["training"]["packages"]
    assert owed
    assert owed.items() >= champions["baseline-beast"].card["training"]["packages"].items()
    with safe_open(offspring.weights.path, framework="pt") as file:
        metadata = file.metadata()
    assert json.loads(metadata["breeding"]) == breeding.record
    assert json.loads(metadata["parents"]) == ["baseline-beast", "enhanced-enforcer"]
    findings = verify_breeding(breeding.pk)
    assert failures(findings) == set()
    assert {"hash", "replay", "no copy of baseline-beast", "inheritance of tone"} <= {f.name for f in findings}


def test_forgeries_do_not_hold_up(champions: dict[str, Mixer]) -> None:
    breeding = ask(champions)
    offspring = give_birth(breeding)
    born = Path(offspring.weights.path)
    genuine = born.read_bytes()

    born.write_bytes(Path(champions["elite-warrior"].weights.path).read_bytes())
    assert {"hash", "replay", "no copy of elite-warrior"} <= failures(verify_breeding(breeding.pk))

    born.write_bytes(genuine)
    Breeding.objects.filter(pk=breeding.pk).update(realized=breeding.realized | {"tone": 0.2})
    assert failures(verify_breeding(breeding.pk)) == {"inheritance of tone"}

    Breeding.objects.filter(pk=breeding.pk).update(
        realized=breeding.realized, record=breeding.record | {"seed": breeding.seed + 1}
    )
    assert failures(verify_breeding(breeding.pk)) == {"replay"}


def test_a_copy_of_a_parent_does_not_hold_up(champions: dict[str, Mixer]) -> None:
    breeding = ask(champions)
    offspring = give_birth(breeding)
    parent = load_mixer(Path(champions["baseline-beast"].weights.path))
    save_mixer(parent, Path(offspring.weights.path), {})
    assert "no copy of baseline-beast" in failures(verify_breeding(breeding.pk))


def test_asking_twice_is_asking_once(champions: dict[str, Mixer]) -> None:
    assert ask(champions).pk == ask(champions, confidence=0.1).pk
    assert Breeding.objects.get().confidence == 0.8


def test_a_lost_lease_registers_nothing(champions: dict[str, Mixer]) -> None:
    breeding = ask(champions)
    lease = claim(Breeding, breeding.pk, state=Breeding.State.REQUESTED)
    assert lease is not None
    Breeding.objects.filter(pk=breeding.pk).update(lease_owner="somebody:else")
    outcome = Outcome(fields={"state": Breeding.State.REJECTED}, offspring=None, shares={"loser": 0.5, "winner": 0.5})
    with pytest.raises(BreedingError), transaction.atomic():
        register(breeding=breeding, lease=lease, outcome=outcome)
    breeding.refresh_from_db()
    assert breeding.state == Breeding.State.REQUESTED


def test_what_was_never_born_cannot_be_verified(champions: dict[str, Mixer]) -> None:
    with pytest.raises(BreedingError, match="no breeding"):
        verify_breeding(999)
    with pytest.raises(BreedingError, match="no offspring"):
        verify_breeding(ask(champions).pk)


def test_a_second_offspring_of_the_same_pair_gets_a_name_of_its_own(champions: dict[str, Mixer]) -> None:
    first = give_birth(ask(champions))
    second = give_birth(ask(champions, key="battle-2", confidence=0.1))
    assert first.slug != second.slug
    assert default_storage.exists(str(second.weights.name))
