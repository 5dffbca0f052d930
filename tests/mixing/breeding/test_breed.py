"""Breeding the shipped champions: real inheritance, a record that replays, honest refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mixing.breeding.breed import BreedingRequest, BreedingResult, breed, measure_inheritance, replay
from mixing.breeding.mutation import MAX_SIZE, MIN_SIZE
from mixing.breeding.ratio import Ratios
from mixing.breeding.taste import Votes, learn_taste, measure_style
from mixing.console.spec import BUS_GROUP_INDICES
from mixing.errors import BreedingError
from mixing.mixers.zoo import content_hash, load_mixer, save_mixer
from mixing.training import feature_sets
from mixing.training.probe import answers
from tests.mixing.breeding.champions import MODELS, weights_of
from tests.mixing.breeding.networks import write_tiny

LOSER, WINNER = weights_of("baseline-beast"), weights_of("enhanced-enforcer")
# Of an arena where nobody has voted.
UNKNOWN = learn_taste(Votes(np.stack([measure_style(load_mixer(path)) for path in (LOSER, WINNER)]), [0, 1], []), None)
PLAN = Ratios(base=0.5, groups={group: 0.3 + 0.1 * i for i, group in enumerate(BUS_GROUP_INDICES)})


def request(**overrides: object) -> BreedingRequest:
    living = tuple(sorted(MODELS.glob("*/weights.safetensors")))
    fields = {"loser": LOSER, "winner": WINNER, "ratios": PLAN, "seed": 11, "living": living}
    return BreedingRequest(**(fields | overrides))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def result() -> BreedingResult:
    return breed(request())


def test_an_offspring_is_born_that_inherits_what_was_planned(result: BreedingResult) -> None:
    assert result.gate.passed, result.gate.reason
    assert result.offspring is not None
    for group, share in result.realized.items():
        assert share == pytest.approx(result.ratios.groups[group], abs=0.1), group


def test_the_record_replays_to_the_same_hash_in_a_fresh_process(result: BreedingResult, tmp_path: Path) -> None:
    import json

    record = tmp_path / "record.json"
    record.write_text(json.dumps(result.record))
    program = (
        "import json, sys; from pathlib import Path; from mixing.breeding.breed import replay; "
        "print(replay(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), Path(sys.argv[3])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, record, LOSER, WINNER],
        capture_output=True,
        text=True,
        check=True,
        cwd=MODELS.parent,
    )
    assert done.stdout.strip() == result.hash


def test_breeding_again_gives_the_same_offspring(result: BreedingResult) -> None:
    again = breed(request())
    assert again.hash == result.hash
    assert again.record == result.record


def test_inheritance_can_be_measured_again_from_the_files(result: BreedingResult, tmp_path: Path) -> None:
    assert result.offspring is not None
    child = tmp_path / "child.safetensors"
    save_mixer(result.offspring, child, {})
    assert content_hash(load_mixer(child).network.state_dict()) == result.hash
    measured = measure_inheritance(child, LOSER, WINNER)
    assert measured == pytest.approx(result.realized, abs=1e-4)


def test_a_twin_of_a_living_mixer_is_rejected_with_its_reason(result: BreedingResult, tmp_path: Path) -> None:
    assert result.offspring is not None
    # One for every ratio that is tried.
    brothers = [result, *(breed(request(ratios=PLAN.scaled(factor))) for factor in (1.25, 0.75))]
    paths = [tmp_path / f"{number}.safetensors" for number in range(len(brothers))]
    for path, brother in zip(paths, brothers, strict=True):
        assert brother.offspring is not None
        save_mixer(brother.offspring, path, {})
    twin = breed(request(living=tuple(paths)))
    assert twin.offspring is None
    assert twin.hash == ""
    assert "already lives" in twin.gate.reason


def test_another_seed_gives_another_offspring(result: BreedingResult) -> None:
    assert breed(request(seed=12)).hash != result.hash


def test_parents_of_different_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BreedingError):
        breed(request(loser=write_tiny(tmp_path / "tiny.safetensors", 1)))


def test_a_replay_with_other_parents_is_refused(result: BreedingResult) -> None:
    with pytest.raises(BreedingError):
        replay(result.record, WINNER, LOSER)
    with pytest.raises(BreedingError):
        replay(result.record | {"version": 0}, LOSER, WINNER)


def test_a_record_of_the_first_version_still_replays(result: BreedingResult) -> None:
    first = {k: v for k, v in result.record.items() if k not in ("parameters", "founders", "mutation")}
    assert replay(first | {"version": 1}, LOSER, WINNER) == result.hash


def test_three_parents_and_a_mutation_replay_too() -> None:
    founders, guest = tuple(sorted(MODELS.glob("*/weights.safetensors"))), weights_of("elite-warrior")
    asked = {"strategy": "ties", "parameters": {"density": 0.6}, "guest": guest, "founders": founders}
    born = breed(request(**asked, taste=UNKNOWN))
    assert born.gate.passed, born.gate.reason
    assert born.record["mutation"] is not None
    assert born.record["parameters"] == {"density": 0.6, "scale": 1.0, "guest_share": 0.2}
    assert replay(born.record, LOSER, WINNER, guest=guest, founders=founders) == born.hash
    with pytest.raises(BreedingError, match="guest is not the one"):
        replay(born.record, LOSER, WINNER, guest=weights_of("boss-collective"), founders=founders)
    with pytest.raises(BreedingError, match="third parent"):
        replay(born.record, LOSER, WINNER, founders=founders)


def test_a_mutation_moves_the_offspring_by_its_size_and_off_the_blend(result: BreedingResult) -> None:
    mutant = breed(request(taste=UNKNOWN))
    assert mutant.gate.passed, mutant.gate.reason
    assert mutant.offspring is not None
    assert mutant.style == pytest.approx(measure_style(mutant.offspring))
    step = np.array(mutant.record["mutation"])
    assert MIN_SIZE <= np.sqrt(np.mean(step**2)) <= MAX_SIZE
    assert mutant.offspring is not None and result.offspring is not None
    probe = feature_sets.load("probe")
    moved = [answers(m, probe.log_mel, probe.stats) for m in (result.offspring, mutant.offspring)]
    gone = (moved[1] - moved[0]).mean(axis=0)
    # What lies at an end of its range cannot go further.
    free = (moved[0].mean(axis=0) > 0.1) & (moved[0].mean(axis=0) < 0.9)
    assert np.corrcoef(gone[free], step[free])[0, 1] > 0.9
