"""Prove a breeding from its weights files, in a process of its own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evolution.services.verification import verify_breeding
from mixing.errors import BreedingError


class Command(BaseCommand):
    help = (
        "Load the weights of an offspring and its parents, and check the hash, the realized inheritance of each group, "
        "that it is no copy of a parent or of a living mixer, and that a replay of the record gives the same weights."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, help="number of the breeding, as the admin and run_tournament show it")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = verify_breeding(options["id"])
        for finding in findings:
            mark = self.style.SUCCESS("ok  ") if finding.passed else self.style.ERROR("FAIL")
            self.stdout.write(f"{mark} {finding.name}: {finding.detail}")
        failed = [finding.name for finding in findings if not finding.passed]
        if failed:
            raise BreedingError(
                f"Breeding {options['id']} does not hold up: {', '.join(failed)}. Retire its offspring.",
                code="unproven",
            )
