"""Stems of a song: their checks, their sum, and what they play."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
from django.db import transaction
from numpy.typing import NDArray

from evolution.models import Mixer
from mixing.audio.decode import validate
from mixing.audio.encode import write_audio
from mixing.audio.roles import ROLES, guess_role
from mixing.errors import AudioError
from tournaments.errors import InvalidTournament
from tournaments.models import Song, Stem
from tournaments.services.materials import Material, material_of
from tournaments.services.mixes import request_mixes

if TYPE_CHECKING:
    from mixing.audio.faults import Fault


def set_roles(*, song: Song, roles: Mapping[int, str]) -> None:
    """Note what its owner says the stems play, by their positions; champions then mix the song anew.

    Raises: InvalidTournament for a role that there is not, or once there is a tournament on the song.
    """
    if any(role not in ROLES for role in roles.values()):
        raise InvalidTournament(f"There is no such role. Choose one of {', '.join(ROLES)}.", code="bad_role")
    with transaction.atomic():
        if song.tournaments.exists():
            raise InvalidTournament(
                "A tournament on this song has begun. Upload the stems again to change what they play.",
                code="too_late",
            )
        changed = [stem for stem in song.stems.all() if roles.get(stem.position, stem.role) != stem.role]
        for stem in changed:
            Stem.objects.filter(pk=stem.pk).update(role=roles[stem.position], role_confidence=1.0)
        if changed and song.state == Song.State.READY:
            song.mixes.all().delete()
            request_mixes(song=song, mixers=list(Mixer.objects.filter(state=Mixer.State.ACTIVE, is_champion=True)))


def bounce(song: Song) -> dict[int, dict[str, Any]]:
    """Check every stem and write their sum, which becomes the song's file. Returns what was found, by stem.

    Raises: AudioError for a stem that cannot be used, named.
    """
    # Scipy stays out of the web process.
    from mixing.audio.features import read_analysis_window

    found: dict[int, dict[str, Any]] = {}
    for stem in song.stems.all():
        path = Path(stem.file.path)
        with naming(stem.name):
            check = validate(path, max_duration_s=None, min_duration_s=0.0, may_be_silent=True)
            guess = guess_role(stem.name, None, stem.sample_rate)
            if guess.why == "nothing" and not check.is_silent:
                guess = guess_role(stem.name, *read_analysis_window(path))
        found[stem.pk] = {
            "content_hash": check.sha256,
            "is_silent": check.is_silent,
            "n_over_full_scale": check.n_over_full_scale,
            "role": stem.role or guess.role,
            "role_confidence": stem.role_confidence if stem.role else guess.confidence,
        }
    if all(fields["is_silent"] for fields in found.values()):
        raise AudioError("All stems are silent. Export them again and retry.", code="silent")
    hashes = "\n".join(fields["content_hash"] for fields in found.values())
    song.content_hash = hashlib.sha256(hashes.encode()).hexdigest()
    song.n_over_full_scale = sum(fields["n_over_full_scale"] for fields in found.values())
    material = material_of(song)
    song.file.name = f"songs/{song.public_id.hex}-sum"
    write_audio(Path(song.file.path), sum_of(material), material.sample_rate, 2, "wav32f", seed=0)
    return found


def faults_of_stems(song: Song) -> list[Fault]:
    """What is wrong with each stem, its name before the message, and between them. Raises AudioError."""
    # Scipy stays out of the web process.
    from mixing.audio.faults import find_faults
    from mixing.audio.features import window_of
    from mixing.audio.stem_relations import RATE, find_relations

    stems = list(song.stems.all())
    found, monos = [], []
    for stem, source in zip(stems, material_of(song).sources, strict=True):
        audio = window_of(source)
        found += [
            replace(fault, message=f"{stem.name}: {fault.message}") for fault in find_faults(audio, source.sample_rate)
        ]
        monos.append(soxr.resample(audio.mean(axis=0), source.sample_rate, RATE)[None])
    return found + list(find_relations(monos, [stem.name for stem in stems], RATE))


def sum_of(material: Material) -> Iterator[NDArray[np.float32]]:
    """The rough mix: all stems as they came, (2, frames) each."""
    for blocks in zip(*(source.blocks() for source in material.sources), strict=True):
        total = np.zeros((2, blocks[0].shape[1]), dtype=np.float32)
        for block in blocks:
            total += block
        yield total


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put a stem's name before what is wrong with it."""
    try:
        yield
    except AudioError as error:
        raise AudioError(f"{name}: {error.message}", code=error.code) from error
