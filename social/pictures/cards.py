"""The pictures that feeds show beside a link: 1200 x 630, as the Open Graph protocol's consumers expect.

A battle's and a tournament's know no mixer: they cannot give away what is judged blind.
"""

from __future__ import annotations

from collections.abc import Sequence

from social.pictures.canvas import Canvas
from social.pictures.lettering import Box, Style, drawable
from social.pictures.pads import draw_pad
from social.pictures.palette import INK, INK_2, INK_3, LINE_STRONG, SURFACE, SURFACE_2, A, B, mixed

WIDTH, HEIGHT = 1200, 630
MARGIN = 64
BRAND = 48
# The left column tells, the right one shows.
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
TOLD = 640
SHOWN = Box(696, 152, RIGHT, 566)

HEADLINE_BOX = Box(LEFT, 130, TOLD, 340)
TITLE_BOX = Box(LEFT, 400, TOLD, 514)
BY_BOX = Box(LEFT, 530, TOLD, 573)
CHIP_BOX = Box(SHOWN.left, MARGIN - 8, RIGHT, MARGIN - 8 + BRAND)
WAVE_BOX = Box(LEFT, 146, RIGHT, 384)
MIX_TITLE_BOX = Box(LEFT, 398, RIGHT, 520)
MIX_BY_BOX = Box(LEFT, 530, RIGHT, 573)

HEADLINE = Style(74, 56, 720, max_lines=2)
TITLE = Style(42, 34, 620, max_lines=2, valign="bottom")
BY = Style(28, 22, 450, valign="bottom")
CHIP = Style(26, 20, 550, align="right", valign="middle")
NUMBER = Style(26, 26, 550, align="center", valign="middle")
MIX_TITLE = Style(60, 44, 700, max_lines=2, valign="bottom")
# What a song is called whose title the font cannot show, or that has none.
UNNAMED = "A song"


def battle_picture(title: str, by: str, number: int, n_rounds: int) -> bytes:
    """The invitation to judge one battle.

    Args:
        title: the song's, any text. by: who shares it, may be empty.
        number: of the round, from 1 to n_rounds.
    Returns: a PNG file.
    """
    canvas = _told("Which mix would you release?", title, by, f"Round {number} of {n_rounds}")
    width = (SHOWN.width - 24) // 2
    for side, left in ((A, SHOWN.left), (B, SHOWN.right - width)):
        draw_pad(canvas, side, Box(left, SHOWN.top, left + width, SHOWN.bottom), is_lit=True)
    return canvas.png()


def tournament_picture(title: str, by: str, n_rounds: int, is_running: bool) -> bytes:
    """The invitation to judge a tournament round by round.

    Args:
        title: the song's, any text. by: who shares it, may be empty.
        n_rounds: 3 to 10.
        is_running: whether its result is still open.
    Returns: a PNG file.
    """
    headline = "Judge the mixes blind" if is_running else "Would you choose the same mix?"
    state = "Voting now" if is_running else "Finished"
    canvas = _told(headline, title, by, f"{state} \u00b7 {n_rounds} rounds")
    n_columns = 1 if n_rounds <= 5 else 2
    n_rows = -(-n_rounds // n_columns)
    gap = 16
    width = (SHOWN.width - (n_columns - 1) * gap) // n_columns
    height = (SHOWN.height - (n_rows - 1) * gap) // n_rows
    for i in range(n_rounds):
        column, row = divmod(i, n_rows)
        left, top = SHOWN.left + column * (width + gap), SHOWN.top + row * (height + gap)
        _round(canvas, i + 1, Box(left, top, left + width, top + height))
    return canvas.png()


def mix_picture(title: str, by: str, mixer_nickname: str, peaks: Sequence[float]) -> bytes:
    """A finished mix, with the mixer that made it: for results that everybody may know.

    Args:
        title: the song's, any text. by: who shares it, may be empty.
        peaks: of the mix in equal stretches, each 0 to 1 of full scale; at least one.
    Returns: a PNG file.
    Raises: ValueError for no peaks, or some outside 0 to 1.
    """
    if not peaks or not all(0.0 <= peak <= 1.0 for peak in peaks):
        raise ValueError("a waveform needs peaks from 0 to 1")
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.brand(LEFT, MARGIN - 8, BRAND)
    name = drawable(mixer_nickname)
    if name:
        canvas.write(f"Mixed by {name}", CHIP_BOX, CHIP, INK_2)
    _wave(canvas, WAVE_BOX, peaks)
    canvas.write(drawable(title) or UNNAMED, MIX_TITLE_BOX, MIX_TITLE, INK)
    _by(canvas, by, MIX_BY_BOX)
    return canvas.png()


def _told(headline: str, title: str, by: str, chip: str) -> Canvas:
    """What battles and tournaments have in common: the brand, a question, the song and who shares it."""
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.brand(LEFT, MARGIN - 8, BRAND)
    canvas.write(chip, CHIP_BOX, CHIP, INK_2)
    canvas.write(headline, HEADLINE_BOX, HEADLINE, INK)
    canvas.write(drawable(title) or UNNAMED, TITLE_BOX, TITLE, INK)
    _by(canvas, by, BY_BOX)
    return canvas


def _by(canvas: Canvas, by: str, box: Box) -> None:
    name = drawable(by)
    if name:
        canvas.write(f"shared by {name}", box, BY, INK_3)


def _round(canvas: Canvas, number: int, box: Box) -> None:
    """A row of a tournament: its number, and the two sides that nobody knows."""
    canvas.panel(box, 18, SURFACE, line=LINE_STRONG)
    canvas.write(str(number), Box(box.left + 8, box.top, box.left + 60, box.bottom), NUMBER, INK_3)
    middle = (box.left + 64 + box.right - 12) // 2
    inset = 12
    for side, left, right in ((A, box.left + 64, middle - 5), (B, middle + 5, box.right - inset)):
        pad = Box(left, box.top + inset, right, box.bottom - inset)
        canvas.panel(pad, 10, SURFACE_2, line=mixed(side.color, SURFACE_2, 0.6), glow=(side.color, 0.3))
        size = min(40, pad.height * 3 // 4)
        canvas.write(side.letter, pad, Style(size, 20, 700, align="center", valign="middle"), side.ink)


def _wave(canvas: Canvas, box: Box, peaks: Sequence[float]) -> None:
    """Bars of the loudest peak in each stretch, from A's color to B's."""
    pitch, width = 12, 6
    n_bars = (box.width - width) // pitch + 1
    highest = max(peaks) or 1.0
    middle = (box.top + box.bottom) / 2
    for i in range(n_bars):
        first = i * len(peaks) // n_bars
        last = max(first + 1, (i + 1) * len(peaks) // n_bars)
        height = max(width, box.height * max(peaks[first:last]) / highest)
        # By way of white: halfway between the two lies mud.
        place = 2.0 * i / (n_bars - 1) - 1.0
        color = mixed((B if place > 0.0 else A).color, INK, abs(place))
        canvas.bar(box.left + i * (box.width - width) / (n_bars - 1), middle - height / 2, width, height, color)
