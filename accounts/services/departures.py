"""Taking a listener's name off everything, for good."""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.models import (
    Activity,
    ApiToken,
    Award,
    CreditEntry,
    InvitationVisit,
    Notice,
    Referral,
    User,
    new_referral_code,
)


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
