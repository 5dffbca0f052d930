"""Strips are chosen for a set of stems: permuted alike, neutral untrained, and different for different champions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mixing.audio.features import SongFeatures, extract_features
from mixing.audio.roles import ROLES
from mixing.console.spec import REVERB, STRIP, MixSettings, StripSettings
from mixing.mixers.cnn import CnnMixer
from mixing.mixers.strips import N_INPUTS
from mixing.mixers.zoo import load_mixer, save_mixer
from mixing.training.strip_rules import STRIP_STYLES
from tests.signals import beat, pink_noise

MODELS = Path(__file__).resolve().parents[3] / "models"


def song(n_stems: int, *, rate: int = 22_050) -> SongFeatures:
    makers = (beat, pink_noise)
    stems = [makers[i % 2](i, 6.0, rate=rate) * np.float32(0.5 ** (i % 3)) for i in range(n_stems)]
    features = extract_features(stems, rate, content_hash="x")
    (mix,) = extract_features([np.sum(stems, axis=0)], rate, content_hash="x").stems
    return replace(features, mix=mix, roles=tuple(ROLES[i % len(ROLES)] for i in range(n_stems)))


@pytest.fixture(scope="module")
def champion() -> CnnMixer:
    mixer = load_mixer(MODELS / "elite-warrior" / "weights.safetensors")
    assert isinstance(mixer, CnnMixer)
    return mixer


def test_an_untrained_mixer_leaves_stems_alone() -> None:
    settings = CnnMixer(seed=3).settings(song(3))
    assert len(settings.strips) == 3
    for strip in settings.strips:
        for p in STRIP:
            assert getattr(strip, p.name) == pytest.approx(p.neutral, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("n_stems", [2, 7, 32])
def test_permuted_stems_permute_the_strips_and_nothing_else(n_stems: int, champion: CnnMixer) -> None:
    features = song(n_stems)
    order = np.random.default_rng(n_stems).permutation(n_stems)
    permuted = replace(
        features,
        stems=tuple(features.stems[i] for i in order),
        roles=tuple(features.roles[i] for i in order),
    )
    strips, reverb = champion.normalized_strips(features)
    other_strips, other_reverb = champion.normalized_strips(permuted)
    np.testing.assert_allclose(other_strips, strips[order], atol=1e-5)
    np.testing.assert_allclose(other_reverb, reverb, atol=1e-5)
    np.testing.assert_array_equal(champion.normalized(permuted), champion.normalized(features))


def test_a_single_file_gets_no_strip(champion: CnnMixer) -> None:
    features = song(2)
    assert champion.settings(SongFeatures(features.stems[:1], "x", 22_050)).strips == ()


def test_strips_follow_the_role_and_the_level(champion: CnnMixer) -> None:
    features = song(4)
    as_bass = replace(features, roles=("bass", *features.roles[1:]))
    as_vocals = replace(features, roles=("vocals", *features.roles[1:]))
    bass, vocals = champion.settings(as_bass).strips[0], champion.settings(as_vocals).strips[0]
    assert vocals.high_pass_hz > bass.high_pass_hz + 10.0
    assert vocals.send_db > bass.send_db


def test_champions_are_told_apart() -> None:
    features = song(5)
    mixers = [load_mixer(MODELS / style.slug / "weights.safetensors") for style in STRIP_STYLES]
    answers = [mixer.normalized_strips(features)[0] for mixer in mixers]
    for i, a in enumerate(answers):
        for b in answers[i + 1 :]:
            assert np.abs(a - b).mean() > 0.004


def test_settings_of_stems_survive_json(champion: CnnMixer) -> None:
    settings = champion.settings(song(3))
    assert MixSettings.from_dict(settings.to_dict()) == settings
    assert isinstance(settings.strips[0], StripSettings)
    assert len(settings.reverb.to_dict()) == len(REVERB)


def test_a_mixer_from_before_there_were_stems_leaves_them_alone(tmp_path: Path, champion: CnnMixer) -> None:
    from safetensors import safe_open
    from safetensors.torch import save_file

    save_mixer(champion, tmp_path / "new.safetensors", {})
    with safe_open(str(tmp_path / "new.safetensors"), framework="pt") as file:
        old = {name: file.get_tensor(name) for name in file.keys() if not name.startswith("strips.")}  # noqa: SIM118
        metadata = file.metadata()
    save_file(old, str(tmp_path / "old.safetensors"), metadata)
    settings = load_mixer(tmp_path / "old.safetensors").settings(song(2))
    assert settings.strips[0].fader_db == pytest.approx(0.0, abs=1e-3)
    assert settings.bus == champion.settings(song(2)).bus


def test_gradients_reach_every_weight_of_the_strips() -> None:
    network = CnnMixer(seed=1).network.strips
    with torch.no_grad():
        for head in (network.strip, network.reverb):
            torch.nn.init.normal_(head.get_parameter("2.weight"), std=0.1)
    strips, reverb = network(torch.randn(2, 3, N_INPUTS))
    (strips.sum() + reverb.sum()).backward()
    assert all(
        parameter.grad is not None and bool(parameter.grad.abs().sum() > 0) for parameter in network.parameters()
    )
