"""A/B clips to post: twenty seconds in which two mixes of a song take turns, and the video of them.

Which mix is A is the caller's choice, and nothing in the files tells more than A and B: they carry no metadata.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixing.audio.decode import ArraySource, load, open_source
from mixing.audio.encode import EncodeReport, encode_lossy, write_audio
from mixing.errors import AudioError, MixArenaError
from social.pictures import Picture

Signal = NDArray[np.float32]

# Two phrases, each heard as A and then as B.
TURNS: tuple[tuple[Picture, int], ...] = (("a", 0), ("b", 0), ("a", 1), ("b", 1))
N_PHRASES = 2
PHRASE_S, MIN_PHRASE_S = 5.0, 1.0
# From one side to the other: as long as the player's.
SWITCH_S = 0.006
# At the beginning and the end of the clip.
EDGE_S = 0.3
END_CARD_S = 2.4
# Levels are compared in blocks of this length, and what is this far below the loudest is as good as silent.
BLOCK_S, RANGE_DB = 0.1, 60.0
# Of the video. It divides every usual sample rate, so that pictures change exactly where the sound does.
FRAMES_PER_S = 25
AAC_RATE = 48_000
MP3_CEILING_DBTP = -1.0
FORMATS = {".wav": "wav24", ".flac": "flac"}
TIMEOUT_S = 120.0


class ClipError(MixArenaError):
    """A video that could not be made."""


@dataclass(frozen=True)
class Segment:
    """A picture and how long it is to be seen, in whole frames of the video."""

    picture: Picture
    n_frames: int


@dataclass(frozen=True)
class Clip:
    """What a clip is made of.

    Attributes:
        start_s: where in the previews it begins.
        segments: in order; the last is the end card, which is silent and not in the sound file.
    """

    start_s: float
    segments: tuple[Segment, ...]


def has_ffmpeg() -> bool:
    """Whether videos can be made here."""
    return shutil.which("ffmpeg") is not None


def write_ab_clip(path_a: Path, path_b: Path, out: Path, *, start_s: float | None = None) -> Clip:
    """Write a clip in which two previews of one region take turns: A, B, and once more with what follows.

    Both play the same positions of the song, at the level they have; phrases are shorter where the previews are.

    Args:
        path_a, path_b: equally long, level-matched, of one rate and number of channels.
        out: ending in .wav or .flac; 24 bit.
        start_s: of the stretch in the previews; by default where both are loudest without a pause.
    Raises: AudioError with the code clip_mismatch, too_short or bad_start, or as `load`; OSError.
    """
    (a, rate), (b, rate_b) = load(path_a), load(path_b)
    if a.shape != b.shape or rate != rate_b:
        raise AudioError("The two previews are not cuts of the same length. Cut them again.", code="clip_mismatch")
    n_switch = round(SWITCH_S * rate)
    longest = min(PHRASE_S, (a.shape[1] - n_switch) / rate / N_PHRASES)
    n_video = int(longest * FRAMES_PER_S)
    n_phrase = n_video * rate // FRAMES_PER_S
    if longest < MIN_PHRASE_S:
        raise AudioError("The previews are too short for a clip. Choose a longer song.", code="too_short")
    n_stretch = N_PHRASES * n_phrase + n_switch
    start = loudest_start(a, b, n_stretch, rate) if start_s is None else round(start_s * rate)
    if not 0 <= start <= a.shape[1] - n_stretch:
        raise AudioError("The clip would not lie within the previews. Let it start earlier.", code="bad_start")
    sound = take_turns(a[:, start : start + n_stretch], b[:, start : start + n_stretch], n_phrase, n_switch)
    n_edge = round(EDGE_S * rate)
    rise = _rise(n_edge)
    sound[:, :n_edge] *= rise
    sound[:, -n_edge:] *= rise[::-1]
    write_audio(out, [sound], rate, sound.shape[0], FORMATS[out.suffix], seed=0)
    turns = tuple(Segment(picture, n_video) for picture, _ in TURNS)
    return Clip(start / rate, (*turns, Segment("end", round(END_CARD_S * FRAMES_PER_S))))


def loudest_start(a: Signal, b: Signal, n_stretch: int, rate: int) -> int:
    """Where the stretch begins that both sides play loudest, by the mean level in dB, which a pause lowers most.

    Args:
        a, b: (channels, frames), equally long, at least n_stretch.
    Returns: a frame; the first of several as good.
    """
    n_block = max(1, round(BLOCK_S * rate))
    levels_db = np.minimum(_levels_db(a, n_block), _levels_db(b, n_block))
    sums = np.concatenate([[0.0], np.cumsum(np.maximum(levels_db, levels_db.max() - RANGE_DB))])
    width = min(-(-n_stretch // n_block), levels_db.size)
    best = int(np.argmax(sums[width:] - sums[:-width]))
    return min(best * n_block, a.shape[1] - n_stretch)


def take_turns(a: Signal, b: Signal, n_phrase: int, n_switch: int) -> Signal:
    """Let two stretches of the same music take turns by TURNS, each switch a raised cosine of n_switch frames.

    Args:
        a, b: (channels, N_PHRASES * n_phrase + n_switch).
    Returns: (channels, len(TURNS) * n_phrase); outside the switches, samples as they were.
    """
    sides = {"a": a, "b": b}
    sound = np.zeros((a.shape[0], len(TURNS) * n_phrase + n_switch), dtype=np.float32)
    rise = _rise(n_switch)
    for i, (picture, phrase) in enumerate(TURNS):
        # What a side would play next fades under the other's beginning.
        piece = sides[picture][:, phrase * n_phrase : (phrase + 1) * n_phrase + n_switch].copy()
        if i > 0:
            piece[:, :n_switch] *= rise
        piece[:, n_phrase:] *= rise[::-1]
        sound[:, i * n_phrase : (i + 1) * n_phrase + n_switch] += piece
    return sound[:, : len(TURNS) * n_phrase]


def write_mp3(clip: Path, out: Path) -> EncodeReport:
    """Write a clip as MP3, for where there is no ffmpeg. Both sides keep their relation. Raises as `encode_lossy`."""
    return encode_lossy(out, ArraySource(*load(clip)), "mp3", ceiling_dbtp=MP3_CEILING_DBTP)


def write_video(frames: Mapping[Picture, bytes], segments: Sequence[Segment], audio: Path, out: Path) -> None:
    """Write a clip with its pictures as MP4 that every network takes (H.264, AAC), whole or not at all.

    Args:
        frames: PNG files of one size with even sides.
        audio: plays from the first segment on; what the segments exceed it by is silent.
        out: ending in .mp4.
    Raises: ClipError with the code no_ffmpeg, video_failed, or (retryable) video_timeout; AudioError; OSError.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise ClipError("Videos need ffmpeg. Install it, or share the sound and the picture.", code="no_ffmpeg")
    open_source(audio)
    with tempfile.TemporaryDirectory(dir=out.parent.resolve()) as folder:
        for picture, png in frames.items():
            (Path(folder) / f"{picture}.png").write_bytes(png)
        made = Path(folder) / "clip.mp4"
        command = [ffmpeg, *_arguments(Path(folder), segments, audio.resolve(), made)]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise ClipError(
                "Making the video took too long. Try again later.", code="video_timeout", is_retryable=True
            ) from error
        except subprocess.CalledProcessError as error:
            error.add_note(error.stderr.decode(errors="replace")[-2000:])
            raise ClipError("ffmpeg could not make the video. Share the sound instead.", code="video_failed") from error
        made.replace(out)


