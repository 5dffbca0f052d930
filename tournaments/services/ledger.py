"""The ledger: appending events, and keeping the ratings that are a function of them.

Numbers are given out under a lock on one row, in the transaction that appends the event. Whoever holds the lock sees
every earlier event, so the rating that is written live is the one that a replay in the order of the numbers gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import F, Q

from tournaments.models import (
    Ballot,
    LedgerCounter,
    LedgerEvent,
    ListenerVerdict,
    Rating,
    RatingChange,
    Vote,
)
from tournaments.ratings.confidence import N_REMEMBERED
from tournaments.ratings.elo import START_VARIANCE, Standing, score_of
from tournaments.ratings.reliability import Value
from tournaments.ratings.replay import OVERALL, Board, Change, Entry, Event, Judgement, Replay, apply

if TYPE_CHECKING:
    from evolution.models import Mixer

COUNTER_PK = 1
# The reason of verdicts on votes that follow from one on their listener.
BY_LISTENER = "the verdict on the listener"
# Votes that move nothing say nothing of how sure their listener usually is.
_SILENT = [choice for choice in Vote.Choice.values if score_of(choice) is None]
_BATCH = 1000


def append_seed(*, mixer: Mixer) -> bool:
    """Enter a shipped mixer with the rating of its card, which is a prior. False if it has entered already."""
    with transaction.atomic():
        _lock()
        if Rating.objects.filter(mixer=mixer, genre=OVERALL).exists():
            return False
        _append(LedgerEvent.Kind.SEED, {"mixer": mixer.pk, "rating": mixer.seed_rating, "variance": START_VARIANCE})
    return True


def append_birth(*, mixer: Mixer, breeding_key: str) -> LedgerEvent:
    """Enter an offspring with the rating that its breeding gave it. Call inside a transaction."""
    return _append(
        LedgerEvent.Kind.BIRTH,
        {"mixer": mixer.pk, "rating": mixer.seed_rating, "variance": START_VARIANCE, "breeding": breeding_key},
    )


def append_vote(*, vote: Vote) -> LedgerEvent:
    """Note a vote and move the ratings that it moves. Call inside the transaction that makes the vote.

    A vote of a listener who is left out moves none: its verdict follows it at once, so that nothing is to be rebuilt.
    """
    battle = vote.battle
    payload = {
        "first": battle.first.mixer_id,
        "second": battle.second.mixer_id,
        "choice": vote.choice,
        "confidence": vote.confidence,
        "genre": battle.tournament.genre,
        "voter": vote.voter_id,
        "ballot": vote.ballot.kind,
    }
    _lock()
    if vote.ballot.kind not in Ballot.BY_EAR or not is_left_out(vote.voter_id):
        return _append(LedgerEvent.Kind.VOTE, payload, vote=vote)
    row = LedgerEvent.objects.create(
        number=_next_number(), kind=LedgerEvent.Kind.VOTE, payload=payload, vote=vote, is_excluded=True
    )
    _create_verdict(row.number, is_excluded=True, reason=BY_LISTENER)
    return row


def is_left_out(voter_id: int) -> bool:
    """Whether the newest verdict on a listener leaves the votes out."""
    newest = ListenerVerdict.objects.filter(listener=voter_id).values_list("value", flat=True).first()
    return newest == Value.EXCLUDE


def append_verdicts(*, numbers: Collection[int], is_excluded: bool, reason: str) -> int:
    """Leave votes out of everything, or let them count again; the ratings follow with the next sweep.

    Args:
        numbers: of the votes' events. Those that already stand as they should are passed over.
    Returns: how many verdicts were given.
    """
    with transaction.atomic():
        _lock()
        votes = LedgerEvent.objects.filter(number__in=numbers, kind=LedgerEvent.Kind.VOTE, is_excluded=not is_excluded)
        changed = list(votes.order_by("number").values_list("number", flat=True))
        for number in changed:
            _create_verdict(number, is_excluded=is_excluded, reason=reason)
        LedgerEvent.objects.filter(number__in=changed).update(is_excluded=is_excluded)
        if changed:
            LedgerCounter.objects.filter(pk=COUNTER_PK).update(is_stale=True)
    return len(changed)


def append_listener_verdict(*, verdict: ListenerVerdict) -> int:
    """Save a verdict on a listener, and let the votes by ear follow it; those left out for another reason stay so.

    Returns: how many votes changed.
    """
    is_excluded = verdict.value == Value.EXCLUDE
    with transaction.atomic():
        # First the lock: a vote that is cast meanwhile waits, and is then born under this verdict.
        _lock()
        verdict.save(force_insert=True)
        votes = LedgerEvent.objects.filter(
            vote__voter=verdict.listener_id, vote__ballot__kind__in=Ballot.BY_EAR, is_excluded=not is_excluded
        )
        numbers = set(votes.values_list("number", flat=True))
        if not is_excluded:
            numbers &= _left_out_by_listener(numbers)
        return append_verdicts(numbers=numbers, is_excluded=is_excluded, reason=BY_LISTENER)


def is_rebuild_due() -> bool:
    """Whether verdicts came since the ratings were built."""
    return LedgerCounter.objects.filter(pk=COUNTER_PK, is_stale=True).exists()


def rebuild_if_stale() -> bool:
    """Rebuild the ratings if verdicts came since they were built."""
    if not is_rebuild_due():
        return False
    rebuild_from_ledger()
    return True


def overall_standings(mixer_ids: list[int]) -> dict[int, Standing]:
    """Live overall standings by mixer."""
    return genre_standings(mixer_ids, OVERALL)


def genre_standings(mixer_ids: list[int], genre: str) -> dict[int, Standing]:
    """Live standings in a genre by mixer, of those that have one."""
    rows = Rating.objects.filter(mixer__in=mixer_ids, genre=genre)
    return {row.mixer_id: _standing(row) for row in rows}


def differences_from_replay() -> list[str]:
    """Replay the whole ledger and say what in the database is not exactly equal to it; empty where everything is.

    Votes go on meanwhile: only the events that came during the replay, and the ratings, are compared under the lock.
    """
    replay = Replay()
    found = [f"vote {number}: whether it counts is not what its verdicts say" for number in _wrongly_marked()]
    upto = _newest_number()
    _compare_events(replay, found, after=0, upto=upto)
    with transaction.atomic():
        _lock()
        _compare_events(replay, found, after=upto, upto=_newest_number())
        stored = {(row.mixer_id, row.genre): _standing(row) for row in Rating.objects.all()}
    for mixer, genre in sorted(stored.keys() | replay.board.keys()):
        old, new = stored.get((mixer, genre)), replay.board.get((mixer, genre))
        if old != new:
            found.append(f"mixer {mixer}, {genre or 'overall'}: stored {old}, replayed {new}")
    return found


def rebuild_from_ledger() -> int:
    """Write all ratings and changes anew from the ledger, while votes wait. Returns the number of events."""
    replay = Replay()
    n_events = 0
    with transaction.atomic():
        _lock()
        LedgerCounter.objects.filter(pk=COUNTER_PK).update(is_stale=False)
        RatingChange.objects.all().delete()
        Rating.objects.all().delete()
        events = _events(after=0, upto=_newest_number())
        while batch := list(islice(events, _BATCH)):
            n_events += len(batch)
            _insert_changes([(number, change) for number, event in batch for change in _step(replay, event)])
        Rating.objects.bulk_create(
            [
                Rating(mixer_id=mixer, genre=genre, rating=s.rating, variance=s.variance, n_votes=s.n_votes)
                for (mixer, genre), s in replay.board.items()
            ],
            batch_size=_BATCH,
        )
    return n_events


def _lock() -> None:
    """Wait until nobody else appends; to the end of the transaction nobody else does."""
    if not LedgerCounter.objects.filter(pk=COUNTER_PK).update(value=F("value")):
        LedgerCounter.objects.get_or_create(pk=COUNTER_PK)
        LedgerCounter.objects.filter(pk=COUNTER_PK).update(value=F("value"))


def _next_number() -> int:
    """A number for the next event; whoever calls holds the lock."""
    LedgerCounter.objects.filter(pk=COUNTER_PK).update(value=F("value") + 1)
    return _newest_number()


def _create_verdict(number: int, *, is_excluded: bool, reason: str) -> None:
    payload = {"event": number, "is_excluded": is_excluded, "reason": reason}
    LedgerEvent.objects.create(number=_next_number(), kind=LedgerEvent.Kind.VERDICT, payload=payload)


def _left_out_by_listener(numbers: Collection[int]) -> set[int]:
    """Of these votes, the ones whose newest verdict was on their listener as a whole."""
    verdicts = LedgerEvent.objects.filter(kind=LedgerEvent.Kind.VERDICT, number__gt=min(numbers, default=0))
    rows = verdicts.order_by("number").values_list("payload", flat=True)
    reasons = {payload["event"]: payload["reason"] for payload in rows.iterator(_BATCH) if payload["event"] in numbers}
    return {number for number, reason in reasons.items() if reason == BY_LISTENER}


def _newest_number() -> int:
    return LedgerCounter.objects.filter(pk=COUNTER_PK).values_list("value", flat=True).first() or 0


def _append(kind: LedgerEvent.Kind, payload: dict[str, Any], *, vote: Vote | None = None) -> LedgerEvent:
    _lock()
    event = _event(kind, payload)
    changes = apply(_board(event), event, earlier=_habit(vote) if vote else ())
    row = LedgerEvent.objects.create(number=_next_number(), kind=kind, payload=payload, vote=vote)
    for change in changes:
        after = change.after
        Rating.objects.update_or_create(
            mixer_id=change.mixer,
            genre=change.genre,
            defaults={"rating": after.rating, "variance": after.variance, "n_votes": after.n_votes},
        )
    RatingChange.objects.bulk_create([_change_row(row.number, change) for change in changes])
    return row


def _event(kind: str, payload: dict[str, Any]) -> Event:
    """What a row of the ledger says. Raises ValueError for a kind that there is not."""
    if kind in (LedgerEvent.Kind.SEED, LedgerEvent.Kind.BIRTH):
        return Entry(payload["mixer"], payload["rating"], payload["variance"])
    if kind == LedgerEvent.Kind.VOTE:
        return Judgement(
            first=payload["first"],
            second=payload["second"],
            choice=payload["choice"],
            confidence=payload["confidence"],
            genre=payload["genre"],
            # Votes by a rule say nothing of how sure the same user is when listening.
            voter=(payload["voter"], payload["ballot"] in Ballot.BY_EAR),
        )
    raise ValueError(f"{kind!r} is no kind of event")


def _board(event: Event) -> Board:
    """As much of the board as the event concerns."""
    mixers = [event.mixer] if isinstance(event, Entry) else [event.first, event.second]
    return {(row.mixer_id, row.genre): _standing(row) for row in Rating.objects.filter(mixer__in=mixers)}


def _habit(vote: Vote) -> list[int]:
    """How sure the voter was in the votes before this one that moved ratings, newest last."""
    is_by_ear = Q(vote__ballot__kind__in=Ballot.BY_EAR)
    newest_first = (
        LedgerEvent.objects.filter(
            is_by_ear if vote.ballot.kind in Ballot.BY_EAR else ~is_by_ear, vote__voter=vote.voter_id, is_excluded=False
        )
        .exclude(vote__choice__in=_SILENT)
        .order_by("-number")
        .values_list("vote__confidence", flat=True)[:N_REMEMBERED]
    )
    return [confidence for confidence in reversed(newest_first) if confidence is not None]


def _events(*, after: int, upto: int) -> Iterator[tuple[int, Event | None]]:
    """The events in order; None for those that move nothing: verdicts, and the votes that they leave out."""
    rows = LedgerEvent.objects.filter(number__gt=after, number__lte=upto).order_by("number")
    for number, kind, payload, is_excluded in rows.values_list("number", "kind", "payload", "is_excluded").iterator(
        _BATCH
    ):
        moves_nothing = is_excluded or kind == LedgerEvent.Kind.VERDICT
        yield number, None if moves_nothing else _event(kind, payload)


def _step(replay: Replay, event: Event | None) -> list[Change]:
    return [] if event is None else replay.step(event)


def _wrongly_marked() -> list[int]:
    """Votes whose mark differs from the newest verdict on them."""
    verdicts = LedgerEvent.objects.filter(kind=LedgerEvent.Kind.VERDICT).order_by("number")
    said = {payload["event"]: payload["is_excluded"] for payload in verdicts.values_list("payload", flat=True)}
    excluded = {number for number, is_excluded in said.items() if is_excluded}
    marked = set(LedgerEvent.objects.filter(is_excluded=True).values_list("number", flat=True))
    return sorted(excluded ^ marked)


def _compare_events(replay: Replay, found: list[str], *, after: int, upto: int) -> None:
    events = _events(after=after, upto=upto)
    expected_number = after + 1
    while batch := list(islice(events, _BATCH)):
        stored: defaultdict[int, dict[tuple[int, str], tuple[float, float, float]]] = defaultdict(dict)
        rows = RatingChange.objects.filter(event__gte=batch[0][0], event__lte=batch[-1][0])
        for row in rows:
            stored[row.event_id][row.mixer_id, row.genre] = (row.before, row.after, row.variance)
        for number, event in batch:
            if number != expected_number:
                found.append(f"events {expected_number} to {number - 1} are missing")
            expected_number = number + 1
            try:
                changes = _step(replay, event)
            except (KeyError, ValueError) as error:
                found.append(f"event {number} cannot be replayed: {error}")
                continue
            replayed = {(c.mixer, c.genre): (c.before, c.after.rating, c.after.variance) for c in changes}
            if stored[number] != replayed:
                found.append(f"event {number}: stored {stored[number]}, replayed {replayed}")
    if expected_number != upto + 1:
        found.append(f"events {expected_number} to {upto} are missing")


def _standing(row: Rating) -> Standing:
    return Standing(row.rating, row.variance, row.n_votes)


def _insert_changes(changes: Sequence[tuple[int, Change]]) -> None:
    """`bulk_create` for millions of rows, without a model object and a place in a long statement for each.

    Args:
        changes: with the numbers of their events.
    """
    columns = ("event_id", "mixer_id", "genre", "before", "after", "variance")
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {connection.ops.quote_name(RatingChange._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    rows = [(number, c.mixer, c.genre, c.before, c.after.rating, c.after.variance) for number, c in changes]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _change_row(number: int, change: Change) -> RatingChange:
    return RatingChange(
        event_id=number,
        mixer_id=change.mixer,
        genre=change.genre,
        before=change.before,
        after=change.after.rating,
        variance=change.after.variance,
    )
