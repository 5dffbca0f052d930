"""Setting text into a box of fixed size: shrunk, then wrapped to two lines, then cut with an ellipsis. Never wider.

The letters are Inter's: Latin, Greek and Cyrillic with their accents, figures, currency and common arrows. It has no
Chinese, Japanese or Korean, no Hebrew, Arabic or Indic letters, and no emoji. What it lacks is left out, and where that
is most of a text, nothing is left of it: `drawable` is empty, and the picture says something general instead.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import ImageFont

FONT = Path(__file__).resolve().parent.parent / "fonts" / "inter-4.1.1" / "InterVariable.woff2"
ELLIPSIS = "\u2026"
# What reaches furthest above and below a line, of all that titles are made of.
TALL = "\u01fa\u1e01\u2460"
# Inter's optical sizes end here; larger letters are drawn as this one.
MAX_OPTICAL_SIZE = 32
SIZE_STEP = 2
LINE_HEIGHT = 1.18
# A cut falls between words unless that would leave more than the rest of the line empty.
MIN_FILLED = 0.65
# A text is shrunk this far on one line before it takes two.
ONE_LINE_SHRINK = 0.8
# More never fits into any box here, and setting it would take long.
MAX_CHARACTERS = 240
# A text of which less than this share of letters and figures can be drawn would be a riddle.
MIN_LEGIBLE = 0.5


class Box(NamedTuple):
    """A rectangle in pixels; right and bottom are outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Style:
    """How a text is set.

    Attributes:
        size: of the letters where there is room, pixels. min_size: where there is none.
        weight: 100 to 900.
        max_lines: 1 or 2.
        align: of the lines. valign: of all lines in the box.
    """

    size: int
    min_size: int
    weight: int
    max_lines: Literal[1, 2] = 1
    align: Literal["left", "center", "right"] = "left"
    valign: Literal["top", "middle", "bottom"] = "top"


@dataclass(frozen=True)
class Line:
    """A line that has its place: where its baseline begins, and the box that its ink stays within."""

    text: str
    font: ImageFont.FreeTypeFont
    x: int
    baseline: int
    box: Box


@lru_cache(maxsize=32)
def font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    """Inter at a size in pixels and a weight."""
    face = ImageFont.truetype(str(FONT), size)
    face.set_variation_by_axes([min(size, MAX_OPTICAL_SIZE), weight])
    return face


def drawable(text: str) -> str:
    """What of a text the font can show, with single spaces; empty where that is too little to make sense."""
    normal = unicodedata.normalize("NFC", text[: 4 * MAX_CHARACTERS])
    kept: list[str] = []
    for character in normal:
        kind = unicodedata.category(character)
        if kind[0] in "CZ":
            # Joiners and marks of direction vanish, line breaks part words.
            kept.append("" if kind == "Cf" else " ")
        elif kind[0] == "M":
            # An accent belongs to a letter that is there. A second one would leave the line.
            if kept and kept[-1].isalpha() and len(kept[-1]) == 1 and _has(character) and _is_low(kept[-1] + character):
                kept[-1] += character
        elif _has(character) and _is_low(character):
            kept.append(character)
        else:
            kept.append("")
    shown = " ".join("".join(kept).split())
    wanted = sum(character.isalnum() for character in normal)
    legible = sum(character.isalnum() for character in shown)
    return shown if legible and legible >= MIN_LEGIBLE * wanted else ""


