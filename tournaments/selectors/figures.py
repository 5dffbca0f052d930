"""A figure: a picture, the same as a table, and the same as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from tournaments.drawings.days import ColumnChart, DayChart

Kind: TypeAlias = Literal["text", "count", "share", "points", "seconds", "measure"]
Value: TypeAlias = str | int | float | date | None
# The two-sided 95 % quantile of the normal distribution.
Z = 1.959963984540054
# A spreadsheet takes a text that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
N_SHADES = 8


@dataclass(frozen=True)
class Column:
    """What a column holds; shares are 0 to 1, durations seconds."""

    label: str
    kind: Kind = "count"
    is_shaded: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.kind != "text"


@dataclass(frozen=True)
class Cell:
    """A value as it is written; `shade` is 0 (none) to N_SHADES."""

    text: str
    is_number: bool
    shade: int = 0


@dataclass(frozen=True)
class Figure:
    """One picture with its numbers. Without rows it says what `empty` says.

    Attributes:
        is_folded: the table opens on demand, because it is long and the picture says the same.
    """

    slug: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    text: str = ""
    empty: str = "Nothing was counted in these days."
    lines: DayChart | None = None
    bars: ColumnChart | None = None
    is_folded: bool = False

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows as they are written on the page."""
        return [[_cell(column, value) for column, value in zip(self.columns, row, strict=True)] for row in self.rows]

    def to_csv(self) -> str:
        """The rows as they are, under the same heads as on the page."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([column.label for column in self.columns])
        writer.writerows([_plain(value) for value in row] for row in self.rows)
        return out.getvalue()


def columns(*labels: str, kind: Kind = "count") -> tuple[Column, ...]:
    """Several columns of one kind."""
    return tuple(Column(label, kind) for label in labels)


def wilson(n_wins: int, n: int) -> tuple[float | None, float | None, float | None]:
    """A share and its 95 % interval, which also holds for few and for one-sided; nothing of nothing.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22, p. 209.
    """
    if n == 0:
        return None, None, None
    share = n_wins / n
    middle = share + Z * Z / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return share, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def ratio(part: int, whole: int) -> float | None:
    """A share; none of nothing."""
    return part / whole if whole else None


def written(kind: Kind, value: Value) -> str:
    """A value as a page writes it; what rounds to 0 has no sign."""
    if value is None:
        return "–"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, str):
        return value
    if kind == "share":
        return f"{100 * value:z.1f} %"
    if kind == "points":
        return f"{value:z.0f}"
    if kind == "seconds":
        return f"{value:.3g} s" if value < 1000 else f"{value:.0f} s"
    if kind == "measure":
        return f"{value:z.3f}"
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def totals(rows: Iterable[Sequence[int]], n: int) -> list[int]:
    """The sums of columns."""
    sums = [0] * n
    for row in rows:
        for i, value in enumerate(row):
            sums[i] += value
    return sums


def _cell(column: Column, value: Value) -> Cell:
    shade = 0
    if column.is_shaded and isinstance(value, float):
        shade = math.ceil(value * N_SHADES)
    return Cell(written(column.kind, value), column.is_number, shade)


def _plain(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return round(value, 6) + 0.0 if isinstance(value, float) else value  # and -0.0 becomes 0.0
