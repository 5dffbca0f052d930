"""When two e-mail addresses are the same mailbox."""

from __future__ import annotations

_DOTLESS = {"gmail.com", "googlemail.com"}


def canonical(address: str) -> str:
    """One spelling a mailbox: no case, no tag behind a plus sign, and no dots where the provider ignores them.

    Whoever hosts mail decides what a local part means (RFC 5321, 2.3.11), so this may hold two mailboxes for one; it
    only ever decides whether a bonus is paid.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.split("+", 1)[0]
    if domain in _DOTLESS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"
