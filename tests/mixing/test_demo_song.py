"""The demo song is finished music: right length, sound levels, every stem heard, the same bits on each run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from numpy.typing import NDArray

from mixing.demo_song import render
from mixing.demo_song.arrangement import bar_start_s, section_starts
from mixing.demo_song.filters import swept_lowpass
from mixing.demo_song.oscillators import CONTROL_FRAMES
from mixing.demo_song.render import DemoSong, render_demo_song, render_stem, write_demo_song
from mixing.demo_song.score import CHORDS, SCALE, SECTIONS
from mixing.errors import AudioError
from mixing.genres import GENRES

SAMPLE_RATE = 44_100


@pytest.fixture(scope="module")
def song() -> DemoSong:
    return render_demo_song(SAMPLE_RATE)


@pytest.fixture(scope="module")
def mix(song: DemoSong) -> NDArray[np.float32]:
    return song.mix


def section(audio: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Cut one section out of (2, frames)."""
    found, bar = next((found, bar) for found, bar in section_starts() if found.name == name)
    start, stop = bar_start_s(bar), bar_start_s(bar + found.n_bars)
    return audio[:, round(start * SAMPLE_RATE) : round(stop * SAMPLE_RATE)]


def loudness_lufs(audio: NDArray[np.float32]) -> float:
    return float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(audio.T.astype(np.float64)))


def test_song_has_a_title_a_known_genre_and_a_length_between_60_and_90_s(song: DemoSong) -> None:
    assert song.title == "Second Wind"
    assert song.genre in GENRES
    for stem in song.stems.values():
        assert stem.shape == (2, song.mix.shape[1])
        assert stem.dtype == np.float32
    assert 60.0 <= song.mix.shape[1] / SAMPLE_RATE <= 90.0


@pytest.mark.parametrize("name", ["bass", "cymbals"])
def test_a_stem_rendered_again_has_the_same_bits(song: DemoSong, name: str) -> None:
    # One part that is computed from the score alone, one that is mostly random strokes.
    assert render_stem(name, SAMPLE_RATE).tobytes() == song.stems[name].tobytes()


def test_mix_is_the_sum_of_its_stems(song: DemoSong, mix: NDArray[np.float32]) -> None:
    total = sum(stem.astype(np.float64) for stem in song.stems.values())
    # float32 sums of ten stems below 0.6 err by at most ten roundings of 2^-25.
    np.testing.assert_allclose(mix, total, rtol=0.0, atol=3e-7)


def test_mix_has_the_headroom_and_loudness_of_an_unmastered_song(mix: NDArray[np.float32]) -> None:
    assert np.isfinite(mix).all()
    assert -9.0 < 20.0 * np.log10(np.abs(mix).max()) < -3.0
    assert -21.0 < loudness_lufs(mix) < -19.0


def test_energy_builds_to_the_choruses(mix: NDArray[np.float32]) -> None:
    loudness = {part.name: loudness_lufs(section(mix, part.name)) for part in SECTIONS}
    assert loudness["intro"] + 3.0 < loudness["verse"]
    assert loudness["verse"] + 1.5 < loudness["chorus"] < loudness["last chorus"]
    assert loudness["break"] + 2.0 < loudness["chorus"]
    assert loudness["ending"] + 2.0 < loudness["last chorus"]


def test_every_stem_is_heard_and_no_stem_has_an_offset(song: DemoSong) -> None:
    mix_lufs = loudness_lufs(song.mix)
    for name, stem in song.stems.items():
        assert loudness_lufs(stem) > mix_lufs - 20.0, name
        assert np.abs(stem.mean(axis=1)).max() < 1e-3, name


def test_song_is_stereo_with_its_bass_in_the_center(song: DemoSong, mix: NDArray[np.float32]) -> None:
    side_db = 10.0 * np.log10(np.mean((mix[0] - mix[1]) ** 2) / np.mean((mix[0] + mix[1]) ** 2))
    assert -16.0 < side_db < -6.0
    for name in ("kick", "bass"):
        np.testing.assert_array_equal(song.stems[name][0], song.stems[name][1])


