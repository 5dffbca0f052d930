"""Sets of previews to compare by ear, at matched loudness, from one clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from tournaments.models import Mix, Preview, Song
from tournaments.selectors.presets import Preset, presets


@dataclass(frozen=True)
class Track:
    """One of the things to compare. `gain_db` brings it to the common loudness; it never amplifies."""

    key: str
    label: str
    note: str
    side: str
    url: str
    gain_db: float
    preview_pk: int


@dataclass(frozen=True)
class Audition:
    """A player's tracks, all of one region of one song."""

    tracks: tuple[Track, ...]
    level_lufs: float
    presets: tuple[Preset, ...]


@dataclass(frozen=True)
class Candidate:
    """What should be in an audition; a mix of None stands for the upload itself."""

    mix: Mix | None
    label: str
    note: str
    side: str


def audition(song: Song, region: str, candidates: Sequence[Candidate]) -> Audition | None:
    """Match the candidates' previews; None while one of them is not cut yet."""
    wanted = [candidate.mix.pk if candidate.mix else None for candidate in candidates]
    loudest: dict[int | None, Preview] = {}
    for preview in Preview.objects.filter(song=song, region=region, state=Preview.State.READY).order_by("level_lufs"):
        loudest[preview.mix_id] = preview
    if not wanted or any(pk not in loudest for pk in wanted):
        return None
    previews = [loudest[pk] for pk in wanted]
    level_lufs = min(preview.level_lufs for preview in previews)
    return Audition(
        tracks=tuple(
            Track(
                key=str(i + 1),
                label=candidate.label,
                note=candidate.note,
                side=candidate.side,
                url=preview_url(preview),
                gain_db=round(level_lufs - preview.level_lufs, 3),
                preview_pk=preview.pk,
            )
            for i, (candidate, preview) in enumerate(zip(candidates, previews, strict=True))
        ),
        level_lufs=level_lufs,
        presets=presets(song, region),
    )


def preview_url(preview: Preview) -> str:
    """Where a preview is heard after the reveal."""
    return reverse("tournaments:preview-audio", args=[preview.pk])
