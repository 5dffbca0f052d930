"""What the arms of the simulation came to: means over seeds with intervals, and paired differences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixing.training.charts import Bar, interval_chart
from mixing.training.probe import Interval, bootstrap
from tournaments.simulation.arms import ARMS, Run

FULL = "full loop"


@dataclass(frozen=True)
class ArmRow:
    """One arm at one number of votes.

    Attributes:
        score: mean over seeds. lead: of the full loop over this arm, seed by seed.
    """

    arm: str
    n_votes: int
    n_seeds: int
    score: Interval
    lead: Interval
    diversity: Interval
    rejected_share: Interval
    n_births: float


def save_run(run: Run, directory: Path) -> None:
    """Write a run where `load_runs` finds it."""
    directory.mkdir(parents=True, exist_ok=True)
    path = run_path(directory, run.arm, run.n_votes, run.seed)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(run.to_dict()) + "\n")
    partial.replace(path)


def run_path(directory: Path, arm: str, n_votes: int, seed: int) -> Path:
    """The file of one run."""
    return directory / f"{n_votes}-{arm.replace(' ', '-')}-{seed}.json"


def load_runs(directory: Path) -> list[Run]:
    """Every run that was saved, in a fixed order."""
    return [Run(**json.loads(path.read_text())) for path in sorted(directory.glob("*.json"))]


def summarize(runs: Sequence[Run]) -> list[ArmRow]:
    """A row for every arm and number of votes; leads are over the seeds that both arms have."""
    rows = []
    for n_votes in sorted({run.n_votes for run in runs}):
        full = {run.seed: run.score for run in runs if run.n_votes == n_votes and run.arm == FULL}
        for arm in ARMS:
            own = [run for run in runs if run.n_votes == n_votes and run.arm == arm]
            paired = [full[run.seed] - run.score for run in own if run.seed in full]
            if not own or not paired:
                continue
            rows.append(
                ArmRow(
                    arm=arm,
                    n_votes=n_votes,
                    n_seeds=len(own),
                    score=_interval([run.score for run in own]),
                    lead=_interval(paired),
                    diversity=_interval([run.diversity for run in own]),
                    rejected_share=_interval([run.rejected_share for run in own]),
                    n_births=float(np.mean([run.n_births for run in own])),
                )
            )
    return rows


def to_markdown(rows: Sequence[ArmRow]) -> str:
    """The table."""
    lines = [
        "| votes | arm | seeds | score | full loop leads by | diversity | rejected | births |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        lead = "" if row.arm == FULL else _show(row.lead)
        lines.append(
            f"| {row.n_votes} | {row.arm} | {row.n_seeds} | {_show(row.score)} | {lead} | {row.diversity.value:.2f} "
            f"| {100 * row.rejected_share.value:.0f} % | {row.n_births:.0f} |"
        )
    return "\n".join(lines) + "\n"


def to_chart(rows: Sequence[ArmRow]) -> str:
    """Scores with their intervals, as SVG."""
    groups = sorted({row.n_votes for row in rows})

    def bar(row: ArmRow) -> Bar:
        score = row.score
        return Bar(f"{row.arm}, {row.n_votes} votes", groups.index(row.n_votes), score.value, score.low, score.high)

    return interval_chart(
        [bar(row) for row in rows],
        unit="share of the way to mixes that know each genre's taste",
    )


def _interval(values: Sequence[float]) -> Interval:
    array = np.array(values)
    return bootstrap(lambda chosen: float(array[chosen].mean()), len(array))


def _show(interval: Interval) -> str:
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"
