"""Debian packages that carry openly licensed music: what the champions learn from.

Licence and genre are what the package says or suggests as a whole. A file's own stanza in the package's `copyright`
and its own genre tag win over them. Nothing here has been judged by ear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["train", "bench"]


@dataclass(frozen=True)
class MusicPackage:
    """One package.

    Attributes:
        name: as the archive knows it.
        licence: of its music, where `copyright` has no stanza for the file.
        genre: slug of mixing.genres; an impression from titles and games.
        role: `bench` packages are kept whole for MixBench; nothing learns from them.
        skip: parts of paths that must not be used (other licences, dual versions).
    """

    name: str
    licence: str
    genre: str
    role: Role = "train"
    skip: tuple[str, ...] = ()


# Cheapest first: a build that stops early has the most songs for its bytes.
PACKAGES: tuple[MusicPackage, ...] = (
    MusicPackage("ardentryst", "CC-BY-SA-3.0", "orchestral"),
    MusicPackage("davegnukem-data", "Expat or GPL", "electronic"),
    MusicPackage("wizznic-data", "GPL-3", "electronic"),
    MusicPackage("adonthell-data", "GPL-2+", "folk", role="bench"),
    MusicPackage("amoebax-data", "GPL-2+ and Free Art", "electronic"),
    MusicPackage("noiz2sa-data", "BSD-2-Clause", "electronic"),
    MusicPackage("neverball-common", "GPL-2+", "rock", role="bench"),
    MusicPackage("pushover-data", "GPL-3+", "electronic", role="bench"),
    MusicPackage("enigma-data", "GPL", "ambient"),
    MusicPackage("starfighter-data", "GPL-2+", "electronic", role="bench"),
    MusicPackage("extremetuxracer-data", "GPL-2+", "pop", role="bench"),
    MusicPackage("lordsawar-data", "GPL-3+", "orchestral"),
    MusicPackage("zaz-data", "GPL-3+", "electronic"),
    MusicPackage("krank", "GPL", "ambient"),
    MusicPackage("lincity-ng-data", "GPL-2+ and CC-BY-SA", "pop"),
    MusicPackage("hyperrogue-music", "CC-BY-SA-3.0", "ambient"),
    MusicPackage("colobot-common-sounds", "GPL-3+", "electronic"),
    MusicPackage("singularity-music", "CC-BY-SA-3.0", "ambient"),
    MusicPackage("planetblupi-music-ogg", "GPL-3+", "pop"),
    MusicPackage("nexuiz-music", "GPL-2", "electronic"),
    MusicPackage("warzone2100-music", "GPL-2+", "electronic"),
    MusicPackage("openarena-088-data", "GPL-2", "metal", role="bench"),
    MusicPackage("wesnoth-1.16-music", "GPL-2+", "orchestral"),
    MusicPackage("ufoai-music", "GPL-2 and CC-BY-SA-3.0", "electronic"),
    MusicPackage("hedgewars-data", "GPL-2", "rock"),
    MusicPackage("supertux-data", "GPL-3+", "pop"),
    MusicPackage("naev-data", "GPL-2+ and CC-BY-SA-3.0", "ambient"),
    MusicPackage("flare-game", "CC-BY-SA-3.0+", "orchestral", role="bench"),
    MusicPackage("openclonk-data", "GPL-2+ and CC-BY", "folk"),
    MusicPackage("freecol", "CC-BY-4.0", "folk", role="bench"),
    MusicPackage("freedroidrpg-data", "GPL-2+", "ambient"),
    MusicPackage("unknown-horizons", "CC-BY-SA-3.0", "orchestral"),
    MusicPackage("widelands-data", "GPL-2+", "orchestral"),
    MusicPackage("berusky2-data", "GPL-2+", "electronic"),
    MusicPackage("redeclipse-data", "CC-BY-SA-3.0", "electronic"),
    MusicPackage("supertuxkart-data", "CC-BY-SA-3.0", "rock"),
    MusicPackage("0ad-data", "CC-BY-SA-3.0", "folk"),
)
