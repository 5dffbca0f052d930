"""Sending visitors without an account to the log-in page, in the form that each kind of request understands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

if TYPE_CHECKING:
    from accounts.models import User


class ListenerRequest(HttpRequest):
    """A request by somebody who is logged in."""

    user: User
    htmx: Any


View = Callable[..., HttpResponse]
# Of the session: the guest that votes on this browser.
GUEST_KEY = "guest"


def listener_required(view: View) -> View:
    """Let only listeners in. Fragments and scripts are told to send the whole page to the log-in, not to embed it."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return login_response(request)

    return wrapped


def voter_of(request: HttpRequest) -> User | None:
    """Whoever votes on this browser: somebody who is logged in, or the guest that it was given."""
    if request.user.is_authenticated:
        return request.user
    guest = request.session.get(GUEST_KEY)
    return None if guest is None else get_user_model().objects.filter(pk=guest, is_guest=True).first()


def voter_required(view: View) -> View:
    """Let listeners and guests in; the view gets the voter as its second argument."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        voter = voter_of(request)
        return login_response(request) if voter is None else view(request, voter, *args, **kwargs)

    return wrapped


def login_response(request: HttpRequest) -> HttpResponse:
    """401 for what a script asked for, a redirect for pages."""
    if getattr(request, "htmx", False):
        back_to = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
        return HttpResponse(status=401, headers={"HX-Redirect": _login_url(back_to)})
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        message = "You are logged out. Log in again in another tab, then go on here."
        return JsonResponse({"error": {"code": "logged_out", "message": message}}, status=401)
    back_to = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return HttpResponseRedirect(_login_url(back_to))


def _login_url(back_to: str) -> str:
    return f"{reverse('account_login')}?{urlencode({'next': back_to})}"
