"""What the registry of mixers refuses, with the status of the HTTP answer and two sentences to show."""

from __future__ import annotations

from typing import ClassVar

from mixing.errors import MixArenaError


class SubmissionError(MixArenaError):
    """The root of refusals around submitted mixers."""

    status: ClassVar[int] = 422


class TooManySubmissions(SubmissionError):
    """More submissions than one listener may have open, or send in a day."""

    status = 429


class SubmissionClosed(SubmissionError):
    """A submission that does not wait for a curator."""

    status = 409


class NameTaken(SubmissionError):
    """A nickname or weights that another mixer already has."""

    status = 409
