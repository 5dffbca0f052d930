"""The console's parameters as a table for people, written into docs/console.md: `python -m mixing.console.reference`.

A test compares the page with the specification, so that it cannot grow old.
"""

from __future__ import annotations

import math
from pathlib import Path

from mixing.console.parameter import Parameter
from mixing.console.spec import BUS, DELIVERY, REVERB, STRIP

PAGE = Path(__file__).resolve().parents[2] / "docs" / "console.md"
BEGIN, END = "<!-- parameters: generated -->", "<!-- parameters: end -->"
SECTIONS = (
    ("Channel strip, one a stem", STRIP),
    ("Reverb bus", REVERB),
    ("Mix bus", BUS),
    ("Delivery", DELIVERY),
)
POSITIONS = (0.0, 0.25, 0.5, 0.75, 1.0)


def tables() -> str:
    """Every parameter with unit, range, scale, neutral, group, and its value along the way from 0 to 1."""
    lines = []
    for title, parameters in SECTIONS:
        lines += [f"### {title}", ""]
        lines.append("| parameter | unit | range | scale | neutral | group | at 0 | 0.25 | 0.5 | 0.75 | 1 |")
        lines.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        lines += [_row(p) for p in parameters]
        lines.append("")
    return "\n".join(lines)


def page_with_tables(page: str) -> str:
    """A page whose generated part is new. Raises ValueError where the markers are missing."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{PAGE.name} has no place for the tables: put {BEGIN} and {END} into it.")
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def _row(p: Parameter) -> str:
    low = f"off, {p.low:g}" if p.has_off else f"{p.low:g}"
    values = " | ".join(_value(p, p.from_normalized(x)) for x in POSITIONS)
    neutral = _value(p, p.neutral)
    return f"| `{p.name}` | {p.unit} | {low} to {p.high:g} | {p.scale} | {neutral} | {p.group} | {values} |"


def _value(p: Parameter, value: float) -> str:
    if p.has_off and (math.isinf(value) or value == 0.0 < p.low):
        return "off"
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
