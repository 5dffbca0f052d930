"""Mixes are asked for once, follow their mixer and song alone, and say why when they cannot be made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytest_django.fixtures import Settings

from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from mixing.console.spec import MixSettings
from tests.factories import make_mix, make_mixer, make_song
from tournaments.models import Mix, Preview, Song
from tournaments.services.mixes import PLAN, RENDER, request_mixes
from tournaments.services.renderings import preview_device

pytestmark = pytest.mark.django_db(transaction=True)


def test_asking_twice_is_asking_once() -> None:
    song, mixers = make_song(), [make_mixer(), make_mixer()]
    with local_jobs():
        first = request_mixes(song=song, mixers=mixers)
        again = request_mixes(song=song, mixers=mixers[::-1])
    assert [mix.mixer_id for mix in first] == [mixer.pk for mixer in mixers]
    assert again == first[::-1]
    assert Mix.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "task"),
    [
        (Mix.State.QUEUED, PLAN.task),
        (Mix.State.PLANNED, RENDER.task),
        (Mix.State.FAILED, PLAN.task),
        (Mix.State.READY, None),
    ],
)
def test_whatever_step_is_due_is_sent(state: str, task: str | None) -> None:
    mix = make_mix(state=state, reason="broken" if state == Mix.State.FAILED else "")
    with local_jobs() as jobs:
        (asked,) = request_mixes(song=mix.song, mixers=[mix.mixer])
        assert list(jobs._waiting) == ([(task, (mix.pk,))] if task else [])
    assert asked.reason == ""
    assert asked.state == (Mix.State.QUEUED if state == Mix.State.FAILED else state)


def test_a_mix_has_settings_measurements_and_previews(song: Song, mixes: tuple[Mix, Mix]) -> None:
    for mix in mixes:
        settings = MixSettings.from_dict(mix.console_settings or {})
        assert mix.report is not None
        assert mix.report["requested_lufs"] == pytest.approx(settings.delivery.loudness_lufs)
        assert -30.0 < (mix.highlight_lufs or 0.0) < 0.0
        assert -30.0 < (mix.excerpt_lufs or 0.0) < 0.0
        assert 20.0 < (mix.centroid_hz or 0.0) < song.sample_rate / 2
        assert set(mix.previews.values_list("region", "state")) == {("highlight", "ready"), ("excerpt", "ready")}
    assert mixes[0].console_settings != mixes[1].console_settings


def test_the_same_mixer_chooses_the_same_settings_again(song: Song, mixes: tuple[Mix, Mix]) -> None:
    before = {mix.mixer_id: mix.console_settings for mix in mixes}
    Mix.objects.all().delete()
    with local_jobs() as jobs:
        request_mixes(song=song, mixers=list(Mixer.objects.all()))
        jobs.drain()
    assert dict(Mix.objects.values_list("mixer", "console_settings")) == before


def test_a_mixer_without_weights_fails_with_a_reason(song: Song) -> None:
    lost = make_mixer()
    with local_jobs() as jobs:
        (mix,) = request_mixes(song=song, mixers=[lost])
        jobs.drain()
    mix.refresh_from_db()
    assert mix.state == Mix.State.FAILED
    assert "missing" in mix.reason


def test_a_song_without_its_file_fails_the_mix_in_the_end(song: Song, mixes: tuple[Mix, Mix]) -> None:
    Path(song.file.path).unlink()
    mix = mixes[0]
    Mix.objects.filter(pk=mix.pk).update(state=Mix.State.PLANNED)
    with local_jobs() as jobs:
        RENDER.send(mix.pk)
        jobs.drain()
    mix.refresh_from_db()
    assert mix.state == Mix.State.FAILED
    assert mix.reason


def test_the_torch_console_gives_the_same_previews(mixes: tuple[Mix, Mix], monkeypatch: pytest.MonkeyPatch) -> None:
    before = {(p.mix_id, p.region): soundfile.read(p.file.path)[0] for p in Preview.objects.exclude(mix=None)}
    report = mixes[0].report or {}
    monkeypatch.setattr("tournaments.services.renderings.preview_device", lambda: "cpu")
    Mix.objects.update(state=Mix.State.PLANNED, report=None)
    with local_jobs() as jobs:
        for mix in mixes:
            RENDER.send(mix.pk)
        jobs.drain()
    for preview in Preview.objects.exclude(mix=None):
        again, was = soundfile.read(preview.file.path)[0], before[preview.mix_id, preview.region]
        assert np.sqrt(np.mean((again - was) ** 2)) < 1e-3 * np.sqrt(np.mean(was**2))
    mixes[0].refresh_from_db()
    assert mixes[0].state == Mix.State.READY
    assert (mixes[0].report or {}).keys() == report.keys()


def test_a_song_too_long_for_the_torch_console_comes_from_the_renderer(
    mixes: tuple[Mix, Mix], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tournaments.services.renderings.preview_device", lambda: "cpu")
    monkeypatch.setattr("mixing.console.torch_console.render_song", lambda *a, **k: pytest.fail("it was not too long"))
    monkeypatch.setattr("tournaments.services.renderings.MAX_TORCH_FRAMES", 1000)
    Mix.objects.filter(pk=mixes[0].pk).update(state=Mix.State.PLANNED)
    with local_jobs() as jobs:
        RENDER.send(mixes[0].pk)
        jobs.drain()
    mixes[0].refresh_from_db()
    assert mixes[0].state == Mix.State.READY


@pytest.mark.parametrize(
    ("chosen", "has_gpu", "device"), [("renderer", True, None), ("torch", True, "cuda"), ("torch", False, None)]
)
def test_previews_go_to_the_gpu_that_there_is_if_wanted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, chosen: str, has_gpu: bool, device: str | None
) -> None:
    settings.PREVIEW_CONSOLE = chosen
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_gpu)
    assert preview_device() == device
