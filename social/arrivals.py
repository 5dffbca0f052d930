"""Strangers who come by a link: counted, given a ballot, and recognized when they sign up."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.services.guests import create_guest
from tournaments.errors import TooManyGuests
from tournaments.models import Share, ShareEvent
from tournaments.services.guests import take_over
from tournaments.views.looks import hand_over_looks
from tournaments.views.visitors import GUEST_KEY, voter_of

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

# The link by which this browser came last, signed.
COOKIE, COOKIE_AGE = "came_by", timedelta(days=60)


def invite(request: HttpRequest) -> User:
    """Whoever votes on this browser; a new guest where there is nobody yet.

    Raises: TooManyGuests.
    """
    voter = voter_of(request)
    if voter is None:
        if not ratelimit.consume(request, action="guest"):
            raise TooManyGuests(
                "Many guests have come from your network within the hour. Sign up to judge, or try again later.",
                code="too_many_guests",
            )
        voter = create_guest()
        request.session[GUEST_KEY] = voter.pk
        hand_over_looks(request, voter)
    return voter


def count_visit(request: HttpRequest, response: HttpResponse, share: Share) -> None:
    """Note a visit, once a browser and link; the owner's own visits are none."""
    token = request.get_signed_cookie(COOKIE, "", max_age=COOKIE_AGE)
    if token == share.token or share.tournament.owner_id == request.user.pk:
        return
    ShareEvent.objects.create(share=share, kind=ShareEvent.Kind.VISIT, at=timezone.now())
    response.set_signed_cookie(
        COOKIE, share.token, max_age=COOKIE_AGE, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def on_signed_up(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Somebody has signed up; if a link brought them, it counts for the link."""
    token = request.get_signed_cookie(COOKIE, "", max_age=COOKIE_AGE)
    share = Share.objects.filter(token=token).first() if token else None
    if share is not None:
        ShareEvent.objects.create(share=share, kind=ShareEvent.Kind.SIGNUP, at=timezone.now())


def on_logged_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """What the guest of this browser has judged is the listener's from now on."""
    hand_over_looks(request, user)
    pk = request.session.pop(GUEST_KEY, None)
    guest = get_user_model().objects.filter(pk=pk, is_guest=True).first() if pk is not None else None
    if guest is not None:
        n_votes = take_over(guest=guest, user=user)
        logger.info("took over guest=%s user=%s votes=%s", pk, user.pk, n_votes)
