"""One stem through its channel strip: equalizer, compressor, saturation; then fader, pan and reverb send.

Two passes over a tape of the stem's own, since the compressor and the saturation refer to its loudness.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixing.audio.decode import AudioSource
from mixing.console.biquads import BYPASS, strip_bands
from mixing.console.channel import Channel, cell_frames
from mixing.console.compressor import Compression, compressor_gains
from mixing.console.energies import Energies, loudness_lufs
from mixing.console.kernels.saturation import REACH
from mixing.console.spec import StripSettings
from mixing.console.tape import BLOCK, Tape
from mixing.errors import AudioError

Block = NDArray[np.float32]

# Mono is played by two loudspeakers: settings that follow loudness then mean the same as on stereo.
MONO_LU = 10.0 * math.log10(2.0)
# At 6 dB of drive the saturation has its ceiling this far above the loudness: about where a lively mix has its peaks.
DRIVE_ABOVE_LU = 16.0
N_REDUCTION_POINTS = 200


@dataclass(frozen=True)
class StripReport:
    """What a strip did.

    Attributes:
        is_silent: nothing to hear; what depends on level was bypassed.
        input_lufs: loudness after the equalizer, which threshold and drive refer to; None for a silent stem.
        output_lufs: loudness behind the fader, before the pan; None for a silent stem.
        gain_reduction: of the compressor over the song, dB, at least 0, at most N_REDUCTION_POINTS values.
    """

    is_silent: bool
    input_lufs: float | None
    output_lufs: float | None
    gain_reduction: list[float]


class ProcessedStem:
    """A stem behind its strip, up to the fader. Use it as a context manager: it holds a tape.

    Attributes:
        gains: linear, of fader and pan, to the left and to the right.
        send: linear, of what the reverb gets of both.
    """

    def __init__(self, source: AudioSource, strip: StripSettings) -> None:
        self.gains = pan_gains(strip, source.channels)
        self.send = 10.0 ** (strip.send_db / 20.0)
        self.tape = Tape(source.channels, source.n_frames)
        try:
            self.report = _process(source, strip, self.tape)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ProcessedStem:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the tape."""
        self.tape.__exit__()

    def blocks(self) -> Iterator[Block]:
        """What goes to the mix bus, (2, frames) each."""
        gains = np.array(self.gains, dtype=np.float32)[:, None]
        for block in self.tape.recorded(keep=False):
            yield gains * block


def pan_gains(strip: StripSettings, channels: int) -> tuple[float, float]:
    """Linear gains of fader and pan to the left and to the right.

    Mono stems are panned with constant power and 0 dB at the center; of stereo stems only the far side is lowered.
    """
    fader = 10.0 ** (strip.fader_db / 20.0)
    if channels == 1:
        angle = (strip.pan + 1.0) * math.pi / 4.0
        return fader * math.sqrt(2.0) * math.cos(angle), fader * math.sqrt(2.0) * math.sin(angle)
    far = math.cos(abs(strip.pan) * math.pi / 2.0)
    return (fader * far, fader) if strip.pan > 0.0 else (fader, fader * far)


def drive_ceiling(drive_db: float, lufs: float) -> float:
    """What the saturation approaches, linear, on sound of some loudness; infinite without drive, and for silence."""
    amount = 10.0 ** (drive_db / 20.0) - 1.0
    return 10.0 ** ((lufs + DRIVE_ABOVE_LU) / 20.0) / amount if amount > 0.0 and math.isfinite(lufs) else math.inf


def reduction_points(reduction_db: NDArray[np.float32]) -> list[float]:
    """A compressor's reduction over the song, at most N_REDUCTION_POINTS means."""
    parts = np.array_split(reduction_db, min(N_REDUCTION_POINTS, reduction_db.size))
    return [round(float(part.mean()), 3) for part in parts]


def active_sections(sections: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The sections, or None where all of them are bypassed."""
    return None if all(tuple(section) == BYPASS for section in sections) else sections


def filled(tape: Tape, source_blocks: Iterator[Block]) -> Iterator[Block]:
    """The blocks of a blank tape, filled. Raises AudioError where the sound ends before it should."""
    for block in tape.blank():
        read = next(source_blocks, None)
        if read is None or read.shape != block.shape:
            raise AudioError("The file ends before its sound does. Export it again and retry.", code="truncated")
        block[...] = read
        yield block


def check_finite(levels: NDArray[np.float32]) -> None:
    """Raises AudioError where a level is not a number, since then a sample was not."""
    if not np.isfinite(levels).all():
        raise AudioError(
            "The sound contains values that are not numbers. Export it again and retry.", code="not_finite"
        )


def _process(source: AudioSource, strip: StripSettings, tape: Tape) -> StripReport:
    rate = source.sample_rate
    channels = [Channel(source.n_frames, rate) for _ in range(source.channels)]
    sections = active_sections(strip_bands(strip, rate))
    start = 0
    for block in filled(tape, source.blocks(BLOCK)):
        for channel, x in zip(channels, block, strict=True):
            channel.equalize(x, start, sections)
        start += block.shape[1]
    levels = np.maximum(channels[0].levels, channels[-1].levels)
    check_finite(levels)
    played_lu = MONO_LU if len(channels) == 1 else 0.0
    energies = Energies(sum((c.energies for c in channels[1:]), channels[0].energies), channels[0].cell, start, rate)
    lufs = loudness_lufs(energies) + played_lu
    if not math.isfinite(lufs):
        return StripReport(is_silent=True, input_lufs=None, output_lufs=None, gain_reduction=[])
    gains, reduction_db = compressor_gains(levels, Compression.of_strip(strip), lufs, cell_frames(rate) / rate)
    pressed_lufs = loudness_lufs(energies, gains) + played_lu
    _color(tape, channels, gains if bool((gains != 1.0).any()) else None, drive_ceiling(strip.drive_db, pressed_lufs))
    return StripReport(
        is_silent=False,
        input_lufs=lufs,
        output_lufs=pressed_lufs + strip.fader_db,
        gain_reduction=reduction_points(reduction_db),
    )


def _color(tape: Tape, channels: list[Channel], gains: NDArray[np.float32] | None, ceiling: float) -> None:
    if gains is None and math.isinf(ceiling):
        return
    start = 0
    for block in tape.recorded():
        after = tape.after(start + block.shape[1], REACH)
        for i, (channel, x) in enumerate(zip(channels, block, strict=True)):
            if gains is not None:
                channel.amplify(x, start, gains)
            if math.isfinite(ceiling):
                channel.drive(x, start, ceiling, after[i], gains)
        start += block.shape[1]
