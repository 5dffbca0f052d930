"""Free mixes for judging what others made: one for every five items of the judging queue, up to a number a day."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse

from accounts.models import Activity, CreditEntry, Notice
from accounts.services.credits import pay_out
from accounts.services.notices import tell

PER_MIX = 5
# A day (UTC) pays two mixes; whoever judges more does it for the music.
MAX_A_DAY = 2 * PER_MIX


def n_counted(user_id: int) -> int:
    """How many judged items have counted towards free mixes: of each day, MAX_A_DAY at most."""
    days = (
        Activity.objects.filter(user=user_id, kind=Activity.Kind.JUDGED)
        .order_by()
        .values(day=TruncDate("happened_at"))
        .annotate(n=Count("pk"))
    )
    return sum(min(day["n"], MAX_A_DAY) for day in days)


def pay_for_judging(*, user_id: int, now: datetime) -> None:
    """Pay every full PER_MIX judged items that were not paid yet. Call it with the listener's lock held."""
    n_paid = CreditEntry.objects.filter(user=user_id, kind=CreditEntry.Kind.JUDGING).count()
    new = range(n_paid + 1, n_counted(user_id) // PER_MIX + 1)
    for number in new:
        pay_out(user_id=user_id, kind=CreditEntry.Kind.JUDGING, key=str(number), amount=1, now=now)
    if new and settings.CREDITS:
        tell(
            user_ids=[user_id],
            kind=Notice.Kind.CREDITS,
            title=f"{len(new)} free mixes for your ears" if len(new) > 1 else "A free mix for your ears",
            text=f"You judged {PER_MIX * len(new)} battles for others.",
            url=reverse("accounts:credits"),
            now=now,
        )


def is_day_full(user_id: int, now: datetime) -> bool:
    """Whether today's items no longer count."""
    today = Activity.objects.filter(user=user_id, kind=Activity.Kind.JUDGED, happened_at__date=now.date())
    return today.count() >= MAX_A_DAY
