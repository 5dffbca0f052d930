"""The root of every error that the project raises on purpose.

A message is written to be shown: one sentence of what happened, one of what to do.
"""


class MixArenaError(Exception):
    """An error with a message for people, a code for programs, and whether trying again can help."""

    def __init__(self, message: str, *, code: str, is_retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.is_retryable = is_retryable


class AudioError(MixArenaError):
    """A file or signal that cannot be used as music."""


class SettingsError(MixArenaError):
    """Console settings outside their ranges, or of the wrong shape."""


class MixerFileError(MixArenaError):
    """A weights file or card that is damaged, foreign or does not fit its architecture."""


class BreedingError(MixArenaError):
    """Two mixers that cannot be bred. An offspring that fails its gate is a result, not this error."""
