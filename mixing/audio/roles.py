"""What a stem plays: guessed from its name, and from its sound where the name says nothing.

Names are what people and recording programs call tracks, in a few languages; the sound only tells drums, bass and the
rest apart, and says how little it knows.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROLES = ("drums", "bass", "vocals", "guitar", "keys", "strings", "percussion", "other")
# Whole words, first match wins: "bass drum" is a drum, and "bass guitar" a bass.
_PHRASES: tuple[tuple[str, str], ...] = (
    ("drums", r"bass ?drum|kick|bd|bdrum|snare|sn|sd|toms?|hi ?hats?|hats?|hh|cymbals?|overheads?|oh|drums?|drumkit"),
    ("drums", r"crash|ride|beat|beats|schlagzeug|batterie|bateria|trommel|breakbeat|drum ?loop|room mics?"),
    ("vocals", r"vocals?|vox|voc|voice|sing|singer|lead ?vox|lead ?vocals?|bgvs?|bvs?|backings?|choir|choirs?|chor"),
    ("vocals", r"gesang|stimme|chant|voz|voix|rap|harmon(y|ies)|adlibs?|dialog"),
    ("bass", r"bass|basses|basse|bajo|sub|sub ?bass|808s?|bassline|kontrabass|contrabass|upright"),
    (
        "guitar",
        r"guitars?|gtrs?|gits?|gitarren?|guitare|guitarra|acoustic|e ?guitar|rhythm ?gtr|lead ?gtr|banjo|ukulele",
    ),
    ("guitar", r"mandolin|strum|strat|tele|les ?paul"),
    ("strings", r"strings?|violins?|violas?|cell[oi]s?|fiddle|streicher|cordes|cuerdas|orchestra|ensemble"),
    ("percussion", r"percussions?|percs?|shakers?|tambourines?|congas?|bongos?|claps?|cowbell|maracas|timbales?|cajon"),
    ("percussion", r"snaps?|triangle|woodblock|tabla|djembe"),
    ("keys", r"keys?|keyboards?|pianos?|rhodes|wurli(tzer)?|organs?|hammond|clav(inet)?|ep|e ?piano|synths?|pads?"),
    ("keys", r"arps?|plucks?|klavier|teclado|harpsichord|accordion|lead|chords?|stabs?"),
    ("other", r"fx|sfx|noise|riser|brass|horns?|trumpets?|sax(ophone)?|flutes?|trombones?|clarinets?|oboe|woodwinds?"),
)
_PATTERNS = tuple((role, re.compile(rf"\b({words})\b")) for role, words in _PHRASES)
NAME_CONFIDENCE = 0.9
# Judged by the loudest stretch of this length.
WINDOW_S = 10.0
FRAME_S = 0.023


@dataclass(frozen=True)
class RoleGuess:
    """A role of ROLES, how sure that is (0 to 1), and why: "name", "sound" or "nothing"."""

    role: str
    confidence: float
    why: str


def guess_role(name: str, audio: NDArray[np.float32] | None, rate: int) -> RoleGuess:
    """Guess what a stem plays.

    Args:
        name: of its file, with or without folders and suffix.
        audio: (channels, frames), or None to go by the name alone.
        rate: Hz.
    """
    words = _words(name)
    for role, pattern in _PATTERNS:
        if pattern.search(words):
            return RoleGuess(role, NAME_CONFIDENCE, "name")
    if audio is None or audio.shape[1] < round(FRAME_S * rate) * 4:
        return RoleGuess("other", 0.0, "nothing")
    return _by_sound(audio.mean(axis=0), rate)


def _words(name: str) -> str:
    """Lower case words between single spaces: "01_BassDI.wav" is "bass di"."""
    last = re.split(r"[\\/]", name)[-1]
    plain = unicodedata.normalize("NFKD", re.sub(r"\.[A-Za-z0-9]{1,5}$", "", last))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    spaced = re.sub(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", spaced)
    kept = re.sub(r"[^a-z0-9]+", " ", spaced.lower())
    return " ".join(w for w in kept.split() if not w.isdigit() or w == "808")


def _by_sound(mono: NDArray[np.float32], rate: int) -> RoleGuess:
    frame = round(FRAME_S * rate)
    n = mono.size // frame
    power = np.square(mono[: n * frame].reshape(n, frame), dtype=np.float64).mean(axis=1)
    if float(power.max()) < 1e-10:
        return RoleGuess("other", 0.0, "nothing")
    span = min(n, round(WINDOW_S / FRAME_S))
    sums = np.convolve(power, np.ones(span), "valid")
    begin = int(sums.argmax())
    frames = mono[begin * frame : (begin + span) * frame].reshape(span, frame)
    spectrum = np.square(np.abs(np.fft.rfft(frames * np.hanning(frame), axis=1))).mean(axis=0) + 1e-20
    freqs = np.fft.rfftfreq(frame, 1.0 / rate)
    low_share = float(spectrum[freqs < 200.0].sum() / spectrum.sum())
    audible = spectrum[(freqs > 100.0) & (freqs < 10_000.0)]
    flatness = float(np.exp(np.log(audible).mean()) / audible.mean())
    level_db = 10.0 * np.log10(power[begin : begin + span] + 1e-12)
    rises = float(np.mean(np.diff(level_db) > 9.0)) / FRAME_S
    if rises > 1.0 and flatness > 0.02:
        role = "drums" if low_share > 0.1 else "percussion"
        return RoleGuess(role, 0.5, "sound")
    if low_share > 0.7:
        return RoleGuess("bass", 0.6, "sound")
    return RoleGuess("other", 0.3, "sound")
