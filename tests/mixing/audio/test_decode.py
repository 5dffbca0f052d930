"""Files are judged by their content: what can be used is read exactly, and the rest is refused, each for its reason."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource, FileSource, load, open_for_rereading, open_source, probe, validate
from mixing.errors import AudioError
from tests.signals import Signal, beat

RATE = 44_100
KINDS = {
    "wav8": ("WAV", "PCM_U8", 1 / 127),
    "wav16": ("WAV", "PCM_16", 1 / 32_000),
    "wav24": ("WAV", "PCM_24", 1 / 8e6),
    "wav32": ("WAV", "PCM_32", 1e-7),
    "wav float": ("WAV", "FLOAT", 0.0),
    "wav double": ("WAV", "DOUBLE", 0.0),
    "wav extensible": ("WAVEX", "PCM_24", 1 / 8e6),
    "rf64": ("RF64", "PCM_16", 1 / 32_000),
    "aiff": ("AIFF", "PCM_24", 1 / 8e6),
    "aiff float": ("AIFF", "FLOAT", 0.0),
    "flac": ("FLAC", "PCM_24", 1 / 8e6),
    "mp3": ("MP3", "MPEG_LAYER_III", None),
    "ogg": ("OGG", "VORBIS", None),
}
CONTAINERS = {"WAVEX": "WAV", "RF64": "WAV"}


def write(path: Path, audio: Signal, kind: str = "wav16", rate: int = RATE) -> Path:
    container, subtype, _ = KINDS[kind]
    with soundfile.SoundFile(str(path), "w", rate, audio.shape[0], format=container, subtype=subtype) as file:
        for start in range(0, audio.shape[1], 32_768):
            file.write(audio[:, start : start + 32_768].T)
    return path


def refused(path: Path) -> str:
    """The code of the refusal, whose message must be two sentences without the path."""
    with pytest.raises(AudioError) as refusal:
        validate(path)
    message = refusal.value.message
    assert message.count(". ") >= 1
    assert message.endswith(".")
    return refusal.value.code


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_by_its_content_and_read(tmp_path: Path, kind: str) -> None:
    audio = beat(1, 6.0, rate=RATE)
    container, subtype, error = KINDS[kind]
    path = write(tmp_path / "renamed.txt", audio, kind)
    check = validate(path)
    assert (check.info.container, check.info.sample_rate, check.info.channels) == (
        CONTAINERS.get(container, container), RATE, 2,
    )  # fmt: skip
    assert check.info.subtype == subtype
    assert check.info.duration_s == pytest.approx(6.0, abs=0.06)
    assert check.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    read, rate = load(path)
    assert rate == RATE
    if error is not None:
        assert np.abs(read - audio).max() <= error
    else:
        assert np.corrcoef(read[0, : RATE * 5], audio[0, : RATE * 5])[0, 1] > 0.8


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 48_000, 88_200, 96_000, 176_400, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_is_read(tmp_path: Path, rate: int, channels: int) -> None:
    audio = beat(2, 5.0, rate=rate, channels=channels)
    info = probe(write(tmp_path / "a.wav", audio, rate=rate))
    assert (info.sample_rate, info.channels, info.n_frames) == (rate, channels, 5 * rate)


def test_what_lies_beyond_full_scale_is_counted_and_kept(tmp_path: Path) -> None:
    audio = beat(3, 6.0, rate=RATE)
    audio[0, 1000:1003] = (1.5, -1.25, 1.0)
    path = write(tmp_path / "a.wav", audio, "wav float")
    check = validate(path)
    assert check.n_over_full_scale == 2
    assert check.peak_dbfs == pytest.approx(20 * np.log10(1.5))
    assert load(path)[0][0, 1000] == np.float32(1.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = write(tmp_path / "a", beat(4, 12.0, rate=RATE), kind)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert refused(path) in ("truncated", "corrupt")


@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg"])
def test_a_file_that_was_damaged_inside_is_refused(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a", beat(5, 12.0, rate=RATE), kind)
    data = bytearray(path.read_bytes())
    places = np.random.default_rng(1).integers(len(data) // 3, len(data) // 2, 3000)
    for place in places:
        data[place] ^= 0xFF
    path.write_bytes(data)
    assert refused(path) in ("truncated", "corrupt", "not_finite")


@pytest.mark.parametrize(
    "content",
    [
        b"This is a letter. " * 1000,
        b"\x89PNG\r\n\x1a\n" + bytes(5000),
        b"%PDF-1.7" + bytes(5000),
        b"PK\x03\x04" + bytes(5000),
        b"OggS",
        b"x",
    ],
)
def test_what_is_no_music_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    assert refused(path) in ("unsupported_type", "corrupt")


def test_an_empty_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert refused(tmp_path / "empty.wav") == "empty"
    assert refused(tmp_path / "missing.wav") == "unreadable"
    assert refused(tmp_path) in ("unreadable", "empty")


def test_a_header_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVE")
    assert refused(path) == "corrupt"


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", beat(6, 6.0, rate=RATE))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 50_000_000)
    path.write_bytes(data)
    assert refused(path) == "truncated"


def test_a_length_that_a_pipe_could_not_know_is_accepted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", beat(7, 6.0, rate=RATE))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert validate(path).info.duration_s == pytest.approx(6.0)


@pytest.mark.parametrize(("channels", "rate", "code"), [(3, RATE, "bad_channels"), (6, RATE, "bad_channels"),
                                                        (2, 7999, "bad_rate"), (2, 200_000, "bad_rate")])  # fmt: skip
def test_other_forms_are_refused(tmp_path: Path, channels: int, rate: int, code: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((6 * rate, channels), 0.1), rate)
    assert refused(path) == code


def test_lengths_are_bounded(tmp_path: Path) -> None:
    short = write(tmp_path / "short.wav", beat(8, 4.9, rate=RATE))
    long = write(tmp_path / "long.wav", beat(8, 1201.0, rate=8000, channels=1), rate=8000)
    assert refused(short) == "too_short"
    assert refused(long) == "too_long"
    assert validate(long, max_duration_s=None).info.duration_s == pytest.approx(1201.0)


@pytest.mark.parametrize("level_dbfs", [-np.inf, -80.0])
def test_silence_is_refused(tmp_path: Path, level_dbfs: float) -> None:
    audio = beat(9, 6.0, rate=RATE)
    audio *= np.float32(10.0 ** (level_dbfs / 20.0)) / np.abs(audio).max()
    assert refused(write(tmp_path / "a.wav", audio, "wav float")) == "silent"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    audio = beat(10, 6.0, rate=RATE)
    audio[1, -1] = value
    assert refused(write(tmp_path / "a.wav", audio, "wav float")) == "not_finite"


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200_000), st.integers(1, 70_000))
def test_blocks_are_the_whole_sound_again_and_again(n_frames: int, block: int) -> None:
    audio = np.arange(2 * n_frames, dtype=np.float32).reshape(2, n_frames)
    source = ArraySource(audio, RATE)
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate(list(source.blocks(block)), axis=1), audio)


def test_what_is_read_again_is_kept_only_where_it_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = beat(12, 6.0, rate=RATE)
    path = write(tmp_path / "a.wav", audio, "wav float")
    kept = open_for_rereading(path)
    monkeypatch.setattr("mixing.audio.decode.MAX_KEPT_BYTES", 1000)
    streamed = open_for_rereading(path)
    assert (type(kept), type(streamed)) == (ArraySource, FileSource)
    for source in (kept, streamed):
        np.testing.assert_array_equal(np.concatenate(list(source.blocks()), axis=1), audio)


def test_a_files_blocks_are_its_sound_again_and_again(tmp_path: Path) -> None:
    audio = beat(11, 6.0, rate=RATE)
    source = open_source(write(tmp_path / "a.wav", audio, "wav float"))
    for block in (1000, 65_536):
        np.testing.assert_array_equal(np.concatenate(list(source.blocks(block)), axis=1), audio)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(min_size=0, max_size=400),
    st.sampled_from([b"RIFF1234WAVE", b"FORM1234AIFF", b"fLaC", b"OggS", b"ID3", b""]),
)
def test_no_content_whatsoever_is_more_than_refused(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, head: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "a"
    path.write_bytes(head + tail)
    with pytest.raises(AudioError):
        validate(path)
