"""Capabilities: what a mixer has more or less of, measured from its answers on the probe set.

Every capability is a plain number read off what the settings do to songs, expressed in standard deviations of the
founding champions. The probe set and these definitions are frozen together under PROFILE_VERSION: change either and
every profile has to be measured again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import scipy.stats
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
from mixing.training.probe import Interval, bootstrap, repair_distances
from mixing.training.probe import answers as answers_of

PROFILE_VERSION = 2
CAPABILITIES: tuple[str, ...] = ("stability", "dynamics", "modern_sound", "warmth", "precision", "width")

BODY_HZ, AIR_HZ, BASS_HZ, SPARKLE_HZ = (100.0, 400.0), (5000.0, 14_000.0), (40.0, 90.0), (8000.0, 14_000.0)
# One dB of drive adds about as much to the impression of warmth as a quarter dB of body.
DRIVE_WEIGHT = 0.25
# Compression is judged at the level that the loudest passages reach above a song's loudness.
LOUD_DB = 6.0
# Two halves of the probe set must rank mixers at least this much alike.
MIN_RELIABILITY = 0.8
# Below this spread the champions do not differ and a score would be noise.
MIN_SPREAD = 1e-3
# From this score on a capability is a speciality.
SPECIALITY_SCORE = 0.8
# Draws the damage that precision is measured on.
DAMAGE_SEED = 77
REFERENCE_PATH = feature_sets.DATA_DIR / "capabilities.json"


@dataclass(frozen=True)
class Reference:
    """The scale of scores.

    Attributes:
        mean, spread: of each capability over the founding champions; spread is a standard deviation.
        reliability: rank correlation between what two halves of the probe set say of the same mixers.
    """

    mean: dict[str, float]
    spread: dict[str, float]
    reliability: dict[str, float]

    @property
    def shown(self) -> tuple[str, ...]:
        """The capabilities that both halves of the probe set rank alike; nothing is told of the others."""
        return tuple(name for name in CAPABILITIES if self.reliability[name] >= MIN_RELIABILITY)


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


def make_reference(
    champions: Sequence[Mapping[str, NDArray[np.float64]]], others: Sequence[Mapping[str, NDArray[np.float64]]] = ()
) -> Reference:
    """The scale of scores, from the raw capabilities of the champions; reliability is judged on others with them."""
    means = {name: np.array([np.mean(raw[name]) for raw in champions]) for name in CAPABILITIES}
    return Reference(
        mean={name: float(np.mean(values)) for name, values in means.items()},
        spread={name: max(float(np.std(values, ddof=1)), MIN_SPREAD) for name, values in means.items()},
        reliability={name: _split_half([raw[name] for raw in (*champions, *others)]) for name in CAPABILITIES},
    )


def _split_half(values: Sequence[NDArray[np.float64]]) -> float:
    """Spearman's rank correlation between the mixers' means on even and on odd songs; 0 where nothing differs."""
    halves = [[float(np.mean(songs[start::2])) for songs in values] for start in (0, 1)]
    if any(np.ptp(half) < MIN_SPREAD * 1e-3 for half in halves):
        return 0.0
    return float(scipy.stats.spearmanr(*halves).statistic)


def score_intervals(raw: Mapping[str, NDArray[np.float64]], reference: Reference) -> dict[str, Interval]:
    """Standard deviations above (or below) the champions' mean, by capability that is shown.

    Intervals are 95 % bootstrap over songs.
    """

    def interval(name: str) -> Interval:
        songs = (raw[name] - reference.mean[name]) / reference.spread[name]
        return bootstrap(lambda rows: float(songs[rows].mean()), len(songs))

    return {name: interval(name) for name in reference.shown}


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
    content = {"version": PROFILE_VERSION} | asdict(reference)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_reference(path: Path = REFERENCE_PATH) -> Reference:
    """Read the scale. Raises MixerFileError where it is missing, damaged or of another version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        reference = Reference(dict(content["mean"]), dict(content["spread"]), dict(content["reliability"]))
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
    return {name: interval.value for name, interval in measure_profile(mixer).items()}


def measure_profile(mixer: Mixer) -> dict[str, Interval]:
    """The same with intervals over the probe songs."""
    probe = feature_sets.load("probe")
    with one_thread():
        return score_intervals(raw_capabilities(mixer, probe.log_mel, probe.stats), load_reference())


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
