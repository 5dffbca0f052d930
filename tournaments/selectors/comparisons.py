"""Two mixes side by side once the secret is out: what was measured of the previews that were compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tournaments.drawings.differences import DifferenceChart, draw_difference
from tournaments.drawings.waveform import Waveform, draw_waveform
from tournaments.models import Battle, Mix, Preview
from tournaments.plain_words import hertz, region_name

# The third octaves that previews are measured in.
CENTERS_HZ = tuple(1000.0 * 2.0 ** (i / 3.0) for i in range(-15, 13))
# What lies this far down in both mixes is noise, and no difference of theirs.
MIN_BAND_DB = -90.0
# Smaller ones are not worth a sentence.
MIN_DIFFERENCE_DB = 0.5


@dataclass(frozen=True)
class Picture:
    """One side: the waveform of what was heard, and the levels of the full mix as it is delivered."""

    letter: str
    side: str
    waveform: Waveform
    loudness_lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True)
class Comparison:
    """Both sides on one scale, their spectra, and the level that both were played at."""

    pictures: tuple[Picture, Picture]
    level_lufs: float
    difference: DifferenceChart | None
    words: str


def comparison(battle: Battle, mix_a: Mix, mix_b: Mix) -> Comparison | None:
    """Compare the mixes of a judged battle as they were heard; None for previews from before cuts were measured."""
    if battle.level_lufs is None:
        return None
    rows = dict(
        Preview.objects.filter(
            mix__in=[mix_a, mix_b], region=Preview.Region.HIGHLIGHT, level_lufs=battle.level_lufs
        ).values_list("mix_id", "measures")
    )
    measured = [rows.get(mix.pk) or {} for mix in (mix_a, mix_b)]
    if not all("peaks" in m for m in measured):
        return None
    loudest = max(abs(value) for m in measured for row in m["peaks"] for value in row)
    bands = [
        (hz, b - a)
        for hz, a, b in zip(CENTERS_HZ, *(m["third_octaves_db"] for m in measured), strict=True)
        if max(a, b) > MIN_BAND_DB and hz < 0.45 * battle.tournament.song.sample_rate
    ]
    pictures = [
        Picture(
            letter=letter,
            side=letter.lower(),
            waveform=draw_waveform(m["peaks"], loudest=loudest, width=600, height=80),
            loudness_lufs=(mix.report or {})["effective_lufs"],
            true_peak_dbtp=(mix.report or {})["true_peak_dbtp"],
        )
        for letter, mix, m in zip("AB", (mix_a, mix_b), measured, strict=True)
    ]
    return Comparison(
        pictures=(pictures[0], pictures[1]),
        level_lufs=battle.level_lufs,
        difference=draw_difference(*zip(*bands, strict=True)) if len(bands) > 1 else None,
        words=_words(bands),
    )


def _words(bands: Sequence[tuple[float, float]]) -> str:
    """Where each side has the most that the other has not."""
    found = []
    for letter, sign in (("A", -1.0), ("B", 1.0)):
        hz, db = max(bands, key=lambda band: sign * band[1], default=(0.0, 0.0))
        if sign * db >= MIN_DIFFERENCE_DB:
            found.append(f"{letter} has {abs(db):.1f} dB more {region_name(hz)} at {hertz(hz)}.")
    return " ".join(found) or "Their tone is the same within half a decibel."
