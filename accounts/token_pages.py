"""The page of a listener's API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import InvalidToken
from accounts.models import ApiToken, User
from accounts.services.tokens import create_token, revoke_token, scopes_for

LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until you revoke it"))


class TokenForm(forms.Form):
    """A name, what the token may do, and for how long."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        error_messages={"required": "The token has no name. Say what it is for."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        initial=["read"],
        error_messages={"required": "Choose at least one thing that the token may do."},
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(
        label="It lasts",
        choices=LIFETIMES,
        required=False,
        initial="90",
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, *args: Any, user: User) -> None:
        super().__init__(*args)
        self.fields["scopes"].choices = list(scopes_for(user).items())  # type: ignore[attr-defined]


@login_required
@reauthentication_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """All tokens; a new one is shown once, in the answer to the form.

    Whoever is not sure to be the account's owner gives the password first, before there is a form to fill in.
    """
    user = cast(User, request.user)
    return _create(request, user) if request.method == "POST" else _page(request, TokenForm(user=user))


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token worthless."""
    user = cast(User, request.user)
    if not revoke_token(user=user, pk=pk, now=timezone.now()):
        raise Http404
    messages.success(request, "The token is revoked. Nothing can use it any more.")
    return redirect("accounts:tokens")


def _create(request: HttpRequest, user: User) -> HttpResponse:
    form = TokenForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, form, status=422)
    now, days = timezone.now(), form.cleaned_data["days"]
    try:
        row, secret = create_token(
            user=user,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=now + timedelta(days=int(days)) if days else None,
            now=now,
        )
    except InvalidToken as error:
        form.add_error(None, error.message)
        return _page(request, form, status=422)
    return _page(request, TokenForm(user=user), row=row, secret=secret)


def _page(
    request: HttpRequest, form: TokenForm, *, row: ApiToken | None = None, secret: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "tokens": ApiToken.objects.filter(user=cast(User, request.user)),
        "now": timezone.now(),
        "new": row,
        "secret": secret,
    }
    return render(request, "accounts/tokens.html", context, status=status)
