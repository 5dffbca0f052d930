"""What is listened to: equal in everything but the sound, matched, and the same sound that is taken home."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from mixarena.jobs.queue import local_jobs
from tests.factories import make_mix, make_preview, make_song
from tests.tournaments.sound import RATE, music
from tournaments.models import Export, Mix, Preview, Song
from tournaments.services.cuts import cut_preview
from tournaments.services.exports import request_export
from tournaments.services.previews import (
    AUDIBLE_DB,
    PREVIEW_LUFS,
    are_audibly_different,
    level_for,
    request_cut,
    spans,
)
from tournaments.services.renderings import Cutter, render

# What the design allows between the two sides of a battle.
MATCH_LU = 0.1
WAV_HEADER_BYTES = 44


def read(preview: Preview) -> NDArray[np.float64]:
    audio, rate = soundfile.read(preview.file.path)
    assert rate == RATE
    return np.asarray(audio)


def measured_lufs(audio: NDArray[np.float64]) -> float:
    """By another implementation than ours."""
    return float(pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(audio))


def null_db(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """What is left of one after the other, scaled to fit, is taken away: dB re one."""
    gain = float((one * other).sum() / np.square(other).sum())
    return 10.0 * math.log10(float(np.square(one - gain * other).mean() / np.square(one).mean()) + 1e-30)


@pytest.mark.parametrize(
    ("loudnesses_lufs", "level_lufs"),
    [
        ((-9.0, -14.0), PREVIEW_LUFS),
        ((-9.0, -20.0), -20.0),
        ((-20.123, -21.456), -21.46),
        ((-18.0,), PREVIEW_LUFS),
        ((-70.0, -12.0), -70.0),
    ],
)
def test_a_level_is_reached_by_attenuation_alone(loudnesses_lufs: tuple[float, ...], level_lufs: float) -> None:
    assert level_for(*loudnesses_lufs) == pytest.approx(level_lufs)
    assert all(level_for(*loudnesses_lufs) <= lufs for lufs in loudnesses_lufs)


def test_all_cuts_of_a_region_are_the_same_file_but_for_the_sound(song: Song, mixes: tuple[Mix, Mix]) -> None:
    for region in Preview.Region.values:
        files = [Path(p.file.path).read_bytes() for p in Preview.objects.filter(song=song, region=region)]
        start, end = spans(song)[region]
        assert len(files) == 3, "two mixes and the upload"
        assert {len(file) for file in files} == {WAV_HEADER_BYTES + (end - start) * song.channels * 2}
        assert len({file[:WAV_HEADER_BYTES] for file in files}) == 1
        assert len({file[WAV_HEADER_BYTES:] for file in files}) == 3
        assert files[0][36:40] == b"data", "nothing else is in the file"


def test_cuts_have_the_level_that_they_state(song: Song, mixes: tuple[Mix, Mix]) -> None:
    for preview in Preview.objects.filter(song=song):
        assert measured_lufs(read(preview)) == pytest.approx(preview.level_lufs, abs=MATCH_LU)
        if preview.mix is not None:
            assert preview.level_lufs <= PREVIEW_LUFS


def test_the_two_sides_of_a_battle_are_equally_loud(mixes: tuple[Mix, Mix]) -> None:
    first, second = (mix.previews.get(region="highlight") for mix in mixes)
    assert first.level_lufs == second.level_lufs
    assert measured_lufs(read(first)) == pytest.approx(measured_lufs(read(second)), abs=MATCH_LU)


def test_what_is_heard_is_what_is_taken_home(song: Song, mixes: tuple[Mix, Mix]) -> None:
    for mix in mixes:
        with local_jobs() as jobs:
            export = request_export(mix=mix, format=Export.Format.WAV)
            jobs.drain()
        export.refresh_from_db()
        whole, rate = soundfile.read(export.file.path)
        assert rate == song.sample_rate
        for preview in mix.previews.all():
            start, end = spans(song)[preview.region]
            assert null_db(read(preview), whole[start:end]) < AUDIBLE_DB


def test_rendering_again_gives_the_same_samples(song: Song, mixes: tuple[Mix, Mix]) -> None:
    def digest() -> str:
        sha256 = hashlib.sha256()
        render(mixes[0], lambda block: sha256.update(np.ascontiguousarray(block.T).tobytes()))
        return sha256.hexdigest()

    assert digest() == digest()


def test_a_lower_level_is_cut_from_the_same_sound(mixes: tuple[Mix, Mix]) -> None:
    mix = mixes[0]
    with local_jobs() as jobs:
        preview = request_cut(mix=mix, region="highlight", level_lufs=-25.5)
        assert preview.state == Preview.State.QUEUED
        jobs.drain()
    preview.refresh_from_db()
    assert preview.state == Preview.State.READY
    quiet, loud = read(preview), read(mix.previews.get(region="highlight", level_lufs=PREVIEW_LUFS))
    assert measured_lufs(quiet) == pytest.approx(-25.5, abs=MATCH_LU)
    assert null_db(loud, quiet) < AUDIBLE_DB


def test_a_cut_whose_file_has_gone_is_made_again(mixes: tuple[Mix, Mix]) -> None:
    preview = mixes[0].previews.get(region="highlight")
    path = Path(preview.file.path)
    before = path.read_bytes()
    path.unlink()
    with local_jobs() as jobs:
        again = request_cut(mix=mixes[0], region="highlight", level_lufs=preview.level_lufs)
        assert (again.pk, again.state) == (preview.pk, Preview.State.QUEUED)
        jobs.drain()
    assert path.read_bytes() == before


def test_cutting_twice_changes_nothing(mixes: tuple[Mix, Mix]) -> None:
    before = list(Preview.objects.order_by("pk").values())
    for preview in Preview.objects.all():
        cut_preview(preview.pk)
    assert list(Preview.objects.order_by("pk").values()) == before


@pytest.mark.django_db
@pytest.mark.parametrize(("difference_db", "is_audible"), [(-55.0, True), (-65.0, False), (-math.inf, False)])
def test_a_difference_counts_from_60_db_below(difference_db: float, is_audible: bool) -> None:
    audio = music(6.0).T
    noise = np.random.default_rng(1).standard_normal(audio.shape)
    noise *= math.sqrt(np.square(audio).mean()) * 10.0 ** (difference_db / 20.0)
    song = make_song()
    previews = []
    for name, samples in (("a", audio), ("b", audio + noise)):
        file = f"previews/difference-{name}.wav"
        Path(default_storage.path(file)).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(default_storage.path(file), samples, RATE)
        previews.append(make_preview(song=song, mix=make_mix(song=song), file=file))
    assert are_audibly_different(*previews) is is_audible


@pytest.mark.parametrize("n_frames", [1, 7, 64, 1000])
def test_a_cutter_keeps_its_spans_whatever_the_blocks(n_frames: int) -> None:
    audio = np.arange(2000, dtype=np.float32).reshape(2, 1000)
    cutter = Cutter({"a": (0, 10), "b": (5, 999), "c": (63, 64)})
    for start in range(0, 1000, n_frames):
        cutter(audio[:, start : start + n_frames])
    for name, (start, end) in {"a": (0, 10), "b": (5, 999), "c": (63, 64)}.items():
        np.testing.assert_array_equal(cutter.cut(name), audio[:, start:end])


def test_a_cutter_says_so_when_the_sound_ended_early() -> None:
    cutter = Cutter({"a": (0, 10)})
    cutter(np.zeros((2, 9), dtype=np.float32))
    with pytest.raises(ValueError, match="ends at frame 10"):
        cutter.cut("a")
