"""The score of the demo song "Second Wind": every note that is written down, as data.

    Title   Second Wind                  Key     F major, leaning on D minor
    Genre   electronic (melodic)         Tempo   112 BPM, 4/4, sixteenths swung to 54 %

    Form, in bars                        What happens
    intro      4   0:00                  arpeggio and pads wake up, the theme is heard from far away
    verse      8   0:09                  broken beat, walking bass, calls and answers in the lead
    chorus     8   0:26                  four on the floor, the theme: D F A, then G held over the bar line
    break      4   0:43                  no drums; the theme in slow motion climbs over a snare roll
    chorus     8   0:52                  theme with a second voice, reharmonized, climax on a high F
    ending     5   1:09                  theme leaves, minor plagal cadence (B flat minor sixth to F), long tail

Pitches are MIDI numbers (60 is middle C), times are beats from the start of a section, velocities lie in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TITLE = "Second Wind"
SLUG = "second-wind"
GENRE = "electronic"
TEMPO_BPM = 112.0
BEATS_PER_BAR = 4
SWING_RATIO = 0.54  # share of an eighth that its first sixteenth takes; 0.5 is straight
SCALE = (0, 2, 4, 5, 7, 9, 10)  # pitch classes of F major, from C


class Chord(NamedTuple):
    """A chord: its bass note and the five voices above it, led smoothly from chord to chord."""

    bass: int
    voices: tuple[int, int, int, int, int]


class Note(NamedTuple):
    """A written note."""

    start_beat: float
    length_beats: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form: one chord a bar, one drum pattern a voice, optional bars that break the pattern.

    A drum pattern has 16 characters, one a sixteenth: `X` accent, `x` normal, `o` soft, `g` ghost, `.` rest. Patterns
    of several bars take turns.
    """

    name: str
    chords: tuple[str, ...]
    lead: tuple[Note, ...]
    harmony: tuple[Note, ...]
    bass_pattern: str
    keys_pattern: str
    arp_pattern: str
    drums: dict[str, tuple[str, ...]]
    fills: dict[int, dict[str, str]]

    @property
    def n_bars(self) -> int:
        """Length in bars."""
        return len(self.chords)


CHORDS = {
    "Bbmaj9": Chord(34, (53, 58, 62, 69, 72)),
    "Cadd9": Chord(36, (55, 60, 64, 67, 74)),
    "Dm9": Chord(38, (53, 57, 60, 64, 69)),
    "Am7": Chord(33, (52, 55, 60, 64, 67)),
    "F/A": Chord(33, (53, 57, 60, 67, 72)),
    "Fadd9": Chord(41, (53, 57, 60, 67, 72)),
    "C/E": Chord(40, (55, 60, 62, 67, 72)),
    "C9sus4": Chord(36, (55, 58, 62, 65, 72)),
    "Gm9": Chord(31, (53, 58, 62, 65, 69)),
    "Bbm6": Chord(34, (53, 58, 61, 67, 73)),
    "F low": Chord(29, (53, 57, 60, 67, 72)),
}


def _line(*notes: tuple[float, float, int, float]) -> tuple[Note, ...]:
    return tuple(Note(*note) for note in notes)


_INTRO_LEAD = _line((8, 0.75, 74, 0.55), (8.75, 0.75, 77, 0.55), (9.5, 2.0, 81, 0.7), (11.5, 2.5, 79, 0.6))

_VERSE_LEAD = _line(
    # call and answer over Dm9, C/E
    (0.5, 0.45, 69, 0.7), (1.0, 0.7, 74, 0.85), (1.75, 0.25, 72, 0.65), (2.0, 1.5, 69, 0.75),
    (5.5, 0.45, 67, 0.7), (6.0, 1.5, 72, 0.8),
    # the same call, a step brighter, over Fadd9, Bbmaj9
    (8.5, 0.45, 69, 0.7), (9.0, 0.7, 72, 0.8), (9.75, 0.25, 74, 0.7), (10.0, 1.5, 77, 0.9),
    (13.5, 0.45, 74, 0.7), (14.0, 1.5, 72, 0.75),
    # call again, then a line that climbs into the chorus
    (16.5, 0.45, 69, 0.75), (17.0, 0.7, 74, 0.85), (17.75, 0.25, 72, 0.65), (18.0, 1.5, 69, 0.75),
    (21.5, 0.45, 67, 0.7), (22.0, 0.7, 72, 0.8), (22.75, 0.6, 76, 0.8),
    (23.5, 1.5, 77, 0.9), (25.0, 0.45, 74, 0.75), (25.5, 0.45, 70, 0.7), (26.0, 1.5, 74, 0.8),
    (28.5, 0.45, 72, 0.75), (29.0, 0.45, 74, 0.8), (29.5, 0.45, 77, 0.85), (30.0, 1.6, 79, 0.95),
)  # fmt: skip

