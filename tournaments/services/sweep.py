"""The sweep: finds work that a dead worker or a lost message left behind, and pushes on what waits for it.

Runs when a worker starts and every ten seconds. Everything it does is safe to do twice and at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.utils import timezone

from evolution.services.downloads import prune_downloads
from tournaments.models import Analysis, Battle, Song, Tournament
from tournaments.services.albums import PLAN_ALBUM, WRITE_ALBUM, prune_albums
from tournaments.services.anchors import MAKE_ANCHOR, prune_anchors
from tournaments.services.battles import open_if_ready
from tournaments.services.breedings import BREED
from tournaments.services.community import CHECK
from tournaments.services.exports import MAKE, prune_exports
from tournaments.services.follows import tell_of_retired
from tournaments.services.ledger import rebuild_if_stale
from tournaments.services.mixes import PLAN, RENDER
from tournaments.services.previews import CUT
from tournaments.services.songs import ANALYZE, PREPARE
from tournaments.services.tournaments import next_battle

logger = logging.getLogger(__name__)

STEPS = (PREPARE, PLAN, RENDER, CUT, MAKE_ANCHOR, BREED, MAKE, PLAN_ALBUM, WRITE_ALBUM, ANALYZE, CHECK)


def sweep() -> None:
    """Give up what was tried too often, send again what nobody is at, push on waiting battles, delete old files."""
    for step in STEPS:
        step.fail_exhausted()
        step.resend()
    # There is nothing to be said of a song that cannot be used.
    Analysis.objects.filter(
        state=Analysis.State.QUEUED, song__state__in=[Song.State.REFUSED, Song.State.FAILED]
    ).update(state=Analysis.State.FAILED)
    _push(next_battle, _waiting())
    _push(open_if_ready, list(Battle.objects.filter(state=Battle.State.PREPARING).values_list("pk", flat=True)))
    prune_exports(now=timezone.now())
    prune_albums(now=timezone.now())
    prune_anchors(now=timezone.now())
    prune_downloads(now=timezone.now())
    rebuild_if_stale()
    tell_of_retired(now=timezone.now())


def _push(service: Callable[[int], object], pks: list[int]) -> None:
    """One that cannot go on must not hold up the others."""
    for pk in pks:
        try:
            service(pk)
        except Exception:
            logger.exception("not pushed on by %s: %s", service.__name__, pk)


def _waiting() -> list[int]:
    """Running tournaments in which there is nothing to judge or to prepare."""
    return list(
        Tournament.objects.filter(state=Tournament.State.RUNNING)
        .exclude(battles__state__in=[Battle.State.PREPARING, Battle.State.OPEN])
        .values_list("pk", flat=True)
    )
