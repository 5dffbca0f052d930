"""How long all ratings take to be computed again from a ledger of a million votes, in a database of its own.

DESIGN asks for 60 s at most. `N_VOTES=100000 python -m tests.bench.bench_recompute` takes a smaller ledger.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tournaments.models import LedgerEvent

N_VOTES = int(os.environ.get("N_VOTES", "1000000"))
N_MIXERS, N_VOTERS, BATCH = 24, 2000, 5000


def main() -> None:
    """Fill the ledger, rebuild the ratings, and print the times."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "mixarena.settings",
        }
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        _fill()
        from tournaments.services.ledger import rebuild_from_ledger

        began = time.perf_counter()
        n_events = rebuild_from_ledger()
        seconds = time.perf_counter() - began
    print("| ledger | ratings computed again | events a second |")
    print("| --- | --- | --- |")
    print(f"| {n_events:,} events | {seconds:.1f} s | {n_events / seconds:,.0f} |")


def _fill() -> None:
    """Votes of invented listeners on the founders and some others, as payloads alone."""
    from evolution.models import Mixer
    from tournaments.models import LedgerCounter, LedgerEvent
    from tournaments.services.ledger import append_seed

    mixers = [
        Mixer.objects.create(
            slug=f"m{i}", name=f"M{i}", nickname=f"M{i}", architecture="cnn", content_hash=str(i), seed_rating=1300.0
        )
        for i in range(N_MIXERS)
    ]
    for mixer in mixers:
        append_seed(mixer=mixer)
    votes = _votes([mixer.pk for mixer in mixers])
    while rows := list(islice(votes, BATCH)):
        LedgerEvent.objects.bulk_create(rows)
    LedgerCounter.objects.update(value=N_MIXERS + N_VOTES)


def _votes(mixers: list[int]) -> Iterator[LedgerEvent]:
    from mixing.genres import GENRES
    from tournaments.models import LedgerEvent

    rng = np.random.default_rng(0)
    genres, choices = list(GENRES), ("first", "second", "tie")
    for number in range(N_MIXERS + 1, N_MIXERS + 1 + N_VOTES):
        first, second = rng.choice(N_MIXERS, 2, replace=False)
        yield LedgerEvent(
            number=number,
            kind=LedgerEvent.Kind.VOTE,
            payload={
                "first": mixers[first],
                "second": mixers[second],
                "choice": choices[int(rng.choice(3, p=(0.45, 0.45, 0.1)))],
                "confidence": int(rng.integers(101)),
                "genre": genres[int(rng.integers(len(genres)))],
                "voter": int(rng.integers(N_VOTERS)),
                "ballot": "listener",
            },
        )


if __name__ == "__main__":
    main()
