"""The two pads of a battle, as the site draws them: one's letter, its half of the mark, and light where it plays."""

from __future__ import annotations

from social.pictures.canvas import Canvas
from social.pictures.lettering import Box, Style
from social.pictures.palette import BAR_WIDTH, LINE_STRONG, MARK, MARK_SIZE, SURFACE, Side, mixed

LETTER_SHARE, MARK_SHARE = 0.44, 0.22
LINE_WIDTH = 3
# What is not lit keeps this much of its side's color.
DIMMED = 0.35


def draw_pad(canvas: Canvas, side: Side, box: Box, *, is_lit: bool) -> None:
    """One pad, at least 200 pixels wide and high."""
    if is_lit:
        spread = 60
        halo = Box(box.left - spread, box.top + spread, box.right + spread, box.bottom + spread)
        canvas.glow(halo, side.color, 0.3)
    line, glow = (side.color, (side.color, 0.28)) if is_lit else (LINE_STRONG, None)
    canvas.panel(box, 28, SURFACE, line=line, line_width=LINE_WIDTH, glow=glow)
    share = 1.0 if is_lit else DIMMED
    size = round(LETTER_SHARE * box.height)
    letter = Style(size, size, 720, align="center", valign="middle")
    above = Box(box.left, box.top, box.right, box.top + round(0.8 * box.height))
    canvas.write(side.letter, above, letter, mixed(side.ink, SURFACE, share))
    bars = MARK[side]
    middle = (bars[0].x + bars[-1].x + BAR_WIDTH) / 2 / MARK_SIZE
    mark = MARK_SHARE * box.height
    left, top = (box.left + box.right) / 2 - middle * mark, box.top + 0.66 * box.height
    canvas.bars(left, top, mark, bars, mixed(side.color, SURFACE, share))
