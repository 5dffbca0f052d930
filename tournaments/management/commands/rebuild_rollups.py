"""The numbers of the analytics pages, from the ledger and the rows alone."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from tournaments.services.rollups import differences, rebuild

MAX_SHOWN = 20


class Command(BaseCommand):
    help = "Count every day of the arena anew from the ledger and the rows, in the place of what is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; exit 0 only where everything stored equals what is counted anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            self.stdout.write(f"Counted {rebuild(now=timezone.now())} days.")
            return
        found = differences(now=timezone.now())
        if not found:
            self.stdout.write("Every roll-up equals the ledger and the rows.")
            return
        for line in found[:MAX_SHOWN]:
            self.stderr.write(line)
        if len(found) > MAX_SHOWN:
            self.stderr.write(f"and {len(found) - MAX_SHOWN} more")
        self.stderr.write("Run `manage.py rebuild_rollups` to count them anew.")
        sys.exit(1)
