"""A curator's word on an invitation: it counts, or it does not, whatever the arena would have said by itself."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.errors import InvalidDecision
from accounts.models import Activity, Referral, User
from accounts.services.intake import record
from accounts.services.locks import lock_user
from accounts.services.referrals import credit


def decide_referral(*, referral: Referral, is_credited: bool, reason: str, by: User, now: datetime) -> None:
    """Pay both sides of an invitation that waits or was refused; or refuse one that waits.

    Raises: InvalidDecision without a reason, and for an invitation that was paid, or refused, already.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise InvalidDecision("A decision needs a reason. Say in a few words why.", code="no_reason")
    with transaction.atomic():
        lock_user(referral.friend_id)
        if is_credited:
            is_done = credit(referral, now=now, reason=reason, by=by)
        else:
            waiting = Referral.objects.filter(pk=referral.pk, state=Referral.State.PENDING)
            is_done = bool(waiting.update(state=Referral.State.REFUSED, reason=reason, decided_by=by))
        if not is_done:
            raise InvalidDecision(
                "This invitation is decided already. What was paid can be taken back by a grant below zero.",
                code="decided",
            )
        if is_credited:
            record(user_id=referral.inviter_id, kind=Activity.Kind.REFERRED, key=str(referral.pk), facts={}, now=now)
