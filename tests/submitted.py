"""Files that people submit: one sound mixer, made by the example once a process, and whatever can be wrong with one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from django.core.files.uploadedfile import SimpleUploadedFile
from safetensors.torch import load, save

from accounts.models import User
from evolution.models import Submission
from examples.make_mixer import write
from mixing.mixers.base import Mixer as Network
from mixing.mixers.zoo import load_mixer, save_mixer
from tests.factories import NOW, make_user
from tests.mixing.breeding.champions import weights_of
from tournaments.services.community import submit

NICKNAME = "Soft Landing"
CARD = f"""nickname = "{NICKNAME}"
description = "Gentle."
genres = ["folk"]

[training]
songs = 12

[training.packages]
"my-own-recordings" = ["CC-BY-4.0"]
"""


@lru_cache(maxsize=1)
def made() -> tuple[bytes, bytes]:
    """Weights and card that the example writes."""
    with tempfile.TemporaryDirectory() as folder:
        report = write(Path(folder), champion="elite-warrior", nickname=NICKNAME, seed=1)
        assert report.passed, report.reason
        return (Path(folder) / "weights.safetensors").read_bytes(), (Path(folder) / "card.toml").read_bytes()


def weights_file(content: bytes | None = None) -> SimpleUploadedFile:
    """What a form sends."""
    return SimpleUploadedFile("mine.safetensors", made()[0] if content is None else content)


def card_file(content: str = CARD) -> SimpleUploadedFile:
    """What a form sends."""
    return SimpleUploadedFile("card.toml", content.encode())


def submitted(content: bytes | None = None, *, author: User | None = None, card: str = CARD) -> Submission:
    """A submission that waits for its worker."""
    return submit(author=author or make_user(), weights=weights_file(content), card=card_file(card), now=NOW)


def saved(network: Network) -> bytes:
    """A network as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save_mixer(network, path, {})
        return path.read_bytes()


def champion(change: Callable[[Network], object] | None = None) -> bytes:
    """The Elite Warrior's weights, changed."""
    network = load_mixer(weights_of("elite-warrior"))
    with torch.no_grad():
        if change is not None:
            change(network)
    return saved(network)


def with_tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> bytes:
    """The Elite Warrior's file with other tensors under the same header."""
    import json
    import struct

    content = champion()
    tensors = dict(load(content))
    change(tensors)
    (n_header,) = struct.unpack("<Q", content[:8])
    return save(tensors, metadata=json.loads(content[8 : 8 + n_header])["__metadata__"])
