"""What the API itself refuses; everything else is refused by the services behind it."""

from __future__ import annotations

from typing import ClassVar

from django.forms import Form

from mixing.errors import MixArenaError


class ApiError(MixArenaError):
    """The root, with the status and the headers of the answer."""

    status: ClassVar[int] = 400

    def __init__(self, message: str, *, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.headers = headers or {}


class ScopeMissing(ApiError):
    """A token that was not made for this."""

    status = 403


class BodyTooLarge(ApiError):
    """More JSON than any request needs."""

    status = 413


class LengthRequired(ApiError):
    """A body that does not say how long it is."""

    status = 411


class TooManyRequests(ApiError):
    """A token, or a listener, that asks too often."""

    status = 429


class InvalidForm(ApiError):
    """A form that the site, too, would show again with its errors."""

    status = 422

    @classmethod
    def of(cls, form: Form) -> InvalidForm:
        """With all that is wrong with a form."""
        return cls(" ".join(str(e) for errors in form.errors.values() for e in errors), code="form")
