"""Songs written by mma, the MIDI accompaniment generator: genres that no package of songs covers.

One song per style file of its standard library: eight bars of chords, drawn by the style's name, over the style's first
groove and then over its richest. The balance is the one that the style's author wrote into volumes and velocities.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from pathlib import Path

STYLES_DIR = "usr/share/mma/lib/stdlib"
SONGS_DIR = "songs"
N_BARS = 32
_SKIPPED = ("metronome", "none")
_PARTS = re.compile(r"(fill|end|intro|break|walk\d)$", re.IGNORECASE)
_GENRE_WORDS = (
    ("blues", "blues"), ("boogie", "blues"), ("boggie", "blues"), ("rb", "blues"), ("soul", "blues"), ("jazz", "jazz"),
    ("swing", "jazz"), ("bebop", "jazz"), ("bigband", "jazz"), ("dixie", "jazz"), ("ragtime", "jazz"),
    ("foxtrot", "jazz"), ("quickstep", "jazz"), ("evans", "jazz"), ("strut", "jazz"), ("charleston", "jazz"),
    ("broadway", "jazz"), ("showtune", "jazz"), ("fusion", "jazz"), ("rock", "rock"), ("twist", "rock"),
    ("8beat", "rock"), ("jive", "rock"), ("funk", "hip-hop"), ("trance", "electronic"), ("folk", "folk"),
    ("country", "folk"), ("bluegrass", "folk"), ("polka", "folk"), ("march", "folk"), ("hymn", "folk"),
    ("spiritual", "folk"), ("lullaby", "folk"), ("waltz", "folk"), ("ballad", "pop"), ("pop", "pop"),
    ("beguine", "world"), ("chacha", "world"), ("mambo", "world"), ("rhumba", "world"), ("salsa", "world"),
    ("samba", "world"),
    ("bolero", "world"), ("bossanova", "world"), ("tango", "world"), ("merengue", "world"), ("calypso", "world"),
    ("cuban", "world"), ("ska", "world"), ("son", "world"), ("zydeco", "world"), ("desert", "world"),
)  # fmt: skip
_CHORDS = ("C", "Am", "Dm7", "G7", "F", "Em7", "A7", "D7", "Fm6", "Bb", "E7", "Gm7")


def write_songs(package_dir: Path) -> None:
    """Write a MIDI file per style into the unpacked package. Raises subprocess.CalledProcessError where mma fails."""
    home = package_dir / "usr/share/mma"
    environment = os.environ | {"MMA_HOME": str(home.resolve()), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, str((package_dir / "usr/bin/mma").resolve())]

    def run(*arguments: str) -> bool:
        return subprocess.run([*program, *arguments], env=environment, capture_output=True, check=False).returncode == 0

    if not run("-g"):
        raise OSError("mma could not read its own library")
    songs = package_dir / SONGS_DIR
    songs.mkdir(exist_ok=True)
    for style in sorted((package_dir / STYLES_DIR).glob("*.mma")):
        text = song_text(style.stem, style.read_text(errors="replace"))
        if text is not None:
            score = songs / f"{style.stem}.mma"
            score.write_text(text)
            run(str(score.resolve()), "-f", str((songs / f"{style.stem}.mid").resolve()))
            score.unlink()


def song_text(name: str, style: str) -> str | None:
    """What mma is asked to play in a style; None for files that hold no music.

    Args:
        name: of the style's file, which also draws the chords.
        style: its text.
    """
    grooves = [g for g in re.findall(r"^DefGroove\s+(\S+)", style, re.MULTILINE) if not _PARTS.search(g)]
    if not grooves or name.startswith(_SKIPPED):
        return None
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    chords = random.Random(seed).choices(_CHORDS, k=8)
    # Longer names are the plain groove with more instruments.
    lines = [f"RndSeed {seed % 100_000}", f"Groove {grooves[0]}"]
    for bar in range(N_BARS):
        if bar == N_BARS // 2:
            lines.append(f"Groove {max(grooves, key=len)}")
        lines.append(f"{bar + 1} {chords[bar % 8]}")
    return "\n".join(lines) + "\n"


def genre_of_style(name: str) -> str:
    """The genre that a style's name tells, slug of mixing.genres."""
    return next((genre for word, genre in _GENRE_WORDS if word in name.lower()), "pop")
