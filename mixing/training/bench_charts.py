"""MixBench in pictures: who is nearer to the original than what, the ten targets, and the balance of stems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mixing.training.audio_bench import MEASURES, AudioReport
from mixing.training.bench_tables import Findings
from mixing.training.charts import Bar, interval_chart
from mixing.training.probe import Interval

# Of those on sound, what a mix is heard by first.
DRAWN = ("tone_db", "mr_stft")


def draw_findings(found: Findings, folder: Path) -> list[Path]:
    """Write each chart as an SVG file into a folder that may not exist yet; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, bars, unit in _charts(found):
        path = folder / f"mixbench-{name}.svg"
        path.write_text(interval_chart(bars, unit=unit), encoding="utf-8")
        paths.append(path)
    return paths


def _charts(found: Findings) -> Iterator[tuple[str, list[Bar], str]]:
    results = found.report.results
    targets = [_bar(f"{r.slug}, mixed", 0, r.ten_targets) for r in results]
    targets += [_bar(f"{r.slug}, doing nothing", 1, r.ten_targets_nothing) for r in results]
    targets += [_bar(f"{r.slug}, mean settings", 2, r.ten_targets_mean) for r in results]
    yield "targets", targets, "mean absolute error of ten targets, 0 to 1"
    if found.stems:
        stems = [_bar(r.slug, 0, r.mixer) for r in found.stems]
        # The same songs for all: one row each is enough for what does not depend on the mixer.
        stems += [
            _bar("equal loudness", 1, found.stems[0].equal),
            _bar("as thrown out of balance", 2, found.stems[0].nothing),
        ]
        yield "stems", stems, "stems off the author's balance, LU"
    if found.audio is not None:
        for measure in DRAWN:
            name, unit = measure.removesuffix("_db").replace("_", "-"), MEASURES[measure]
            yield name, _nearer(found.audio, measure), f"nearer to the original than the baseline, {unit or measure}"


def _nearer(audio: AudioReport, measure: str) -> list[Bar]:
    """By how much each mixer is nearer than each baseline; right of 0 the mixer is."""
    baselines = list(dict.fromkeys(name for rows in audio.gains.values() for name in rows))
    return [
        _bar(f"{slug}, {baseline}", group, rows[baseline][measure])
        for group, baseline in enumerate(baselines)
        for slug, rows in audio.gains.items()
        if baseline in rows
    ]


def _bar(label: str, group: int, found: Interval) -> Bar:
    return Bar(label, group, found.value, found.low, found.high)
