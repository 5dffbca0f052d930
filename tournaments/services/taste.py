"""What the ledger's votes say about styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evolution.models import Mixer
from tournaments.models import LedgerEvent
from tournaments.ratings.elo import score_of

if TYPE_CHECKING:
    from mixing.breeding.taste import Votes

# Tastes change, and a breeding should not take longer for every vote that was ever cast.
N_VOTES = 5000


def votes_on_styles(*, upto: int | None = None) -> Votes:
    """The newest votes of the ledger between mixers whose style is known.

    Args:
        upto: number of the newest event that counts; all of them where it is None.
    """
    # Torch stays out of the web process.
    from mixing.breeding.taste import Comparison, Votes

    rows = Mixer.objects.exclude(style=[]).order_by("pk").values_list("pk", "style", "is_champion")
    mixers = {pk: row for row, (pk, _, _) in enumerate(rows)}
    events = LedgerEvent.objects.filter(kind=LedgerEvent.Kind.VOTE, is_excluded=False).order_by("-number")
    if upto is not None:
        events = events.filter(number__lte=upto)
    found = []
    for payload in events.values_list("payload", flat=True)[:N_VOTES]:
        score = score_of(payload["choice"])
        first, second = mixers.get(payload["first"]), mixers.get(payload["second"])
        if score is not None and first is not None and second is not None:
            found.append(Comparison(first, second, score, payload["genre"]))
    return Votes(
        styles=np.array([style for _, style, _ in rows], np.float32),
        founders=[row for row, (_, _, is_champion) in enumerate(rows) if is_champion] or list(mixers.values()),
        comparisons=found,
    )