_THEME = _line(
    (0.0, 0.7, 74, 0.85), (0.75, 0.7, 77, 0.85), (1.5, 0.95, 81, 1.0), (2.5, 0.45, 79, 0.8), (3.0, 0.45, 77, 0.8),
    (3.5, 1.9, 79, 0.95), (5.5, 0.45, 76, 0.75), (6.0, 1.25, 72, 0.8),
    (7.5, 0.45, 72, 0.7), (8.0, 0.7, 74, 0.85), (8.75, 0.7, 77, 0.85), (9.5, 0.95, 81, 1.0), (10.5, 0.45, 84, 0.9),
    (11.0, 0.45, 81, 0.8), (11.5, 1.9, 79, 0.95), (13.5, 0.45, 76, 0.75), (14.0, 1.4, 79, 0.85),
)  # fmt: skip

_CHORUS_LEAD = _THEME + _line(
    (16.0, 0.7, 74, 0.85), (16.75, 0.7, 77, 0.85), (17.5, 0.95, 81, 1.0), (18.5, 0.45, 79, 0.8), (19.0, 0.45, 77, 0.8),
    (19.5, 1.9, 79, 0.95), (21.5, 0.45, 81, 0.8), (22.0, 0.7, 82, 0.9), (22.75, 0.65, 81, 0.85),
    (23.5, 1.9, 84, 1.0), (25.5, 0.45, 81, 0.8), (26.0, 0.95, 77, 0.8),
    (27.5, 3.0, 79, 0.9),
)  # fmt: skip

_BREAK_LEAD = _line(
    (0.0, 1.4, 74, 0.6), (1.5, 2.2, 77, 0.65), (4.0, 1.4, 76, 0.65), (5.5, 2.2, 79, 0.7),
    (8.0, 1.4, 77, 0.7), (9.5, 2.2, 81, 0.8), (12.0, 0.95, 79, 0.8), (13.0, 0.95, 82, 0.85), (14.0, 1.7, 84, 0.95),
)  # fmt: skip

_LAST_CHORUS_LEAD = _THEME + _line(
    (16.0, 0.7, 74, 0.85), (16.75, 0.7, 77, 0.85), (17.5, 0.95, 81, 0.95), (18.5, 0.45, 84, 0.9),
    (19.0, 0.45, 86, 0.95), (19.5, 1.9, 84, 1.0), (21.5, 0.45, 82, 0.85), (22.0, 0.7, 84, 0.9), (22.75, 0.65, 86, 0.95),
    (23.5, 1.9, 89, 1.0), (25.5, 0.45, 88, 0.9), (26.0, 0.7, 84, 0.85), (26.75, 0.7, 81, 0.8),
    (27.5, 1.9, 79, 0.9), (29.5, 0.45, 81, 0.8), (30.0, 0.45, 82, 0.85), (30.5, 0.45, 84, 0.85), (31.0, 0.9, 79, 0.85),
)  # fmt: skip

# Thirds and sixths below the theme, where the theme sings long notes, and an answer where it breathes.
_LAST_CHORUS_HARMONY = _line(
    (1.5, 0.95, 77, 0.8), (2.5, 0.45, 74, 0.7), (3.0, 0.45, 74, 0.7), (3.5, 1.9, 76, 0.8), (6.0, 1.25, 67, 0.7),
    (9.5, 0.95, 77, 0.8), (10.5, 0.45, 81, 0.75), (11.0, 0.45, 77, 0.7), (11.5, 1.9, 76, 0.8), (14.0, 1.4, 72, 0.75),
    (17.5, 0.95, 77, 0.8), (18.5, 0.45, 77, 0.75), (19.0, 0.45, 82, 0.75), (19.5, 1.9, 79, 0.8),
    (22.0, 0.7, 79, 0.75), (22.75, 0.65, 79, 0.75), (23.5, 1.9, 84, 0.85), (25.5, 0.45, 81, 0.75), (26.0, 1.4, 77, 0.7),
    (27.5, 1.9, 74, 0.75), (29.5, 1.9, 77, 0.7),
)  # fmt: skip

_ENDING_LEAD = _line(
    (0.0, 0.7, 74, 0.8), (0.75, 0.7, 77, 0.8), (1.5, 1.9, 81, 0.9), (3.5, 2.4, 79, 0.85), (6.0, 1.2, 72, 0.7),
    (8.0, 0.7, 70, 0.7), (8.75, 0.7, 74, 0.7), (9.5, 1.9, 77, 0.8),
    (11.5, 1.9, 79, 0.75), (13.5, 0.95, 77, 0.65), (14.5, 1.45, 73, 0.6),
    (16.0, 4.0, 72, 0.55),
)  # fmt: skip

