"""Submitted mixers: what is refused at the door, what a worker finds out, and that nobody's code is run."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytest_django.fixtures import Settings

from evolution.errors import NameTaken, TooManySubmissions
from evolution.models import Mixer, Submission
from evolution.services.champions import seed_champions
from evolution.services.downloads import bundle_of
from evolution.services.submissions import MAX_A_DAY, MAX_OPEN, compute_verdict, mixer_of
from evolution.services.submitted_cards import EXAMPLE, read_submitted_card
from mixing.errors import MixerFileError
from mixing.mixers.base import Mixer as Network
from mixing.mixers.card import read_card
from mixing.mixers.cnn import CnnConfig, CnnMixer
from mixing.mixers.weights_header import read_header
from mixing.mixers.zoo import load_mixer
from tests.factories import make_breeding, make_mixer, make_user
from tests.submitted import CARD, champion, made, saved, submitted, with_tensors
from tests.tournaments.sound import enter

pytestmark = pytest.mark.django_db


class Tripwire:
    """Unpickling this fails the test."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return pytest.fail, ("somebody unpickled the weights",)


def torch_file() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.zeros(3)}, buffer)
    return buffer.getvalue()


def header_of(tensors: object) -> bytes:
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


def only_header() -> bytes:
    """As large as its header says, with two tensors at one place."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return header_of({"a": entry, "b": entry}) + b"\0" * 8


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: pickle.dumps(Tripwire()), "pickle"),
        (torch_file, "pickle"),
        (lambda: b"RIFF", "damaged"),
        (lambda: b"RIFF" * 100, "damaged"),
        (lambda: champion()[:-4], "damaged"),
        (lambda: champion() + b"more", "damaged"),
        (only_header, "damaged"),
        (lambda: header_of([1, 2]), "damaged"),
        (lambda: header_of({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}), "damaged"),
        (lambda: header_of({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}) + b"\0" * 4, "damaged"),
        (lambda: header_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}) + b"\0" * 4,
         "unknown_architecture"),
        (lambda: struct.pack("<Q", 50) + b"[" * 50, "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_mixer_s_file_is_refused_at_the_door(content: Callable[[], bytes], code: str) -> None:
    with pytest.raises(MixerFileError) as refusal:
        submitted(content())
    assert refusal.value.code == code
    assert not Submission.objects.exists()


def test_weights_above_the_limit_are_refused(settings: Settings) -> None:
    settings.MAX_MIXER_MB = 1
    with pytest.raises(MixerFileError, match="2 MB, and 1 are allowed") as refusal:
        submitted()
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("nickname = ", "read as TOML"),
        (CARD.replace("nickname", "nick"), "nick"),
        (CARD.replace('"Soft Landing"', "7"), "wrong kind at nickname"),
        (CARD.replace("Soft Landing", "x" * 41), "more than 40 letters"),
        (CARD.replace("Soft Landing", "Pro\u202egnp"), "cannot be seen"),
        (CARD.replace("Soft Landing", " "), "no nickname"),
        (CARD.replace('["folk"]', '["polka"]'), "genres that there are not"),
        (CARD.replace('["CC-BY-4.0"]', "[]"), "licences"),
        (CARD.partition("[training.packages]")[0], "licences"),
        (CARD.replace("songs = 12", 'songs = "twelve"'), "training.songs"),
        (CARD.replace("songs = 12", "made = 2026-01-02"), "dates or infinite"),
        (CARD.replace("songs = 12", "hours = inf"), "dates or infinite"),
        ('sha256 = "0"\n' + CARD, "another file"),
        ('architecture = "transformer"\n' + CARD, "another architecture"),
        ("#" * 64_001, "64 kB"),
    ],
)
def test_cards_that_cannot_be_used_say_what_to_correct(card: str, said: str) -> None:
    with pytest.raises(MixerFileError, match=said):
        submitted(champion(), card=card)
    assert not Submission.objects.exists()


def test_the_card_that_the_page_shows_can_be_used() -> None:
    assert read_submitted_card(EXAMPLE.encode()).nickname == "Soft Landing"


def test_nobody_takes_another_mixer_s_name() -> None:
    make_mixer(nickname="soft LANDING")
    with pytest.raises(NameTaken):
        submitted(champion())


def test_one_author_has_few_open_and_few_a_day() -> None:
    author = make_user()
    for number in range(MAX_OPEN):
        submitted(champion(), author=author, card=CARD.replace("Soft", f"Soft {number}"))
    with pytest.raises(TooManySubmissions) as refusal:
        submitted(champion(), author=author)
    assert refusal.value.code == "too_many_open"
    Submission.objects.update(state=Submission.State.REJECTED)
    for _ in range(MAX_A_DAY - MAX_OPEN):
        Submission.objects.filter(pk=submitted(champion(), author=author).pk).update(state="rejected")
    with pytest.raises(TooManySubmissions) as refusal:
        submitted(champion(), author=author)
    assert refusal.value.code == "too_many_today"
    submitted(champion())


def spoil(network: Network) -> None:
    next(iter(network.network.trunk.parameters())).view(-1)[0] = float("nan")


def preset(network: Network) -> None:
    for head in network.network.heads.values():
        head[-1].weight.zero_()  # type: ignore[index]


def nudge(network: Network) -> None:
    for head in network.network.heads.values():
        head[-1].bias.add_(0.001)  # type: ignore[index]


def other_sizes() -> bytes:
    return saved(CnnMixer(CnnConfig(audio_width=64)))


def turn(tensors: dict[str, torch.Tensor]) -> None:
    name = "trunk.stats.0.weight"
    tensors[name] = tensors[name].T.contiguous()


def halve(tensors: dict[str, torch.Tensor]) -> None:
    tensors["trunk.stats.0.bias"] = tensors["trunk.stats.0.bias"].half()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (other_sizes, "other sizes"),
        (lambda: with_tensors(turn), "trunk.stats.0.weight"),
        (lambda: with_tensors(halve), "F16"),
        (lambda: with_tensors(lambda t: t.pop("trunk.stats.0.bias")), "missing or unknown weights"),
        (lambda: with_tensors(lambda t: t.update(extra=torch.zeros(2))), "missing or unknown weights, first extra"),
        (lambda: champion(spoil), "not numbers"),
        (champion, "These are the weights of Precision Pro"),
        (lambda: champion(nudge), "just as a mixer that already lives"),
        (lambda: saved(CnnMixer()), "hardly mends"),
        (lambda: champion(preset), "a preset does as well"),
    ],
)
def test_a_worker_turns_away_what_is_wrong_with_the_weights(content: Callable[[], bytes], said: str) -> None:
    enter("elite-warrior")
    submission = submitted(content())
    verdict = compute_verdict(submission)
    assert not verdict.passed
    assert verdict.fields["state"] == Submission.State.REJECTED
    assert said in verdict.fields["reason"]


def test_wrong_shapes_are_found_before_any_weight_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixing.mixers.zoo.load_mixer", lambda path: pytest.fail("the weights were read"))
    assert "trunk.stats.0.weight" in compute_verdict(submitted(with_tensors(turn))).fields["reason"]


def test_the_example_passes_is_measured_and_is_written_anew() -> None:
    enter("elite-warrior")
    submission = submitted(card=made()[1].decode())
    first, second = compute_verdict(submission), compute_verdict(submission)
    assert first.passed
    assert first == second, "a second try gives the same"
    fields = first.fields
    assert {check["name"] for check in fields["report"]["checks"]} == {
        "finite", "in_range", "deterministic", "not_a_copy", "stable", "mends", "movement_on_clean_db", "listens",
        "renders",
    }  # fmt: skip
    for name, value in fields.items():
        setattr(submission, name, value)
    mixer = mixer_of(submission, weights=fields["weights"], seed_rating=1200.0)
    assert mixer.capabilities
    assert 0.5 < mixer.card["metrics"]["repair_ratio"]["value"] < 0.8
    assert mixer.card["training"]["derived_from"] == ["elite-warrior"]
    content = Path(mixer.weights.path).read_bytes()
    assert set(read_header(io.BytesIO(content), len(content)).metadata) == {"architecture", "config"}


def test_a_downloaded_mixer_can_be_put_into_any_arena(tmp_path: Path) -> None:
    loser, winner = enter("elite-warrior"), enter("baseline-beast")
    child = make_mixer(
        generation=1,
        is_champion=False,
        weights=loser.weights.name,
        content_hash="0" * 64,
        card={"training": {"packages": {"a": ["CC0-1.0"]}, "bred_from": None}, "metrics": {}},
    )
    for role, parent, share in (("loser", loser, 0.4), ("winner", winner, 0.6)):
        child.parentages.create(parent=parent, role=role, share=share)
    make_breeding(loser=loser, winner=winner, state="born", offspring=child, gate={"checks": [
        {"name": "repair_ratio", "value": 0.7, "limit": 0.8, "passed": True}]})  # fmt: skip
    # The weights are the loser's, so that hash and file agree in what the folder says.
    Mixer.objects.filter(pk=loser.pk).update(content_hash="1" * 64)
    Mixer.objects.filter(pk=child.pk).update(content_hash=loser.content_hash)
    child.refresh_from_db()
    path = bundle_of(child)
    assert bundle_of(child) == path
    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(tmp_path)
    card = read_card(tmp_path / child.slug / "card.toml")
    load_mixer(tmp_path / child.slug / "weights.safetensors", card)
    assert card.parents == ("elite-warrior", "baseline-beast")
    assert card.training["packages"] == {"a": ["CC0-1.0"]}
    assert card.metrics["gate"] == {"repair_ratio": 0.7}
    assert card.lineage[child.slug]["shares"] == {"loser": 0.4, "winner": 0.6}


def test_a_community_mixer_is_no_champion_of_another_arena(tmp_path: Path) -> None:
    mixer = enter("elite-warrior")
    for author, said in ((make_user("author"), "author"), (None, "somebody who has left")):
        Mixer.objects.filter(pk=mixer.pk).update(is_champion=False, author=author, card={"training": {}, "metrics": {}})
        mixer.refresh_from_db()
        with zipfile.ZipFile(bundle_of(mixer)) as bundle:
            bundle.extractall(tmp_path)
        assert read_card(tmp_path / "elite-warrior" / "card.toml").author == said
    Mixer.objects.all().update(slug="old", content_hash="0" * 64)
    (entered,) = seed_champions(folder=tmp_path)
    assert (entered.slug, entered.is_champion) == ("elite-warrior", False)
