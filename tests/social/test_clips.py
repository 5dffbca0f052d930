"""A/B clips: what is heard when, and a video whose picture changes with the sound."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mixing.audio.decode import load
from mixing.audio.encode import write_audio
from mixing.errors import AudioError
from social.clips import (
    EDGE_S,
    FRAMES_PER_S,
    SWITCH_S,
    ClipError,
    Segment,
    has_ffmpeg,
    write_ab_clip,
    write_mp3,
    write_video,
)
from social.pictures import clip_frames
from tests.signals import pink_noise, sine

RATE = 44_100
PHRASE = 5 * RATE
# A 24-bit step.
STEP = 2.0**-23
needs_ffmpeg = pytest.mark.skipif(not has_ffmpeg(), reason="ffmpeg is not installed: tests/system_packages.sh does it")


def saved(path: Path, audio: NDArray[np.float32], rate: int = RATE) -> Path:
    write_audio(path, [audio], rate, audio.shape[0], "wav16", seed=0)
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    a, b = (pink_noise(seed, 12.0, rate=RATE) for seed in (1, 2))
    return saved(tmp_path / "one.wav", a), saved(tmp_path / "two.wav", b)


def test_sides_take_turns_on_the_same_positions_and_are_not_changed(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    out = tmp_path / "clip.flac"
    clip = write_ab_clip(*pair, out, start_s=1.5)
    sound, rate = load(out)
    assert (sound.shape, rate, clip.start_s) == ((2, 4 * PHRASE), RATE, 1.5)
    assert [(turn.picture, turn.n_frames) for turn in clip.segments[:4]] == [("a", 125), ("b", 125)] * 2
    a, b = (load(path)[0] for path in pair)
    edge, switch = round(EDGE_S * RATE), round(SWITCH_S * RATE)
    for i, (side, phrase) in enumerate(((a, 0), (b, 0), (a, 1), (b, 1))):
        source = side[:, round(1.5 * RATE) + phrase * PHRASE :][:, :PHRASE]
        first = edge if i == 0 else switch
        last = PHRASE - (edge if i == 3 else 0)
        heard = sound[:, i * PHRASE : (i + 1) * PHRASE]
        np.testing.assert_allclose(heard[:, first:last], source[:, first:last], rtol=0.0, atol=STEP)
    assert np.abs(sound[:, [0, -1]]).max() < 1e-4


def test_a_mix_against_itself_shows_no_switch_within_the_song(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    out = tmp_path / "clip.wav"
    write_ab_clip(pair[0], pair[0], out, start_s=0.0)
    # From B's first phrase to A's second the song goes on.
    heard = load(out)[0][:, 2 * PHRASE - 1000 : 2 * PHRASE + 1000]
    np.testing.assert_allclose(heard, load(pair[0])[0][:, PHRASE - 1000 : PHRASE + 1000], rtol=0.0, atol=2 * STEP)


def test_clip_is_taken_where_both_are_loud_without_a_pause(tmp_path: Path) -> None:
    gains = np.full((2, 30), 0.2)
    gains[0, :11] = 0.9  # only A
    gains[:, 12:23] = 0.6  # both
    gains[:, 23] = 0.0
    gains[:, 24:] = 0.8  # both, and louder, but after a pause and not for long
    audio = [np.repeat(gain, RATE)[None] * sine(440.0, 30.0, rate=RATE, channels=1) for gain in gains]
    paths = [saved(tmp_path / f"{i}.wav", side.astype(np.float32)) for i, side in enumerate(audio)]
    clips = [write_ab_clip(paths[i], paths[1 - i], tmp_path / "clip.wav") for i in (0, 1)]
    assert clips[0].start_s == pytest.approx(12.5, abs=0.6)
    assert clips[0] == clips[1]


def test_short_previews_make_short_turns_and_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    short = saved(tmp_path / "short.wav", pink_noise(1, 6.0, rate=RATE))
    clip = write_ab_clip(short, short, tmp_path / "clip.wav")
    assert 70 <= clip.segments[0].n_frames <= 75
    other = saved(tmp_path / "other.wav", pink_noise(1, 7.0, rate=RATE))
    tiny = saved(tmp_path / "tiny.wav", pink_noise(1, 1.5, rate=RATE))
    for sides, start_s, code in (
        ((short, other), None, "clip_mismatch"),
        ((tiny, tiny), None, "too_short"),
        ((short, short), 3.0, "bad_start"),
        ((short, short), -1.0, "bad_start"),
    ):
        with pytest.raises(AudioError) as refused:
            write_ab_clip(*sides, tmp_path / "none.wav", start_s=start_s)
        assert refused.value.code == code
    assert not (tmp_path / "none.wav").exists()


def test_without_ffmpeg_there_is_an_mp3_and_a_clear_refusal(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_ab_clip(*pair, tmp_path / "clip.flac")
    write_mp3(tmp_path / "clip.flac", tmp_path / "clip.mp3")
    heard, _ = load(tmp_path / "clip.mp3")
    assert heard.shape[1] == pytest.approx(4 * PHRASE, abs=3000)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not has_ffmpeg()
    with pytest.raises(ClipError) as refused:
        write_video({}, clip.segments, tmp_path / "clip.flac", tmp_path / "clip.mp4")
    assert refused.value.code == "no_ffmpeg"


@needs_ffmpeg
def test_picture_changes_with_the_sound_and_the_file_names_nobody(tmp_path: Path) -> None:
    low, high = (saved(tmp_path / f"Old Reliable {hz}.wav", sine(hz, 4.1, rate=RATE)) for hz in (300.0, 3000.0))
    clip = write_ab_clip(low, high, tmp_path / "clip.wav", start_s=0.0)
    sound, _ = load(tmp_path / "clip.wav")
    with soundfile.SoundFile(tmp_path / "tagged.wav", "w", RATE, 2, "PCM_24") as tagged:
        tagged.title = "Old Reliable against Team Supreme"
        tagged.write(sound.T)
    out = tmp_path / "clip.mp4"
    write_video(clip_frames("Second Wind", "Ann", "mixarena.example"), clip.segments, tmp_path / "tagged.wav", out)
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(out)],
        capture_output=True,
        check=True,
    ).stdout
    picture, heard = json.loads(told)["streams"]
    n_frames = sum(segment.n_frames for segment in clip.segments)
    assert (picture["codec_name"], picture["pix_fmt"], heard["codec_name"]) == ("h264", "yuv420p", "aac")
    assert (picture["width"], picture["height"], int(picture["nb_frames"])) == (1080, 1080, n_frames)
    assert float(heard["duration"]) == pytest.approx(n_frames / FRAMES_PER_S, abs=0.05)
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert not any(name in data for name in (b"Old Reliable", b"Ann", b"Second", str(tmp_path).encode()))

    # The pads, light and dark: which one is lit in each frame, and which tone sounds in its middle.
    pads = decoded(out, ["-vf", "crop=936:400:72:400,scale=2:1:flags=area,format=gray", "-f", "rawvideo"])
    lit = np.argmax(np.frombuffer(pads, np.uint8).reshape(n_frames, 2), axis=1)
    wave = np.frombuffer(decoded(out, ["-ac", "1", "-ar", "25000", "-f", "f32le"]), np.float32)
    pitches = [np.argmax(np.abs(np.fft.rfft(wave[i * 1000 + 250 :][:500]))) * 50 for i in range(n_frames)]
    turns = [segment.picture for segment in clip.segments[:4] for _ in range(segment.n_frames)]
    # The tones fade in and out, and AAC smears the last hundredths before a switch.
    for i in range(2, len(turns) - 2):
        assert "ab"[lit[i]] == turns[i]
        assert pitches[i] == pytest.approx({"a": 300.0, "b": 3000.0}[turns[i]], abs=51)
    assert np.abs(wave[(len(turns) + 2) * 1000 :]).max() < 1e-3


@needs_ffmpeg
def test_what_ffmpeg_refuses_leaves_no_file(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    with pytest.raises(ClipError) as refused:
        write_video({"a": b"no picture"}, [Segment("a", 25)], pair[0], tmp_path / "clip.mp4")
    assert refused.value.code == "video_failed"
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".wav"] == []


def decoded(path: Path, arguments: list[str]) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), *arguments, "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout
