"""The gate: what an offspring, or a mixer from outside, must prove before it may enter the arena.

A failed check is a result with a reason, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.roles import ROLES
from mixing.breeding.outputs import rms_distance
from mixing.console.renderer import render
from mixing.console.spec import CEILING_DBTP, MixSettings
from mixing.errors import AudioError
from mixing.mixers.base import Mixer
from mixing.mixers.strips import LEVEL_CENTER_LU, scaled_inputs
from mixing.training import feature_sets
from mixing.training.mixbench import MAX_CLEAN_MOVEMENT_DB, MAX_REPAIR_RATIO, MIN_SPREAD, MIN_SPREAD_PARAMETERS
from mixing.training.probe import answers, clean_movement_db, repair_distances, repair_ratio

# Nearer than this (rms, normalized) to a living mixer on the gate set is a copy of it.
COPY_DISTANCE = 0.01
# How far from the exact output blend it was healed to (rms, normalized) the offspring may end, on songs it never saw.
MAX_OFF_BLEND = 0.04
# Its repair ratio may exceed the ratio-weighted mean of its parents' by this much.
REPAIR_SLACK = 0.02
# Clean songs may be moved this much further than by the parent who moves them more (dB).
MOVEMENT_SLACK_DB = 0.5
# Noise of this size in the log-mel excerpts (bels) may change the answer by at most MAX_JITTER (rms, normalized).
NOISE_BELS, MAX_JITTER = 0.05, 0.01
RENDER_RATE, RENDER_S, N_RENDERS = 44_100, 6.0, 3
LOUDNESS_TOLERANCE_LU = 0.1


@dataclass(frozen=True)
class Check:
    """One check: what was measured, against which limit, and whether that is good enough."""

    name: str
    value: float
    limit: float
    passed: bool
    sentence: str


@dataclass(frozen=True)
class GateReport:
    """All checks in order; later ones are missing where an earlier one made them pointless."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The sentences of the checks that failed."""
        return " ".join(check.sentence for check in self.checks if not check.passed)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


@dataclass(frozen=True)
class Features:
    """Features of many songs: log_mel (songs, crops, 2, mels, frames) and stats (songs, N_STATS)."""

    log_mel: NDArray[np.float32]
    stats: NDArray[np.float32]


