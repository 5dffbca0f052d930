"""Files that come out: exact where they can be, dithered where they must be, and never over their ceiling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixing.audio.decode import ArraySource, load
from mixing.audio.encode import FORMATS, LOSSY, encode_lossy, lossy_rate, write_audio
from mixing.errors import AudioError
from tests.annex_2 import true_peak_dbtp
from tests.signals import Signal, beat, sine

RATE = 44_100


def written(path: Path, audio: Signal, fmt: str, *cuts: int, seed: int = 1, rate: int = RATE) -> Signal:
    write_audio(path, np.split(audio, list(cuts), axis=1), rate, audio.shape[0], fmt, seed=seed)
    return load(path)[0]


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_file_is_of_its_kind(tmp_path: Path, fmt: str, channels: int) -> None:
    path = tmp_path / "mix"
    rate = lossy_rate(RATE, fmt) if fmt in LOSSY else RATE
    audio = beat(1, 3.0, rate=rate, channels=channels)
    write_audio(path, [audio], rate, channels, fmt, seed=0)
    assert load(path)[0].shape == audio.shape
    info = soundfile.info(path)
    assert (info.format, info.subtype, info.channels, info.samplerate) == (*FORMATS[fmt], channels, rate)
    assert [file.name for file in tmp_path.iterdir()] == ["mix"]


@pytest.mark.parametrize("fmt", ["wav24", "flac"])
def test_24_bit_files_are_exact_to_their_last_bit(tmp_path: Path, fmt: str) -> None:
    audio = beat(2, 3.0, rate=RATE)
    assert np.abs(written(tmp_path / "mix", audio, fmt) - audio).max() <= 2.0**-23


def test_dither_makes_the_error_noise_that_knows_nothing_of_the_sound(tmp_path: Path) -> None:
    quiet = sine(1000.0, 4.0, rate=RATE, level_dbfs=-88.0)
    error = written(tmp_path / "mix", quiet, "wav16") - quiet
    step = 2.0**-15
    # Triangular noise of two steps' width has a variance of a sixth of a step, rounding adds a twelfth.
    assert np.var(error / step) == pytest.approx(1 / 6 + 1 / 12, rel=0.03)
    spectrum = np.abs(np.fft.rfft((quiet + error)[0] * np.hanning(quiet.shape[1])))
    tones = [spectrum[round(4.0 * hz)] for hz in (1000, 2000, 3000, 5000)]
    assert tones[0] > 30.0 * max(tones[1:])


def test_the_seed_decides_the_noise_and_cuts_do_not(tmp_path: Path) -> None:
    audio = beat(3, 4.0, rate=RATE)
    whole = written(tmp_path / "a", audio, "wav16")
    np.testing.assert_array_equal(written(tmp_path / "b", audio, "wav16", 1, 777, 70_000), whole)
    assert not np.array_equal(written(tmp_path / "c", audio, "wav16", seed=2), whole)


@pytest.mark.parametrize("fmt", ["wav24", "wav16", "flac"])
def test_what_is_too_loud_is_clipped_and_never_wraps(tmp_path: Path, fmt: str) -> None:
    audio = sine(100.0, 1.0, rate=RATE) * np.float32(1.5)
    found = written(tmp_path / "mix", audio, fmt)
    assert np.sign(found[np.abs(audio) > 0.01]).tolist() == np.sign(audio[np.abs(audio) > 0.01]).tolist()
    assert np.abs(found).max() == pytest.approx(1.0, abs=1e-4)


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    def blocks() -> Iterator[Signal]:
        yield beat(4, 1.0, rate=RATE)
        raise RuntimeError("no more")

    (tmp_path / "mix").write_bytes(b"before")
    with pytest.raises(RuntimeError):
        write_audio(tmp_path / "mix", blocks(), RATE, 2, "wav24", seed=0)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("mix", b"before")]
    with pytest.raises(OSError):
        write_audio(tmp_path / "no" / "mix", [beat(4, 1.0, rate=RATE)], RATE, 2, "wav24", seed=0)


def test_formats_and_rates_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    for fmt, rate in (("ogg", RATE), ("mp3", 96_000)):
        with pytest.raises(AudioError):
            write_audio(tmp_path / "mix", [beat(5, 1.0, rate=RATE)], rate, 2, fmt, seed=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fmt", ["mp3", "opus"])
@pytest.mark.parametrize("ceiling_dbtp", [-2.5, -6.0])
def test_a_lossy_file_is_lowered_until_its_peaks_hold(tmp_path: Path, ceiling_dbtp: float, fmt: str) -> None:
    audio = beat(6, 6.0, rate=48_000)
    audio *= np.float32(10.0 ** (-1.0 / 20.0)) / np.abs(audio).max()
    report = encode_lossy(tmp_path / "mix", ArraySource(audio, 48_000), fmt, ceiling_dbtp=ceiling_dbtp)
    decoded, rate = load(tmp_path / "mix")
    assert rate == report.sample_rate == 48_000
    assert true_peak_dbtp(decoded) <= ceiling_dbtp
    assert report.true_peak_dbtp <= ceiling_dbtp
    assert report.trim_db < 0.0
    assert [file.name for file in tmp_path.iterdir()] == ["mix"]


def test_a_quiet_mp3_is_left_alone(tmp_path: Path) -> None:
    report = encode_lossy(
        tmp_path / "mix.mp3", ArraySource(beat(7, 3.0, rate=RATE) * 0.2, RATE), "mp3", ceiling_dbtp=-1.0
    )
    assert report.trim_db == 0.0


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 8000), (44_100, 48_000), (48_000, 48_000), (192_000, 48_000)])
def test_rates_that_opus_lacks_are_converted(rate: int, wanted: int) -> None:
    assert lossy_rate(rate, "opus") == wanted


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 44_100), (88_200, 44_100), (96_000, 48_000), (192_000, 48_000)])
def test_rates_that_mp3_lacks_are_converted(tmp_path: Path, rate: int, wanted: int) -> None:
    assert lossy_rate(rate, "mp3") == wanted
    audio = sine(1000.0, 4.0, rate=rate, level_dbfs=-12.0)
    encode_lossy(tmp_path / "mix.mp3", ArraySource(audio, rate), "mp3", ceiling_dbtp=-1.0)
    decoded, found = load(tmp_path / "mix.mp3")
    assert found == wanted
    assert decoded.shape[1] == pytest.approx(4 * wanted, abs=4)
    spectrum = np.abs(np.fft.rfft(decoded[0]))
    assert np.argmax(spectrum) * found / decoded.shape[1] == pytest.approx(1000.0, abs=1.0)
