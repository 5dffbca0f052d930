"""The one way in for what listeners did: noted once, and everything that it earns is paid in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Activity
from accounts.services.awards import award, promote
from accounts.services.judging import pay_for_judging
from accounts.services.locks import lock_user
from accounts.services.referrals import settle_referral


def record(*, user_id: int, kind: Activity.Kind, key: str, facts: Mapping[str, Any], now: datetime) -> bool:
    """Note an activity; False if it is known already. Call it inside the transaction of what happened.

    Args:
        key: names the activity for ever, among those of its kind.
        facts: what the rules of achievements ask for, and a `url` where one can look at it.
    """
    with transaction.atomic():
        listener = lock_user(user_id)
        _, is_new = Activity.objects.get_or_create(
            kind=kind, key=key, defaults={"user_id": user_id, "facts": dict(facts), "happened_at": now}
        )
        if not is_new:
            return False
        if listener.earns or kind not in Activity.BY_JUDGING:
            if kind == Activity.Kind.VOTED:
                promote(user_id=user_id, now=now)
            if kind == Activity.Kind.JUDGED:
                pay_for_judging(user_id=user_id, now=now)
            award(user_id=user_id, kind=kind, now=now)
        if kind in (Activity.Kind.VOTED, Activity.Kind.VERIFIED):
            referral = settle_referral(friend_id=user_id, now=now)
            if referral is not None:
                record(
                    user_id=referral.inviter_id,
                    kind=Activity.Kind.REFERRED,
                    key=str(referral.pk),
                    facts={},
                    now=now,
                )
    return True
