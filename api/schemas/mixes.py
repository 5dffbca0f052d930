"""Finished mixes: their recipes, versions of them, and files."""

from __future__ import annotations

from uuid import UUID

from ninja import Field, Schema
from pydantic import FiniteFloat

from api.schemas.fields import Format
from mixing.console.parameter import Group


class ExportOut(Schema):
    """A file. `state` is queued, ready or failed; loudness and peak are measured on the file as delivered."""

    id: int
    mix: UUID
    format: str
    state: str
    reason: str
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    url: str | None


class ExportIn(Schema):
    """A file to be made. Without `mix` it is the one that is taken home."""

    format: Format
    mix: UUID | None = None


class DeedOut(Schema):
    """One thing that was done, in words."""

    what: str
    detail: str


class StripOut(Schema):
    """What was done to a stem, in words."""

    number: int
    name: str
    role: str
    words: list[str]
    is_silent: bool


class ParameterOut(Schema):
    """A parameter of the console, by its `path`. `value` is null where it is off, which only some can be."""

    path: str
    label: str
    unit: str
    low: float
    high: float
    value: float | None
    has_off: bool


class WordsIn(Schema):
    """How a version differs from the mixer's own mix, in percent: the words from -100 to 100, 0 leaves them."""

    brightness: int = Field(0, ge=-100, le=100)
    loudness: int = Field(0, ge=-100, le=100)
    width: int = Field(0, ge=-100, le=100)
    punch: int = Field(0, ge=-100, le=100)
    strength: int = Field(100, ge=0, le=150, description="How far the mix goes the way from your rough mix.")
    locks: list[Group] = Field([], max_length=6, description="Groups of settings that words and strength leave alone.")


class NudgeIn(WordsIn):
    """A version in words, and with parameters set by hand; these win over everything else.

    Nothing is added up: every version starts from the mixer's own mix, or from one that a reference led.
    """

    values: dict[str, FiniteFloat | None] = Field(
        {}, max_length=500, description="In physical units, by `path` of a parameter; null turns it off."
    )


class VersionOut(Schema):
    """A version of a mix. `state` is planned, ready or failed."""

    mix: UUID
    state: str
    reference: str


class RecipeOut(Schema):
    """What a mix did, and what can be changed. `origin` is the mixer's own mix, `versions` are its owner's.

    `state` is planned while a version waits to be rendered, then ready or failed; `nudge` is what it was made with.
    """

    mix: UUID
    mixer: str
    nickname: str
    origin: UUID
    state: str
    reason: str
    reference: str
    is_taken: bool
    loudness_before_lufs: float | None
    loudness_after_lufs: float | None
    deeds: list[DeedOut]
    why: list[str]
    why_quieter: str
    strips: list[StripOut]
    nudge: NudgeIn
    parameters: list[ParameterOut]
    versions: list[VersionOut]
    exports: list[ExportOut]