def _arguments(folder: Path, segments: Sequence[Segment], audio: Path, out: Path) -> list[str]:
    """What ffmpeg is to do. Each picture is decoded once and repeated in memory, which counts frames exactly."""
    arguments = ["-nostdin", "-v", "error", "-y"]
    filters, joined = [], ""
    # Colors as televisions have them, and say so: players assume it of pictures this size.
    look = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    for i, segment in enumerate(segments):
        arguments += ["-framerate", str(FRAMES_PER_S), "-i", str(folder / f"{segment.picture}.png")]
        repeat = f"loop=loop={segment.n_frames - 1}:size=1,setpts=N/({FRAMES_PER_S}*TB)"
        filters.append(f"[{i}:v]{look},{repeat}[v{i}]")
        joined += f"[v{i}]"
    filters.append(f"{joined}concat=n={len(segments)}[v]")
    duration_s = sum(segment.n_frames for segment in segments) / FRAMES_PER_S
    filters.append(f"[{len(segments)}:a]apad=whole_dur={duration_s}[a]")
    arguments += ["-i", str(audio), "-filter_complex", ";".join(filters), "-map", "[v]", "-map", "[a]"]
    arguments += ["-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage", "-crf", "18", "-threads", "1"]
    for name in ("-colorspace", "-color_primaries", "-color_trc"):
        arguments += [name, "bt709"]
    arguments += ["-c:a", "aac", "-b:a", "192k", "-ar", str(AAC_RATE), "-t", str(duration_s)]
    arguments += ["-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart"]
    return [*arguments, "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", str(out)]


def _levels_db(audio: Signal, n_block: int) -> NDArray[np.float64]:
    """The level of each block, dB; the last one may be cut off."""
    powers = np.square(audio, dtype=np.float64).mean(axis=0)
    starts = np.arange(0, max(1, powers.size // n_block)) * n_block
    means = np.add.reduceat(powers, starts) / n_block
    return np.asarray(10.0 * np.log10(means + 1e-20))


def _rise(n: int) -> NDArray[np.float32]:
    """The rising half of a raised cosine; with its mirror image it makes 1."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)).astype(np.float32)
