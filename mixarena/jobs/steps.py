"""Steps: what a job may do with a row, how it fails, and how the sweep finds it when it was left behind.

A step takes rows of one model out of one state. Its work runs under a lease. What we refuse on purpose ends the step
with the error's message; anything else is logged and tried again, MAX_ATTEMPTS times in all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from mixarena.jobs.leases import MAX_ATTEMPTS, Lease, Leased, claim, is_free
from mixarena.jobs.queue import enqueue
from mixing.errors import MixArenaError

logger = logging.getLogger(__name__)

GAVE_UP = "This was tried three times and never came to its end. Try again later, or ask a curator to read the log."
# A message that waits longer than this may have been lost.
RESEND_AFTER_S = 15.0
# A bound on what one sweep sends: a long queue must not be doubled every few seconds.
MAX_RESENT = 50


@dataclass(frozen=True)
class Step:
    """One step of background work.

    Attributes:
        task: import path of the Celery task, which is called with the row's primary key.
        model: whose rows it works on.
        state: out of which it takes them.
        failed_state: where a row goes that cannot be worked on.
        reason_field: the text field that then says why; empty where the model has none.
        ready: which rows can be worked on already.
    """

    task: str
    model: type[Leased]
    state: str
    failed_state: str
    reason_field: str = "reason"
    ready: Q = field(default_factory=Q)

    def send(self, pk: int) -> None:
        """Ask a worker to take a row, after the commit."""
        enqueue(self.task, pk)

    def run(self, pk: int, work: Callable[[Any, Lease], None]) -> None:
        """Do the work if the row is free, and see to it that the row is left in an orderly state.

        Args:
            work: gets the row and its lease, does the work, and calls `lease.finish`.
        """
        lease = claim(self.model, pk, state=self.state)
        if lease is None:
            return
        name = self.task.rpartition(".")[2]
        logger.info("start %s=%s", name, pk)
        began = time.monotonic()
        with lease:
            try:
                work(self.model._default_manager.get(pk=pk), lease)
            except MixArenaError as error:
                if error.is_retryable:
                    self._retry(lease)
                else:
                    lease.finish(**self._failure(error.message))
            except Exception:
                logger.exception("broken %s=%s", name, pk)
                self._retry(lease)
            except BaseException:
                lease.give_back()
                raise
        logger.info("end %s=%s seconds=%.2f", name, pk, time.monotonic() - began)

    def resend(self) -> int:
        """Send again the rows that nobody took or whose worker died; returns how many."""
        rows = self.model._default_manager.filter(is_free(), self.ready, Q(state=self.state), attempts__lt=MAX_ATTEMPTS)
        lost = rows.filter(
            Q(lease_expires_at__isnull=False) | Q(queued_at__lt=Now() - timedelta(seconds=RESEND_AFTER_S))
        )
        pks = list(lost.order_by("queued_at").values_list("pk", flat=True)[:MAX_RESENT])
        if pks:
            self.model._default_manager.filter(pk__in=pks).update(queued_at=Now())
        for pk in pks:
            logger.info("resend %s=%s", self.task, pk)
            self.send(pk)
        return len(pks)

    def fail_exhausted(self) -> int:
        """Give up the rows whose last permitted attempt died; returns how many."""
        rows = self.model._default_manager.filter(is_free(), Q(state=self.state), attempts__gte=MAX_ATTEMPTS)
        return rows.update(lease_owner="", lease_expires_at=None, attempts=0, **self._failure(GAVE_UP))

    def _retry(self, lease: Lease) -> None:
        if not lease.give_back():
            return
        row = self.model._default_manager.get(pk=lease.pk)
        if row.attempts < MAX_ATTEMPTS:
            self.send(lease.pk)
        else:
            self.fail_exhausted()

    def _failure(self, reason: str) -> dict[str, str]:
        return {"state": self.failed_state, **({self.reason_field: reason} if self.reason_field else {})}
