"""Rendering against peers, 180 s of stereo in one run: pedalboard in memory, matchering from file to file.

The chain in pedalboard: the same five bands, compressor, saturation (not anti-aliased), width with mono bass, a limiter
(sample peaks, no loudness target); for stems also high-pass, four bands, compressor, saturation and gain each, and one
reverb. What it lacks is left out, not added. The table goes to docs/bench.md.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import matchering
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
    Reverb,
)

from mixing.audio.decode import ArraySource, load, open_source
from mixing.audio.encode import write_audio
from mixing.console.renderer import render, render_stems, render_stream, warm_up
from mixing.console.spec import DeliverySettings, MixSettings, ReverbSettings, StripSettings
from tests.bench.chain import BUS, SETTINGS
from tests.signals import beat

RATE = 44_100
SONG_S = 180.0
N_RUNS = 7
N_STEMS, N_STEM_RUNS = 8, 3
PAGE = Path(__file__).resolve().parents[2] / "docs" / "bench.md"
BEGIN, END = "<!-- peers: generated -->", "<!-- peers: end -->"
STRIP = StripSettings(
    high_pass_hz=60.0, low_shelf_db=-2.0, low_peak_db=3.0, high_peak_db=-3.0, high_shelf_db=4.0, threshold_db=-6.0,
    ratio=3.0, drive_db=6.0, fader_db=-3.0, send_db=-12.0,
)  # fmt: skip
STEM_SETTINGS = MixSettings(BUS, DeliverySettings(-14.0), ReverbSettings(level_db=-6.0), (STRIP,) * N_STEMS)
Audio = NDArray[np.float32]


def main() -> None:
    """Print the medians of alternating runs, and their ratios."""
    warm_up()
    audio = beat(1, SONG_S, rate=RATE)
    ours, theirs, alone, files = [], [], [], []
    our_stems, their_stems, matched = [], [], []
    chain = pedalboard_chain()
    stems = [beat(i, SONG_S, rate=RATE) for i in range(N_STEMS)]
    sources = [ArraySource(stem, RATE) for stem in stems]
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.wav", Path(folder) / "out.wav"
        soundfile.write(source, audio.T, RATE, subtype="PCM_24")
        for _ in range(N_STEM_RUNS):
            our_stems.append(seconds(lambda: render_stems(sources, STEM_SETTINGS, lambda block: None)))
            their_stems.append(seconds(lambda: pedalboard_stems(stems, chain)))
        match(source, out)
        for _ in range(N_STEM_RUNS):
            matched.append(seconds(lambda: match(source, out)))
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
    stem_ratio = f"{np.median(their_stems) / np.median(our_stems):.1f} x our time"
    rows += [
        (f"{N_STEMS} stems through strips, reverb and mix bus", our_stems, ""),
        (f"{N_STEMS} stems through the same chain in pedalboard", their_stems, stem_ratio),
        ("matchering, file to file", matched, f"{np.median(matched) / np.median(files):.0f} x our file to file"),
    ]
    lines = [f"| {label} | {np.median(times):.3f} | {note} |" for label, times, note in rows]
    table = "\n".join(["| 180 s, 44.1 kHz stereo | median s | |", "| --- | --- | --- |", *lines])
    print(table)
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


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


def pedalboard_stems(stems: list[Audio], bus: Callable[[Audio], Audio]) -> Audio:
    """Every stem through a strip in pedalboard, their sum with a reverb, and the mix bus."""
    total, sends = np.zeros_like(stems[0]), np.zeros_like(stems[0])
    for stem in stems:
        strip = Pedalboard(
            [
                HighpassFilter(STRIP.high_pass_hz),
                HighpassFilter(STRIP.high_pass_hz),
                LowShelfFilter(STRIP.low_shelf_hz, STRIP.low_shelf_db, 0.7071),
                PeakFilter(STRIP.low_peak_hz, STRIP.low_peak_db, STRIP.low_peak_q),
                PeakFilter(STRIP.high_peak_hz, STRIP.high_peak_db, STRIP.high_peak_q),
                HighShelfFilter(STRIP.high_shelf_hz, STRIP.high_shelf_db, 0.7071),
                Compressor(-23.0, STRIP.ratio, STRIP.attack_ms, STRIP.release_ms),
                Distortion(STRIP.drive_db),
                Gain(STRIP.fader_db - STRIP.drive_db),
            ]
        )
        processed = strip(stem, RATE)
        total += processed
        sends += 0.25 * processed
    return bus(total + Reverb(room_size=0.6, wet_level=1.0, dry_level=0.0)(sends, RATE))


def match(source: Path, out: Path) -> None:
    """The song mastered by matchering towards another one of the same length."""
    reference = source.with_name("reference.wav")
    if not reference.exists():
        soundfile.write(reference, beat(2, SONG_S, rate=RATE).T, RATE, subtype="PCM_24")
    matchering.process(target=str(source), reference=str(reference), results=[matchering.pcm24(str(out))])


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
