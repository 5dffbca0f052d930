"""The songs of the simulation and the mixers in it, with everything that votes need to know cached once per mixer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS
from mixing.breeding.gate import Features, GateSet, load_gate_set
from mixing.mixers.base import Mixer
from mixing.mixers.zoo import load_mixer
from mixing.training import feature_sets
from mixing.training.degrade import degrade
from mixing.training.losses import band_weights
from mixing.training.probe import answers, neutral_answers, outcome
from tournaments.simulation.listeners import Heard

# One excerpt of each song and a part of the heal set: a birth then takes a fraction of a second.
N_HEAL = 24
TEST_SEED = 4_711
CHAMPIONS_GLOB = "*/weights.safetensors"


@dataclass(frozen=True)
class Songs:
    """Damaged songs as they are uploaded, and what they were.

    Attributes:
        uploaded: features. clean: the undamaged songs as heard. weights: of the third octaves, (songs, 28).
    """

    uploaded: Features
    clean: Heard
    weights: NDArray[np.float64]

    @property
    def n(self) -> int:
        """How many."""
        return len(self.uploaded.stats)


@dataclass(frozen=True)
class World:
    """What every arm of one run shares.

    Attributes:
        gate_set: also the songs that are voted on, clean and damaged.
        voted, tested: the former, and songs that nobody votes on.
        heal: features that offspring are healed on.
        models: the founders' folder.
    """

    models: Path
    gate_set: GateSet
    voted: Songs
    tested: Songs
    heal: Features


@dataclass(eq=False)
class Agent:
    """A mixer of the simulation.

    Attributes:
        key: in the order of births; founders first.
    """

    key: int
    mixer: Mixer
    world: World = field(repr=False)
    is_champion: bool = False

    @cached_property
    def at_gate(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Answers to the clean and to the damaged songs that are voted on."""
        return self.world.gate_set.answers(self.mixer)

    @cached_property
    def at_heal(self) -> NDArray[np.float32]:
        """Answers on the heal set."""
        return answers(self.mixer, self.world.heal.log_mel, self.world.heal.stats)

    @cached_property
    def style(self) -> NDArray[np.float32]:
        """Mean settings on the heal set, as mixing.breeding.taste reads them."""
        return np.asarray(self.at_heal.mean(axis=0), np.float32)

    @cached_property
    def repair(self) -> float:
        """Repair ratio."""
        return self.world.gate_set.repair_ratio(*self.at_gate)

    @cached_property
    def voted(self) -> Heard:
        """Its mixes of the songs that are voted on."""
        return heard(self.at_gate[1], self.world.voted.uploaded.stats)

    @cached_property
    def tested(self) -> Heard:
        """Its mixes of songs that nobody voted on."""
        songs = self.world.tested.uploaded
        return heard(answers(self.mixer, songs.log_mel, songs.stats), songs.stats)


def make_world(models: Path) -> World:
    """The founders' folder and the shipped sets: the gate set is voted on, the probe set tests."""
    whole = load_gate_set()
    gate_set = GateSet(_one_excerpt(whole.clean), _one_excerpt(whole.degraded))
    probe, heal = feature_sets.load("probe"), feature_sets.load("heal")
    clean = _one_excerpt(Features(probe.log_mel, probe.stats))
    twins = degrade(
        torch.from_numpy(clean.log_mel),
        torch.from_numpy(clean.stats),
        torch.Generator().manual_seed(TEST_SEED),
        untouched_share=0.0,
    )
    return World(
        models=models,
        gate_set=gate_set,
        voted=_songs(gate_set.clean, gate_set.degraded),
        tested=_songs(clean, Features(twins.log_mel.numpy(), twins.stats.numpy())),
        heal=_one_excerpt(Features(heal.log_mel[:N_HEAL], heal.stats[:N_HEAL])),
    )


def load_founders(world: World) -> list[Agent]:
    """The champions."""
    paths: Sequence[Path] = sorted(world.models.glob(CHAMPIONS_GLOB))
    return [Agent(i, load_mixer(path), world, is_champion=True) for i, path in enumerate(paths)]


def heard(vectors: NDArray[np.float32], stats: NDArray[np.float32]) -> Heard:
    """What songs sound like with these settings."""
    out = outcome(vectors, stats)
    return Heard(*(part.numpy().astype(np.float64) for part in (out.mid_db, out.width_db, out.spread_db)))


def _songs(clean: Features, uploaded: Features) -> Songs:
    weights = band_weights(torch.from_numpy(clean.stats[:, MID_BANDS]), torch.from_numpy(uploaded.stats))
    return Songs(uploaded, heard(neutral_answers(len(clean.stats)), clean.stats), weights.numpy().astype(np.float64))


def _one_excerpt(features: Features) -> Features:
    return Features(np.ascontiguousarray(features.log_mel[:, 1:2]), features.stats)