_INTRO = Section(
    name="intro",
    chords=("Bbmaj9", "Cadd9", "Dm9", "Am7"),
    lead=_INTRO_LEAD,
    harmony=(),
    bass_pattern="none",
    keys_pattern="none",
    arp_pattern="sparse",
    drums={},
    fills={
        2: {"hat_closed": "..o...o...o...o.", "shaker": "g.o.g.o.g.o.g.o."},
        3: {
            "hat_closed": "..o...o...o...o.",
            "shaker": "gooxgooxgoox....",
            "tom_mid": "..........x.....",
            "tom_low": "............x.X.",
            "kick": "..............x.",
        },
    },
)

_VERSE = Section(
    name="verse",
    chords=("Dm9", "C/E", "Fadd9", "Bbmaj9", "Dm9", "C/E", "Gm9", "C9sus4"),
    lead=_VERSE_LEAD,
    harmony=(),
    bass_pattern="verse",
    keys_pattern="verse",
    arp_pattern="verse",
    drums={
        "kick": ("x.....o.x.......", "x.....o.x..g....", "x.....o.x.......", "x..g..o.x.....o."),
        "snare": ("....x..g....x...", "....x..g.g..x..g"),
        "hat_closed": ("x.o.x.o.x.o.x.og", "x.o.xgo.x.o.x.o."),
        "hat_open": ("................", "..............o."),
        "shaker": ("goxogoxogoxogoxo",),
        "rim": ("...o......o.....", "...o......o..o.."),
    },
    fills={
        0: {"crash": "x..............."},
        4: {"crash": "o..............."},
        7: {
            "kick": "x.....o.x.......",
            "snare": "....x..g..ooxxXX",
            "tom_high": "........x.......",
            "tom_mid": ".........xx.....",
            "tom_low": "...........xx.X.",
            "hat_closed": "x.o.x.o.........",
            "hat_open": "................",
        },
    },
)

_CHORUS_DRUMS = {
    "kick": ("X...X...X...X...", "X...X...X...X..o", "X...X...X...X...", "X...X...X.o.X.o."),
    "snare": ("....X.......X...", "....X.......X..g"),
    "clap": ("....x.......x...",),
    "hat_closed": ("og.gog.gog.gog.g",),
    "hat_open": ("..x...x...x...x.",),
    "shaker": ("gogxgogxgogxgogx",),
    "conga_high": ("...o......o.....", "...o..o...o...o."),
    "conga_low": (".......o......o.", ".......o....o..."),
}

_CHORUS = Section(
    name="chorus",
    chords=("Bbmaj9", "Cadd9", "Dm9", "Am7", "Bbmaj9", "Cadd9", "F/A", "C9sus4"),
    lead=_CHORUS_LEAD,
    harmony=(),
    bass_pattern="chorus",
    keys_pattern="chorus",
    arp_pattern="full",
    drums=_CHORUS_DRUMS,
    fills={
        0: {"crash": "X..............."},
        3: {"snare": "....X.......X.gx"},
        4: {"crash": "x..............."},
        7: {
            "kick": "X...X...X...X...",
            "snare": "....X.....g.X.xX",
            "tom_high": "..........x.....",
            "tom_mid": "...........x....",
            "tom_low": ".............x..",
            "hat_open": "..x...x.........",
        },
    },
)

_BREAK = Section(
    name="break",
    chords=("Gm9", "Am7", "Bbmaj9", "C9sus4"),
    lead=_BREAK_LEAD,
    harmony=(),
    bass_pattern="long",
    keys_pattern="long",
    arp_pattern="sparse",
    drums={},
    fills={
        0: {"crash": "X...............", "kick": "X..............."},
        1: {"rim": "...o......o..o..", "shaker": "g.o.g.o.g.o.g.o."},
        2: {
            "snare": "g...g...g...g.g.",
            "kick": "o.......o.......",
            "shaker": "goxogoxogoxogoxo",
            "rim": "...o......o..o..",
        },
        3: {
            "snare": "g.g.o.o.ooxxXX..",
            "kick": "o...o...o.o.....",
            "shaker": "gogogogogogo....",
            "tom_low": "..............X.",
        },
    },
)

