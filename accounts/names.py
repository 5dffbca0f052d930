"""Names that nobody may sign up with: the arena's own, and those that pretend to speak for it."""

from __future__ import annotations

import re
import unicodedata

# Whose name stands under the arena's own tournaments. No listener's name may hold it, however it is spelled.
HOUSE = "MixArena"
# How the arena names guests, and those who left.
_OURS = ("guest-", "gone-")
# Not even as a word of a name: "the.curator", "Support2", "SiteAdmin". "badminton" is fine.
_STAFF = (
    "admin", "admins", "administrator", "administrators", "curator", "curators", "moderator", "moderators", "staff",
    "superuser", "support", "sysadmin", "webmaster",
)  # fmt: skip
# Not as the whole name; musicians have them as words.
_WHOLE = ("arena", "gone", "guest", "help", "mod", "mods", "official", "root", "system", "team")
# What is read as another letter at a glance; the rest of what looks alike is no ASCII and refused as such.
_LOOKALIKES = str.maketrans("0134578l|$@", "oieastbiisa")
_PAIRS = (("rn", "m"), ("vv", "w"))
# What is put around a name that is taken.
_NUMBERING = "0123456789._-+@"


def is_reserved(name: str) -> bool:
    """Whether a name is the arena's, or could be taken for one of its staff."""
    plain = unicodedata.normalize("NFKC", name)
    if plain.casefold().startswith(_OURS):
        return True
    whole = {_look(plain), _look(plain.strip(_NUMBERING))}
    words = {_look(word) for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", plain)}
    return (
        any(_look(HOUSE) in look for look in whole)
        or not whole.isdisjoint(map(_look, _STAFF + _WHOLE))
        or not words.isdisjoint(map(_look, _STAFF))
    )


def _look(text: str) -> str:
    """One spelling for what looks alike: no case, no marks, and letters for the digits that are taken for them."""
    look = text.casefold().translate(_LOOKALIKES)
    look = "".join(character for character in look if character.isalnum())
    for pair, letter in _PAIRS:
        look = look.replace(pair, letter)
    return look
