"""Seeding: every folder of models/ enters once, is checked, and keeps its ratings apart from other weights."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from evolution.models import Mixer
from evolution.services.champions import CARD, WEIGHTS, seed_champions
from mixing.errors import MixerFileError
from mixing.mixers.card import read_card, write_card
from mixing.mixers.zoo import content_hash, load_mixer
from tests.mixing.breeding.champions import MODELS

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A models folder with one champion."""
    shutil.copytree(MODELS / "elite-warrior", tmp_path / "elite-warrior")
    return tmp_path


def change_card(folder: Path, **changes: object) -> None:
    path = folder / "elite-warrior" / CARD
    write_card(replace(read_card(path), **changes), path)  # type: ignore[arg-type]


def put_other_weights(folder: Path) -> None:
    other = read_card(MODELS / "baseline-beast" / CARD)
    shutil.copy(MODELS / "baseline-beast" / WEIGHTS, folder / "elite-warrior" / WEIGHTS)
    change_card(folder, sha256=other.sha256, content_hash=other.content_hash)


def test_a_mixer_enters_with_its_card_its_measured_profile_and_its_weights(folder: Path) -> None:
    (mixer,) = seed_champions(folder=folder)
    mixer.refresh_from_db()
    card = read_card(folder / "elite-warrior" / CARD)
    assert (mixer.slug, mixer.nickname, mixer.seed_rating) == (card.slug, "Precision Pro", 1350)
    assert mixer.is_champion
    assert mixer.generation == 0
    assert mixer.capabilities == pytest.approx(card.capabilities, abs=5e-3)
    assert mixer.card["training"] == card.training
    assert content_hash(load_mixer(Path(mixer.weights.path)).network.state_dict()) == mixer.content_hash


def test_seeding_again_changes_nothing_but_follows_the_card(folder: Path) -> None:
    (first,) = seed_champions(folder=folder)
    change_card(folder, description="Rewritten.")
    (again,) = seed_champions(folder=folder)
    assert again.pk == first.pk
    assert Mixer.objects.get().description == "Rewritten."


def test_texts_that_a_curator_edited_are_kept_until_the_card_changes(folder: Path) -> None:
    (mixer,) = seed_champions(folder=folder)
    Mixer.objects.filter(pk=mixer.pk).update(description="A curator's words.")
    seed_champions(folder=folder)
    assert Mixer.objects.get().description == "A curator's words."
    change_card(folder, description="Rewritten.")
    seed_champions(folder=folder)
    assert Mixer.objects.get().description == "Rewritten."


def test_other_weights_are_another_mixer(folder: Path) -> None:
    (old,) = seed_champions(folder=folder)
    put_other_weights(folder)
    (new,) = seed_champions(folder=folder)
    old.refresh_from_db()
    assert new.pk != old.pk
    assert (new.slug, new.state) == ("elite-warrior", Mixer.State.ACTIVE)
    assert old.slug.startswith("elite-warrior-")
    assert old.state == Mixer.State.RETIRED


def test_weights_that_are_not_the_card_s_are_refused(folder: Path) -> None:
    shutil.copy(MODELS / "baseline-beast" / WEIGHTS, folder / "elite-warrior" / WEIGHTS)
    with pytest.raises(MixerFileError):
        seed_champions(folder=folder)
    assert not Mixer.objects.exists()


def test_a_folder_without_card_is_refused(folder: Path) -> None:
    (folder / "elite-warrior" / CARD).unlink()
    with pytest.raises(MixerFileError):
        seed_champions(folder=folder)


def test_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MixerFileError, match="Restore"):
        seed_champions(folder=tmp_path)
