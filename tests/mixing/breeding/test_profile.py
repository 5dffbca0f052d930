"""Capabilities point the way their names say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mixing.breeding.profile import (
    CAPABILITIES,
    Reference,
    load_reference,
    make_reference,
    measure_capabilities,
    measure_profile,
    raw_capabilities,
    save_reference,
    score_intervals,
    specialities_of,
)
from mixing.console.spec import BUS_GROUP_INDICES, BUS_VECTOR
from mixing.errors import MixerFileError
from mixing.mixers.base import Mixer
from mixing.mixers.card import read_card
from mixing.mixers.zoo import load_mixer
from mixing.training import feature_sets
from tests.mixing.breeding.champions import MODELS, weights_of

PROBE = feature_sets.load("probe")


def measure(mixer: Mixer) -> dict[str, float]:
    raw = raw_capabilities(mixer, PROBE.log_mel[:12], PROBE.stats[:12])
    return {name: float(np.mean(values)) for name, values in raw.items()}


def shifted(parameter: str, by: float) -> Mixer:
    """A champion that always asks for more (or less) of one parameter."""
    mixer = load_mixer(weights_of("elite-warrior"))
    column = [p.name for p in BUS_VECTOR].index(parameter)
    group, indices = next((g, i) for g, i in BUS_GROUP_INDICES.items() if column in i)
    with torch.no_grad():
        mixer.network.heads[group][-1].bias[indices.index(column)] += by  # type: ignore[index]
    return mixer


@pytest.fixture(scope="module")
def plain() -> dict[str, float]:
    return measure(load_mixer(weights_of("elite-warrior")))


@pytest.mark.parametrize(
    ("parameter", "by", "capability"),
    [
        ("low_peak_db", 1.0, "warmth"),
        ("drive_db", 1.5, "warmth"),
        ("width_db", 1.0, "width"),
        ("loudness_lufs", 1.0, "modern_sound"),
        ("glue_threshold_db", -2.0, "dynamics"),
    ],
)
def test_more_of_it_scores_higher(parameter: str, by: float, capability: str, plain: dict[str, float]) -> None:
    assert measure(shifted(parameter, by))[capability] > plain[capability]


def test_one_that_does_not_listen_has_no_precision_and_full_stability(plain: dict[str, float]) -> None:
    deaf = load_mixer(weights_of("elite-warrior"))
    with torch.no_grad():
        for group in BUS_GROUP_INDICES:
            deaf.network.heads[group][-1].weight.zero_()  # type: ignore[index]
    measured = measure(deaf)
    assert measured["precision"] < plain["precision"] - 0.1
    assert measured["stability"] == pytest.approx(0.0, abs=1e-6)
    assert plain["stability"] < -1e-3


def test_the_cards_carry_what_can_be_measured_again() -> None:
    for folder in ("elite-warrior", "veteran-virtuoso"):
        card = read_card(MODELS / folder / "card.toml")
        measured = measure_capabilities(load_mixer(weights_of(folder)))
        assert measured == pytest.approx(card.capabilities, abs=5e-3)
        assert tuple(specialities_of(measured)) == card.specialities


def test_the_champions_are_the_scale() -> None:
    rng = np.random.default_rng(1)
    raw: list[dict[str, Any]] = [{name: i + 0.1 * rng.normal(size=8) for name in CAPABILITIES} for i in range(5)]
    reference = make_reference(raw)
    assert reference.shown == CAPABILITIES
    table = np.array([[score_intervals(one, reference)[name].value for name in CAPABILITIES] for one in raw])
    np.testing.assert_allclose(table.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(table.std(axis=0, ddof=1), 1.0, atol=1e-9)


def test_the_scale_survives_its_file_and_damage_is_refused(tmp_path: Any) -> None:
    reference = Reference(*(dict.fromkeys(CAPABILITIES, value) for value in (1.0, 2.0, 0.9)))
    path = tmp_path / "scale.json"
    save_reference(reference, path)
    assert load_reference(path) == reference
    path.write_text(path.read_text().replace('"version": 2', '"version": 99'))
    with pytest.raises(MixerFileError):
        load_reference(path)
    path.write_text("{")
    with pytest.raises(MixerFileError):
        load_reference(path)


def test_specialities_are_the_clear_strengths_strongest_first() -> None:
    assert specialities_of({"warmth": 0.9, "width": 2.0, "dynamics": 0.5, "stability": -1.0}) == ["width", "warmth"]


def ranking(capability: str, odd: Mixer) -> int:
    """Where a mixer stands among itself and the champions, 0 is the most."""
    champions = [load_mixer(path) for path in sorted(MODELS.glob("*/weights.safetensors"))]
    values = [measure(mixer)[capability] for mixer in (odd, *champions)]
    return sorted(values, reverse=True).index(values[0])


def test_a_mixer_that_always_boosts_the_bass_ranks_first_in_warmth() -> None:
    mixer = shifted("low_peak_db", 2.0)
    for parameter in ("low_shelf_db", "drive_db"):
        other = shifted(parameter, 2.0).network.state_dict()
        own = mixer.network.state_dict()
        plain = load_mixer(weights_of("elite-warrior")).network.state_dict()
        mixer.network.load_state_dict({name: own[name] + other[name] - plain[name] for name in own})
    assert ranking("warmth", mixer) == 0


def test_a_jittery_mixer_ranks_last_in_stability() -> None:
    mixer = load_mixer(weights_of("elite-warrior"))
    with torch.no_grad():
        for group in BUS_GROUP_INDICES:
            mixer.network.heads[group][-1].weight.mul_(6.0)  # type: ignore[index]
    assert ranking("stability", mixer) == 5


def test_only_what_both_halves_of_the_songs_agree_on_is_shown() -> None:
    rng = np.random.default_rng(2)
    raw: list[dict[str, Any]] = [
        {name: (rng.normal(size=8) if name == "width" else i + 0.1 * rng.normal(size=8)) for name in CAPABILITIES}
        for i in range(12)
    ]
    reference = make_reference(raw[:5], raw[5:])
    assert reference.reliability["warmth"] > 0.95
    assert reference.reliability["width"] < 0.8
    assert set(reference.shown) == set(CAPABILITIES) - {"width"}
    assert set(score_intervals(raw[0], reference)) == set(reference.shown)


def test_intervals_of_scores_hold_them() -> None:
    profile = measure_profile(load_mixer(weights_of("veteran-virtuoso")))
    for interval in profile.values():
        assert interval.low <= interval.value <= interval.high
        assert interval.high - interval.low < 6.0
