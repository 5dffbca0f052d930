"""The form at the door."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm


class LogInForm(LoginForm):
    """Allauth's own, which says that either name or address will do, and lets password managers fill in the name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Username or e-mail"
        self.fields["login"].widget.attrs.update(autocomplete="username", placeholder="")
        self.fields["remember"].label = "Keep me logged in"