def set_text(text: str, box: Box, style: Style) -> tuple[Line, ...]:
    """Set a text into a box.

    Args:
        text: anything `drawable` returned.
        box: at least `max_lines` lines of the smallest size high.
    Returns: its lines from top to bottom, their ink inside the box; none for an empty text.
    """
    if not text:
        return ()
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS] + ELLIPSIS
    size, lines = _broken(text, box, style)
    face = font(size, style.weight)
    ascent, descent = _extent(size, style.weight)
    step = round(LINE_HEIGHT * size)
    height = ascent + descent + (len(lines) - 1) * step
    # In the middle are the capitals: few have an accent.
    lower = (box.height - (len(lines) - 1) * step + _cap_height(size, style.weight)) // 2 - ascent
    spare = {"top": 0, "middle": lower, "bottom": box.height - height}[style.valign]
    placed = []
    for i, line in enumerate(lines):
        left, right = _ink(line, size, style.weight)
        room = box.width - (right - left)
        x = box.left - left + {"left": 0, "center": room // 2, "right": room}[style.align]
        baseline = box.top + spare + ascent + i * step
        ink = face.getbbox(line, anchor="ls")
        edges = (round(x + ink[0]), round(baseline + ink[1]), round(x + ink[2]), round(baseline + ink[3]))
        placed.append(Line(line, face, x, baseline, Box(*edges)))
    return tuple(placed)


def _broken(text: str, box: Box, style: Style) -> tuple[int, tuple[str, ...]]:
    """The largest size at which a text fits, and its lines; at the smallest, what fits of it."""
    for n_lines in range(1, style.max_lines + 1):
        lines = (text,) if n_lines == 1 else _halves(text, style.size, style.weight)
        widest = max(_width(line, style.size, style.weight) for line in lines)
        is_last = n_lines == style.max_lines
        smallest = style.min_size if is_last else max(style.min_size, round(ONE_LINE_SHRINK * style.size))
        for size in range(style.size, smallest - 1, -SIZE_STEP):
            # Widths are nearly proportional to sizes, and every size tried costs the loading of a font.
            is_likely = widest * size <= box.width * style.size and _is_low_enough(n_lines, size, box, style)
            if is_likely and max(_width(line, size, style.weight) for line in lines) <= box.width:
                return size, lines
    return style.min_size, _cut(text, box.width, style)


def _is_low_enough(n_lines: int, size: int, box: Box, style: Style) -> bool:
    ascent, descent = _extent(size, style.weight)
    return ascent + descent + (n_lines - 1) * round(LINE_HEIGHT * size) <= box.height


def _halves(text: str, size: int, weight: int) -> tuple[str, ...]:
    """A text parted at the space that leaves both lines as short as can be; whole where there is none."""
    words = text.split(" ")
    pairs = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return min(pairs, key=lambda pair: max(_width(line, size, weight) for line in pair), default=(text,))


def _cut(text: str, width: int, style: Style) -> tuple[str, ...]:
    """As much of a text as fits at the smallest size, its last line with an ellipsis."""
    lines: list[str] = []
    for _ in range(style.max_lines - 1):
        n = _fitting(text, width, style, end="")
        lines.append(text[:n].rstrip())
        text = text[n:].lstrip()
    if _width(text, style.min_size, style.weight) <= width:
        return (*lines, text)
    return (*lines, text[: _fitting(text, width, style, end=ELLIPSIS)].rstrip() + ELLIPSIS)


def _fitting(text: str, width: int, style: Style, *, end: str) -> int:
    """How many characters fit on a line before an end, at least one; whole words if that costs little."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(text[:middle].rstrip() + end, style.min_size, style.weight) <= width:
            low = middle
        else:
            high = middle - 1
    if low == len(text):
        return low
    gap = text.rfind(" ", 0, low + 1)
    return gap if gap > MIN_FILLED * low else low


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    """Whether the font has a picture of a character; else it draws the same one as for what no font has."""
    return _picture(character) != _picture("\U0010ffff")


@lru_cache(maxsize=4096)
def _is_low(characters: str) -> bool:
    """Whether ink stays within what lines have room for."""
    ascent, descent = _extent(MAX_OPTICAL_SIZE, 400)
    _, top, _, bottom = font(MAX_OPTICAL_SIZE, 400).getbbox(characters, anchor="ls")
    return -top <= ascent and bottom <= descent


def _picture(character: str) -> tuple[tuple[int, int], bytes]:
    mask = font(MAX_OPTICAL_SIZE, 400).getmask(character)
    return mask.size, bytes(mask)


@lru_cache(maxsize=64)
def _extent(size: int, weight: int) -> tuple[int, int]:
    """How far letters reach above and below the baseline, accents and all, and a pixel to be sure."""
    ink = font(size, weight).getbbox(TALL, anchor="ls")
    return round(-ink[1]) + 1, round(ink[3]) + 1


def _cap_height(size: int, weight: int) -> int:
    return round(-font(size, weight).getbbox("H", anchor="ls")[1])


def _ink(text: str, size: int, weight: int) -> tuple[int, int]:
    """Where a line's ink begins and ends, pixels from where it is drawn."""
    left, _, right, _ = font(size, weight).getbbox(text, anchor="ls")
    return round(left), round(right)


def _width(text: str, size: int, weight: int) -> int:
    left, right = _ink(text, size, weight)
    return right - left