_LAST_CHORUS = Section(
    name="last chorus",
    chords=("Bbmaj9", "Cadd9", "Dm9", "Am7", "Gm9", "Cadd9", "F/A", "C9sus4"),
    lead=_LAST_CHORUS_LEAD,
    harmony=_LAST_CHORUS_HARMONY,
    bass_pattern="chorus",
    keys_pattern="chorus",
    arp_pattern="full",
    drums=_CHORUS_DRUMS | {"tambourine": ("o.x.o.x.o.x.o.x.",), "ride": ("x...o...x...o...",)},
    fills={
        0: {"crash": "X..............."},
        3: {
            "snare": "....X.....o.X.xX",
            "tom_high": ".........x......",
            "tom_mid": "..........x.....",
            "tom_low": "...........x.x..",
        },
        4: {"crash": "X..............."},
        6: {"crash": "x..............."},
        7: {
            "kick": "X...X...X...X.X.",
            "snare": "....X..gg.ooxxXX",
            "tom_high": "........x.......",
            "tom_mid": ".........xx.....",
            "tom_low": "...........xx.x.",
            "hat_open": "..x...x.........",
        },
    },
)

_ENDING = Section(
    name="ending",
    chords=("Bbmaj9", "Cadd9", "Gm9", "Bbm6", "F low"),
    lead=_ENDING_LEAD,
    harmony=(),
    bass_pattern="ending",
    keys_pattern="long",
    arp_pattern="sparse",
    drums={},
    fills={
        0: {
            "crash": "X...............",
            "kick": "X.........x.....",
            "snare": "........X.......",
            "hat_closed": "x.o.x.o.x.o.x.o.",
            "shaker": "goxogoxogoxogoxo",
        },
        1: {
            "kick": "X.........x.....",
            "snare": "........X......g",
            "hat_closed": "x.o.x.o.x.o.x.o.",
            "shaker": "goxogoxogoxogoxo",
        },
        2: {"kick": "x.........o.....", "snare": "........o.......", "shaker": "g.o.g.o.g.o.g.o."},
        3: {"kick": "o...............", "shaker": "g.o.g.o.g.......", "tom_low": "............o.o."},
        4: {"kick": "x...............", "crash": "o..............."},
    },
)

SECTIONS = (_INTRO, _VERSE, _CHORUS, _BREAK, _LAST_CHORUS, _ENDING)

# One bar of bass: (start, length, step, velocity). A number is semitones above the chord's bass, "next" is the scale
# note that leads into the next bar's bass.
BASS_PATTERNS: dict[str, tuple[tuple[float, float, int | str, float], ...]] = {
    "none": (),
    "verse": (
        (0.0, 1.1, 0, 0.85), (1.5, 0.4, 0, 0.7), (2.0, 0.2, 12, 0.6), (2.5, 0.45, 7, 0.65),
        (3.0, 0.3, 12, 0.7), (3.5, 0.4, "next", 0.7),
    ),
    "chorus": (
        (0.0, 0.6, 0, 1.0), (0.75, 0.5, 0, 0.8), (1.5, 0.35, 12, 0.85), (2.0, 0.4, 0, 0.9), (2.5, 0.2, 0, 0.7),
        (2.75, 0.2, 7, 0.7), (3.0, 0.4, 12, 0.85), (3.5, 0.4, "next", 0.85),
    ),
    "long": ((0.0, 3.7, 0, 0.75),),
    "ending": ((0.0, 2.4, 0, 0.85), (2.5, 1.2, 0, 0.7)),
}  # fmt: skip

# One bar of electric piano: (start, length, velocity).
KEYS_PATTERNS: dict[str, tuple[tuple[tuple[float, float, float], ...], ...]] = {
    "none": ((),),
    "verse": (
        ((0.0, 1.2, 0.8), (1.5, 0.4, 0.6), (2.75, 0.9, 0.7)),
        ((0.0, 1.2, 0.8), (1.5, 0.4, 0.55), (2.5, 0.3, 0.6), (3.25, 0.6, 0.65)),
    ),
    "chorus": (
        ((0.0, 0.5, 0.9), (0.75, 0.5, 0.75), (1.5, 0.4, 0.8), (2.5, 0.4, 0.7), (3.25, 0.5, 0.75)),
        ((0.0, 0.5, 0.9), (0.75, 0.5, 0.75), (1.5, 0.9, 0.8), (3.0, 0.25, 0.65), (3.5, 0.4, 0.8)),
    ),
    "long": (((0.0, 3.8, 0.65),),),
}

# One bar of arpeggio, one character a sixteenth: the index into ten rungs (the chord's voices, then an octave higher).
ARP_PATTERNS: dict[str, tuple[str, ...]] = {
    "sparse": ("1.3.5.4.6.4.5.3.", "1.3.5.4.7.6.5.4."),
    "verse": ("1..3..5.4..3..2.", "1..3..5.6..4..3."),
    "full": ("1352643517465342", "1352643518674653"),
}
