"""Does evolution by votes find what listeners want? A simulation with controls, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

MODELS_DIR = Path(__file__).resolve().parents[3] / "models"
RUNS_DIR = Path("var/evolution")


class Command(BaseCommand):
    help = (
        "Let simulated listeners vote in simulated arenas, with and without breeding, mutation, niches, and with coin "
        "flips for votes. Runs that are finished are kept, so it goes on where it was stopped."
    )
    # Nothing of the site is touched: no database, no pages.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--plan", nargs="+", default=["300:20", "2000:5"], help="votes:seeds, such as 300:20; several may be given"
        )
        parser.add_argument("--arms", nargs="+", help="only these arms; all of them otherwise")
        parser.add_argument("--models", type=Path, default=MODELS_DIR, help="folder of the founders")
        parser.add_argument("--runs", type=Path, default=RUNS_DIR, help="where finished runs are kept")
        parser.add_argument("--workers", type=int, default=2, help="processes")
        parser.add_argument("--chart", type=Path, help="also draw the scores into this SVG file")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        from concurrent.futures import as_completed

        from tqdm import tqdm

        from mixing.processes import worker_processes
        from tournaments.simulation.arms import ARMS, run_arm
        from tournaments.simulation.report import load_runs, run_path, save_run, summarize, to_chart, to_markdown

        arms = options["arms"] or list(ARMS)
        unknown = [arm for arm in arms if arm not in ARMS]
        if unknown:
            raise CommandError(f"There is no arm {unknown[0]!r}. Choose from: {', '.join(ARMS)}.", returncode=2)
        jobs = [
            (arm, seed, n_votes)
            for n_votes, n_seeds in map(_part, options["plan"])
            for seed in range(n_seeds)
            for arm in arms
            if not run_path(options["runs"], arm, n_votes, seed).exists()
        ]
        # The longest first, so that no core waits for one at the end.
        jobs.sort(key=lambda job: (-job[2] * (2 if ARMS[job[0]].breeds else 1), job[1]))
        with worker_processes(options["workers"]) as pool, tqdm(total=len(jobs), unit="run") as bar:
            futures = [
                pool.submit(run_arm, arm, seed=seed, n_votes=n_votes, models=options["models"])
                for arm, seed, n_votes in jobs
            ]
            for future in as_completed(futures):
                save_run(future.result(), options["runs"])
                bar.update()
        rows = summarize(load_runs(options["runs"]))
        if options["chart"] is not None and rows:
            options["chart"].write_text(to_chart(rows), encoding="utf-8")
        self.stdout.write(to_markdown(rows))


def _part(text: str) -> tuple[int, int]:
    votes, _, seeds = text.partition(":")
    if not (votes.isdigit() and seeds.isdigit() and int(votes) > 0 and int(seeds) > 0):
        raise CommandError(f"{text!r} is no plan. Write votes:seeds, such as 300:20.", returncode=2)
    return int(votes), int(seeds)
