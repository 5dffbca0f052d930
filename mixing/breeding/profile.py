"""Capabilities: what a mixer has more or less of, measured from its answers on the probe set.

Every capability is a plain number read off what the settings do to songs, expressed in standard deviations of the
founding champions. The probe set and these definitions are frozen together under PROFILE_VERSION: change either and
every profile has to be measured again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import THIRD_OCTAVES_HZ
from mixing.breeding.outputs import one_thread
from mixing.console.spec import MixSettings
from mixing.errors import MixerFileError
from mixing.mixers.base import Mixer
from mixing.training import feature_sets
from mixing.training.degrade import degrade
from mixing.training.effects import bus_eq_db, physical
from mixing.training.probe import answers as answers_of
from mixing.training.probe import repair_distances

PROFILE_VERSION = 1
CAPABILITIES: tuple[str, ...] = ("stability", "dynamics", "modern_sound", "warmth", "precision", "width")

BODY_HZ, AIR_HZ, BASS_HZ, SPARKLE_HZ = (100.0, 400.0), (5000.0, 14_000.0), (40.0, 90.0), (8000.0, 14_000.0)
# One dB of drive adds about as much to the impression of warmth as a quarter dB of body.
DRIVE_WEIGHT = 0.25
# Compression is judged at the level that the loudest passages reach above a song's loudness.
LOUD_DB = 6.0
# Below this spread the champions do not differ and a score would be noise.
MIN_SPREAD = 1e-3
# From this score on a capability is a speciality.
SPECIALITY_SCORE = 0.8
# Draws the damage that precision is measured on.
DAMAGE_SEED = 77
REFERENCE_PATH = feature_sets.DATA_DIR / "capabilities.json"


@dataclass(frozen=True)
class Reference:
    """Mean and standard deviation of each capability over the founding champions."""

    mean: dict[str, float]
    spread: dict[str, float]


def raw_capabilities(
    mixer: Mixer, log_mel: NDArray[np.float32], stats: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """Each capability of a mixer, one value a song.

    Returns: by name: `stability` minus the change of answer when it hears half of the excerpts (normalized); `dynamics`
        the compressor's gain reduction on loud passages (dB); `modern_sound` requested loudness plus lift of bass and
        sparkle (LUFS); `warmth` body over air plus drive (dB); `precision` the share of damage that it takes away;
        `width` side gain (dB).
    """
    answers = answers_of(mixer, log_mel, stats)
    curves = bus_eq_db(physical(torch.from_numpy(answers))).numpy().astype(np.float64)
    settings = [MixSettings.from_bus_vector(row) for row in answers]
    drive = np.array([s.bus.drive_db for s in settings])
    reduction = np.array(
        [max(LOUD_DB - s.bus.glue_threshold_db, 0.0) * (1.0 - 1.0 / s.bus.glue_ratio) for s in settings]
    )
    damaged_mel, damaged_stats = _damaged(log_mel, stats)
    after, before = repair_distances(answers, answers_of(mixer, damaged_mel, damaged_stats), stats, damaged_stats)
    return {
        "stability": -_jitter(mixer, log_mel, stats, answers),
        "dynamics": reduction,
        "modern_sound": np.array([s.delivery.loudness_lufs for s in settings])
        + 0.5 * (_band(curves, BASS_HZ) + _band(curves, SPARKLE_HZ)),
        "warmth": _band(curves, BODY_HZ) - _band(curves, AIR_HZ) + DRIVE_WEIGHT * drive,
        "precision": 1.0 - (after / before.mean()).astype(np.float64),
        "width": np.array([s.bus.width_db for s in settings]),
    }


def make_reference(champions: Sequence[Mapping[str, NDArray[np.float64]]]) -> Reference:
    """The scale of scores, from the raw capabilities of the champions."""
    means = {name: np.array([np.mean(raw[name]) for raw in champions]) for name in CAPABILITIES}
    return Reference(
        mean={name: float(np.mean(values)) for name, values in means.items()},
        spread={name: max(float(np.std(values, ddof=1)), MIN_SPREAD) for name, values in means.items()},
    )


def scores(raw: Mapping[str, NDArray[np.float64]], reference: Reference) -> dict[str, float]:
    """Standard deviations above (or below) the champions' mean, by capability."""
    return {name: float((np.mean(raw[name]) - reference.mean[name]) / reference.spread[name]) for name in CAPABILITIES}


def _band(curves: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.float64]:
    return np.asarray(curves[:, (limits[0] <= THIRD_OCTAVES_HZ) & (limits[1] >= THIRD_OCTAVES_HZ)].mean(axis=1))


def _jitter(
    mixer: Mixer, log_mel: NDArray[np.float32], stats: NDArray[np.float32], answers: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How much the answer changes when the mixer hears only every other excerpt; rms, normalized, (songs,)."""
    halves = [answers_of(mixer, log_mel[:, start::2], stats) for start in (0, 1)]
    return np.sqrt(np.mean([np.mean((half - answers) ** 2.0, axis=1) for half in halves], axis=0)).astype(np.float64)


def save_reference(reference: Reference, path: Path) -> None:
    """Write the scale beside the probe set that it was measured on."""
    content = {"version": PROFILE_VERSION, "mean": reference.mean, "spread": reference.spread}
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_reference(path: Path = REFERENCE_PATH) -> Reference:
    """Read the scale. Raises MixerFileError where it is missing, damaged or of another version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        reference = Reference(mean=dict(content["mean"]), spread=dict(content["spread"]))
        version = content["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MixerFileError(
            f"The scale of the capabilities, {path.name}, cannot be read. Restore the file.", code="damaged"
        ) from error
    if version != PROFILE_VERSION or set(reference.mean) != set(CAPABILITIES):
        raise MixerFileError(
            f"The scale of the capabilities, {path.name}, is of another version. Measure the champions again.",
            code="version",
        )
    return reference


def measure_capabilities(mixer: Mixer) -> dict[str, float]:
    """A mixer's scores by capability, on the shipped probe set and scale."""
    probe = feature_sets.load("probe")
    with one_thread():
        return scores(raw_capabilities(mixer, probe.log_mel, probe.stats), load_reference())


def specialities_of(capabilities: Mapping[str, float]) -> list[str]:
    """The capabilities that a mixer has clearly more of than the champions have on average, strongest first."""
    strong = [name for name, score in capabilities.items() if score >= SPECIALITY_SCORE]
    return sorted(strong, key=lambda name: -capabilities[name])


def _damaged(
    log_mel: NDArray[np.float32], stats: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same songs, each damaged in its own, always the same way."""
    generator = torch.Generator().manual_seed(DAMAGE_SEED)
    twins = degrade(torch.from_numpy(log_mel), torch.from_numpy(stats), generator, untouched_share=0.0)
    return twins.log_mel.numpy(), twins.stats.numpy()
