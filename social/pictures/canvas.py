"""A dark sheet to draw on: glows, panels with smooth edges, the mark, and text that keeps to its box."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from social.pictures.lettering import Box, Style, set_text
from social.pictures.palette import BAR_WIDTH, BG, BG_LIFT, INK, MARK, MARK_SIZE, A, B, Bar, Color

# Shapes are drawn this many times larger and reduced, which smooths their edges.
SCALE = 4
WORDMARK = "MixArena"
AMBIENT = 0.09
# The value of Pillow's radial gradient where it reaches the edges.
LIGHT_RADIUS = 179.0


class Canvas:
    """A picture in the making; `width` and `height` in pixels."""

    def __init__(self, width: int, height: int) -> None:
        self._image = _sheet(width, height).copy()
        self._draw = ImageDraw.Draw(self._image)

    def glow(self, box: Box, color: Color, strength: float) -> None:
        """Light that is brightest in the box's middle and gone at its edge; `strength` in [0, 1]."""
        _shade(self._image, box, color, _light(), strength)

    def panel(
        self,
        box: Box,
        radius: int,
        fill: Color,
        *,
        line: Color,
        line_width: int = 2,
        glow: tuple[Color, float] | None = None,
    ) -> None:
        """A rounded rectangle with a line along its inside, lit from its upper edge where it glows."""
        self._fill(box, line, radius)
        inner = Box(box.left + line_width, box.top + line_width, box.right - line_width, box.bottom - line_width)
        self._fill(inner, fill, radius - line_width)
        if glow is None:
            return
        color, strength = glow
        reach = Box(-inner.width // 5, -inner.height * 3 // 5, inner.width * 6 // 5, inner.height * 4 // 5)
        light = Image.new("L", (inner.width, inner.height))
        light.paste(_light().resize((reach.width, reach.height), Image.Resampling.BICUBIC), reach[:2])
        shape = _rounded(inner.width, inner.height, radius - line_width)
        self._image.paste(color, inner, ImageChops.multiply(light, shape).point(_times(strength)))

    def pill(self, box: Box, fill: Color) -> None:
        """A rectangle whose short sides are round."""
        self._fill(box, fill, min(box.width, box.height) // 2)

    def mark(self, left: float, top: float, size: float) -> None:
        """The mark in a field of size x size pixels."""
        for side, bars in MARK.items():
            self.bars(left, top, size, bars, side.color)

    def bars(self, left: float, top: float, size: float, bars: Iterable[Bar], color: Color) -> None:
        """Some bars of the mark, where they are in its field of size x size pixels."""
        unit = size / MARK_SIZE
        for bar in bars:
            self.bar(left + bar.x * unit, top + bar.y * unit, BAR_WIDTH * unit, bar.height * unit, color)

    def bar(self, left: float, top: float, width: float, height: float, color: Color) -> None:
        """An upright bar with round ends, placed to a quarter of a pixel."""
        box = Box(int(left), int(top), int(left + width) + 2, int(top + height) + 2)
        shape = Image.new("L", (box.width * SCALE, box.height * SCALE))
        x, y = (left - box.left) * SCALE, (top - box.top) * SCALE
        edges = (x, y, x + width * SCALE - 1, y + height * SCALE - 1)
        ImageDraw.Draw(shape).rounded_rectangle(edges, radius=width * SCALE / 2, fill=255)
        self._image.paste(color, box, shape.reduce(SCALE))

    def brand(self, left: int, top: int, size: int) -> None:
        """The mark with the name beside it."""
        self.mark(left, top, size)
        box = Box(left + size * 5 // 4, top, left + size * 6, top + size)
        self.write(WORDMARK, box, Style(size * 3 // 4, size // 2, 650, valign="middle"), INK)

    def write(self, text: str, box: Box, style: Style, color: Color) -> None:
        """Text that stays inside a box; see `set_text`."""
        for line in set_text(text, box, style):
            self._draw.text((line.x, line.baseline), line.text, fill=color, font=line.font, anchor="ls")

    def png(self) -> bytes:
        """The picture as a file; the same picture gives the same bytes."""
        file = io.BytesIO()
        self._image.save(file, "PNG", compress_level=6)
        return file.getvalue()

    def _fill(self, box: Box, color: Color, radius: int) -> None:
        self._image.paste(color, box, _rounded(box.width, box.height, radius))


@lru_cache(maxsize=4)
def _sheet(width: int, height: int) -> Image.Image:
    """The empty studio: lit from above, with a trace of either side."""
    sheet = Image.new("RGB", (width, height), BG)
    _shade(sheet, Box(0, 0, width, height), BG_LIFT, Image.linear_gradient("L").rotate(180), 1.0)
    _shade(sheet, Box(-width // 3, -height // 2, 2 * width // 3, height // 2), A.color, _light(), AMBIENT)
    _shade(sheet, Box(width // 3, -height // 2, 4 * width // 3, height // 2), B.color, _light(), AMBIENT)
    return sheet


def _shade(image: Image.Image, box: Box, color: Color, light: Image.Image, strength: float) -> None:
    # Dimmed while it is small: the light is a gradient of 256 x 256.
    mask = light.point(_times(strength)).resize((box.width, box.height), Image.Resampling.BILINEAR)
    image.paste(color, box, mask)


def _times(strength: float) -> Callable[[int], float]:
    return lambda value: value * strength


@lru_cache(maxsize=1)
def _light() -> Image.Image:
    """Brightest in the middle, falling smoothly to nothing on the circle that touches the edges."""
    return Image.radial_gradient("L").point(lambda value: 255 * max(0.0, 1.0 - value / LIGHT_RADIUS) ** 2)


def _rounded(width: int, height: int, radius: int) -> Image.Image:
    shape = Image.new("L", (width * SCALE, height * SCALE))
    edges = (0, 0, width * SCALE - 1, height * SCALE - 1)
    ImageDraw.Draw(shape).rounded_rectangle(edges, radius=radius * SCALE, fill=255)
    return shape.reduce(SCALE)
