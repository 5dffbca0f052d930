"""Rendering against pedalboard, and file to file against decoding and encoding alone; 180 s of stereo in one run.

The chain in pedalboard: the same five bands, compressor, saturation (not anti-aliased), width with mono bass, a limiter
(sample peaks, no loudness target). What it lacks is left out, not added. Run as `python -m tests.bench.bench_render`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from pedalboard import (
    Compressor,
    Distortion,
    Gain,
    HighpassFilter,
    HighShelfFilter,
    Limiter,
    LowShelfFilter,
    PeakFilter,
    Pedalboard,
)

from mixing.audio.decode import load, open_source
from mixing.audio.encode import write_audio
from mixing.console.renderer import render, render_stream, warm_up
from mixing.console.spec import BusSettings, DeliverySettings, MixSettings
from tests.signals import beat

RATE = 44_100
SONG_S = 180.0
N_RUNS = 7
BUS = BusSettings(
    low_shelf_db=2.0, low_peak_db=-2.0, mid_peak_db=1.0, high_peak_db=1.5, high_shelf_db=3.0, glue_threshold_db=-6.0,
    glue_ratio=2.5, drive_db=5.0, width_db=2.0, mono_below_hz=110.0,
)  # fmt: skip
SETTINGS = MixSettings(bus=BUS, delivery=DeliverySettings(-14.0))
Audio = NDArray[np.float32]


def main() -> None:
    """Print the medians of alternating runs, and their ratios."""
    warm_up()
    audio = beat(1, SONG_S, rate=RATE)
    ours, theirs, alone, files = [], [], [], []
    chain = pedalboard_chain()
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.wav", Path(folder) / "out.wav"
        soundfile.write(source, audio.T, RATE, subtype="PCM_24")
        for _ in range(N_RUNS):
            ours.append(seconds(lambda: render(audio, RATE, SETTINGS)))
            theirs.append(seconds(lambda: chain(audio)))
            alone.append(seconds(lambda: copy(source, out)))
            files.append(seconds(lambda: file_to_file(source, out)))
    rows = [
        ("render in memory, 2 threads", ours, ""),
        ("the same chain in pedalboard", theirs, f"{np.median(theirs) / np.median(ours):.1f} x our time"),
        ("decode and encode alone, WAV 24 bit", alone, ""),
        ("file to file", files, f"{np.median(files) / np.median(alone):.2f} x decode and encode"),
    ]
    for label, times, note in rows:
        print(f"{label:<40}{np.median(times):7.3f} s  {note}")


def pedalboard_chain() -> Callable[[Audio], Audio]:
    """Pedalboard has no mid and side, so numpy makes them."""
    q = 0.7071
    tone = Pedalboard(
        [
            LowShelfFilter(BUS.low_shelf_hz, BUS.low_shelf_db, q),
            PeakFilter(BUS.low_peak_hz, BUS.low_peak_db, BUS.low_peak_q),
            PeakFilter(BUS.mid_peak_hz, BUS.mid_peak_db, BUS.mid_peak_q),
            PeakFilter(BUS.high_peak_hz, BUS.high_peak_db, BUS.high_peak_q),
            HighShelfFilter(BUS.high_shelf_hz, BUS.high_shelf_db, q),
            Compressor(-23.0, BUS.glue_ratio, BUS.glue_attack_ms, BUS.glue_release_ms),
            Distortion(BUS.drive_db),
            Gain(-BUS.drive_db),
        ]
    )
    side_chain = Pedalboard([HighpassFilter(BUS.mono_below_hz), HighpassFilter(BUS.mono_below_hz), Gain(BUS.width_db)])
    limiter = Pedalboard([Gain(3.0), Limiter(-1.0)])

    def run(audio: Audio) -> Audio:
        toned = tone(audio, RATE)
        mid, side = 0.5 * (toned[0] + toned[1]), 0.5 * (toned[0] - toned[1])
        side = side_chain(side[None], RATE)[0]
        return np.asarray(limiter(np.stack([mid + side, mid - side]), RATE))

    return run


def copy(source: Path, out: Path) -> None:
    audio, rate = load(source)
    write_audio(out, [audio], rate, audio.shape[0], "wav24", seed=0)


def file_to_file(source: Path, out: Path) -> None:
    blocks: list[Audio] = []
    opened = open_source(source)
    render_stream(opened, SETTINGS, lambda block: blocks.append(block.copy()))
    write_audio(out, blocks, opened.sample_rate, opened.channels, "wav24", seed=0)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
