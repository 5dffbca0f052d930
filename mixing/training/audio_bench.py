"""MixBench on sound: held-out songs are really damaged, really mixed, and compared with what they were.

A mixer hears a damaged song, as it would hear an upload; its mix of the middle is compared with the original, to which
the style's own tone offset was added, at equal loudness. Beside it stand doing nothing, the simple rule (equalize to
the corpus' mean curve), its own mean settings, random settings, and matchering with another song of the genre as its
reference. Baselines that know no style are given its offset for free.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from mixing.audio.features import (
    MID_BANDS,
    STAT,
    THIRD_OCTAVES_HZ,
    extract_features,
    measure_stats,
    read_analysis_window,
)
from mixing.console.spec import BUS_VECTOR, MixSettings
from mixing.processes import worker_processes
from mixing.training.damage import Damage, draw_damage
from mixing.training.damage_audio import curve_bins_hz, damage_audio, filtered
from mixing.training.effects import audible, tone_difference_db
from mixing.training.probe import Interval, bootstrap
from mixing.training.spectral_distance import mr_stft_distance
from mixing.training.styles import offset_db

SEED = 9_187
EXCERPT_S = 20.0
RULE_MAX_DB = 9.0
# What is compared, and in what unit.
MEASURES: dict[str, str] = {
    "mr_stft": "",
    "tone_db": "dB",
    "range_lu": "LU",
    "crest_db": "dB",
    "width_db": "dB",
}
BASELINES = ("do nothing", "simple rule", "random settings", "matchering")
MEAN_SETTINGS = "mean settings"
MAX_WIDTH_DIFFERENCE_DB = 15.0
Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Contestant:
    """A mixer as the workers need it: its weights file, style slug and mean answer."""

    slug: str
    weights: Path
    offset: tuple[float, ...]
    mean_vector: tuple[float, ...]


@dataclass(frozen=True)
class AudioReport:
    """Distances from the reference on sound.

    Attributes:
        means: {mixer: {row: {measure: Interval}}}, the row "mixer" for its own mixes, else a baseline's name.
        gains: {mixer: {baseline: {measure: Interval}}}: baseline's distance minus the mixer's, song by song; above 0
            the mixer is nearer.
        n_songs: heard.
        left_out: baselines that could not be heard, with the reason.
    """

    means: dict[str, dict[str, dict[str, Interval]]]
    gains: dict[str, dict[str, dict[str, Interval]]]
    n_songs: int
    left_out: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""

        def plain(table: dict[str, dict[str, dict[str, Interval]]]) -> dict[str, Any]:
            return {
                mixer: {row: {name: value.to_dict() for name, value in cells.items()} for row, cells in rows.items()}
                for mixer, rows in table.items()
            }

        return {
            "means": plain(self.means), "gains": plain(self.gains), "n_songs": self.n_songs, "left_out": self.left_out,
        }  # fmt: skip


def run_audio_bench(
    contestants: Sequence[Contestant],
    paths: Sequence[Path],
    genres: Sequence[str],
    works: Sequence[str],
    mean_mid_db: Sequence[float],
    *,
    on_song: Callable[[], object] | None = None,
    n_workers: int = 2,
) -> AudioReport:
    """Judge mixers on the middle of songs.

    Args:
        paths, genres, works: of the songs.
        mean_mid_db: the corpus' mean curve, for the simple rule.
        on_song: called after each song.
    """
    damage = draw_damage(len(paths), torch.Generator().manual_seed(SEED), untouched_share=0.0)
    references = [_reference_for(i, genres, works) for i in range(len(paths))]
    left_out = {} if _has_matchering() else {"matchering": "not installed; it comes with requirements-bench.txt"}
    work = partial(_judge_song, contestants=contestants, paths=paths, mean_mid_db=np.array(mean_mid_db), damage=damage)
    rows: list[dict[str, dict[str, dict[str, float]]]] = []
    with worker_processes(n_workers) as pool:
        for row in pool.map(work, range(len(paths)), references):
            rows.append(row)
            if on_song is not None:
                on_song()
    return _report(contestants, rows, works, left_out)


def compare(
    mix: Audio, reference: Audio, rate: int, *, reference_stats: NDArray[np.float32] | None = None
) -> dict[str, float]:
    """Distances of a mix from its reference, both (2, frames), at equal loudness; by name of MEASURES.

    Args:
        reference_stats: its measurements, where they are known already.
    """
    found = measure_stats(mix, rate)
    wanted = measure_stats(reference, rate) if reference_stats is None else reference_stats
    gain_db = float(wanted[STAT["loudness_lufs"]] - found[STAT["loudness_lufs"]])
    bands = [torch.from_numpy(stats[None, MID_BANDS]) for stats in (found, wanted)]
    weights = torch.maximum(audible(bands[0]), audible(bands[1]))
    tone = tone_difference_db(bands[0], bands[1], weights)

    def off(name: str, limit: float = np.inf) -> float:
        return float(min(abs(found[STAT[name]] - wanted[STAT[name]]), limit))

    return {
        "mr_stft": mr_stft_distance(mix * np.float32(10.0 ** (gain_db / 20.0)), reference),
        "tone_db": float(torch.sqrt((tone.square() * weights).sum() / weights.sum())),
        "range_lu": off("range_lu"),
        "crest_db": off("plr_db"),
        "width_db": off("side_mid_db", MAX_WIDTH_DIFFERENCE_DB),
    }


def with_offset(audio: Audio, rate: int, bands_db: Sequence[float] | NDArray[np.floating[Any]]) -> Audio:
    """Audio behind a third-octave curve, (28,) dB, without phase."""
    if not np.any(bands_db):
        return audio
    hz = curve_bins_hz(audio.shape[1], rate)
    return filtered(audio, np.interp(np.log(hz), np.log(THIRD_OCTAVES_HZ), bands_db))


def contestant(slug: str, weights: Path, style: Any, vectors: NDArray[np.float32]) -> Contestant:
    """A mixer with its style and its answers to damaged songs, (songs, settings)."""
    return Contestant(slug, weights, tuple(map(float, offset_db(style))), tuple(map(float, vectors.mean(axis=0))))


def _judge_song(
    i: int,
    reference: int | None,
    *,
    contestants: Sequence[Contestant],
    paths: Sequence[Path],
    mean_mid_db: NDArray[np.float64],
    damage: Damage,
) -> dict[str, dict[str, dict[str, float]]]:
    """{mixer: {row: {measure: distance}}} of one song."""
    # Compiles kernels on import, which nothing else here needs.
    from mixing.console.renderer import render
    from mixing.mixers.zoo import load_mixer

    torch.set_num_threads(1)
    whole, rate = stereo(paths[i])
    damaged_whole = damage_audio(whole, rate, damage, i)
    features = extract_features([damaged_whole], rate, content_hash="")
    heard = features.stems[0].stats
    original, damaged = middle(whole, rate), middle(damaged_whole, rate)

    def mixed(vector: NDArray[np.floating[Any]]) -> Audio:
        return render(damaged, rate, MixSettings.from_bus_vector(vector), n_threads=1)[0]

    rule_db = np.clip(mean_mid_db - heard[MID_BANDS], -RULE_MAX_DB, RULE_MAX_DB)
    shared: dict[str, Audio] = {
        "do nothing": damaged,
        "simple rule": with_offset(damaged, rate, rule_db),
        "random settings": mixed(np.random.default_rng([SEED, i]).random(len(BUS_VECTOR))),
    }
    if reference is not None:
        shared["matchering"] = _matchered(damaged, rate, paths[reference])
    told: dict[tuple[float, ...], dict[str, dict[str, float]]] = {}
    wanted_stats: dict[tuple[float, ...], NDArray[np.float32]] = {}
    table: dict[str, dict[str, dict[str, float]]] = {}
    for one in contestants:
        wanted = with_offset(original, rate, one.offset)
        if one.offset not in wanted_stats:
            wanted_stats[one.offset] = measure_stats(wanted, rate)
        judge = partial(compare, reference=wanted, rate=rate, reference_stats=wanted_stats[one.offset])
        if one.offset not in told:
            told[one.offset] = {name: judge(with_offset(audio, rate, one.offset)) for name, audio in shared.items()}
        own = load_mixer(one.weights).normalized(features)
        table[one.slug] = {
            "mixer": judge(mixed(own)),
            MEAN_SETTINGS: judge(mixed(np.array(one.mean_vector))),
            **told[one.offset],
        }
    return table


def stereo(path: Path) -> tuple[Audio, int]:
    """The part of a file that is listened to, as two channels, and its rate."""
    audio, rate = read_analysis_window(path)
    return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1]))), rate


def middle(audio: Audio, rate: int) -> Audio:
    """The EXCERPT_S in the middle of it."""
    length = min(audio.shape[1], int(EXCERPT_S * rate))
    start = (audio.shape[1] - length) // 2
    return np.ascontiguousarray(audio[:, start : start + length])


def _matchered(audio: Audio, rate: int, reference: Path) -> Audio:
    """What matchering makes of it, with the middle of another song as its reference."""
    import matchering

    other, other_rate = stereo(reference)
    with tempfile.TemporaryDirectory() as folder:
        target, model, result = (str(Path(folder) / f"{name}.wav") for name in ("target", "reference", "result"))
        soundfile.write(target, audio.T, rate, subtype="FLOAT")
        soundfile.write(model, middle(other, other_rate).T, other_rate, subtype="FLOAT")
        matchering.process(
            target=target,
            reference=model,
            results=[matchering.Result(result, subtype="FLOAT", use_limiter=False, normalize=False)],
            config=matchering.Config(internal_sample_rate=rate),
        )
        found, _ = soundfile.read(result, dtype="float32", always_2d=True)
    return np.ascontiguousarray(found.T[:, : audio.shape[1]])


def _reference_for(i: int, genres: Sequence[str], works: Sequence[str]) -> int | None:
    """Another work of the song's genre, by the seed; of any genre where it has none. None without matchering."""
    if not _has_matchering():
        return None
    others = [k for k in range(len(works)) if works[k] != works[i]]
    alike = [k for k in others if genres[k] == genres[i]] or others
    return int(np.random.default_rng([SEED, 1, i]).choice(alike)) if alike else None


def _has_matchering() -> bool:
    from importlib.util import find_spec

    return find_spec("matchering") is not None


def _report(
    contestants: Sequence[Contestant],
    rows: Sequence[dict[str, dict[str, dict[str, float]]]],
    works: Sequence[str],
    left_out: dict[str, str],
) -> AudioReport:
    means: dict[str, dict[str, dict[str, Interval]]] = {}
    gains: dict[str, dict[str, dict[str, Interval]]] = {}

    def interval(values: NDArray[np.float64]) -> Interval:
        return bootstrap(lambda chosen: float(values[chosen].mean()), len(values), groups=works)

    for one in contestants:
        names = list(rows[0][one.slug])
        values = {name: {m: np.array([row[one.slug][name][m] for row in rows]) for m in MEASURES} for name in names}
        means[one.slug] = {name: {m: interval(v) for m, v in cells.items()} for name, cells in values.items()}
        gains[one.slug] = {
            name: {m: interval(cells[m] - values["mixer"][m]) for m in MEASURES}
            for name, cells in values.items()
            if name != "mixer"
        }
    return AudioReport(means, gains, len(rows), left_out)
