"""Values that several documents hold."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from ninja import Field
from pydantic import AfterValidator, FiniteFloat

from mixing.audio.roles import ROLES
from mixing.genres import GENRES
from tournaments.heard import MAX_SWITCHES
from tournaments.models import Export
from tournaments.services.albums import FORMATS


def _genre(value: str) -> str:
    if value not in GENRES:
        raise ValueError(f"not a genre: choose one of {', '.join(GENRES)}")
    return value


def _format(value: str) -> str:
    if value not in Export.Format.values:
        raise ValueError(f"not a format: choose one of {', '.join(Export.Format.values)}")
    return value


Genre: TypeAlias = Annotated[str, Field(json_schema_extra={"enum": list(GENRES)}), AfterValidator(_genre)]
Format: TypeAlias = Annotated[
    str, Field(json_schema_extra={"enum": list(Export.Format.values)}), AfterValidator(_format)
]
# Refused by the form and the service behind them, in their own words.
AlbumFormat: TypeAlias = Annotated[str, Field(json_schema_extra={"enum": [f.value for f in FORMATS]})]
Role: TypeAlias = Annotated[str, Field(json_schema_extra={"enum": list(ROLES)})]
Second: TypeAlias = Annotated[FiniteFloat, Field(ge=0, le=86_400)]
# Shape and length are those of the pages' form; what the times are worth is the ballot's business.
Switches: TypeAlias = Annotated[
    list[tuple[FiniteFloat, Literal["a", "b"]]],
    Field(
        max_length=MAX_SWITCHES,
        description="When the listener changed: seconds since `issued_at`, and the side that was heard from then on. "
        "The same may be sent again; times that cannot be are left out.",
    ),
]
