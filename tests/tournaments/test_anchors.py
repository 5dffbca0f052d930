"""Anchors: duller as the standard says, as loud as before, and the same file but for the sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from django.core.files.storage import default_storage

from mixarena.jobs.queue import local_jobs
from mixing.audio.encode import write_audio
from mixing.errors import AudioError
from tests.factories import NOW, make_mix, make_preview, make_song
from tests.signals import Signal, beat, pink_noise, sine
from tournaments.models import Anchor
from tournaments.services.anchors import KEPT_FOR, dull, prune_anchors, request_anchor
from tournaments.services.departures import delete_song

RATE = 44_100


def band_db(one: Signal, other: Signal, low_hz: float, high_hz: float) -> float:
    """The power of one in a band, dB re the other's."""
    power = []
    for audio in (one, other):
        spectrum = np.abs(np.fft.rfft(audio[0])) ** 2
        hz = np.fft.rfftfreq(audio.shape[1], 1.0 / RATE)
        power.append(spectrum[(hz >= low_hz) & (hz < high_hz)].sum())
    return float(10.0 * np.log10(power[0] / power[1]))


def test_the_filter_is_the_low_anchor_of_bs_1534() -> None:
    noise = pink_noise(1, 4.0, rate=RATE)
    out = dull(noise, RATE)
    assert out.shape == noise.shape
    gain_db = band_db(out, noise, 200, 3000)
    assert band_db(out, noise, 3000, 3490) == pytest.approx(gain_db, abs=0.2)
    assert band_db(out, noise, 4000, 4400) < gain_db - 25.0
    assert band_db(out, noise, 4500, 20_000) < gain_db - 50.0
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    assert meter.integrated_loudness(out.T) == pytest.approx(meter.integrated_loudness(noise.T), abs=0.1)
    # In time: the low part of one is that of the other.
    lag = np.argmax(np.correlate(out[0][5000:9000], noise[0][5000:9000], mode="full")) - 3999
    assert lag == 0


@pytest.mark.parametrize(
    ("audio", "code"),
    [
        (sine(200.0, 2.0, rate=RATE, level_dbfs=-12.0), "no_treble"),
        (np.zeros((2, RATE), dtype=np.float32), "no_treble"),
        (sine(6000.0, 2.0, rate=RATE, level_dbfs=-3.0) + sine(200.0, 2.0, rate=RATE, level_dbfs=-40.0), "no_headroom"),
    ],
)
def test_what_would_not_be_heard_is_refused(audio: Signal, code: str) -> None:
    with pytest.raises(AudioError) as caught:
        dull(audio, RATE)
    assert caught.value.code == code


@pytest.mark.django_db(transaction=True)
def test_an_anchor_is_the_same_file_but_for_the_sound_and_goes_with_its_song() -> None:
    song = make_song(sample_rate=RATE)
    path = Path(default_storage.path("previews/anchored.wav"))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_audio(path, [beat(1, 4.0, rate=RATE)], RATE, 2, "wav16", seed=1)
    preview = make_preview(song=song, mix=make_mix(song=song), file="previews/anchored.wav")
    with local_jobs() as jobs:
        anchor = request_anchor(preview=preview)
        assert request_anchor(preview=preview) == anchor
        jobs.drain()
    anchor.refresh_from_db()
    assert anchor.state == Anchor.State.READY
    files = [Path(row.file.path) for row in (preview, anchor)]
    contents = [file.read_bytes() for file in files]
    assert len(contents[0]) == len(contents[1])
    assert contents[0][:44] == contents[1][:44]
    assert contents[0] != contents[1]
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    levels = [meter.integrated_loudness(soundfile.read(file)[0]) for file in files]
    assert levels[0] == pytest.approx(levels[1], abs=0.1)

    Anchor.objects.filter(pk=anchor.pk).update(requested_at=NOW)
    assert prune_anchors(now=NOW + KEPT_FOR) == 0
    assert prune_anchors(now=NOW + 2 * KEPT_FOR) == 1
    assert not files[1].exists()
    with local_jobs() as jobs:
        request_anchor(preview=preview)
        jobs.drain()
    assert files[1].read_bytes() == contents[1]
    delete_song(song=song, now=NOW)
    assert not files[1].exists()
    assert not Anchor.objects.exists()
