"""Leases keep two workers from one row, and give up a row that nobody survives."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from mixarena.jobs import leases
from mixarena.jobs.leases import MAX_ATTEMPTS, Lease, claim, is_free
from tests.factories import make_mix
from tournaments.models import Mix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

QUEUED = Mix.State.QUEUED


@pytest.fixture
def row() -> Mix:
    return make_mix(state=QUEUED)


def taken(row: Mix) -> Lease:
    lease = claim(Mix, row.pk, state=QUEUED)
    assert lease is not None
    return lease


def expire(row: Mix) -> None:
    Mix.objects.filter(pk=row.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def in_threads(n: int, work: Callable[[], Any]) -> list[Any]:
    """Run the same in n threads at once; each closes its connections."""
    barrier = threading.Barrier(n)

    def run() -> Any:
        barrier.wait()
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(n)]]


def test_a_claimed_row_names_its_process_and_counts_the_attempt(row: Mix) -> None:
    taken(row)
    row.refresh_from_db()
    assert row.lease_owner.split(":")[1] == str(os.getpid())
    assert row.attempts == 1
    assert row.lease_expires_at is not None
    assert row.lease_expires_at > timezone.now() + timedelta(seconds=leases.LEASE_S / 2)


def test_a_taken_row_cannot_be_claimed(row: Mix) -> None:
    taken(row)
    assert claim(Mix, row.pk, state=QUEUED) is None
    row.refresh_from_db()
    assert row.attempts == 1


def test_a_row_in_another_state_cannot_be_claimed(row: Mix) -> None:
    assert claim(Mix, row.pk, state=Mix.State.PLANNED) is None
    assert claim(Mix, row.pk + 1, state=QUEUED) is None


def test_of_many_claims_at_once_one_wins(row: Mix) -> None:
    won = [lease for lease in in_threads(8, lambda: claim(Mix, row.pk, state=QUEUED)) if lease is not None]
    assert len(won) == 1
    row.refresh_from_db()
    assert row.lease_owner == won[0].owner
    assert row.attempts == 1


def test_finishing_writes_the_result_and_frees_the_row(row: Mix) -> None:
    lease = taken(row)
    assert lease.finish(state=Mix.State.PLANNED, console_settings={"a": 1})
    row.refresh_from_db()
    assert (row.state, row.console_settings) == (Mix.State.PLANNED, {"a": 1})
    assert (row.lease_owner, row.lease_expires_at, row.attempts) == ("", None, 0)
    assert not lease.finish(state=Mix.State.READY)


def test_a_lease_that_ran_out_is_taken_over_and_its_first_holder_writes_nothing(row: Mix) -> None:
    first = taken(row)
    expire(row)
    second = taken(row)
    assert not first.finish(state=Mix.State.FAILED)
    assert not first.give_back()
    row.refresh_from_db()
    assert (row.state, row.lease_owner, row.attempts) == (QUEUED, second.owner, 2)
    assert second.finish(state=Mix.State.PLANNED)


def test_a_row_that_was_tried_too_often_is_not_claimed_again(row: Mix) -> None:
    for _ in range(MAX_ATTEMPTS):
        taken(row)
        expire(row)
    assert claim(Mix, row.pk, state=QUEUED) is None


def test_giving_back_frees_the_row_and_keeps_the_count(row: Mix) -> None:
    assert taken(row).give_back()
    row.refresh_from_db()
    assert (row.state, row.lease_owner, row.lease_expires_at, row.attempts) == (QUEUED, "", None, 1)
    taken(row)


def test_the_next_step_of_a_row_has_attempts_of_its_own(row: Mix) -> None:
    taken(row).give_back()
    taken(row).finish(state=Mix.State.PLANNED)
    assert claim(Mix, row.pk, state=Mix.State.PLANNED) is not None
    row.refresh_from_db()
    assert row.attempts == 1


def test_a_lease_is_renewed_while_the_work_goes_on(row: Mix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 1.0)
    monkeypatch.setattr(leases, "RENEW_S", 0.1)
    with taken(row):
        time.sleep(1.6)
        assert claim(Mix, row.pk, state=QUEUED) is None
    time.sleep(1.2)
    assert Mix.objects.filter(is_free(), pk=row.pk).exists(), "nobody renews after the block"


def test_renewing_never_takes_a_row_from_a_new_holder(row: Mix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 0.05)
    with taken(row) as first:
        expire(row)
        second = taken(row)
        Mix.objects.filter(pk=row.pk).update(lease_expires_at=Now() + timedelta(seconds=100))
        before = Mix.objects.get(pk=row.pk).lease_expires_at
        first._thread.join(2.0)
        assert not first._thread.is_alive(), "a holder without a lease stops renewing"
        row.refresh_from_db()
        assert (row.lease_owner, row.lease_expires_at) == (second.owner, before)


def test_a_database_that_is_away_for_a_moment_does_not_end_the_renewing(
    row: Mix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 1.0)
    monkeypatch.setattr(leases, "RENEW_S", 0.1)
    update = QuerySet.update
    failures = iter([True, True])

    def failing_update(self: QuerySet[Any], **fields: Any) -> int:
        if threading.current_thread().name.startswith("lease-") and next(failures, False):
            raise DatabaseError("away")
        return update(self, **fields)

    monkeypatch.setattr(QuerySet, "update", failing_update)
    with taken(row):
        time.sleep(1.5)
        assert claim(Mix, row.pk, state=QUEUED) is None
    assert next(failures, None) is None, "the renewing did meet the failures"


def test_a_result_that_is_rolled_back_leaves_the_lease_in_force(row: Mix) -> None:
    lease = taken(row)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert lease.finish(state=Mix.State.PLANNED)
        raise RuntimeError("the rest of the transaction failed")
    row.refresh_from_db()
    assert (row.state, row.lease_owner) == (QUEUED, lease.owner)
    assert lease.finish(state=Mix.State.PLANNED)


def test_of_many_that_finish_at_once_one_writes(row: Mix) -> None:
    lease = taken(row)
    assert sum(in_threads(8, lambda: lease.finish(state=Mix.State.PLANNED))) == 1
    assert connection.in_atomic_block is False
