"""MixBench in words: Markdown tables, and the metrics on the mixers' cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mixing.mixers.card import read_card, write_card
from mixing.training.audio_bench import MEASURES, AudioReport
from mixing.training.mixbench import BenchReport
from mixing.training.probe import Interval
from mixing.training.stem_bench import StemResult
from mixing.training.style_classifier import StyleRecognition
from mixing.training.style_table import StyleRow

# On cards: what other runs measured.
KEPT = ("capability_intervals", "on_sound", "recognized_share")


@dataclass(frozen=True)
class Findings:
    """Everything that MixBench found; `audio` and `recognition` are None where nothing was listened to."""

    report: BenchReport
    styles: Sequence[StyleRow]
    stems: Sequence[StemResult]
    audio: AudioReport | None
    recognition: StyleRecognition | None

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return self.report.to_dict() | {
            "styles": [row.to_dict() for row in self.styles],
            "stems": [result.to_dict() for result in self.stems],
            "audio": self.audio.to_dict() if self.audio else None,
            "recognition": self.recognition.to_dict() if self.recognition else None,
        }


def to_markdown(found: Findings, *, with_shuffle: bool) -> str:
    """The tables; the shuffle test has its own where it was asked for."""
    report, styles = found.report, found.styles
    lines = [
        f"{report.n_songs} songs ({report.source}); 95 % intervals over source works.",
        "",
        "| mixer | from original dB | tone only dB | from style dB | nothing + offset | rule + offset | mean settings "
        "| repair ratio | moves clean songs dB | fails |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        f"| do nothing | {_show(report.nothing_db)} | {_show(report.nothing_tone_db)} | | | | | 1 | 0 | |",
        f"| simple rule | {_show(report.rule_db)} | {_show(report.rule_tone_db)} | | | | | | | |",
    ]
    lines += [
        f"| {r.slug} | {_show(r.original_db)} | {_show(r.tone_db)} | {_show(r.style_db)} "
        f"| {r.style_nothing_db.value:.2f} | {r.style_rule_db.value:.2f} | {r.style_mean_db.value:.2f} "
        f"| {_show(r.repair)} | {_show(r.clean_movement_db)} "
        f"| {'; '.join(r.failures)} |"
        for r in report.results
    ]
    lines += [
        "",
        "| mixer | between-song variance (ICC) | parameters that spread | beyond 6 dB of limiting | widest spreads |",
        "| --- | --- | --- | --- | --- |",
    ]
    for r in report.results:
        widest = sorted(r.spreads.items(), key=lambda item: -item[1])[:4]
        shown = ", ".join(f"{name} {value:.2f}" for name, value in widest)
        lines.append(
            f"| {r.slug} | {r.icc:.2f} | {r.n_spread_parameters} | {100 * r.headroom_misses:.0f} % | {shown} |"
        )
    if with_shuffle:
        lines += [
            "",
            "| mixer | loss rises when songs are shuffled by | when only excerpts are | when only measurements are |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {r.slug} | {_percent(r.shuffle_rise)} | {_percent(r.excerpts_rise)} | {_percent(r.measurements_rise)} |"
            for r in report.results
        ]
    if styles:
        lines += [
            "",
            "| mix | tilt dB/oct | lows dB | highs dB | asked LUFS | got LUFS | lowered | crest dB | range LU "
            "| side/mid dB | drive dB | glue dB |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {s.slug} | {s.tilt_db:.2f} | {s.lows_db:.1f} | {s.highs_db:.1f} | {s.requested_lufs:.1f} "
            f"| {s.effective_lufs:.1f} | {100 * s.limited_share:.0f} % | {s.crest_db:.1f} | {s.range_lu:.1f} "
            f"| {s.width_db:.1f} | {s.drive_db:.1f} | {s.glue_db:.1f} |"
            for s in styles
        ]
    lines += [
        "",
        "| mixer | ten targets | doing nothing | mean settings | clean song moves dB | damaged song moves dB |",
    ]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {r.slug} | {_fine(r.ten_targets)} | {_fine(r.ten_targets_nothing)} | {_fine(r.ten_targets_mean)} "
        f"| {_show(r.clean_movement_db)} | {_show(r.degraded_movement_db)} |"
        for r in report.results
    ]
    lines += ["", *_stem_lines(found.stems)]
    if found.audio is not None:
        lines += ["", *_audio_lines(found.audio)]
    if found.recognition is not None:
        lines += ["", *_recognition_lines(found.recognition)]
    return "\n".join(lines) + "\n"


def _stem_lines(stems: Sequence[StemResult]) -> list[str]:
    return [
        "| mixer | level balance LU | out of balance | equal-loudness sum | nearer than that by |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {r.slug} | {_show(r.mixer)} | {_show(r.nothing)} | {_show(r.equal)} | {_show(r.gain)} |" for r in stems),
    ]


def _recognition_lines(found: StyleRecognition) -> list[str]:
    return [
        f"Named right by a classifier at equal loudness: {_percent(found.accuracy)}.",
        "",
        f"| mixes of | {' | '.join(f'taken for {slug}' for slug in found.slugs)} |",
        f"| --- |{' --- |' * len(found.slugs)}",
        *(
            f"| {slug} | {' | '.join(f'{100 * share:.0f} %' for share in row)} |"
            for slug, row in zip(found.slugs, found.confusion, strict=True)
        ),
    ]


def _audio_lines(audio: AudioReport) -> list[str]:
    heads = [f"{name.removesuffix('_db').removesuffix('_lu')} {unit}".strip() for name, unit in MEASURES.items()]
    lines = [
        f"{audio.n_songs} songs, damaged and mixed as sound; distances from the original with the style's offset.",
        *(f"Left out: {name}, {why}." for name, why in audio.left_out.items()),
        "",
        f"| mixer | mix | {' | '.join(heads)} |",
        f"| --- | --- |{' --- |' * len(heads)}",
    ]
    for slug, rows in audio.means.items():
        for name, cells in rows.items():
            lines.append(f"| {slug} | {name} | {' | '.join(_show(cells[m]) for m in MEASURES)} |")
    lines += ["", f"| mixer | nearer than | {' | '.join(heads)} |", f"| --- | --- |{' --- |' * len(heads)}"]
    for slug, rows in audio.gains.items():
        for name, cells in rows.items():
            lines.append(f"| {slug} | {name} | {' | '.join(_show(cells[m]) for m in MEASURES)} |")
    return lines


def write_to_cards(models_dir: Path, found: Findings) -> None:
    """Put what was measured on the cards of the mixers in a models folder."""
    by_slug = {row.slug: row for row in found.styles}
    by_stems = {result.slug: result for result in found.stems}
    report = found.report
    for result in report.results:
        path = models_dir / result.slug / "card.toml"
        metrics = {
            "songs": report.n_songs,
            "source": report.source,
            "from_original_db": result.original_db.to_dict(),
            "do_nothing_db": report.nothing_db.to_dict(),
            "simple_rule_db": report.rule_db.to_dict(),
            "from_style_db": result.style_db.to_dict(),
            "do_nothing_from_style_db": result.style_nothing_db.to_dict(),
            "repair_ratio": result.repair.to_dict(),
            "clean_movement_db": result.clean_movement_db.to_dict(),
            "shuffle_rise": result.shuffle_rise.to_dict(),
            "icc": result.icc,
            "spread_parameters": result.n_spread_parameters,
            "ten_targets": result.ten_targets.to_dict(),
        }
        if result.slug in by_stems:
            metrics["stem_level_lu"] = by_stems[result.slug].mixer.to_dict()
            metrics["equal_loudness_level_lu"] = by_stems[result.slug].equal.to_dict()
        if found.audio is not None:
            cells = found.audio.means[result.slug]
            metrics["on_sound"] = {
                row.replace(" ", "_"): {name: cells[row][name].to_dict() for name in ("mr_stft", "tone_db")}
                for row in ("mixer", "do nothing")
            }
        if found.recognition is not None:
            i = found.recognition.slugs.index(result.slug)
            metrics["recognized_share"] = round(found.recognition.confusion[i][i], 3)
        if result.slug in by_slug:
            metrics["style"] = {k: v for k, v in by_slug[result.slug].to_dict().items() if k != "slug"}
        card = read_card(path)
        # What this run did not measure stays; training writes a new card, so it is of these weights.
        kept = {name: value for name, value in card.metrics.items() if name in KEPT}
        write_card(replace(card, metrics=kept | metrics), path)


def _show(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _fine(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _percent(interval: Interval) -> str:
    return f"{100 * interval.value:.0f} % ({100 * interval.low:.0f} to {100 * interval.high:.0f})"
