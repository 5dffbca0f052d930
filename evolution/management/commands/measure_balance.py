"""Measure the tonal balance of every genre from the shipped feature sets."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

MIN_SONGS = 12


class Command(BaseCommand):
    help = "Measure the tonal balance of every genre in the shipped feature sets; run it after building them anew."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        import numpy as np

        from mixing.audio.balance import PATH
        from mixing.audio.features import MID_BANDS
        from mixing.training import feature_sets

        sets = [feature_sets.load(name) for name in ("heal", "gate", "probe")]
        bands = np.concatenate([found.stats[:, MID_BANDS] for found in sets])
        genres = np.array([genre for found in sets for genre in found.genres])
        table = {}
        for genre in ("", *sorted(set(genres))):
            rows = bands if genre == "" else bands[genres == genre]
            if len(rows) < MIN_SONGS:
                continue
            curves = np.quantile(rows, (0.1, 0.5, 0.9), axis=0).round(2)
            names = ("low", "middle", "high")
            table[str(genre)] = {"n_songs": [len(rows)]} | dict(zip(names, curves.tolist(), strict=True))
        PATH.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        self.stdout.write(f"{len(bands)} songs, {len(table) - 1} genres, written to {PATH}")
