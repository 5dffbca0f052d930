"""Make an offspring again from its record, in a process of its own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evolution.services.verification import replay_breeding
from mixing.errors import BreedingError


class Command(BaseCommand):
    help = "Make the offspring of a breeding again from its record and its parents' weights, and compare the hashes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, help="number of the breeding, as the admin and run_tournament show it")

    def handle(self, *args: Any, **options: Any) -> None:
        again, on_record = replay_breeding(options["id"])
        self.stdout.write(f"replayed  {again}\non record {on_record}")
        if again != on_record:
            raise BreedingError(
                f"Breeding {options['id']} gives other weights now. Use the machine and PyTorch on its record.",
                code="unproven",
            )
