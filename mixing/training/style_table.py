"""What each mixer's style really is: the same held-out songs, rendered by each and measured again.

Without audio the closed form of mixing.training.effects answers instead: exact for tone and width, an estimate for
the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, STAT, THIRD_OCTAVES_HZ, measure_stats, read_analysis_window
from mixing.console.spec import MAX_LIMITING_DB, MixSettings
from mixing.mixers.base import Mixer
from mixing.training.mixbench import BenchSet
from mixing.training.probe import answers, neutral_answers, outcome
from mixing.training.styles import Style

RENDER_S = 30.0
MAX_RENDERED_SONGS = 16
# The tilt is a straight line through the third octaves in this range.
TILT_HZ = (100.0, 10_000.0)


@dataclass(frozen=True)
class StyleRow:
    """Means over the same songs; `slug` is `untouched` for the songs themselves.

    Attributes:
        tilt_db: slope of the spectrum, dB per octave. lows_db, highs_db: 40 to 120 Hz and 6 to 12 kHz over 0.3 to 3
        kHz.
        requested_lufs, effective_lufs: of the delivery; equal where the peaks allow it.
        limited_share: part of the songs whose loudness was lowered because 6 dB of limiting were used up.
        crest_db: true peak over loudness. width_db: side over mid. drive_db, glue_db: drive and glue reduction as set.
    """

    slug: str
    tilt_db: float
    lows_db: float
    highs_db: float
    requested_lufs: float
    effective_lufs: float
    limited_share: float
    crest_db: float
    range_lu: float
    width_db: float
    drive_db: float
    glue_db: float

    def to_dict(self) -> dict[str, float | str]:
        """A JSON-able form."""
        return asdict(self)


def measure_styles(
    contestants: dict[str, tuple[Mixer, Style]],
    bench: BenchSet,
    paths: Sequence[Path],
    *,
    on_mix: Callable[[], object] | None = None,
) -> list[StyleRow]:
    """Render the middle 30 s of evenly chosen songs by every mixer.

    Args:
        paths: audio of the bench's songs, in its order, at least one.
        on_mix: called after each rendering.
    """
    # Compiles kernels on import, which nothing else in MixBench needs.
    from mixing.console.renderer import render

    chosen = np.unique(np.linspace(0, len(paths) - 1, min(len(paths), MAX_RENDERED_SONGS)).astype(int))
    rows: dict[str, list[list[float]]] = {"untouched": [], **{slug: [] for slug in contestants}}
    vectors = {slug: answers(mixer, bench.log_mel, bench.stats) for slug, (mixer, _) in contestants.items()}
    for i in chosen:
        audio, rate = read_analysis_window(paths[i])
        length = min(audio.shape[1], int(RENDER_S * rate))
        start = (audio.shape[1] - length) // 2
        excerpt = np.ascontiguousarray(audio[:, start : start + length])
        own = measure(excerpt, rate)
        rows["untouched"].append([*own[:3], own[4], own[4], 0.0, own[3], own[5], own[6], 0.0, 0.0])
        for slug, songs in vectors.items():
            settings = MixSettings.from_bus_vector(songs[i])
            mixed, report = render(excerpt, rate, settings, n_threads=1)
            mine = measure(mixed, rate)
            glue_db = float(np.mean(report.gain_reduction)) if report.gain_reduction else 0.0
            rows[slug].append(
                [
                    *mine[:3],
                    report.requested_lufs,
                    report.effective_lufs,
                    float(report.is_limited_by_headroom),
                    mine[3],
                    mine[5],
                    mine[6],
                    settings.bus.drive_db,
                    abs(glue_db),
                ]
            )
            if on_mix is not None:
                on_mix()
    return [
        StyleRow(slug, *(round(float(v), 2) for v in np.mean(values, axis=0)))
        for slug, values in rows.items()
        if values
    ]


def predict_styles(contestants: dict[str, tuple[Mixer, Style]], bench: BenchSet) -> list[StyleRow]:
    """The same table from the closed form, over all songs; effective is requested loudness less limiting over 6 dB."""
    vectors = {slug: answers(mixer, bench.log_mel, bench.stats) for slug, (mixer, _) in contestants.items()}
    rows = []
    for slug, songs in {"untouched": neutral_answers(len(bench.stats)), **vectors}.items():
        out = outcome(songs, bench.stats)
        power = 10.0 ** (out.side_db.numpy() / 10.0), 10.0 ** (out.mid_db.numpy() / 10.0)
        width_db = 10.0 * np.log10(power[0].sum(axis=1) / power[1].sum(axis=1))
        requested = out.loudness_lufs.numpy() if slug in vectors else bench.stats[:, STAT["loudness_lufs"]]
        beyond = np.maximum(out.limiting_db.numpy() - MAX_LIMITING_DB, 0.0) if slug in vectors else np.zeros(len(songs))
        columns = (
            *np.array([tone_of(bands) for bands in out.mid_db.numpy()]).T,
            requested,
            requested - beyond,
            beyond > 0.0,
            out.plr_db.numpy(),
            out.range_lu.numpy(),
            width_db,
            out.drive_db.numpy(),
            out.glue_db.numpy(),
        )
        rows.append(StyleRow(slug, *(round(float(np.mean(column)), 2) for column in columns)))
    return rows


def tone_of(bands: NDArray[np.float32]) -> tuple[float, float, float]:
    """Tilt, lows and highs of third-octave levels, (28,); see StyleRow."""

    def level(low_hz: float, high_hz: float) -> float:
        return float(bands[(low_hz <= THIRD_OCTAVES_HZ) & (high_hz >= THIRD_OCTAVES_HZ)].mean())

    inside = (TILT_HZ[0] * 0.99 <= THIRD_OCTAVES_HZ) & (TILT_HZ[1] * 1.01 >= THIRD_OCTAVES_HZ)
    tilt = float(np.polyfit(np.log2(THIRD_OCTAVES_HZ[inside]), bands[inside], 1)[0])
    middle = level(300.0, 3200.0)
    return tilt, level(38.0, 130.0) - middle, level(6000.0, 13_000.0) - middle


def measure(audio: NDArray[np.float32], rate: int) -> tuple[float, float, float, float, float, float, float]:
    """Tilt, lows, highs, crest, loudness, range and width of audio; see StyleRow."""
    stats = measure_stats(audio, rate)
    return (
        *tone_of(stats[MID_BANDS]),
        float(stats[STAT["plr_db"]]),
        float(stats[STAT["loudness_lufs"]]),
        float(stats[STAT["range_lu"]]),
        float(stats[STAT["side_mid_db"]]),
    )
