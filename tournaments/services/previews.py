"""Previews: the regions of a song that are listened to, their loudness, and the files that are cut from a mix.

All cuts of one region of a song have the same frames, 16 bit, and the song's rate, so their files are equally long and
differ in nothing but the sound. They are only ever attenuated: what was heard is what will be downloaded, at a gain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from tournaments.models import Mix, Preview, Song
from tournaments.services.disk import drop_if_deleted
from tournaments.services.measures import find_stretches, measure_cut
from tournaments.services.renderings import Block, Cutter, Span, dither_seed, render

if TYPE_CHECKING:
    from collections.abc import Mapping

# Below what nearly every mix asks for, so that matching rarely has to go lower.
PREVIEW_LUFS = -18.0
# The absolute gate of BS.1770: what is quieter has no loudness.
MIN_LUFS = -70.0
# Two mixes whose difference is further below them than this are the same to the ear.
AUDIBLE_DB = -60.0

CUT = Step(
    task="tournaments.tasks.cut_preview",
    model=Preview,
    state=Preview.State.QUEUED,
    failed_state=Preview.State.FAILED,
    reason_field="",
)


@dataclass(frozen=True)
class Draft:
    """A cut that lies in storage and has no row yet."""

    region: str
    level_lufs: float
    file: str
    measures: dict[str, Any]


def spans(song: Song) -> dict[str, Span]:
    """First frame and end of each region of a song that is ready."""
    edges = {
        Preview.Region.HIGHLIGHT: (song.highlight_start_s, song.highlight_end_s),
        Preview.Region.EXCERPT: (song.excerpt_start_s, song.excerpt_end_s),
    }
    return {
        region.value: (round((start_s or 0.0) * song.sample_rate), round((end_s or 0.0) * song.sample_rate))
        for region, (start_s, end_s) in edges.items()
    }


def loudness_lufs(cut: Block, sample_rate: int) -> float:
    """Integrated loudness of a cut, MIN_LUFS at least."""
    # Scipy stays out of the web process.
    from mixing.audio.loudness import integrated_lufs

    return max(MIN_LUFS, integrated_lufs(cut, sample_rate))


def level_for(*loudnesses_lufs: float) -> float:
    """The loudest level that all of these can be brought to by attenuation, at most PREVIEW_LUFS; in whole 0.01 LU."""
    return math.floor(100.0 * min(PREVIEW_LUFS, *loudnesses_lufs)) / 100.0


def write_cut(*, song: Song, mix: Mix | None, region: str, cut: Block, cut_lufs: float, level_lufs: float) -> Draft:
    """Write a region at a level, as 16-bit WAV with a dither that depends on the song alone.

    Args:
        mix: None for the upload itself.
        cut: (channels, frames) as delivered.
        cut_lufs: its loudness.
    """
    from mixing.audio.encode import write_audio

    gain_lin = np.float32(10.0 ** (min(0.0, level_lufs - cut_lufs) / 20.0))
    source = mix.public_id.hex if mix is not None else f"{song.public_id.hex}-upload"
    # A job that is repeated after its worker died writes the same bytes under the same name.
    name = f"previews/{source}-{region}-{round(-100 * level_lufs)}.wav"
    path = Path(default_storage.path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = dither_seed(song.content_hash)
    played = cut * gain_lin
    write_audio(path, [played], song.sample_rate, cut.shape[0], "wav16", seed=seed)
    return Draft(region, level_lufs, name, measure_cut(played, song.sample_rate))


def save_drafts(*, song: Song, mix: Mix | None, drafts: list[Draft]) -> None:
    """Give finished cuts their rows."""
    for draft in drafts:
        Preview.objects.update_or_create(
            mix=mix,
            song=song,
            region=draft.region,
            level_lufs=draft.level_lufs,
            defaults={"state": Preview.State.READY, "file": draft.file, "measures": draft.measures},
        )


def cut_upload(*, song: Song, cutter: Cutter, choruses: Mapping[str, tuple[float, float] | None]) -> list[Draft]:
    """Write each region of the upload itself, and find what a listener may want to repeat.

    Args:
        choruses: by region, start and end in the song.
    """
    drafts, _ = cut_all(song=song, mix=None, cutter=cutter)
    for draft in drafts:
        draft.measures["stretches"] = find_stretches(
            cutter.cut(draft.region),
            song.sample_rate,
            start_s=spans(song)[draft.region][0] / song.sample_rate,
            chorus=choruses[draft.region],
        )
    return drafts


def cut_all(*, song: Song, mix: Mix | None, cutter: Cutter) -> tuple[list[Draft], Mapping[str, float]]:
    """Write each region at the level that it can have by itself; also returns the loudness of each region."""
    drafts, loudnesses_lufs = [], {}
    for region in spans(song):
        cut = cutter.cut(region)
        lufs = loudness_lufs(cut, song.sample_rate)
        loudnesses_lufs[region] = lufs
        drafts.append(write_cut(song=song, mix=mix, region=region, cut=cut, cut_lufs=lufs, level_lufs=level_for(lufs)))
    return drafts, loudnesses_lufs


def request_cut(*, mix: Mix, region: str, level_lufs: float) -> Preview:
    """A preview of a rendered mix at a level, asked for where it does not exist or its file has gone."""
    preview, _ = Preview.objects.get_or_create(song=mix.song, mix=mix, region=region, level_lufs=level_lufs)
    if preview.state == Preview.State.READY and not default_storage.exists(str(preview.file.name)):
        Preview.objects.filter(pk=preview.pk, state=Preview.State.READY).update(state=Preview.State.QUEUED)
        preview.refresh_from_db()
    if preview.state == Preview.State.QUEUED:
        CUT.send(preview.pk)
    return preview


def cut_queued(preview: Preview, lease: Lease) -> None:
    """Render the mix again and keep the region; takes the preview from queued to ready."""
    mix = preview.mix
    if mix is None:
        raise ValueError(f"preview {preview.pk} is of an upload, which is cut when the song is prepared")
    cutter = Cutter({preview.region: spans(mix.song)[preview.region]})
    render(mix, cutter)
    cut = cutter.cut(preview.region)
    draft = write_cut(
        song=mix.song,
        mix=mix,
        region=preview.region,
        cut=cut,
        cut_lufs=loudness_lufs(cut, mix.song.sample_rate),
        level_lufs=preview.level_lufs,
    )
    if not lease.finish(state=Preview.State.READY, file=draft.file, measures=draft.measures):
        drop_if_deleted(preview.song_id, [draft.file])


def are_audibly_different(first: Preview, second: Preview) -> bool:
    """Whether two cuts of one region at one level differ by more than AUDIBLE_DB of the first."""
    one, other = (_read(preview) for preview in (first, second))
    power = float(np.mean(np.square(one)))
    difference = float(np.mean(np.square(one - other)))
    return difference > power * 10.0 ** (AUDIBLE_DB / 10.0)


def _read(preview: Preview) -> NDArray[np.float64]:
    audio, _ = soundfile.read(preview.file.path, dtype="float64", always_2d=True)
    return np.asarray(audio)
