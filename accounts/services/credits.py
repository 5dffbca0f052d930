"""Free mixes: a ledger of entries whose sum is the balance.

Every entry names what it is for, and is written once. Bonuses are noted on every install; a tournament costs something
only where the setting CREDITS is on.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.errors import InvalidGrant, OutOfCredits
from accounts.models import CreditEntry, User
from accounts.services.locks import lock_user

WELCOME_CREDITS = 3
TOURNAMENT_COST = 1

Kind = CreditEntry.Kind


def balance_of(user_id: int) -> int:
    """How many free mixes a listener has. Nobody has opened an account before the first entry: it holds the welcome."""
    newest = CreditEntry.objects.filter(user=user_id).order_by("-number").values_list("balance", flat=True).first()
    return WELCOME_CREDITS if newest is None else newest


def pay_out(*, user_id: int, kind: CreditEntry.Kind, key: str, amount: int, now: datetime, note: str = "") -> bool:
    """Add free mixes for something, once. False if they were paid already."""
    with transaction.atomic():
        lock_user(user_id)
        if CreditEntry.objects.filter(user=user_id, kind=kind, key=key).exists():
            return False
        _append(user_id, kind, key, amount, now, note=note)
    return True


def charge_tournament(*, user_id: int, key: str, title: str, now: datetime) -> None:
    """Take what a tournament costs, where it costs anything.

    Raises: OutOfCredits.
    """
    if not settings.CREDITS:
        return
    with transaction.atomic():
        lock_user(user_id)
        if balance_of(user_id) < TOURNAMENT_COST:
            raise OutOfCredits(
                "You have no free mix left for another tournament. Judge what others made in the judging queue, reach "
                "the next tier, earn an achievement or invite a friend.",
                code="out_of_credits",
            )
        _append(user_id, Kind.TOURNAMENT, key, -TOURNAMENT_COST, now, note=title)


def refund_tournament(*, user_id: int, key: str, now: datetime) -> None:
    """Give back what was taken for a tournament that could not be held, once."""
    paid = CreditEntry.objects.filter(user=user_id, kind=Kind.TOURNAMENT, key=key).first()
    if paid is not None:
        pay_out(user_id=user_id, kind=Kind.REFUND, key=key, amount=-paid.amount, now=now, note=paid.note)


def grant(*, user: User, amount: int, reason: str, by: User, key: str, now: datetime) -> bool:
    """A gift by the staff, or a correction where the amount is negative. False for a key that was used already.

    Raises: InvalidGrant.
    """
    if not reason.strip():
        raise InvalidGrant("A grant needs a reason. Say in a few words what it is for.", code="no_reason")
    if amount == 0:
        raise InvalidGrant("A grant of 0 changes nothing. Give another amount.", code="no_amount")
    with transaction.atomic():
        lock_user(user.pk)
        if CreditEntry.objects.filter(user=user, kind=Kind.GRANT, key=key).exists():
            return False
        if balance_of(user.pk) + amount < 0:
            raise InvalidGrant(
                f"{user} has {balance_of(user.pk)} free mixes, so {-amount} cannot be taken. Take fewer.",
                code="too_much",
            )
        _append(user.pk, Kind.GRANT, key, amount, now, note=reason.strip(), granted_by=by)
    return True


def _append(
    user_id: int,
    kind: CreditEntry.Kind,
    key: str,
    amount: int,
    now: datetime,
    *,
    note: str = "",
    granted_by: User | None = None,
) -> None:
    """The next entry; whoever calls holds the lock."""
    newest = CreditEntry.objects.filter(user=user_id).order_by("-number").first()
    if newest is None:
        newest = CreditEntry.objects.create(
            user_id=user_id,
            number=1,
            kind=Kind.WELCOME,
            key="welcome",
            amount=WELCOME_CREDITS,
            balance=WELCOME_CREDITS,
            created_at=now,
        )
    CreditEntry.objects.create(
        user_id=user_id,
        number=newest.number + 1,
        kind=kind,
        key=key,
        amount=amount,
        balance=newest.balance + amount,
        note=note[:200],
        granted_by=granted_by,
        created_at=now,
    )
