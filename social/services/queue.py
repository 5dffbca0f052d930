"""The judging queue: one thing after another to judge, with checks woven in at places that nobody can foresee."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Activity
from accounts.services import record
from accounts.services.locks import lock_user
from social.selectors.queue import anchors_of, candidates, cuts_of, public_share_of, repeatable
from tournaments.draws import generator_of
from tournaments.models import Anchor, Ballot, Battle, Check, Preview, QueueItem, Song
from tournaments.ratings.reliability import CheckKind
from tournaments.services.anchors import request_anchor
from tournaments.services.ballots import commit_ballot, issue_audience_ballot
from tournaments.services.checks import answer_check, check_of, issue_anchor, issue_identical, issue_repeat
from tournaments.services.tournaments import NOT_COMMITTED

if TYPE_CHECKING:
    from accounts.models import User

# Of all items.
CHECK_SHARE = 1.0 / 6.0
# How often each kind of check is drawn, as far as there is something for it. A repeat tells least.
WEIGHTS = {CheckKind.IDENTICAL: 0.45, CheckKind.ANCHOR: 0.45, CheckKind.REPEAT: 0.1}
# Each candidate is so much less likely than the one before it.
FALL_OFF = 0.7
# Earlier votes among which one is drawn to be repeated, the oldest first.
N_REPEATABLE = 50


def next_item(*, listener: User, looked_at: Collection[int], now: datetime) -> QueueItem | None:
    """What the listener is to judge; asking again gives the same, as long as it can be judged.

    Args:
        looked_at: tournaments of which the listener was shown who is who.
    Returns: None while there is nothing.
    """
    with transaction.atomic():
        lock_user(listener.pk)
        items = QueueItem.objects.select_related("ballot__battle__tournament__song", "ballot__share")
        newest = items.filter(listener=listener).first()
        if newest is not None and is_open(newest, looked_at):
            return newest
        pool = candidates(listener, looked_at)
        if not pool:
            return None
        number = newest.number + 1 if newest else 1
        # The key is the arena's secret, so that no listener can tell which items are checks.
        generator = generator_of("queue", settings.SECRET_KEY, listener.pk, number)
        cuts = cuts_of(pool)
        anchors = anchors_of(cuts)
        _keep_an_anchor(cuts, anchors, generator)
        ballot = None
        if generator.random() < CHECK_SHARE:
            ballot = _draw_check(listener, cuts, anchors, generator, now)
        ballot = ballot or _draw_battle(listener, pool, generator, now)
        item = QueueItem.objects.create(listener=listener, number=number, ballot=ballot, created_at=now)
    return items.get(pk=item.pk)


def is_open(item: QueueItem, looked_at: Collection[int]) -> bool:
    """Whether an item can still be judged, blind."""
    ballot = item.ballot
    if item.is_passed_over or ballot.state not in NOT_COMMITTED or ballot.share is None:
        return False
    tournament = ballot.battle.tournament
    is_public = ballot.share.is_public and ballot.share.revoked_at is None
    if not is_public or tournament.song.state == Song.State.DELETED or tournament.pk in looked_at:
        return False
    return ballot.battle.state in Battle.HEARABLE and (ballot.kind != Ballot.Kind.CHECK or has_sound(check_of(ballot)))


def has_sound(check: Check) -> bool:
    """Whether what a check plays is still there."""
    return check.kind == CheckKind.REPEAT or (
        check.preview is not None and (check.kind != CheckKind.ANCHOR or check.anchor is not None)
    )


def pass_over(*, item: QueueItem) -> None:
    """Give the listener another one; what was passed over does not come back."""
    if item.ballot.kind == Ballot.Kind.CHECK:
        Ballot.objects.filter(pk=item.ballot_id, state__in=NOT_COMMITTED).update(state=Ballot.State.EXPIRED)
    QueueItem.objects.filter(pk=item.pk).update(is_passed_over=True)


def answer(*, item: QueueItem, token: str, voter: User, choice: str, confidence: int, now: datetime) -> None:
    """Judge an item: a vote or the answer to a check, and what it earns, all or nothing.

    Raises: as `commit_ballot`.
    """
    said: dict[str, Any] = {"token": token, "voter": voter, "choice": choice, "confidence": confidence, "now": now}
    with transaction.atomic():
        if item.ballot.kind == Ballot.Kind.CHECK:
            check = answer_check(**said)
            facts = {"check": check.kind, "outcome": check.outcome, "label": "A check of your ears"}
        else:
            commit_ballot(**said)
            facts = {"label": "A battle of the judging queue"}
        facts["url"] = reverse("social:judged", args=[item.number])
        record(user_id=voter.pk, kind=Activity.Kind.JUDGED, key=str(item.pk), facts=facts, now=now)


def _draw_battle(listener: User, pool: Sequence[Battle], generator: np.random.Generator, now: datetime) -> Ballot:
    weights = FALL_OFF ** np.arange(len(pool))
    battle = pool[int(generator.choice(len(pool), p=weights / weights.sum()))]
    share = public_share_of(battle.tournament_id)
    return issue_audience_ballot(share=share, battle=battle, voter=listener, now=now)


def _draw_check(
    listener: User,
    cuts: Sequence[tuple[Battle, Preview]],
    anchors: Mapping[int, Anchor],
    generator: np.random.Generator,
    now: datetime,
) -> Ballot | None:
    """A check of a kind that there is something for; None where there is nothing for any."""
    made = [(battle, anchors[cut.pk]) for battle, cut in cuts if cut.pk in anchors]
    votes = repeatable(listener, now).select_related("ballot", "battle", "voter")[:N_REPEATABLE]
    material: dict[CheckKind, Sequence[Any]] = {
        CheckKind.IDENTICAL: cuts,
        CheckKind.ANCHOR: [(battle, anchor) for battle, anchor in made if anchor.state == Anchor.State.READY],
        CheckKind.REPEAT: list(votes),
    }
    kinds = [kind for kind in WEIGHTS if material[kind]]
    if not kinds:
        return None
    weights = np.array([WEIGHTS[kind] for kind in kinds])
    kind = kinds[int(generator.choice(len(kinds), p=weights / weights.sum()))]
    chosen = material[kind][int(generator.integers(len(material[kind])))]
    battle = chosen.battle if kind == CheckKind.REPEAT else chosen[0]
    share = public_share_of(battle.tournament_id)
    if kind == CheckKind.REPEAT:
        return issue_repeat(share=share, vote=chosen, generator=generator, now=now)
    if kind == CheckKind.ANCHOR:
        return issue_anchor(share=share, battle=battle, anchor=chosen[1], voter=listener, generator=generator, now=now)
    return issue_identical(share=share, battle=battle, preview=chosen[1], voter=listener, generator=generator, now=now)


def _keep_an_anchor(
    cuts: Sequence[tuple[Battle, Preview]], anchors: Mapping[int, Anchor], generator: np.random.Generator
) -> None:
    """Ask for an anchor where there is none to come, so that nobody ever waits for one."""
    unasked = [cut for _, cut in cuts if cut.pk not in anchors]
    if unasked and all(anchor.state == Anchor.State.FAILED for anchor in anchors.values()):
        request_anchor(preview=unasked[int(generator.integers(len(unasked)))])
