"""The official board: computed from all counting votes of listeners whenever there are new ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime

import numpy as np
from django.db import transaction

from evolution.models import Mixer, Parentage
from mixing.genres import GENRES
from tournaments.models import Ballot, BoardRow, BoardRun, LedgerEvent, Vote

logger = logging.getLogger(__name__)

_BATCH = 5000
# The time of a fit grows with their cube: 60 mixers take 16 s, 120 take 43 s.
MAX_CONTENDERS = 60
_OUTCOMES = {Vote.Choice.SECOND.value: 0, Vote.Choice.FIRST.value: 1, Vote.Choice.TIE.value: 2}
_GENRE_NUMBERS = {genre: number for number, genre in enumerate(GENRES)}


def compute_board(*, now: datetime, n_rounds: int | None = None) -> BoardRun | None:
    """Compute the board anew; None if nothing was voted or judged about votes since it was computed last.

    The bootstrap is seeded with the number of the newest event: the same ledger gives the same board.

    Args:
        n_rounds: of the bootstrap; as many as it has by itself where it is None.
    """
    # Its numerics need scipy, which the web process does without.
    from tournaments.ratings.board import ROUNDS, official_board
    from tournaments.ratings.bradley_terry import Votes

    rounds = ROUNDS if n_rounds is None else n_rounds
    upto = (
        LedgerEvent.objects.filter(kind__in=[LedgerEvent.Kind.VOTE, LedgerEvent.Kind.VERDICT])
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    if upto is None or BoardRun.objects.filter(upto__gte=upto).exists():
        return None
    started = time.monotonic()
    parents = _parents()
    mixers = _contenders(parents)
    rows = {mixer.pk: row for row, mixer in enumerate(mixers)}
    arrays = _votes(rows, upto)
    founders = [row for row, mixer in enumerate(mixers) if mixer.is_champion]
    board = official_board(
        Votes(
            first=arrays[:, 0],
            second=arrays[:, 1],
            outcome=arrays[:, 2].astype(np.int8),
            genre=arrays[:, 3],
            is_first_a=arrays[:, 4].astype(bool),
            battle=arrays[:, 5],
            voter=arrays[:, 6],
        ),
        parents=[_rows_of(parents.get(mixer.pk), rows) for mixer in mixers],
        n_genres=len(GENRES),
        generator=np.random.default_rng(upto),
        anchors=founders,
        # The founders together stand where their priors put them: votes tell differences only.
        anchor_rating=float(np.mean([mixers[row].seed_rating for row in founders])),
        rounds=rounds,
    )
    heard = _heard(arrays)
    with transaction.atomic():
        run, is_new = BoardRun.objects.get_or_create(
            upto=upto,
            defaults={
                "n_votes": len(arrays),
                "n_rounds": rounds,
                "side": list(board.side),
                "tie": list(board.tie),
                "seconds": time.monotonic() - started,
                "made_at": now,
            },
        )
        if not is_new:
            return None
        BoardRow.objects.exclude(run=run).delete()
        BoardRow.objects.bulk_create(
            [
                BoardRow(
                    run=run,
                    mixer=mixers[row.mixer],
                    genre=genre,
                    rating=estimate.value,
                    low=estimate.low,
                    high=estimate.high,
                    n_votes=n_votes,
                    n_battles=n_battles,
                )
                for row in board.rows
                for genre, estimate in [("", row.rating), *zip(GENRES, row.genre_ratings, strict=True)]
                for n_votes, n_battles in [
                    (row.n_votes, row.n_battles) if not genre else heard.get((row.mixer, genre), (0, 0))
                ]
                if not genre or n_votes
            ],
            batch_size=_BATCH,
        )
    logger.info("official board upto=%s votes=%s seconds=%.1f", upto, len(arrays), run.seconds)
    return run


def _votes(rows: Mapping[int, int], upto: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Listeners' counting votes between contenders.

    Returns: (votes, 7): first, second, outcome, genre, whether first was A, battle, voter.
    """
    events = LedgerEvent.objects.filter(
        kind=LedgerEvent.Kind.VOTE, number__lte=upto, is_excluded=False, vote__ballot__kind__in=Ballot.BY_EAR
    ).order_by("number")
    found = [
        (
            rows[payload["first"]],
            rows[payload["second"]],
            _OUTCOMES[payload["choice"]],
            _GENRE_NUMBERS[payload["genre"]],
            not is_swapped,
            battle,
            voter,
        )
        for payload, is_swapped, battle, voter in events.values_list(
            "payload", "vote__ballot__is_swapped", "vote__battle_id", "vote__voter_id"
        ).iterator(_BATCH)
        if payload["choice"] in _OUTCOMES and payload["first"] in rows and payload["second"] in rows
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 7)


def _contenders(parents: Mapping[int, tuple[int, int]]) -> list[Mixer]:
    """The living, and of their ancestors as many as there is room for, nearest first; votes on others are left out."""
    kept = list(
        Mixer.objects.filter(state=Mixer.State.ACTIVE, ratings__genre="")
        .order_by("-is_champion", "-pk")
        .values_list("pk", flat=True)
    )
    generation = kept
    while generation and len(kept) < MAX_CONTENDERS:
        generation = sorted({pk for child in generation for pk in parents.get(child, ())} - set(kept), reverse=True)
        kept += generation
    return list(Mixer.objects.filter(pk__in=kept[:MAX_CONTENDERS]).order_by("pk"))


def _parents() -> dict[int, tuple[int, int]]:
    """The loser and the winner that each mixer was bred from."""
    links: dict[int, list[int]] = {}
    rows = Parentage.objects.exclude(role=Parentage.Role.GUEST).order_by("pk").values_list("child", "parent")
    for child, parent in rows:
        links.setdefault(child, []).append(parent)
    return {child: (pair[0], pair[1]) for child, pair in links.items() if len(pair) == 2}


def _rows_of(pair: tuple[int, int] | None, rows: Mapping[int, int]) -> tuple[int, int] | None:
    """Where both parents take part; whoever has lost one of them is rated like a founder."""
    if pair is None or pair[0] not in rows or pair[1] not in rows:
        return None
    return rows[pair[0]], rows[pair[1]]


def _heard(arrays: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> dict[tuple[int, str], tuple[int, int]]:
    """Votes and battles of each mixer in each genre."""
    genres = list(GENRES)
    votes: dict[tuple[int, str], int] = {}
    battles: dict[tuple[int, str], set[int]] = {}
    for first, second, _, genre, _, battle, _ in arrays.tolist():
        for mixer in (first, second):
            key = (mixer, genres[genre])
            votes[key] = votes.get(key, 0) + 1
            battles.setdefault(key, set()).add(battle)
    return {key: (n, len(battles[key])) for key, n in votes.items()}
