"""Django's own command, which ends API tokens too, as a new password does anywhere else."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.models import User
from accounts.passwords import on_new_password


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        done: str | None = super().handle(*args, **options)
        on_new_password(User.objects.get(username=options["username"] or getpass.getuser()))
        return done
