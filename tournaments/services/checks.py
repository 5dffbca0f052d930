"""Checks: ballots whose right answer is known, so that listeners can be told from those who only click.

On the page a check is like any battle. It makes no vote and moves no rating; its answer is kept, and may change whether
its listener's votes count.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction

from tournaments.errors import BallotClosed, NotYours
from tournaments.models import Anchor, Ballot, Battle, Check, Preview, Share, Vote
from tournaments.ratings.reliability import CheckKind, outcome_of
from tournaments.services.ballots import check_blind, check_judgement, not_heard_enough
from tournaments.services.tournaments import NOT_COMMITTED
from tournaments.services.verdicts import review

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


def issue_identical(
    *, share: Share, battle: Battle, preview: Preview, voter: User, generator: np.random.Generator, now: datetime
) -> Ballot:
    """A check of which both sides play the same.

    Args:
        preview: of one of the battle's mixes, at the battle's level.
    """
    is_swapped = bool(generator.random() < 0.5)
    fields = {"kind": CheckKind.IDENTICAL, "preview": preview}
    return _issue(share, battle, voter, is_swapped, generator, now, fields)


def issue_anchor(
    *, share: Share, battle: Battle, anchor: Anchor, voter: User, generator: np.random.Generator, now: datetime
) -> Ballot:
    """A check of which one side, drawn by chance, has lost its treble.

    Args:
        anchor: one that is ready, of one of the battle's mixes at the battle's level.
    """
    is_swapped = bool(generator.random() < 0.5)
    fields = {
        "kind": CheckKind.ANCHOR,
        "preview": anchor.preview,
        "anchor": anchor,
        "right": "b" if is_swapped else "a",
    }
    with transaction.atomic():
        Anchor.objects.filter(pk=anchor.pk).update(requested_at=now)
        return _issue(share, battle, voter, is_swapped, generator, now, fields)


def issue_repeat(*, share: Share, vote: Vote, generator: np.random.Generator, now: datetime) -> Ballot:
    """A check that is a battle judged before, with its sides changed.

    Args:
        vote: for one of the sides.
    """
    is_swapped = not vote.ballot.is_swapped
    right = "a" if (vote.choice == Vote.Choice.SECOND) == is_swapped else "b"
    fields = {"kind": CheckKind.REPEAT, "repeats": vote, "right": right}
    return _issue(share, vote.battle, vote.voter, is_swapped, generator, now, fields)


def check_of(ballot: Ballot) -> Check:
    """What a ballot of the kind `check` plays."""
    return Check.objects.select_related("ballot", "preview", "anchor").get(ballot=ballot)


def answer_check(*, token: str, voter: User, choice: str, confidence: int, now: datetime) -> Check:
    """Keep the answer to a check, and review its listener; the same answer again gives the same check.

    Args:
        choice: "a", "b", "tie" or "neither".
        confidence: 0 to 100 %, at most 5 for a tie.
    Raises: InvalidVote, NotYours, NotHeardEnough, BallotClosed.
    """
    ballot = (
        Ballot.objects.select_related("battle__tournament__song")
        .filter(token=token, voter=voter, kind=Ballot.Kind.CHECK)
        .first()
    )
    if ballot is None:
        raise NotYours("This ballot is not yours. Open the judging queue again.", code="not_yours")
    confidence = check_judgement(choice, confidence)
    check = check_of(ballot)
    with transaction.atomic():
        if not Ballot.objects.filter(pk=ballot.pk, state=Ballot.State.ELIGIBLE).update(
            state=Ballot.State.COMMITTED, committed_at=now
        ):
            return _earlier_answer(check, choice, confidence)
        check_blind(ballot.battle, voter.pk)
        check.choice, check.confidence, check.answered_at = choice, confidence, now
        check.outcome = outcome_of(CheckKind(check.kind), choice, confidence, right=check.right)
        check.save(update_fields=["choice", "confidence", "answered_at", "outcome"])
        review(listener_id=voter.pk, now=now)
    logger.info("answered check=%s ballot=%s", check.pk, ballot.pk)
    return check


def _issue(
    share: Share,
    battle: Battle,
    voter: User,
    is_swapped: bool,
    generator: np.random.Generator,
    now: datetime,
    fields: dict[str, Any],
) -> Ballot:
    with transaction.atomic():
        ballot = Ballot.objects.create(
            battle=battle,
            voter=voter,
            kind=Ballot.Kind.CHECK,
            share=share,
            is_swapped=is_swapped,
            starts_with="a" if generator.random() < 0.5 else "b",
            issued_at=now,
        )
        Check.objects.create(ballot=ballot, **fields)
    return ballot


def _earlier_answer(check: Check, choice: str, confidence: int) -> Check:
    """The answer that is there, if it is the very same. Raises what stands in the way otherwise."""
    check.refresh_from_db()
    ballot = check.ballot
    if check.answered_at is not None:
        if (check.choice, check.confidence) == (choice, confidence):
            return check
        raise BallotClosed("You have judged this already. Go on to the next.", code="voted_already")
    if ballot.state not in NOT_COMMITTED:
        raise BallotClosed("This ballot takes no answer any more. Open the judging queue again.", code="battle_closed")
    raise not_heard_enough(ballot)
