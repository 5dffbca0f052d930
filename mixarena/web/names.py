"""Names that people write, made fit to be shown among other text."""

from __future__ import annotations

import unicodedata


def plain_name(text: str) -> str:
    """One line of what can be seen: no control characters, half surrogates, or marks that turn its direction."""
    normal = unicodedata.normalize("NFC", text)
    seen = "".join(" " if c.isspace() else c for c in normal if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(seen.split())
