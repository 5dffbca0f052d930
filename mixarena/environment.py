"""Typed readers of environment variables, which are the only source of operational choices.

Every reader stops with the variable's name and the values it allows; nothing wrong is replaced by a default.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mixing.errors import MixArenaError

TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")
MIN_SECRET_LENGTH = 32


class VariableError(MixArenaError):
    """An environment variable whose value is not allowed."""

    def __init__(self, name: str, problem: str, allowed: str) -> None:
        super().__init__(
            f"The environment variable {name} {problem}. Set it to {allowed}, or unset it for the default.",
            code="bad_variable",
        )
        self.name = name


class Environment:
    """Reads variables from a mapping. An empty value counts as unset. `names` collects what was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.names: set[str] = set()

    def _raw(self, name: str) -> str:
        self.names.add(name)
        return self.values.get(name, "").strip()

    def text(self, name: str, default: str = "") -> str:
        return self._raw(name) or default

    def flag(self, name: str, default: bool = False) -> bool:
        raw = self._raw(name).lower()
        if not raw:
            return default
        if raw not in TRUE_WORDS + FALSE_WORDS:
            raise VariableError(name, f"is {raw!r}", f"one of {', '.join(TRUE_WORDS + FALSE_WORDS)}")
        return raw in TRUE_WORDS

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        raw = self._raw(name)
        if not raw:
            return default
        allowed = f"a whole number from {low} to {high}"
        try:
            value = int(raw)
        except ValueError:
            raise VariableError(name, f"is {raw!r}", allowed) from None
        if not low <= value <= high:
            raise VariableError(name, f"is {value}", allowed)
        return value

    def choice(self, name: str, default: str, *, options: Collection[str]) -> str:
        raw = self._raw(name) or default
        if raw not in options:
            raise VariableError(name, f"is {raw!r}", f"one of {', '.join(options)}")
        return raw

    def words(self, name: str, default: Collection[str] = ()) -> list[str]:
        """Comma-separated values, blanks dropped."""
        raw = self._raw(name)
        return [word.strip() for word in raw.split(",") if word.strip()] if raw else list(default)

    def origins(self, name: str) -> list[str]:
        """Comma-separated origins such as https://arena.example.org."""
        origins = self.words(name)
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
                raise VariableError(name, f"contains {origin!r}", "origins like https://arena.example.org")
        return origins

    def url(self, name: str, default: str = "", *, schemes: Collection[str]) -> str:
        """A URL of one of the schemes. The value is never repeated in the error: it may hold a password."""
        raw = self._raw(name)
        if not raw:
            return default
        if urlsplit(raw).scheme not in schemes or ":" not in raw:
            raise VariableError(
                name, "is not such a URL", f"a URL that starts with {' or '.join(f'{s}:' for s in schemes)}"
            )
        return raw

    def folder(self, name: str, default: Path) -> Path:
        """A folder, made if it is missing."""
        raw = self._raw(name)
        path = Path(raw).expanduser().absolute() if raw else default
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VariableError(
                name, f"names a folder that cannot be made ({error.strerror})", "a folder you may write to"
            ) from error
        return path

    def secret(self, name: str, file: Path) -> str:
        """A secret from the variable, else from `file`, which is written once and readable by its owner alone."""
        raw = self._raw(name)
        if raw and len(raw) < MIN_SECRET_LENGTH:
            raise VariableError(name, f"has {len(raw)} characters", f"at least {MIN_SECRET_LENGTH} random characters")
        return raw or kept_secret(file)


def kept_secret(file: Path) -> str:
    """Read the secret in `file`, writing it first if there is none. Processes that start at once agree on one."""
    if not file.exists():
        handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another process was quicker: its secret is the one
        finally:
            Path(draft).unlink()
    return file.read_text().strip()
