"""What else happens here when somebody signs up, logs in, verifies an address or is sent a mail."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Activity, User
from accounts.names import is_reserved
from accounts.services import record
from accounts.services.departures import is_departed
from accounts.services.referrals import register_referral
from accounts.visits import earlier_accounts, referral_code, remember_account

logger = logging.getLogger(__name__)

MAX_USERNAME = 30
NAME_CHARACTERS = ASCIIUsernameValidator()
NOT_SENT = "Our mail server did not take the mail, so none is on its way. Try again in a few minutes."


class AccountAdapter(DefaultAccountAdapter):
    """A mail server that is down keeps nobody from signing up or changing a password: the next page says so."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:  # what smtplib and sockets raise
            logger.exception("mail not sent, template=%s", template_prefix)
            messages.error(self.request, NOT_SENT)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """A name that looks like nobody else's: letters, digits and @.+-_ of ASCII. Names from before stay as they are.

        Raises: ValidationError.
        """
        NAME_CHARACTERS(username)
        if not any(character.isalnum() for character in username):
            raise ValidationError("A username needs a letter or a digit.")
        if len(username) > MAX_USERNAME:
            raise ValidationError(f"A username has at most {MAX_USERNAME} characters; this one has {len(username)}.")
        if is_reserved(username):
            raise ValidationError("This name could be taken for the arena's own or its staff's. Choose another one.")
        if is_departed(username):
            raise self.validation_error("username_taken")
        cleaned: str = super().clean_username(username, shallow=shallow)
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Whoever came by somebody's link is that listener's friend."""
        saved: User = super().save_user(request, user, form, commit=commit)
        code = referral_code(request)
        if code and commit:
            register_referral(code=code, friend=saved, earlier_accounts=earlier_accounts(request), now=timezone.now())
        return saved

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """The browser remembers who was logged in on it, so that nobody invites themselves."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_account(request, response, user.pk)
        return response

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """A verified address is what a referral waits for."""
        is_confirmed: bool = super().confirm_email(request, email_address)
        if is_confirmed:
            user_id = email_address.user_id
            record(user_id=user_id, kind=Activity.Kind.VERIFIED, key=str(user_id), facts={}, now=timezone.now())
        return is_confirmed
