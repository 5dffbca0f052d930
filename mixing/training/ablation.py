"""What mattered in training: the trunk is trained again without one ingredient at a time, and judged by MixBench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mixing.mixers.cnn import CnnMixer
from mixing.training.champions import SEED, TRUNK, TRUNK_LR
from mixing.training.fit import FitPlan, TrainingData, evaluate, fit, style_objective
from mixing.training.mixbench import BenchSet, run_bench
from mixing.training.probe import Interval

STEPS = 1500
WHOLE = "everything"
# By what is left out; excerpts are no matter of the plan, but of the songs.
WITHOUT: dict[str, dict[str, bool | float]] = {
    WHOLE: {},
    "variation of songs": {"is_varied": False},
    "dropout": {"dropout": 0.0},
    "noise on measurements": {"noise_db": 0.0},
    "excerpts": {},
}


@dataclass(frozen=True)
class AblationRow:
    """One trunk. without: the ingredient that was left out. validation: its loss on validation songs at the end.

    Attributes:
        original_db: distance of its mixes of damaged held-out songs from the originals.
        repair: repair ratio.
    """

    without: str
    validation: float
    original_db: Interval
    repair: Interval


def ablate(
    data: TrainingData,
    whole_songs: TrainingData,
    validation: TrainingData,
    bench: BenchSet,
    directory: Path,
    *,
    n_steps: int = STEPS,
    on_step: Callable[[str], object] | None = None,
) -> list[AblationRow]:
    """Train and judge a trunk with everything, and one without each ingredient; a cut run goes on where it stopped.

    Args:
        data: songs and their excerpts. whole_songs: the songs alone.
        on_step: called with what is left out, after every step.
    """
    objective = style_objective(TRUNK, data.reference)
    rows = []
    for without, changes in WITHOUT.items():
        plan = FitPlan(f"ablation-{n_steps}-without-{without.replace(' ', '-')}", n_steps, TRUNK_LR, SEED)
        mixer = fit(
            CnnMixer(seed=SEED),
            whole_songs if without == "excerpts" else data,
            validation,
            objective,
            replace(plan, **changes),  # type: ignore[arg-type]
            directory,
            resume=True,
            on_step=_ticks(on_step, without),
        )
        (found,) = run_bench({TRUNK.slug: (mixer, TRUNK)}, bench, data.reference).results
        loss = evaluate(mixer, validation, objective, seed=1)
        rows.append(AblationRow(without, loss, found.original_db, found.repair))
    return rows


def _ticks(on_step: Callable[[str], object] | None, without: str) -> Callable[[int, float], None] | None:
    if on_step is None:
        return None

    def tick(_step: int, _loss: float) -> None:
        on_step(without)

    return tick


def to_markdown(rows: Sequence[AblationRow]) -> str:
    """The table."""

    def show(interval: Interval) -> str:
        return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"

    lines = ["| without | validation loss | from original dB | repair ratio |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {'nothing' if row.without == WHOLE else row.without} | {row.validation:.3f} | {show(row.original_db)} "
        f"| {show(row.repair)} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"
