"""Debian packages whose songs come in parts, and the sound fonts that play the MIDI files among them.

Licence and genre are what a package says or suggests as a whole; nothing here has been judged by ear. Left out although
their licences allow them: freedroid-data (remakes of commercial tunes by their titles), pianobooster (lessons without
volumes), the example songs of mma (standards in copyright), LMMS projects (they need a desktop's worth of libraries).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixing.training.packages import Role

Kind = Literal["midi", "module", "recorded", "accompaniment"]


@dataclass(frozen=True)
class MultitrackPackage:
    """One package.

    Attributes:
        name: as the archive knows it.
        kind: General MIDI files, tracker modules, recorded stems, or styles of an accompaniment generator.
        licence: of its music, where `copyright` has no stanza for the file.
        genre: slug of mixing.genres; empty where each song has its own.
        role: `bench` packages are kept whole for MixBench; nothing learns from them.
    """

    name: str
    kind: Kind
    licence: str
    genre: str
    role: Role = "train"


MULTITRACK: tuple[MultitrackPackage, ...] = (
    MultitrackPackage("freedoom", "midi", "BSD-3-Clause", "rock"),
    MultitrackPackage("freedm", "midi", "BSD-3-Clause", "metal"),
    MultitrackPackage("openttd-openmsx", "midi", "GPL-2", "pop"),
    MultitrackPackage("planetblupi-music-midi", "midi", "GPL-3+", "pop"),
    MultitrackPackage("freedink-data", "midi", "Zlib and others, see its copyright", "folk", role="bench"),
    MultitrackPackage("kobodeluxe-data", "midi", "GPL-2+", "electronic", role="bench"),
    MultitrackPackage("liquidwar-data", "midi", "GPL-2+", "electronic", role="bench"),
    MultitrackPackage("ironseed-data", "module", "GPL-3+", "ambient"),
    MultitrackPackage("pekka-kana-2-data", "module", "BSD-2-Clause", "electronic"),
    MultitrackPackage("tecnoballz-data", "module", "GPL-3+", "electronic"),
    MultitrackPackage("pingus-data", "module", "GPL-3+", "pop"),
    MultitrackPackage("heroes-sound-tracks", "module", "GPL-2+", "electronic", role="bench"),
    MultitrackPackage("biniax2-data", "module", "Zlib", "pop"),
    MultitrackPackage("gl-117-data", "module", "GPL-2+", "electronic", role="bench"),
    MultitrackPackage("bomberclone-data", "module", "GPL-2+", "electronic"),
    MultitrackPackage("pachi-data", "module", "GPL-2+", "electronic"),
    MultitrackPackage("circuslinux-data", "module", "GPL-2+", "pop"),
    MultitrackPackage("open-invaders-data", "module", "GPL-3+", "electronic", role="bench"),
    MultitrackPackage("ri-li-data", "module", "GPL-2 or GPL-3", "pop", role="bench"),
    MultitrackPackage("tuxmath-data", "module", "Public-Domain", "pop"),
    MultitrackPackage("njam-data", "module", "GPL-2+", "electronic"),
    MultitrackPackage("ceferino-data", "module", "GPL-2+", "pop"),
    MultitrackPackage("criticalmass-data", "module", "GPL-2+", "electronic"),
    MultitrackPackage("cuyo-data", "module", "GPL-2+", "pop"),
    MultitrackPackage("fb-music-high", "module", "GPL-2+", "electronic"),
    MultitrackPackage("monsterz-data", "module", "Public-Domain", "electronic"),
    MultitrackPackage("tomatoes-data", "module", "Zlib", "pop"),
    MultitrackPackage("fretsonfire-songs-muldjord", "recorded", "CC-BY-SA-3.0", "metal", role="bench"),
    MultitrackPackage("fretsonfire-songs-sectoid", "recorded", "CC-BY-SA-3.0", "metal", role="bench"),
    MultitrackPackage("mma", "accompaniment", "GPL-2+ (the styles)", ""),
)
SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "midi": (".mid", ".wad"),
    "module": (".mod", ".xm", ".s3m", ".it"),
    "recorded": (".ogg",),
    "accompaniment": (".mid",),
}


@dataclass(frozen=True)
class SoundFont:
    """A sound font: its package, its file, and its licence."""

    package: str
    file: str
    licence: str


# The first is the larger and better one.
SOUND_FONTS: tuple[SoundFont, ...] = (
    SoundFont("fluid-soundfont-gm", "FluidR3_GM.sf2", "MIT"),
    SoundFont("timgm6mb-soundfont", "TimGM6mb.sf2", "GPL-2"),
)
