"""The way from a folder of music to mixers of one's own, through the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mixing.mixers.card import read_card
from mixing.mixers.zoo import load_mixer
from mixing.training import fit, sound_tuning
from mixing.training.styles import BOSS, STYLES, load_reference
from tests.mixing.training.test_corpus import write_song


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands work below the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fit, "BATCH_SONGS", 2)
    monkeypatch.setattr(sound_tuning, "BATCH_CLIPS", 1)


def test_a_folder_of_music_becomes_five_mixers(tmp_path: Path) -> None:
    for i in range(4):
        write_song(tmp_path / "music" / f"album{i}" / f"song{i}.wav", i)
    call_command("build_corpus", folder=tmp_path / "music", verbosity=0)
    call_command("train_champions", steps=1, models=tmp_path / "mine")
    for style in (*STYLES, BOSS):
        card = read_card(tmp_path / "mine" / style.slug / "card.toml")
        load_mixer(tmp_path / "mine" / style.slug / "weights.safetensors", card)
        assert card.training["packages"]
        assert card.training["steps"]["trunk"] == 1
        assert card.training["steps"]["sound"] == 1
    assert load_reference(tmp_path / "mine").mean_mid_db


def test_training_without_a_corpus_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="build_corpus") as caught:
        call_command("train_champions", steps=1, models=tmp_path / "mine")
    assert caught.value.returncode == 2


def test_impossible_arguments_are_refused(tmp_path: Path) -> None:
    for command, options in (
        ("train_champions", {"steps": 0}),
        ("ablate_training", {"steps": 0}),
        ("build_corpus", {"packages": ["no-such-package"]}),
        ("build_corpus", {"folder": tmp_path}),
        ("bench_mixers", {"models": tmp_path}),
    ):
        with pytest.raises(CommandError) as caught:
            call_command(command, **options)
        assert caught.value.returncode in (1, 2)