def test_song_begins_and_ends_in_silence_without_a_click(song: DemoSong) -> None:
    for name, stem in song.stems.items():
        # Fast convolution rounds: the silence before the first beat is silence in 24 bits.
        assert np.abs(stem[:, : SAMPLE_RATE // 20]).max() < 2.0**-24, name
        assert not stem[:, -SAMPLE_RATE // 20 :].any(), name
        last_sound = np.flatnonzero(stem.any(axis=0))[-1]
        assert np.abs(stem[:, last_sound - 10 : last_sound + 1]).max() < 1e-5, name


def test_pitched_notes_begin_without_clicks(song: DemoSong) -> None:
    # A step of height h shows as a second difference of h; a note's own curvature is far smaller.
    for name in ("bass", "pad", "keys", "arp", "lead"):
        stem = song.stems[name]
        assert np.abs(np.diff(stem, n=2, axis=1)).max() < 0.2 * np.abs(stem).max(), name


def test_patterns_fit_their_bars() -> None:
    for part in SECTIONS:
        assert all(len(pattern) == 16 for patterns in part.drums.values() for pattern in patterns)
        assert all(len(pattern) == 16 for fill in part.fills.values() for pattern in fill.values())
        assert all(0 <= bar < part.n_bars for bar in part.fills)
        for note in part.lead + part.harmony:
            assert note.start_beat >= 0.0 and note.start_beat + note.length_beats <= 4 * part.n_bars


def test_notes_are_in_the_key_except_over_the_borrowed_chord() -> None:
    for part in SECTIONS:
        for note in part.lead + part.harmony:
            chord = CHORDS[part.chords[int(note.start_beat // 4)]]
            is_chord_tone = note.pitch % 12 in {voice % 12 for voice in chord.voices}
            assert note.pitch % 12 in SCALE or is_chord_tone


def test_swept_lowpass_passes_0_hz_falls_12_db_an_octave_and_survives_a_cutoff_that_jumps() -> None:
    n_frames = 16_384
    impulse = np.zeros(n_frames)
    impulse[0] = 1.0
    response = np.abs(np.fft.rfft(swept_lowpass(impulse, np.full(n_frames // CONTROL_FRAMES, 500.0), 0.8, SAMPLE_RATE)))
    bin_hz = SAMPLE_RATE / n_frames
    assert response[0] == pytest.approx(1.0, abs=1e-6)
    octave_db = 20.0 * np.log10(response[round(4000 / bin_hz)] / response[round(2000 / bin_hz)])
    assert octave_db == pytest.approx(-12.0, abs=0.7)

    cutoff_hz = np.where(np.arange(n_frames // CONTROL_FRAMES) < 500, 200.0, 4000.0)
    swept = swept_lowpass(np.ones(n_frames), cutoff_hz, 0.8, SAMPLE_RATE)
    # A gain of 20 would come out here if the filter's state did not fit the new cutoff.
    assert 0.8 < swept[6000:].min() <= swept[6000:].max() < 1.1


def test_an_unusable_sample_rate_is_refused() -> None:
    with pytest.raises(AudioError) as caught:
        render_stem("kick", 8_000)
    assert caught.value.code == "bad_rate"


def test_written_files_are_the_rough_mix_and_its_stems(
    song: DemoSong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "render_stem", lambda name, sample_rate: song.stems[name])
    path = write_demo_song(tmp_path / "demo")

    assert path == tmp_path / "demo" / "second-wind.wav"
    written = {found.relative_to(tmp_path / "demo").as_posix() for found in (tmp_path / "demo").rglob("*.*")}
    assert written == {"second-wind.wav"} | {f"stems/{name}.wav" for name in song.stems}
    assert soundfile.info(path).subtype == "PCM_24"
    audio, sample_rate = soundfile.read(path, dtype="float32")
    assert sample_rate == SAMPLE_RATE
    np.testing.assert_allclose(audio.T, song.mix, rtol=0.0, atol=2.0**-23)
