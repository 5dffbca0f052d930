"""What accounts refuse, with the status of the HTTP answer and two sentences to show."""

from __future__ import annotations

from typing import ClassVar

from mixing.errors import MixArenaError


class AccountError(MixArenaError):
    """The root of this app's refusals."""

    status: ClassVar[int] = 422


class OutOfCredits(AccountError):
    """A tournament that nobody can pay for."""

    status = 402


class InvalidGrant(AccountError):
    """A gift that has no reason or takes more than there is."""


class InvalidDecision(AccountError):
    """A curator's word on an invitation that has no reason or comes too late."""


class InvalidToken(AccountError):
    """An API token that cannot be made as it was asked for."""