@dataclass(frozen=True)
class GateSet:
    """The songs of the gate, and the same songs damaged."""

    clean: Features
    degraded: Features

    def answers(self, mixer: Mixer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A mixer's answers to the clean and to the degraded songs, (songs, settings) each."""
        return (
            answers(mixer, self.clean.log_mel, self.clean.stats),
            answers(mixer, self.degraded.log_mel, self.degraded.stats),
        )

    def repair_ratio(self, on_clean: NDArray[np.float32], on_degraded: NDArray[np.float32]) -> float:
        """How far the mixes of twins lie apart, over how far the twins do: below 1 they are brought together."""
        after, before = repair_distances(on_clean, on_degraded, self.clean.stats, self.degraded.stats)
        return float(after.mean() / before.mean())


def load_gate_set() -> GateSet:
    """The gate set that ships with the project. Raises AudioError where it is missing or has no damaged twins."""
    stored = feature_sets.load("gate")
    if stored.degraded_log_mel is None or stored.degraded_stats is None:
        raise AudioError("The gate set lacks its damaged twins. Restore mixing/data.", code="empty")
    return GateSet(Features(stored.log_mel, stored.stats), Features(stored.degraded_log_mel, stored.degraded_stats))


@dataclass(frozen=True)
class Parents:
    """The parents' answers on the clean and on the degraded songs of the gate set, and their shares.

    Attributes:
        clean, degraded: of loser, winner and perhaps a guest, (songs, settings) each.
        shares: in the child as planned, adding up to 1.
    """

    clean: tuple[NDArray[np.float32], ...]
    degraded: tuple[NDArray[np.float32], ...]
    shares: tuple[float, ...]


def examine(
    child: Mixer,
    parents: Parents,
    target_clean: NDArray[np.float32],
    living_clean: Sequence[NDArray[np.float32]],
    gate_set: GateSet,
) -> GateReport:
    """Examine an offspring.

    Args:
        child: healed.
        parents: their answers on the gate set; their shares weigh their repair ratios.
        target_clean: (songs, settings) what it was healed to, on the clean songs of the gate set: the exact output
            blend, and the mutation.
        living_clean: the answers of every living mixer on the clean songs.
        gate_set: with its degraded twins.
    """
    clean, degraded = gate_set.answers(child)
    finite = bool(np.isfinite(clean).all() and np.isfinite(degraded).all())
    checks = [
        Check("finite", float(finite), 1.0, finite, "Its answers are not all numbers."),
    ]
    if not finite:
        return GateReport(tuple(checks))
    checks += [
        _not_a_copy(clean, living_clean),
        _near_blend(clean, target_clean),
        _stable(child, gate_set, clean),
        _repairs(clean, degraded, parents, gate_set),
        _moves_little(clean, parents, gate_set),
        _renders(clean),
    ]
    return GateReport(tuple(checks))


def examine_stranger(stranger: Mixer, living_clean: Sequence[NDArray[np.float32]], gate_set: GateSet) -> GateReport:
    """Examine a mixer that has no parents here, by what MixBench asks of the champions.

    Args:
        living_clean: the answers of every living mixer on the clean songs.
    """
    clean, degraded = gate_set.answers(stranger)
    again, _ = gate_set.answers(stranger)
    strips = _strips(stranger, gate_set)
    finite = all(bool(np.isfinite(part).all()) for part in (clean, degraded, *strips))
    in_range = finite and all(bool(((part >= 0.0) & (part <= 1.0)).all()) for part in (clean, degraded, *strips))
    same = bool(np.array_equal(clean, again))
    checks = [
        Check("finite", float(finite), 1.0, finite, "Its answers are not all numbers."),
        Check("in_range", float(in_range), 1.0, in_range, "It asks for settings that the console does not have."),
        Check("deterministic", float(same), 1.0, same, "It answers the same song differently the second time."),
    ]
    if not all(check.passed for check in checks):
        return GateReport(tuple(checks))
    repair = repair_ratio(clean, degraded, gate_set.clean.stats, gate_set.degraded.stats)
    movement = float(np.mean(clean_movement_db(clean, gate_set.clean.stats)))
    n_varied = int((clean.std(axis=0) >= MIN_SPREAD).sum())
    checks += [
        _not_a_copy(clean, living_clean),
        _stable(stranger, gate_set, clean),
        Check(
            "mends",
            repair.high,
            MAX_REPAIR_RATIO,
            repair.high < MAX_REPAIR_RATIO,
            "It hardly mends spoiled songs: doing nothing is about as good.",
        ),
        Check(
            "movement_on_clean_db",
            movement,
            MAX_CLEAN_MOVEMENT_DB,
            movement <= MAX_CLEAN_MOVEMENT_DB,
            "It changes songs that need nothing.",
        ),
        Check(
            "listens",
            float(n_varied),
            float(MIN_SPREAD_PARAMETERS),
            n_varied >= MIN_SPREAD_PARAMETERS,
            "It sets nearly the same for every song, which a preset does as well.",
        ),
        _renders(clean),
    ]
    return GateReport(tuple(checks))


def _strips(mixer: Mixer, gate_set: GateSet) -> tuple[NDArray[np.float32], ...]:
    """Strips and reverb for stems that are the gate's songs, one of each role."""
    stats = gate_set.clean.stats[: len(ROLES)]
    stems = scaled_inputs(stats, np.full(len(stats), LEVEL_CENTER_LU), list(range(len(stats))))
    with torch.no_grad():
        strips, reverb = mixer.network.strips(torch.from_numpy(stems)[None])
    return strips.numpy(), reverb.numpy()


def _not_a_copy(clean: NDArray[np.float32], living_clean: Sequence[NDArray[np.float32]]) -> Check:
    nearest = min((rms_distance(clean, other) for other in living_clean), default=1.0)
    return Check(
        "not_a_copy", nearest, COPY_DISTANCE, nearest >= COPY_DISTANCE, "It mixes just as a mixer that already lives."
    )


def _near_blend(clean: NDArray[np.float32], target: NDArray[np.float32]) -> Check:
    distance = rms_distance(clean, target)
    return Check(
        "near_blend", distance, MAX_OFF_BLEND, distance <= MAX_OFF_BLEND, "It strays from the blend of its parents."
    )


def _stable(child: Mixer, gate_set: GateSet, clean: NDArray[np.float32]) -> Check:
    noise = np.random.default_rng(0).standard_normal(gate_set.clean.log_mel.shape, dtype=np.float32) * NOISE_BELS
    jitter = rms_distance(answers(child, gate_set.clean.log_mel + noise, gate_set.clean.stats), clean)
    return Check("stable", jitter, MAX_JITTER, jitter <= MAX_JITTER, "A little noise in a song changes its mind.")


def _repairs(clean: NDArray[np.float32], degraded: NDArray[np.float32], parents: Parents, gate_set: GateSet) -> Check:
    theirs = [gate_set.repair_ratio(*twins) for twins in zip(parents.clean, parents.degraded, strict=True)]
    limit = sum(share * ratio for share, ratio in zip(parents.shares, theirs, strict=True)) + REPAIR_SLACK
    own = gate_set.repair_ratio(clean, degraded)
    return Check("repair_ratio", own, limit, own <= limit, "It mends spoiled songs worse than its parents do.")


def _moves_little(clean: NDArray[np.float32], parents: Parents, gate_set: GateSet) -> Check:
    def movement(on_clean: NDArray[np.float32]) -> float:
        return float(np.mean(clean_movement_db(on_clean, gate_set.clean.stats)))

    own = movement(clean)
    limit = MOVEMENT_SLACK_DB + max(movement(on_clean) for on_clean in parents.clean)
    return Check("movement_on_clean_db", own, limit, own <= limit, "It changes songs that need nothing.")


def _renders(clean: NDArray[np.float32]) -> Check:
    """Render a short signal with the settings for a few songs; the worst loudness error counts."""
    audio = _test_signal()
    worst = 0.0
    for row in clean[:: max(1, len(clean) // N_RENDERS)][:N_RENDERS]:
        _, report = render(audio, RENDER_RATE, MixSettings.from_bus_vector(row), n_threads=1)
        error = 0.0 if report.is_limited_by_headroom else abs(report.effective_lufs - report.requested_lufs)
        if not report.true_peak_dbtp <= CEILING_DBTP:
            error = float("inf")
        worst = max(worst, error)
    return Check(
        "renders",
        worst if np.isfinite(worst) else 1e9,
        LOUDNESS_TOLERANCE_LU,
        worst <= LOUDNESS_TOLERANCE_LU,
        "Its settings miss the loudness target or the ceiling.",
    )


def _test_signal() -> NDArray[np.float32]:
    """A beat over a chord: transients, tone and width in 6 s, (2, frames)."""
    rng = np.random.default_rng(0)
    t = np.arange(int(RENDER_S * RENDER_RATE)) / RENDER_RATE
    chord = sum(np.sin(2 * np.pi * f * t) for f in (110.0, 220.0, 277.2, 329.6)) * 0.05
    beat = np.exp(-12.0 * (t % 0.5)) * rng.standard_normal((2, t.size)) * 0.15
    return (chord + beat).astype(np.float32)
