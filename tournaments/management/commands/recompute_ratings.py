"""Ratings from the ledger alone."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tournaments.services.ledger import differences_from_replay, is_rebuild_due, rebuild_from_ledger

MAX_SHOWN = 20
# Neither right nor wrong: what sysexits.h calls a temporary failure.
WAITS = 75


class Command(BaseCommand):
    help = "Replay the ledger of seeds, births and votes, and write every rating anew. Votes wait meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; exit 0 only where every rating and every change equals the replay exactly, "
            "75 while verdicts wait for the next sweep",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            self.stdout.write(f"Replayed {rebuild_from_ledger()} events.")
            return
        if is_rebuild_due():
            raise CommandError(
                "Verdicts wait for the next sweep, which rebuilds the ratings. Run this again after it.",
                returncode=WAITS,
            )
        differences = differences_from_replay()
        if not differences:
            self.stdout.write("Every rating equals the replay of the ledger.")
            return
        for line in differences[:MAX_SHOWN]:
            self.stderr.write(line)
        if len(differences) > MAX_SHOWN:
            self.stderr.write(f"and {len(differences) - MAX_SHOWN} more")
        self.stderr.write("The ratings differ from the ledger. Run `manage.py recompute_ratings` to write them anew.")
        sys.exit(1)
