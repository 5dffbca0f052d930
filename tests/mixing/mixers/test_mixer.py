"""What any mixer must do: bypass when untrained, be deterministic, survive the disk, refuse damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mixing.audio.features import N_STATS, SongFeatures, StemFeatures
from mixing.console.spec import BUS_GROUP_INDICES, BUS_VECTOR, NEUTRAL_BUS_VECTOR, MixSettings
from mixing.errors import MixerFileError
from mixing.mixers.base import N_OUTPUTS
from mixing.mixers.card import MixerCard, read_card, to_toml, write_card
from mixing.mixers.cnn import CnnConfig, CnnMixer
from mixing.mixers.zoo import content_hash, file_sha256, load_mixer, save_mixer

TINY = CnnConfig(channels=(8, 8, 8, 8), audio_width=8, stats_width=8, head_width=8)
# Float32 through a sigmoid and back.
ROUNDING = 1e-6


def make_features(seed: int = 0, n_stems: int = 1) -> SongFeatures:
    rng = np.random.default_rng(seed)
    stems = tuple(
        StemFeatures(
            rng.normal(0.0, 1.0, (6, 2, 64, 128)).astype(np.float16), rng.normal(0.0, 10.0, N_STATS).astype(np.float32)
        )
        for _ in range(n_stems)
    )
    return SongFeatures(stems, f"song-{seed}", 44_100)


def make_trained(seed: int = 0) -> CnnMixer:
    mixer = CnnMixer(TINY, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in mixer.network.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return mixer


def test_an_untrained_mixer_is_a_bypass() -> None:
    vector = CnnMixer(TINY).normalized(make_features())
    assert np.abs(vector - NEUTRAL_BUS_VECTOR).max() < ROUNDING
    settings = CnnMixer(TINY).settings(make_features())
    neutral = MixSettings()
    for name in ("low_shelf_db", "mid_peak_db", "width_db"):
        assert abs(getattr(settings.bus, name)) < 1e-4
    for name in ("glue_ratio", "drive_db", "mono_below_hz", "glue_threshold_db"):
        assert getattr(settings.bus, name) == getattr(neutral.bus, name)


def test_every_parameter_can_reach_both_ends() -> None:
    mixer = CnnMixer(TINY)
    for bias, end in ((30.0, 1.0), (-30.0, 0.0)):
        with torch.no_grad():
            for head in mixer.network.heads.values():
                head.get_parameter("2.bias").fill_(bias)
        assert np.array_equal(mixer.normalized(make_features()), np.full(N_OUTPUTS, end, np.float32))


def test_each_head_moves_its_own_group_only() -> None:
    for group, indices in BUS_GROUP_INDICES.items():
        mixer = CnnMixer(TINY)
        with torch.no_grad():
            mixer.network.heads[group].get_parameter("2.bias").add_(1.0)
        moved = np.nonzero(np.abs(mixer.normalized(make_features()) - NEUTRAL_BUS_VECTOR) > 1e-3)[0]
        assert set(moved) <= set(indices)
        assert moved.size > 0
    assert sorted(i for indices in BUS_GROUP_INDICES.values() for i in indices) == list(range(len(BUS_VECTOR)))


def test_every_weight_of_a_trained_mixer_gets_gradient() -> None:
    mixer = make_trained()
    features = make_features().stems[0]
    log_mel = torch.from_numpy(features.log_mel.astype(np.float32))[None]
    mixer.network(log_mel, torch.from_numpy(features.stats)[None]).sum().backward()
    assert all(
        p.grad is not None and torch.isfinite(p.grad).all()
        for n, p in mixer.network.named_parameters()
        if not n.startswith("strips.")
    )
    for head in mixer.network.heads.values():
        gradient = head.get_parameter("2.weight").grad
        assert gradient is not None
        assert bool((gradient.abs().sum(dim=1) > 0).all())


def test_settings_depend_on_the_song_and_on_nothing_else() -> None:
    mixer = make_trained()
    first = mixer.settings(make_features(1))
    assert first == mixer.settings(make_features(1), seed=5)
    assert first != mixer.settings(make_features(2))


def test_no_layer_keeps_running_statistics() -> None:
    batch_norms = torch.nn.modules.batchnorm._BatchNorm
    assert not any(isinstance(module, batch_norms) for module in CnnMixer(TINY).network.modules())


def test_a_saved_mixer_comes_back_as_it_was(tmp_path: Path) -> None:
    mixer = make_trained()
    path = tmp_path / "weights.safetensors"
    sha256 = save_mixer(mixer, path, {"note": "x"})
    assert sha256 == file_sha256(path)
    again = load_mixer(path)
    assert again.config == mixer.config
    assert np.array_equal(again.normalized(make_features()), mixer.normalized(make_features()))
    assert content_hash(again.network.state_dict()) == content_hash(mixer.network.state_dict())


def test_content_hash_ignores_the_header_and_sees_one_weight(tmp_path: Path) -> None:
    mixer = make_trained()
    before = content_hash(mixer.network.state_dict())
    assert save_mixer(mixer, tmp_path / "a", {"note": "x"}) != save_mixer(mixer, tmp_path / "b", {"note": "y"})
    assert content_hash(load_mixer(tmp_path / "b").network.state_dict()) == before
    with torch.no_grad():
        next(mixer.network.parameters()).view(-1)[0].add_(1e-3)
    assert content_hash(mixer.network.state_dict()) != before


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_mixer(make_trained(), path, {})
    header = {"architecture": "cnn", "config": '{"channels":[8,8,8,8],"audio_width":8,"stats_width":8,"head_width":8}'}
    good = load_file(path)
    name = "heads.level.2.bias"

    def refused(code: str, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
        save_file(tensors, path, metadata=metadata)
        with pytest.raises(MixerFileError) as caught:
            load_mixer(path)
        assert caught.value.code == code

    refused("not_finite", good | {name: torch.full((1,), float("nan"))}, header)
    refused("wrong_shapes", good | {name: torch.zeros(2)}, header)
    refused("wrong_shapes", good | {name: good[name].half()}, header)
    refused("wrong_names", good | {"extra": torch.zeros(1)}, header)
    refused("wrong_names", {k: v for k, v in good.items() if k != name}, header)
    refused("unknown_architecture", good, header | {"architecture": "oracle"})
    refused("bad_config", good, header | {"config": "[]"})
    refused(
        "bad_config", good, header | {"config": '{"channels":[7,8,8,8],"audio_width":8,"stats_width":8,"head_width":8}'}
    )
    refused("bad_config", good, header | {"config": "{"})
    for content, code in ((b"", "damaged"), (b"\x80\x04pickle", "damaged")):
        path.write_bytes(content)
        with pytest.raises(MixerFileError) as caught:
            load_mixer(path)
        assert caught.value.code == code
    with pytest.raises(MixerFileError):
        load_mixer(tmp_path / "absent")


def make_card(**overrides: object) -> MixerCard:
    values: dict[str, object] = {
        "name": "Test Mixer",
        "slug": "test-mixer",
        "nickname": 'Quote " and \\ and é',
        "architecture": "cnn",
        "rating": 1250.0,
        "sha256": "0" * 64,
        "content_hash": "1" * 64,
        "genres": ("pop",),
        "config": {"channels": [8, 8]},
        "training": {"packages": {"a.b": "GPL-2+", "c": "CC-BY"}, "steps": 10},
        "metrics": {"ratio": 0.5, "nested": {"low": -0.25}},
    }
    return MixerCard(**(values | overrides))  # type: ignore[arg-type]


def test_a_card_survives_toml(tmp_path: Path) -> None:
    write_card(make_card(), tmp_path / "card.toml")
    assert read_card(tmp_path / "card.toml") == make_card()


@pytest.mark.parametrize("text", ["name = ", "name = 'x'", "\x00"])
def test_a_card_that_is_damaged_or_incomplete_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.toml").write_text(text)
    with pytest.raises(MixerFileError):
        read_card(tmp_path / "card.toml")


def test_toml_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(MixerFileError):
        to_toml({"x": float("nan")})


def test_weights_must_be_the_ones_on_the_card(tmp_path: Path) -> None:
    mixer = make_trained()
    path = tmp_path / "weights.safetensors"
    sha256 = save_mixer(mixer, path, {})
    card = make_card(sha256=sha256, content_hash=content_hash(mixer.network.state_dict()))
    load_mixer(path, card)
    save_mixer(make_trained(seed=1), path, {})
    with pytest.raises(MixerFileError) as caught:
        load_mixer(path, card)
    assert caught.value.code == "wrong_hash"
