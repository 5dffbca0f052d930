"""Render the demo song "Second Wind" into stems and a rough mix (what it is: see `mixing.demo_song.score`).

The rough mix is what a songwriter might hand to a mixing engineer: complete, in balance enough to be enjoyed, and with
plenty left to do. It is not mastered, a little dull, thick between 200 and 400 Hz, and shy with its melody and snare.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mixing.demo_song import drums, instruments
from mixing.demo_song.arrangement import DURATION_S, Hit
from mixing.demo_song.effects import ducking, reverb
from mixing.demo_song.filters import equalize
from mixing.demo_song.score import GENRE, SLUG, TITLE
from mixing.demo_song.transitions import transitions
from mixing.errors import AudioError

Array = NDArray[np.float64]

_SEED = 20_112
_FADE_S = 1.2  # the last reverberation goes out along a cosine
_SILENCE_S = 0.1  # after the fade: digital silence


@dataclass(frozen=True, slots=True)
class _RoughChannel:
    """What the songwriter left on a channel: level and two coarse equalizer moves."""

    level_db: float
    mud_db: float
    air_db: float
    ducking: float = 0.0


_ROUGH_MIX: dict[str, _RoughChannel] = {
    "kick": _RoughChannel(-12.0, 0.0, -2.0),
    "snare": _RoughChannel(-17.5, 1.0, -3.0),
    "cymbals": _RoughChannel(-22.0, 0.0, -3.0),
    "percussion": _RoughChannel(-21.0, 1.5, -3.0),
    "bass": _RoughChannel(-22.0, 2.0, -2.0, ducking=0.35),
    "pad": _RoughChannel(-16.5, 3.0, -4.0, ducking=0.4),
    "keys": _RoughChannel(-16.5, 3.0, -4.0, ducking=0.15),
    "arp": _RoughChannel(-19.5, 1.0, -4.0, ducking=0.2),
    "lead": _RoughChannel(-18.0, 1.0, -3.5),
    "transitions": _RoughChannel(-20.0, 0.0, -3.0, ducking=0.3),
}
STEM_NAMES = tuple(_ROUGH_MIX)


@dataclass(frozen=True, slots=True)
class DemoSong:
    """The rendered song.

    Attributes:
        title: for people.
        genre: a slug of `mixing.genres`.
        stems: (2, frames) float32 each, all of one length, at their level in the mix; 1.0 is full scale.
        sample_rate: Hz.
    """

    title: str
    genre: str
    stems: dict[str, NDArray[np.float32]]
    sample_rate: int

    @property
    def mix(self) -> NDArray[np.float32]:
        """The rough mix, (2, frames): the sum of the stems."""
        total = np.zeros_like(next(iter(self.stems.values())))
        for stem in self.stems.values():
            total += stem
        return total


def render_demo_song(sample_rate: int = 44_100) -> DemoSong:
    """Perform the whole song.

    Args:
        sample_rate: Hz, 32000 to 96000.
    Returns: the song; the same bits each time on one machine.
    Raises: AudioError if the sample rate is outside its range.
    """
    return DemoSong(TITLE, GENRE, {name: render_stem(name, sample_rate) for name in STEM_NAMES}, sample_rate)


def render_stem(name: str, sample_rate: int = 44_100) -> NDArray[np.float32]:
    """Perform one part of the song, exactly as `render_demo_song` does.

    Args:
        name: one of STEM_NAMES.
        sample_rate: Hz, 32000 to 96000.
    Returns: (2, frames), linear, at its level in the rough mix.
    Raises: AudioError if the sample rate is outside its range; KeyError for an unknown name.
    """
    if not 32_000 <= sample_rate <= 96_000:
        raise AudioError(
            f"The demo song cannot be rendered at {sample_rate} Hz. Choose a sample rate from 32000 to 96000 Hz.",
            code="bad_rate",
        )
    channel = _ROUGH_MIX[name]
    n_frames = round(DURATION_S * sample_rate)
    # Seeds are spawned by position: each part has its own, and the kick's hits are the same for all who listen to them.
    seeds = np.random.SeedSequence(_SEED).spawn(len(STEM_NAMES) + 1)
    rng = np.random.default_rng(seeds[STEM_NAMES.index(name)])
    kick_hits = drums.kick_hits(np.random.default_rng(seeds[-1]))

    part = _perform(name, n_frames, sample_rate, rng, kick_hits)
    part = equalize(part, sample_rate, peak_hz=290.0, peak_db=channel.mud_db, shelf_hz=5500.0, shelf_db=channel.air_db)
    if channel.ducking:
        triggers_s = [hit.start_s for hit in kick_hits]
        part *= ducking(triggers_s, n_frames, sample_rate, depth=channel.ducking, release_s=0.24)
    part *= 10.0 ** (channel.level_db / 20.0)
    ending = _ending(sample_rate)
    part[:, -len(ending) :] *= ending
    return part.astype(np.float32)


def write_demo_song(folder: Path) -> Path:
    """Write the rough mix and its stems as 24-bit WAV files at 44.1 kHz.

    Stems are written one after the other, so that only one is in memory.

    Args:
        folder: made if missing; gets `second-wind.wav`, and the stems as `stems/<name>.wav`.
    Returns: the path of the rough mix, which is written last: where it is, the stems are.
    """
    sample_rate = 44_100
    stems_folder = folder / "stems"
    stems_folder.mkdir(parents=True, exist_ok=True)
    mix = np.zeros((2, round(DURATION_S * sample_rate)), dtype=np.float32)
    for name in STEM_NAMES:
        stem = render_stem(name, sample_rate)
        _write(stems_folder / f"{name}.wav", stem, sample_rate)
        mix += stem
    mix_path = folder / f"{SLUG}.wav"
    _write(mix_path, mix, sample_rate)
    return mix_path


def _perform(name: str, n_frames: int, sample_rate: int, rng: np.random.Generator, kick_hits: list[Hit]) -> Array:
    if name == "kick":
        return drums.kick(n_frames, sample_rate, kick_hits, rng)
    if name == "snare":
        part = drums.snare(n_frames, sample_rate, rng)
        return part + 0.2 * reverb(part, sample_rate, rng, decay_s=0.9, pre_delay_s=0.01, damping_hz=4000.0)
    if name == "percussion":
        part = drums.percussion(n_frames, sample_rate, rng)
        return part + 0.15 * reverb(part, sample_rate, rng, decay_s=0.7, pre_delay_s=0.008, damping_hz=4000.0)
    players = {
        "cymbals": drums.cymbals,
        "bass": instruments.bass,
        "pad": instruments.pad,
        "keys": instruments.keys,
        "arp": instruments.arp,
        "lead": instruments.lead,
        "transitions": transitions,
    }
    return players[name](n_frames, sample_rate, rng)


def _ending(sample_rate: int) -> Array:
    """Return the gain of the song's last frames: half a cosine down to digital silence."""
    remaining_s = np.arange(round((_FADE_S + _SILENCE_S) * sample_rate) - 1, -1, -1) / sample_rate
    fading_s = np.clip(remaining_s - _SILENCE_S, 0.0, _FADE_S)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * fading_s / _FADE_S))


def _write(path: Path, audio: NDArray[np.float32], sample_rate: int) -> None:
    """Write under a temporary name, then rename, so that no half-written file is ever found."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        soundfile.write(temporary, audio.T, sample_rate, format="WAV", subtype="PCM_24")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
