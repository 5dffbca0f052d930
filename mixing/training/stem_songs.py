"""Songs in stems as training and MixBench see them: measurements at the author's balance, thrown out of balance.

Stems of a song add up by their power: gains, filters and dropped stems then change a mix without any audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import SIDE_BANDS, STAT, THIRD_OCTAVES_HZ, SongFeatures
from mixing.audio.roles import ROLES
from mixing.audio.scaling import CLIP, STAT_CENTER, STAT_SCALE
from mixing.mixers.strips import COUNT_SCALE, LEVEL_CENTER_LU, LEVEL_SCALE_LU
from mixing.training.damage import Uniform, draw_tone
from mixing.training.degrade import change_stats

MAX_GAIN_DB = 12.0
UNTOUCHED_SHARE, TONE_SHARE, BALANCE_SHARE, MONO_SHARE = 0.1, 0.4, 0.25, 0.15
# Nobody knows what half of the tracks that people upload play.
UNKNOWN_ROLE_SHARE = 0.2
MAX_SIDE_LOSS_DB = 12.0
_LOUDNESS, _BALANCE, _MONO = STAT["loudness_lufs"], STAT["balance_db"], STAT["is_mono"]
_OTHER = ROLES.index("other")


@dataclass(frozen=True)
class StemSong:
    """A song at its author's balance.

    Attributes:
        stats: of the stems, (stems, N_STATS).
        roles: numbers in ROLES, (stems,).
        genre: slug; work: source work.
    """

    stats: NDArray[np.float32]
    roles: NDArray[np.int64]
    genre: str = ""
    work: str = ""

    @classmethod
    def of(cls, features: SongFeatures, genre: str, work: str) -> StemSong:
        """From a measured song; its roles are those on it."""
        roles = np.array([ROLES.index(role) for role in features.roles])
        return cls(np.stack([stem.stats for stem in features.stems]), roles, genre, work)


@dataclass(frozen=True)
class Unbalanced:
    """A batch of songs out of balance, all of n stems.

    Attributes:
        inputs: what a strip network sees, (songs, n, N_INPUTS).
        stats: measurements of the stems as they are now, (songs, n, N_STATS).
        clean: as their author left them, the same.
        gain_lu: how much louder each is now than its author had it, (songs, n).
        levels_lu: against the sum as it is now, (songs, n). roles: numbers, (songs, n).
    """

    inputs: torch.Tensor
    stats: torch.Tensor
    clean: torch.Tensor
    gain_lu: torch.Tensor
    levels_lu: torch.Tensor
    roles: torch.Tensor


def choose_stems(song: StemSong, n: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """n stems of a song at random, (n, N_STATS), and roles, (n,); where it has fewer, some come twice, 3 dB softer."""
    order = torch.randperm(len(song.stats), generator=generator)
    chosen = order.repeat(-(-n // len(order)))[:n]
    stats = torch.from_numpy(song.stats)[chosen].clone()
    counts = torch.bincount(chosen, minlength=len(song.stats))[chosen]
    stats[:, _LOUDNESS] -= 10.0 * torch.log10(counts.float())
    return stats, torch.from_numpy(song.roles)[chosen]


def unbalance(
    clean: torch.Tensor,
    roles: torch.Tensor,
    generator: torch.Generator,
    *,
    untouched_share: float = UNTOUCHED_SHARE,
    is_augmented: bool = True,
) -> Unbalanced:
    """Throw songs out of balance at random: levels by up to 12 dB, tone, sides; some are left as they were.

    Args:
        clean: (songs, n, N_STATS). roles: numbers in ROLES, (songs, n).
        is_augmented: also make some stems mono and forget some roles, which are no faults to be mended.
    """
    n_songs, n = clean.shape[:2]

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(n_songs * n, generator=generator)

    touched_song = (torch.rand(n_songs, generator=generator) >= untouched_share).float()
    touched = touched_song.repeat_interleave(n)
    flat = clean.flatten(0, 1)
    if is_augmented:
        flat = _some_mono(flat, uniform(0.0, 1.0) < MONO_SHARE)
        forgotten = (uniform(0.0, 1.0) < UNKNOWN_ROLE_SHARE).view(n_songs, n)
        roles = torch.where(forgotten, torch.full_like(roles, _OTHER), roles)
    clean = flat.view(n_songs, n, -1)
    bands = draw_tone(uniform, touched * (uniform(0.0, 1.0) < TONE_SHARE)).curve_db(THIRD_OCTAVES_HZ)
    gain = uniform(-MAX_GAIN_DB, MAX_GAIN_DB) * touched
    nothing = torch.zeros_like(gain)
    stats, _ = change_stats(flat, bands, nothing, nothing + 1.0, gain)
    stats = _one_side_softer(stats, uniform, touched)
    stats = stats.view(n_songs, n, -1)
    levels = stats[..., _LOUDNESS] - _sum_lufs(stats)
    gain_lu = stats[..., _LOUDNESS] - clean[..., _LOUDNESS]
    return Unbalanced(network_inputs(stats, levels, roles), stats, clean, gain_lu, levels, roles)


def network_inputs(stats: torch.Tensor, levels_lu: torch.Tensor, roles: torch.Tensor) -> torch.Tensor:
    """As mixing.mixers.strips.scaled_inputs, for batches: (songs, n, N_STATS), (songs, n), (songs, n) to inputs."""
    measured = ((stats - torch.from_numpy(STAT_CENTER)) / torch.from_numpy(STAT_SCALE)).clamp(-CLIP, CLIP)
    levels = ((levels_lu - LEVEL_CENTER_LU) / LEVEL_SCALE_LU).clamp(-CLIP, CLIP)
    count = torch.full_like(levels, float(np.log2(stats.shape[1])) / COUNT_SCALE)
    names = torch.nn.functional.one_hot(roles, len(ROLES)).to(stats.dtype)
    return torch.cat([measured, levels[..., None], names, count[..., None]], dim=2)


def level_errors_lu(gain_lu: torch.Tensor) -> torch.Tensor:
    """How far stems are from the author's balance, (songs, n), where a common gain does not count.

    Args:
        gain_lu: of each stem against its author's level, (songs, n).
    """
    return gain_lu - gain_lu.median(dim=1, keepdim=True).values


def pack(songs: Sequence[StemSong]) -> dict[str, NDArray[np.generic]]:
    """Songs as arrays for an .npz, half precision."""
    return {
        "stats": np.concatenate([song.stats for song in songs]).astype(np.float16),
        "roles": np.concatenate([song.roles for song in songs]).astype(np.int8),
        "counts": np.array([len(song.stats) for song in songs], dtype=np.int16),
        "genres": np.array([song.genre for song in songs]),
        "works": np.array([song.work for song in songs]),
    }


def unpack(arrays: dict[str, NDArray[np.generic]]) -> list[StemSong]:
    """The reverse of `pack`."""
    counts = arrays["counts"].astype(int)
    starts = np.cumsum(counts) - counts
    parts = zip(starts, counts, arrays["genres"], arrays["works"], strict=True)
    stats, roles = arrays["stats"].astype(np.float32), arrays["roles"].astype(np.int64)
    return [
        StemSong(stats[start : start + n], roles[start : start + n], str(genre), str(work))
        for start, n, genre, work in parts
    ]


def _some_mono(stats: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    new = stats.clone()
    new[chosen, SIDE_BANDS] = -90.0
    new[chosen, _BALANCE] = 0.0
    new[chosen, _MONO] = 1.0
    for name, value in (("correlation", 1.0), ("side_mid_db", -60.0), ("side_mid_low_db", -60.0),
                        ("side_mid_mid_db", -60.0), ("side_mid_high_db", -60.0)):  # fmt: skip
        new[chosen, STAT[name]] = value
    return new


def _one_side_softer(stats: torch.Tensor, uniform: Uniform, touched: torch.Tensor) -> torch.Tensor:
    """Stereo stems of which one side has lost up to MAX_SIDE_LOSS_DB."""
    hit = (uniform(0.0, 1.0) < BALANCE_SHARE) & (touched > 0.0) & (stats[:, _MONO] < 0.5)
    loss = uniform(0.0, MAX_SIDE_LOSS_DB) * hit
    is_left = uniform(0.0, 1.0) < 0.5
    balance = stats[:, _BALANCE]
    share = 1.0 / (1.0 + 10.0 ** (torch.where(is_left, -balance, balance) / 10.0))
    new = stats.clone()
    new[:, _LOUDNESS] += 10.0 * torch.log10(1.0 - share + share * 10.0 ** (-loss / 10.0))
    new[:, _BALANCE] = (balance + torch.where(is_left, -loss, loss)).clamp(-30.0, 30.0)
    return new


def _sum_lufs(stats: torch.Tensor) -> torch.Tensor:
    """Loudness of the stems' sum by their power, (songs, 1)."""
    return 10.0 * torch.log10((10.0 ** (stats[..., _LOUDNESS] / 10.0)).sum(dim=1, keepdim=True))
