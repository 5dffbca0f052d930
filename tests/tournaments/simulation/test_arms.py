"""Simulated arenas: repeatable, comparable, and different in what they say they are."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tournaments.simulation.arms import ARMS, Run, run_arm
from tournaments.simulation.report import load_runs, save_run, summarize, to_chart, to_markdown

MODELS = Path(__file__).resolve().parents[3] / "models"


def test_the_same_seed_gives_the_same_run_and_mutation_another() -> None:
    one, again, plain = (
        run_arm(arm, seed=3, n_votes=10, models=MODELS) for arm in ("full loop", "full loop", "without mutation")
    )
    assert one == again
    assert one.n_births > 0
    assert (plain.score, plain.diversity) != (one.score, one.diversity)


def test_arms_without_breeding_keep_the_founders() -> None:
    for arm in ("frozen champions", "founders' average"):
        run = run_arm(arm, seed=3, n_votes=10, models=MODELS)
        assert (run.n_births, run.rejected_share) == (0, 0.0)
        assert run.diversity == pytest.approx(1.0)
        assert -2.0 < run.score < 1.0


def test_the_report_compares_seed_by_seed(tmp_path: Path) -> None:
    for seed, (full, coin) in enumerate(((0.4, 0.1), (0.6, 0.3), (0.2, -0.1))):
        for arm, score in (("full loop", full), ("coin flips", coin)):
            save_run(Run(arm, seed, 300, score, 0.5, 0.25, 200), tmp_path)
    save_run(Run("coin flips", 9, 300, 5.0, 0.5, 0.25, 200), tmp_path)  # has no full loop to compare with
    rows = {row.arm: row for row in summarize(load_runs(tmp_path))}
    assert rows["coin flips"].lead.value == pytest.approx(0.3)
    assert rows["coin flips"].lead.low == pytest.approx(0.3)
    assert rows["coin flips"].n_seeds == 4
    assert "| 300 | full loop | 3 | +0.400" in to_markdown(list(rows.values()))
    assert to_chart(list(rows.values())).startswith("<svg")


def test_the_command_keeps_finished_runs_and_refuses_nonsense(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    options = {"plan": ["5:1"], "arms": ["full loop", "frozen champions"], "runs": runs, "workers": 1}
    call_command("bench_evolution", **options, stdout=StringIO())
    stamps = {path.name: path.stat().st_mtime_ns for path in runs.iterdir()}
    assert len(stamps) == 2
    printed = StringIO()
    call_command("bench_evolution", **options, chart=tmp_path / "scores.svg", stdout=printed)
    assert {path.name: path.stat().st_mtime_ns for path in runs.iterdir()} == stamps
    assert "frozen champions" in printed.getvalue()
    assert (tmp_path / "scores.svg").read_text().startswith("<svg")
    for wrong in ({"plan": ["many"]}, {"plan": ["0:3"]}, {"arms": ["no such arm"]}):
        with pytest.raises(CommandError):
            call_command("bench_evolution", **(options | wrong))


def test_every_arm_differs_from_the_full_loop_in_what_it_is_called_for() -> None:
    full = ARMS["full loop"]
    assert full.breeds and full.mutates and full.has_niches and not full.is_coin
    assert ARMS["coin flips"].is_coin
    assert not ARMS["without mutation"].mutates
    assert not ARMS["without niches"].has_niches
