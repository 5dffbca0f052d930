"""Stretches of a region that can be chosen at once for repeating."""

from __future__ import annotations

from dataclasses import dataclass

from tournaments.models import Preview, Song
from tournaments.services.measures import CHORUS, LOUDEST

LABELS = {LOUDEST: "Loudest 15 s", CHORUS: "Chorus"}


@dataclass(frozen=True)
class Preset:
    """A part of a region, seconds from the region's start."""

    label: str
    start_s: float
    end_s: float


def presets(song: Song, region: str) -> tuple[Preset, ...]:
    """What was found in the upload when the song was prepared; nothing for songs from before that was looked for.

    They come from the upload alone, so that they say nothing of any mix.
    """
    measures = Preview.objects.filter(song=song, mix=None, region=region).values_list("measures", flat=True)
    found: dict[str, list[float]] = next((m["stretches"] for m in measures if "stretches" in m), {})
    return tuple(Preset(label, *found[name]) for name, label in LABELS.items() if name in found)
