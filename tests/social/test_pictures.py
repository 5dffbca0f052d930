"""Pictures for sharing: the site's look, and no title that leaves its place."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from social.pictures import battle_picture, cards, clip_frames, frames, mix_picture, palette, tournament_picture
from social.pictures.lettering import ELLIPSIS, Box, Style, drawable, set_text

STATIC = Path(__file__).resolve().parents[2] / "static"
PLACES = [
    (cards.TITLE_BOX, cards.TITLE),
    (cards.BY_BOX, cards.BY),
    (cards.CHIP_BOX, cards.CHIP),
    (cards.MIX_TITLE_BOX, cards.MIX_TITLE),
    (frames.TITLE_BOX, frames.TITLE),
    (frames.ADDRESS_BOX, frames.ADDRESS),
]
TITLES = {
    "Привет, мир": "Привет, мир",
    "Tiếng Việt \u1ed4": "Tiếng Việt \u1ed4",
    "Summer \U0001f31e night": "Summer night",
    "a\u0301 la\nmode\t!": "\u00e1 la mode !",
    "Z\u0336q\u0301\u0301\u0301": "Zq\u0301",
    "\u6771\u4eac Nights": "Nights",
    "\u591c\u306b\u99c6\u3051\u308b (OK)": "",
    "\u591c\u306b\u99c6\u3051\u308b": "",
    "\u05e9\u05dc\u05d5\u05dd": "",
    "\u0645\u0631\u062d\u0628\u0627": "",
    "\U0001f525\U0001f525": "",
    "\ud800\x00\u202e": "",
    "": "",
}


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_colors_and_mark_are_the_sites() -> None:
    css = (STATIC / "css" / "tokens.css").read_text()
    dark = {
        name: tuple(bytes.fromhex(value))
        for name, value in re.findall(r"--([\w-]+): light-dark\([^,]+, #([0-9a-f]{6})\)", css)
    }
    names = ("BG", "BG_LIFT", "SURFACE", "SURFACE_2", "LINE_STRONG", "INK", "INK_2", "INK_3", "ON_ACTION")
    drawn = {name: getattr(palette, name) for name in names}
    assert drawn == {name: dark[name.lower().replace("_", "-")] for name in names}
    assert [palette.A.color, palette.A.ink, palette.B.color, palette.B.ink] == [
        dark[name] for name in ("a", "a-ink", "b", "b-ink")
    ]
    rects = ElementTree.parse(STATIC / "img" / "mark.svg").getroot().iter("{http://www.w3.org/2000/svg}rect")
    bars = [bar for bars in palette.MARK.values() for bar in bars]
    assert bars == [tuple(float(rect.attrib[name]) for name in ("x", "y", "height")) for rect in rects]


def test_pictures_have_the_size_that_feeds_show_and_are_the_same_every_time() -> None:
    def drawn() -> list[bytes]:
        return [
            battle_picture("Second Wind", "Ann", 2, 5),
            tournament_picture("Second Wind", "Ann", 10, is_running=True),
            mix_picture("Second Wind", "Ann", "Old Reliable", [0.1, 0.9, 0.4]),
        ]

    first = drawn()
    assert first == drawn()
    for png in first:
        assert (opened(png).format, opened(png).size, opened(png).info) == ("PNG", (1200, 630), {})
    stills = clip_frames("Second Wind", "Ann", "mixarena.example/b/x7")
    assert stills == clip_frames("Second Wind", "Ann", "mixarena.example/b/x7")
    assert len(set(stills.values())) == 3
    assert {opened(png).size for png in stills.values()} == {(1080, 1080)}


@settings(max_examples=80, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=300),
        st.text(st.characters(max_codepoint=0x52F), max_size=300),
        st.sampled_from(["\u01fa\u1e01\u2460 " * 80, "g\u0347 " * 80]),
        st.lists(st.text("WMwmil.j\u1ea4\u00c7 ", max_size=20), max_size=12).map(" ".join),
    ),
    place=st.sampled_from(PLACES),
)
def test_text_never_leaves_its_box(text: str, place: tuple[Box, Style]) -> None:
    box, style = place
    shown = drawable(text)
    lines = set_text(shown, box, style)
    assert len(lines) <= style.max_lines
    for line in lines:
        assert box.left <= line.box.left <= line.box.right <= box.right
        assert box.top <= line.box.top <= line.box.bottom <= box.bottom
        assert style.min_size <= line.font.size <= style.size
    told = "".join(line.text for line in lines).replace(" ", "")
    assert told == shown.replace(" ", "") or (
        told.endswith(ELLIPSIS) and shown.replace(" ", "").startswith(told.removesuffix(ELLIPSIS))
    )


def test_long_titles_shrink_then_wrap_then_end_early() -> None:
    def sizes(title: str) -> tuple[int, int, bool]:
        lines = set_text(title, cards.TITLE_BOX, cards.TITLE)
        return len(lines), int(lines[0].font.size), lines[-1].text.endswith(ELLIPSIS)

    assert sizes("Second Wind") == (1, cards.TITLE.size, False)
    n_lines, size, is_cut = sizes("A Night Drive Through Town (Live)")
    assert (n_lines, is_cut) == (1, False)
    assert cards.TITLE.min_size <= size < cards.TITLE.size
    assert sizes("A Night Drive Through Town and Home Again")[::2] == (2, False)
    assert sizes("A Night Drive Through Town and Home Again, " * 3) == (2, cards.TITLE.min_size, True)


@pytest.mark.parametrize("title", ["W" * 300, "\u1ea4\u00c7gj " * 60, "Supercalifragilistic" * 3, "i" * 300])
def test_whatever_the_title_the_rest_of_the_picture_stays(title: str) -> None:
    plain, other = opened(battle_picture("Ok", "Ann", 1, 3)), opened(battle_picture(title, "Ann", 1, 3))
    left, top, right, bottom = ImageChops.difference(plain, other).getbbox() or (0, 0, 0, 0)
    box = cards.TITLE_BOX
    assert box.left <= left < right <= box.right
    assert box.top <= top < bottom <= box.bottom


@pytest.mark.parametrize("title", TITLES)
def test_what_the_font_lacks_is_left_out_and_nothing_raises(title: str) -> None:
    assert drawable(title) == TITLES[title]
    shown = battle_picture(title, title, 1, 3)
    if TITLES[title] == "":
        assert shown == battle_picture(cards.UNNAMED, "", 1, 3)


def test_waveform_shows_the_peaks() -> None:
    picture = opened(mix_picture("Second Wind", "Ann", "Old Reliable", [0.0] * 50 + [1.0] * 50))

    def brightest(left: int, right: int) -> int:
        bright = picture.convert("L").crop((left, cards.WAVE_BOX.top + 20, right, cards.WAVE_BOX.top + 40)).getextrema()
        return int(bright[1])  # type: ignore[arg-type]

    assert brightest(cards.WAVE_BOX.left, 580) < 60
    assert brightest(620, cards.WAVE_BOX.right) > 150
    with pytest.raises(ValueError, match="peaks"):
        mix_picture("Second Wind", "Ann", "Old Reliable", [])
    with pytest.raises(ValueError, match="peaks"):
        mix_picture("Second Wind", "Ann", "Old Reliable", [1.2])
