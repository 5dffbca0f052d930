"""Fine-tuning on sound: clips are damaged, mixed by the torch console, and compared with what they were.

The network hears its song's features, damaged by the same plan as the clip; its settings render the clip, and the
multi-resolution STFT distance from the undamaged clip behind the style's tone offset, at equal loudness, is what it
learns from beside the loss on features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from mixing.audio.features import SongFeatures
from mixing.console.spec import BUS
from mixing.console.torch_console import SettingsBatch, render_batch
from mixing.console.torch_console.cells import decibels, k_energies, loudness_lufs
from mixing.console.torch_console.grid import Grid
from mixing.mixers.cnn import CnnMixer
from mixing.training.audio_bench import with_offset
from mixing.training.corpus import CorpusSong
from mixing.training.damage import draw_damage
from mixing.training.damage_audio import damage_audio
from mixing.training.degrade import apply_damage
from mixing.training.effects import physical
from mixing.training.fit import ExtraLoss
from mixing.training.spectral_distance import mr_stft_loss
from mixing.training.styles import Style, offset_db

# One rate a batch; most music has this one.
RATE = 44_100
CLIP_S = 4.0
MAX_SONGS = 160
BATCH_CLIPS, BATCH_CROPS = 4, 2


@dataclass(frozen=True)
class Clips:
    """Songs that can be heard in part.

    Attributes:
        audio: int16 (songs, 2, frames) at RATE, from the middle of each.
        log_mel, stats: features of the whole songs, as in TrainingData.
    """

    audio: NDArray[np.int16]
    log_mel: torch.Tensor
    stats: torch.Tensor


def load_clips(songs: Sequence[tuple[CorpusSong, SongFeatures]], root: Path) -> Clips | None:
    """Clips of songs with the right rate, evenly chosen; None where there are none.

    Args:
        root: what the songs' paths are relative to.
    """
    fitting = [pair for pair in songs if pair[0].sample_rate == RATE]
    if not fitting:
        return None
    rows = np.unique(np.linspace(0, len(fitting) - 1, min(len(fitting), MAX_SONGS)).astype(int))
    chosen = [fitting[row] for row in rows]
    return Clips(
        np.stack([_clip(root / song.path) for song, _ in chosen]),
        torch.from_numpy(np.stack([features.stems[0].log_mel for _, features in chosen])),
        torch.from_numpy(np.stack([features.stems[0].stats for _, features in chosen])),
    )


def sound_loss(clips: Clips, style: Style) -> ExtraLoss:
    """The loss of a batch of clips drawn by the generator, for `fit`."""
    offset = offset_db(style)

    def loss(mixer: CnnMixer, generator: torch.Generator) -> torch.Tensor:
        rows = torch.randint(len(clips.stats), (BATCH_CLIPS,), generator=generator)
        crops = torch.rand((BATCH_CLIPS, clips.log_mel.shape[1]), generator=generator).argsort(1)[:, :BATCH_CROPS]
        damage = draw_damage(BATCH_CLIPS, generator)
        heard = apply_damage(clips.log_mel[rows[:, None], crops].float(), clips.stats[rows], damage)
        originals = [clips.audio[row].astype(np.float32) / 32_768.0 for row in rows.tolist()]
        damaged = np.stack([damage_audio(clip, RATE, damage, i) for i, clip in enumerate(originals)])
        wanted = np.stack([with_offset(clip, RATE, offset) for clip in originals])
        vector = mixer.network(heard.log_mel, heard.stats)
        mixes, grid = mixed(torch.from_numpy(damaged), vector)
        target = torch.from_numpy(wanted)
        gains = decibels(_lufs(target, grid) - _lufs(mixes, grid)).float()
        # About as large as a style's loss on features, so that neither needs a weight.
        return mr_stft_loss(mixes * gains[:, None, None], target).mean()

    return loss


def mixed(clips: torch.Tensor, vector: torch.Tensor) -> tuple[torch.Tensor, Grid]:
    """Clips (batch, 2, frames) through the torch console with normalized settings (batch, len(BUS_VECTOR))."""
    values = physical(vector)
    settings = SettingsBatch(None, None, {p.name: values[p.name] for p in BUS}, values["loudness_lufs"])
    rendered = render_batch(clips[:, None], settings, RATE)
    return rendered.delivery.audio, rendered.grid


def _lufs(audio: torch.Tensor, grid: Grid) -> torch.Tensor:
    return loudness_lufs(k_energies(grid.spectrum(audio), grid), grid)[0]


def _clip(path: Path) -> NDArray[np.int16]:
    with soundfile.SoundFile(path) as file:
        n_frames = int(CLIP_S * RATE)
        file.seek(max(0, (file.frames - n_frames) // 2))
        frames = file.read(n_frames, dtype="int16", always_2d=True, fill_value=0)
    return np.ascontiguousarray(np.broadcast_to(frames.T[:2], (2, n_frames)))
