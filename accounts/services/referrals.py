"""Referrals: who invited whom, and when both are paid for it.

A friend counts once an address is verified and five battles are judged. Nobody earns by inviting oneself: not on a
device where an account was logged in before, and not with an address of the inviter's or of another friend's. Who was
only seen on networks of the inviter's waits: it may be somebody who lives there, or the inviter with a second browser.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import reverse

from accounts.addresses import canonical
from accounts.models import Activity, CreditEntry, InvitationVisit, Notice, Referral, User
from accounts.services.credits import pay_out
from accounts.services.networks import is_seen_only_beside
from accounts.services.notices import tell

NEEDED_VOTES = 5
INVITER_CREDITS, FRIEND_CREDITS = 5, 3
# So many friends of one inviter are credited in a span of days; more wait until it has passed.
MAX_CREDITED, SPAN = 20, timedelta(days=30)

State = Referral.State


def note_visit(*, inviter: User, now: datetime) -> None:
    """Count a browser that opened somebody's link. Whether it was counted before, only the browser knows."""
    InvitationVisit.objects.create(inviter=inviter, at=now)


def register_referral(*, code: str, friend: User, earlier_accounts: Collection[int], now: datetime) -> Referral | None:
    """Note that a new listener came by somebody's link; None for a code that nobody has.

    Args:
        earlier_accounts: ids of those who were logged in before on the friend's device.
    """
    inviter = User.objects.filter(referral_code=code, is_active=True).exclude(pk=friend.pk).first()
    if inviter is None:
        return None
    reason = ""
    if inviter.pk in earlier_accounts:
        reason = "You were logged in on this device yourself."
    elif earlier_accounts:
        reason = "Somebody else has an account on this device already."
    row, _ = Referral.objects.get_or_create(
        friend=friend,
        defaults={
            "inviter": inviter,
            "state": State.REFUSED if reason else State.PENDING,
            "reason": reason,
            "created_at": now,
        },
    )
    return row


def settle_referral(*, friend_id: int, now: datetime) -> Referral | None:
    """Pay both sides if the friend has done what it takes; returns the referral if that was now.

    Call it with the friend's lock held.
    """
    referral = Referral.objects.filter(friend=friend_id, state=State.PENDING).first()
    if referral is None or missing_votes(friend_id) or not is_verified(friend_id) or is_limit_reached(referral, now):
        return None
    reason = _same_person(referral)
    if reason:
        Referral.objects.filter(pk=referral.pk, state=State.PENDING).update(state=State.REFUSED, reason=reason)
        return None
    if is_never_apart(referral) or not credit(referral, now=now):
        return None
    return referral


def credit(referral: Referral, *, now: datetime, reason: str = "", by: User | None = None) -> bool:
    """Pay both sides, once. False if that was done already. Call it with the friend's lock held.

    Args:
        reason, by: a curator's words, who may also let count what was refused.
    """
    open_states = [State.PENDING] if by is None else [State.PENDING, State.REFUSED]
    with transaction.atomic():
        if not Referral.objects.filter(pk=referral.pk, state__in=open_states).update(
            state=State.CREDITED, credited_at=now, reason=reason, decided_by=by
        ):
            return False
        for user_id, kind, amount, title in (
            (referral.friend_id, CreditEntry.Kind.INVITED, FRIEND_CREDITS, "Your invitation counts"),
            (referral.inviter_id, CreditEntry.Kind.REFERRAL, INVITER_CREDITS, "A friend has come to stay"),
        ):
            pay_out(user_id=user_id, kind=kind, key=str(referral.pk), amount=amount, now=now)
            tell(
                user_ids=[user_id],
                kind=Notice.Kind.REFERRAL,
                title=title,
                text="Thank you for bringing ears to the arena.",
                url=reverse("accounts:referrals"),
                now=now,
            )
    return True


def missing_votes(friend_id: int) -> int:
    """How many battles a friend has still to judge."""
    return max(NEEDED_VOTES - Activity.objects.filter(user=friend_id, kind=Activity.Kind.VOTED).count(), 0)


def is_verified(friend_id: int) -> bool:
    """Whether a friend has an address of which it is known that mail arrives."""
    return EmailAddress.objects.filter(user=friend_id, verified=True).exists()


def is_limit_reached(referral: Referral, now: datetime) -> bool:
    """Whether the inviter has had as many friends credited lately as is allowed."""
    recent = Referral.objects.filter(inviter=referral.inviter_id, state=State.CREDITED, credited_at__gt=now - SPAN)
    return recent.count() >= MAX_CREDITED


def is_never_apart(referral: Referral) -> bool:
    """Whether the friend was only seen where the inviter was too. Addresses that tell nothing keep nobody waiting."""
    return is_seen_only_beside(friend_id=referral.friend_id, inviter_id=referral.inviter_id)


def _same_person(referral: Referral) -> str:
    """Why the friend is no new person; empty if nothing speaks against it."""
    mine = _addresses([referral.friend_id])
    if mine & _addresses([referral.inviter_id]):
        return "The friend's e-mail address is yours."
    others = Referral.objects.filter(inviter=referral.inviter_id).exclude(pk=referral.pk)
    if mine & _addresses(others.values_list("friend_id", flat=True)):
        return "The friend's e-mail address belongs to another friend of yours."
    return ""


def _addresses(user_ids: Collection[int]) -> set[str]:
    known = EmailAddress.objects.filter(user__in=user_ids).values_list("email", flat=True)
    named = User.objects.filter(pk__in=user_ids).exclude(email="").values_list("email", flat=True)
    return {canonical(address) for address in [*known, *named]}
