"""The page on the console says what the specification says."""

from __future__ import annotations

import pytest

from mixing.console.reference import PAGE, SECTIONS, page_with_tables, tables


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page_with_tables(page) == page, "run `python -m mixing.console.reference`"


def test_every_parameter_is_on_it() -> None:
    text = tables()
    for _, parameters in SECTIONS:
        for parameter in parameters:
            assert f"| `{parameter.name}` |" in text


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        page_with_tables("# Console")
