"""Small real songs, made by arithmetic, and the champions that mix them."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from mixing.mixers.card import read_card
from tests.factories import make_mixer, make_user
from tournaments.models import Mix, Song
from tournaments.services.songs import add_song

RATE = 22_050


def music(duration_s: float = 16.0, *, rate: int = RATE, channels: int = 2, seed: int = 1) -> NDArray[np.float32]:
    """Chords, a beat and some air, quiet in the first third: (channels, frames)."""
    t = np.arange(round(duration_s * rate)) / rate
    rng = np.random.default_rng(seed)
    audio = np.zeros((channels, t.size))
    for channel in audio:
        for root_hz in (110.0, 138.6, 164.8, 220.0, 440.0):
            phase = rng.uniform(0, 2 * np.pi)
            channel += 0.05 * np.sin(2 * np.pi * root_hz * 2.0 ** (np.floor(t / 2.0) % 4 / 12.0) * t + phase)
        channel += 0.3 * np.sin(2 * np.pi * 55.0 * t) * np.exp(-12.0 * (t % 0.5))
        channel += 0.05 * rng.standard_normal(t.size) * np.exp(-40.0 * (t % 0.25))
    audio *= np.where(t < duration_s / 3.0, 0.4, 1.0)
    return audio.astype(np.float32)


def write_music(path: Path, duration_s: float = 16.0, *, rate: int = RATE, channels: int = 2, seed: int = 1) -> Path:
    """The same as a 16-bit file of the kind that the name says."""
    path.write_bytes(_file(path.suffix, duration_s, rate, channels, seed))
    return path


@lru_cache(maxsize=4)
def _file(suffix: str, duration_s: float, rate: int, channels: int, seed: int) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, music(duration_s, rate=rate, channels=channels, seed=seed).T, rate, format=suffix[1:])
    return content.getvalue()


def enter(slug: str) -> Mixer:
    """A real champion in the arena, without the measurements that its mixing does not depend on."""
    folder = settings.MODELS_DIR / slug
    name = f"mixers/{slug}.safetensors"
    default_storage.delete(name)
    default_storage.save(name, ContentFile((folder / "weights.safetensors").read_bytes()))
    card = read_card(folder / "card.toml")
    return make_mixer(
        slug=slug, nickname=card.nickname, weights=name, content_hash=card.content_hash, seed_rating=card.rating,
        card={"training": dict(card.training)},
    )  # fmt: skip


def enter_champions() -> list[Mixer]:
    """All of them."""
    return [enter(path.parent.name) for path in sorted(settings.MODELS_DIR.glob("*/card.toml"))]


def mixed_song(path: Path) -> Song:
    """A song that was prepared, and mixed by every champion that there is."""
    with local_jobs() as jobs:
        song = add_song(owner=make_user(), file=path, name="A Song.wav")
        jobs.drain()
    song.refresh_from_db()
    assert song.state == Song.State.READY, song.refusal
    assert set(song.mixes.values_list("state", flat=True)) <= {Mix.State.READY}
    return song
