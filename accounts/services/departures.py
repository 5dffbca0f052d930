"""Taking a listener's name off everything, for good."""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import (
    Activity,
    ApiToken,
    Award,
    CreditEntry,
    DepartedName,
    InvitationVisit,
    Notice,
    Referral,
    User,
    new_referral_code,
)


def is_departed(name: str) -> bool:
    """Whether an account of this name was deleted, whatever the case of its letters."""
    return DepartedName.objects.filter(digest=_digest(name)).exists()


def anonymize(*, user: User) -> None:
    """Delete everything personal of a listener and close the account; the row stays, because votes point at it."""
    with transaction.atomic():
        for session in UserSession.objects.filter(user=user):
            session.end()
        for model in (EmailAddress, Authenticator, ApiToken, Award, Activity, CreditEntry, Notice):
            model.objects.filter(user=user).delete()
        InvitationVisit.objects.filter(inviter=user).delete()
        Referral.objects.filter(inviter=user).delete()
        Referral.objects.filter(friend=user).delete()
        DepartedName.objects.get_or_create(digest=_digest(User.objects.get(pk=user.pk).username))
        user.set_unusable_password()
        User.objects.filter(pk=user.pk).update(
            username=f"gone-{secrets.token_hex(8)}",
            first_name="",
            last_name="",
            email="",
            password=user.password,
            referral_code=new_referral_code(),
            is_public=False,
            is_ranked=False,
            is_active=False,
            is_staff=False,
            is_superuser=False,
            last_login=None,
        )


def _digest(name: str) -> str:
    """Keyed by the arena's secret, so that a copy of the database does not tell who was here."""
    return salted_hmac("accounts.departed_name", name.casefold(), algorithm="sha256").hexdigest()
