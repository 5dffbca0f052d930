"""The dark colors of static/css/tokens.css and the mark of static/img/mark.svg; a test compares."""

from __future__ import annotations

from typing import Literal, NamedTuple

Color = tuple[int, int, int]

BG: Color = (0x0A, 0x0B, 0x0E)
BG_LIFT: Color = (0x0F, 0x11, 0x15)
SURFACE: Color = (0x14, 0x16, 0x1B)
SURFACE_2: Color = (0x1B, 0x1E, 0x25)
LINE_STRONG: Color = (0x3A, 0x40, 0x4C)
INK: Color = (0xF3, 0xF4, 0xF6)
INK_2: Color = (0xB4, 0xBA, 0xC5)
INK_3: Color = (0x8E, 0x95, 0xA3)
ON_ACTION: Color = (0x0D, 0x0F, 0x12)


class Side(NamedTuple):
    """One of the two sides of a battle."""

    letter: Literal["A", "B"]
    color: Color
    ink: Color


A = Side("A", (0xFF, 0xB2, 0x4D), (0xFF, 0xC6, 0x79))
B = Side("B", (0x56, 0xC7, 0xFF), (0x8A, 0xD9, 0xFF))


class Bar(NamedTuple):
    """A bar of the mark, in units of its 32 x 32 field."""

    x: float
    y: float
    height: float


MARK_SIZE, BAR_WIDTH = 32.0, 3.2
MARK: dict[Side, tuple[Bar, ...]] = {
    A: (Bar(2.0, 12.0, 8.0), Bar(7.0, 6.0, 20.0), Bar(12.0, 10.0, 12.0)),
    B: (Bar(16.8, 3.0, 26.0), Bar(21.8, 9.0, 14.0), Bar(26.8, 13.0, 6.0)),
}


def mixed(one: Color, other: Color, share: float) -> Color:
    """A color between two, with `share` of the one in [0, 1]."""
    red, green, blue = (round(share * a + (1.0 - share) * b) for a, b in zip(one, other, strict=True))
    return red, green, blue
