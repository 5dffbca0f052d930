"""The still pictures of an A/B clip: square, 1080 x 1080, which feeds show whole. They know no mixer either."""

from __future__ import annotations

from typing import Literal

from social.pictures.canvas import Canvas
from social.pictures.cards import UNNAMED
from social.pictures.lettering import Box, Style, drawable
from social.pictures.pads import draw_pad
from social.pictures.palette import INK, INK_2, INK_3, ON_ACTION, A, B, Side

Picture = Literal["a", "b", "end"]

SIZE = 1080
MARGIN = 72
LEFT, RIGHT = MARGIN, SIZE - MARGIN
BRAND = 64
PAD_TOP, PAD_BOTTOM, PAD_GAP = 388, 808, 32
TITLE_BOX, BY_BOX = Box(LEFT, 826, RIGHT, 950), Box(LEFT, 962, RIGHT, 1012)
STATE_BOX = Box(SIZE // 2, MARGIN - 8, RIGHT, MARGIN - 8 + BRAND)
BUTTON = Box(LEFT + 60, 736, RIGHT - 60, 840)
ADDRESS_BOX = Box(BUTTON.left + 40, BUTTON.top, BUTTON.right - 40, BUTTON.bottom)

STATE = Style(36, 36, 600, align="right", valign="middle")
HEADLINE = Style(80, 60, 720, max_lines=2, align="center", valign="middle")
TITLE = Style(48, 36, 620, max_lines=2, align="center", valign="bottom")
BY = Style(32, 24, 450, align="center", valign="bottom")
QUESTION = Style(112, 112, 740, align="center", valign="middle")
APPEAL = Style(60, 60, 550, align="center", valign="middle")
ADDRESS = Style(44, 26, 650, align="center", valign="middle")


def clip_frames(title: str, by: str, address: str) -> dict[Picture, bytes]:
    """The pictures for while A plays, for while B plays, and for the end.

    Args:
        title: the song's, any text. by: who shares it, may be empty.
        address: where to vote, short and without a scheme, such as mixarena.example/b/x7k2.
    Returns: PNG files.
    """
    return {"a": _playing(A, title, by), "b": _playing(B, title, by), "end": _end(title, address)}


def _playing(playing: Side, title: str, by: str) -> bytes:
    canvas = Canvas(SIZE, SIZE)
    canvas.brand(LEFT, MARGIN - 8, BRAND)
    canvas.write(f"{playing.letter} is playing", STATE_BOX, STATE, playing.ink)
    canvas.write("Which mix would you release?", Box(LEFT, 172, RIGHT, 356), HEADLINE, INK)
    width = (RIGHT - LEFT - PAD_GAP) // 2
    for side, left in ((A, LEFT), (B, RIGHT - width)):
        draw_pad(canvas, side, Box(left, PAD_TOP, left + width, PAD_BOTTOM), is_lit=side is playing)
    canvas.write(drawable(title) or UNNAMED, TITLE_BOX, TITLE, INK)
    name = drawable(by)
    if name:
        canvas.write(f"shared by {name}", BY_BOX, BY, INK_3)
    return canvas.png()


def _end(title: str, address: str) -> bytes:
    canvas = Canvas(SIZE, SIZE)
    mark = 300
    for side, left in ((A, SIZE // 2 - 350), (B, SIZE // 2 - 50)):
        canvas.glow(Box(left, 80, left + 400, 480), side.color, 0.22)
    canvas.mark((SIZE - mark) / 2, 130, mark)
    canvas.write("Which one?", Box(LEFT, 470, RIGHT, 610), QUESTION, INK)
    canvas.write("Vote blind", Box(LEFT, 600, RIGHT, 690), APPEAL, INK_2)
    canvas.pill(BUTTON, INK)
    canvas.write(drawable(address), ADDRESS_BOX, ADDRESS, ON_ACTION)
    canvas.write(drawable(title) or UNNAMED, Box(LEFT, 880, RIGHT, 1000), TITLE, INK_3)
    return canvas.png()
