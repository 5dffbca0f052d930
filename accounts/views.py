"""A listener's own pages: progress, cabinet, free mixes, friends, notices; and the door for those who were invited."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import PrivacyForm
from accounts.models import CreditEntry, InvitationVisit, Notice, User
from accounts.selectors import cabinet, own_referral, referral_lines, tier_standing
from accounts.services.credits import balance_of
from accounts.services.notices import mark_seen
from accounts.services.privacy import set_privacy
from accounts.services.referrals import FRIEND_CREDITS, INVITER_CREDITS, NEEDED_VOTES, note_visit
from accounts.tiers import TIERS
from accounts.visits import earlier_accounts, has_opened, remember_opened, remember_referral

LINES_PER_PAGE = 30


@login_required
@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """Tier, free mixes, and the achievements that are nearest."""
    user = _user(request)
    shelves = cabinet(user)
    context = {
        "standing": tier_standing(user),
        "tiers": TIERS,
        "n_earned": sum(shelf.earned_at is not None for shelf in shelves),
        "n_achievements": len(shelves),
        "nearest": [shelf for shelf in shelves if shelf.earned_at is None][:3],
        "balance": balance_of(user.pk) if settings.CREDITS else None,
        "form": PrivacyForm({"is_public": user.is_public, "is_ranked": user.is_ranked}),
    }
    return render(request, "accounts/progress.html", context)


@login_required
@require_safe
def cabinet_page(request: HttpRequest) -> HttpResponse:
    """All achievements."""
    context = {"shelves": cabinet(_user(request)), "has_credits": settings.CREDITS}
    return render(request, "accounts/cabinet.html", context)


@login_required
@require_safe
def credit_page(request: HttpRequest) -> HttpResponse:
    """The ledger of free mixes; there is none where mixes cost nothing."""
    if not settings.CREDITS:
        raise Http404
    user = _user(request)
    page = Paginator(CreditEntry.objects.filter(user=user), LINES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/credits.html", {"page": page, "balance": balance_of(user.pk)})


@login_required
@require_safe
def referrals(request: HttpRequest) -> HttpResponse:
    """The personal link, and everybody who came by it."""
    user, now = _user(request), timezone.now()
    context = {
        "link": request.build_absolute_uri(reverse("accounts:join", args=[user.referral_code])),
        "n_visits": InvitationVisit.objects.filter(inviter=user).count(),
        "lines": referral_lines(user, now),
        "own": own_referral(user, now),
        "needed_votes": NEEDED_VOTES,
        "inviter_credits": INVITER_CREDITS if settings.CREDITS else 0,
        "friend_credits": FRIEND_CREDITS if settings.CREDITS else 0,
    }
    return render(request, "accounts/referrals.html", context)


@login_required
@never_cache
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """All news, newest first."""
    page = Paginator(Notice.objects.filter(user=_user(request)), LINES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/notices.html", {"page": page, "is_news_page": True})


@login_required
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """The notices up to one were looked at."""
    try:
        upto = int(request.POST.get("upto", ""))
    except ValueError as error:
        raise BadRequest("upto is no number") from error
    mark_seen(user_id=_user(request).pk, upto=upto, now=timezone.now())
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse("")
    return redirect("accounts:notices")


@login_required
@require_POST
def privacy(request: HttpRequest) -> HttpResponse:
    """Open or close one's profile."""
    form = PrivacyForm(request.POST)
    if not form.is_valid():
        raise BadRequest("the form is damaged")
    set_privacy(user=_user(request), **form.cleaned_data)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "accounts/_privacy.html", {"form": form, "is_saved": True})
    return redirect("accounts:progress")


@require_safe
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Somebody's personal link: whose it is stays in the browser until the visitor signs up."""
    inviter = get_object_or_404(User, referral_code=code, is_active=True)
    if request.user.is_authenticated:
        return redirect("accounts:referrals" if request.user == inviter else "tournaments:home")
    context = {"inviter": inviter, "credits": FRIEND_CREDITS if settings.CREDITS else 0}
    response = render(request, "accounts/join.html", context)
    remember_referral(response, code)
    return response


@require_POST
def visit(request: HttpRequest, code: str) -> HttpResponse:
    """Count a stranger's browser, once. Sent by the page itself, so programs that only read it are no visits."""
    inviter = get_object_or_404(User, referral_code=code, is_active=True)
    response = HttpResponse(status=204)
    is_own = inviter.pk in earlier_accounts(request)
    if not (request.user.is_authenticated or is_own or has_opened(request, code)):
        note_visit(inviter=inviter, now=timezone.now())
        remember_opened(request, response, code)
    return response


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
