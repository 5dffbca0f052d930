"""Whether judging pays a listener: not while a verdict leaves the votes out.

What is judged meanwhile is noted all the same. Once the votes count again, so does everything else that was judged.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Activity, User
from accounts.services.awards import award, promote_late
from accounts.services.judging import pay_for_judging
from accounts.services.locks import lock_user


def set_earning(*, user_id: int, earns: bool, now: datetime) -> None:
    """Stop paying a listener for judging; or begin again, and pay at once what came together in between."""
    with transaction.atomic():
        listener = lock_user(user_id)
        if listener.earns == earns:
            return
        User.objects.filter(pk=user_id).update(earns=earns)
        if not earns:
            return
        promote_late(user_id=user_id, now=now)
        pay_for_judging(user_id=user_id, now=now)
        for kind in Activity.BY_JUDGING:
            award(user_id=user_id, kind=kind, now=now)
