"""Leases: a row says who is working on it, until when, and how often it was tried.

The truth about unfinished work lives in the database, not in the broker. A job claims its row with one conditional
UPDATE, renews the lease while it works, and hands its result over with another conditional UPDATE that only succeeds
while the lease is still its own. A row whose lease ran out may be claimed again; after MAX_ATTEMPTS claims it is given
up.

Leases are dated by the database's clock, so the clocks of several machines need not agree.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, connection, models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

logger = logging.getLogger(__name__)

LEASE_S = 12.0
RENEW_S = 5.0
MAX_ATTEMPTS = 3


class Leased(models.Model):
    """A row that a background job works on. Subclasses have a `state` field that says how far the work has come."""

    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=120, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now, help_text="When a worker was last asked to take it.")

    class Meta:
        abstract = True


def is_free() -> Q:
    """The rows that nobody is working on."""
    return Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())


class Lease:
    """The right to work on one row, renewed by a thread while the `with` block runs.

    Open the block outside of any transaction: the thread renews through a connection of its own, which a transaction
    that has touched the row would keep waiting.
    """

    def __init__(self, model: type[Leased], pk: Any, owner: str) -> None:
        self.model = model
        self.pk = pk
        self.owner = owner
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True, name=f"lease-{model.__name__}-{pk}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def finish(self, **fields: Any) -> bool:
        """Write the result and give the lease back; False when the lease was lost meanwhile and nothing was written."""
        return bool(
            self._mine().update(lease_owner="", lease_expires_at=None, attempts=0, queued_at=Now(), **fields),
        )

    def give_back(self) -> bool:
        """Return the row untouched but for the counted attempt, so that it can be tried again at once."""
        return bool(self._mine().update(lease_owner="", lease_expires_at=None, queued_at=Now()))

    def _mine(self) -> models.QuerySet[Leased]:
        return self.model._default_manager.filter(pk=self.pk, lease_owner=self.owner)

    def _renew(self) -> None:
        try:
            while not self._stopped.wait(RENEW_S):
                try:
                    is_mine = bool(self._mine().update(lease_expires_at=Now() + timedelta(seconds=LEASE_S)))
                except DatabaseError as error:
                    # The next try may still come in time. If not, whoever takes over finds a free row, and our
                    # own `finish` finds that the lease is lost.
                    logger.warning("lease not renewed %s=%s: %s", self.model.__name__, self.pk, error)
                    connection.close()
                    continue
                if not is_mine:
                    return
        finally:
            connection.close()


def claim(model: type[Leased], pk: Any, *, state: str) -> Lease | None:
    """Claim a free row that is in `state`; None when it is elsewhere, taken, or was tried MAX_ATTEMPTS times.

    The owner reads `host:pid:nonce`, so that an operator can see which process holds a row.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    claimed = model._default_manager.filter(is_free(), Q(state=state), pk=pk, attempts__lt=MAX_ATTEMPTS).update(
        attempts=F("attempts") + 1,
        lease_owner=owner,
        lease_expires_at=Now() + timedelta(seconds=LEASE_S),
    )
    return Lease(model, pk, owner) if claimed else None
