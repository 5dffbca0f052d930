"""Renders mixes: the mix bus and the delivery stage over a whole song, in passes over a tape.

Stems come through their strips onto the tape first; a single file is on it as it is.

1. Equalizer; levels and K-weighted energies of cells. Now the compressor's gain is known over the whole song.
2. Compressor gain, saturation, stereo; energies and true peaks. Now the limiter's gain is known.
3. Gain and limiting; energies and true peaks again, of what will be delivered.
4. What is delivered leaves, lowered where a peak of the third pass exceeds the ceiling.

Channels run in parallel, and nothing depends on how many threads there are: the same arguments give the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from mixing.audio.decode import ArraySource, AudioSource
from mixing.console.biquads import bus_bands, high_pass
from mixing.console.channel import Channel, cell_frames
from mixing.console.compressor import Compression, compressor_gains
from mixing.console.energies import Energies, loudness_lufs, range_lu
from mixing.console.kernels.bands import new_section_state, one_section
from mixing.console.kernels.gains import to_left_right, to_mid_side
from mixing.console.kernels.saturation import REACH
from mixing.console.lanes import Ahead, Lanes
from mixing.console.limiter import Limiting, solve
from mixing.console.spec import CEILING_DBTP, BusSettings, MixSettings, ReverbSettings, StripSettings
from mixing.console.stems import check_stems, sum_stems
from mixing.console.strip import (
    MONO_LU,
    StripReport,
    active_sections,
    check_finite,
    drive_ceiling,
    filled,
    reduction_points,
)
from mixing.console.tape import BLOCK, Tape
from mixing.errors import AudioError, SettingsError

ENGINE_VERSION = "3"
# Lossless formats round to 24 bit or dither to 16: this keeps a peak under the ceiling through both.
QUANTIZING_DB = 0.01
N_PASSES = 4
# The strips' share of the work on a song of stems, as progress is told.
STEMS_SHARE = 0.6

Block = NDArray[np.float32]
Sink = Callable[[Block], None]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class RenderReport:
    """What a rendering did.

    Attributes:
        requested_lufs: what the settings ask for.
        effective_lufs: what was reached, measured on what was delivered.
        true_peak_dbtp: of what was delivered.
        gain_db: before the limiter.
        max_limiting_db: the deepest reduction of the limiter, at least 0.
        is_limited_by_headroom: the target was lowered, since it needs more than MAX_LIMITING_DB.
        range_lu: loudness range of what was delivered.
        input_lufs: loudness after the equalizer, which threshold and drive refer to.
        gain_reduction: of the compressor over the song, dB, at least 0, at most N_REDUCTION_POINTS values.
        version: of the engine.
        strips: what each stem's strip did, in the order of the stems; empty for a single file.
    """

    requested_lufs: float
    effective_lufs: float
    true_peak_dbtp: float
    gain_db: float
    max_limiting_db: float
    is_limited_by_headroom: bool
    range_lu: float
    input_lufs: float
    gain_reduction: list[float]
    version: str
    strips: list[StripReport] = field(default_factory=list)


def render(audio: Block, rate: int, settings: MixSettings, *, n_threads: int = 2) -> tuple[Block, RenderReport]:
    """Render a mix in memory.

    Args:
        audio: (channels, frames), 1 or 2 channels, finite.
        rate: Hz, 8000 to 192000.
    Returns: the mix, (channels, frames), and what was done.
    Raises: as `render_stream`.
    """
    source = ArraySource(audio, rate)
    _check(source, settings)
    with Tape(source.channels, source.n_frames, max_in_memory=math.inf) as tape:
        report = _master(source, settings, tape, lambda block: None, None, n_threads)
        return tape.audio, report


def render_stems(
    stems: Sequence[AudioSource],
    settings: MixSettings,
    sink: Sink,
    *,
    progress: Progress | None = None,
    n_threads: int = 2,
) -> RenderReport:
    """Render a song of several stems, always in stereo.

    Args:
        stems: of one sample rate and length, in the order of `settings.strips`.
        sink, progress: as in `render_stream`.
        n_threads: so many stems are worked on at once.
    Raises: as `render_stream` and `check_stems`.
    """
    check_stems(stems, settings)
    rate, n_frames = stems[0].sample_rate, stems[0].n_frames

    def told(begin: float, share: float) -> Progress | None:
        return None if progress is None else lambda done: progress(begin + share * done)

    with Tape(2, n_frames) as tape:
        reports = sum_stems(stems, settings, tape, n_threads=n_threads, progress=told(0.0, STEMS_SHARE))
        with Lanes(min(n_threads, 2)) as lanes:
            bus = _Rendering(rate, settings.bus, tape, lanes, told(STEMS_SHARE, 1.0 - STEMS_SHARE))
            return bus.run(tape.recorded(), sink, settings, reports)


def render_stream(
    source: AudioSource,
    settings: MixSettings,
    sink: Sink,
    *,
    progress: Progress | None = None,
    n_threads: int = 2,
) -> RenderReport:
    """Render a song of one stem.

    Args:
        sink: gets what is delivered in order, (channels, frames) each; the buffer is only its own during the call.
        progress: told the share that is done, 0 to 1.
        n_threads: at most one a channel is used.
    Raises: AudioError for a song that is empty, silent, not finite, ends early, or has other than 1 or 2 channels;
        SettingsError for settings of channel strips, which one stem has not.
    """
    _check(source, settings)
    with Tape(source.channels, source.n_frames) as tape:
        return _master(source, settings, tape, sink, progress, n_threads)


def warm_up() -> None:
    """Compile every kernel, or load it from the cache folder."""
    rate = 8000
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, rate)).astype(np.float32)
    bus = BusSettings(
        low_shelf_db=3.0, glue_threshold_db=-10.0, glue_ratio=2.0, drive_db=6.0, width_db=1.0, mono_below_hz=100.0
    )
    for channels in (1, 2):
        render(noise[:channels], rate, MixSettings(bus=bus))
    strip = StripSettings(high_pass_hz=30.0, threshold_db=-10.0, ratio=2.0, drive_db=6.0, send_db=-20.0)
    stems = [ArraySource(noise[:1], rate), ArraySource(noise, rate)]
    render_stems(stems, MixSettings(strips=(strip, strip), reverb=ReverbSettings(level_db=-6.0)), lambda block: None)


def _check(source: AudioSource, settings: MixSettings) -> None:
    if settings.strips:
        raise SettingsError(
            "These settings have channel strips, and the song is a single file. Use settings for the mix bus alone.",
            code="wrong_shape",
        )
    if source.channels not in (1, 2) or source.n_frames == 0:
        raise AudioError("Only mono and stereo sound can be mixed. Choose another file.", code="bad_channels")


def _master(
    source: AudioSource, settings: MixSettings, tape: Tape, sink: Sink, progress: Progress | None, n_threads: int
) -> RenderReport:
    with Lanes(min(n_threads, source.channels)) as lanes, Ahead(source.blocks(BLOCK)) as blocks:
        rendering = _Rendering(source.sample_rate, settings.bus, tape, lanes, progress)
        return rendering.run(filled(tape, blocks), sink, settings, [])


@dataclass(frozen=True)
class Glue:
    """What the compressor does over a song.

    Attributes:
        reduction_db: over the song, at least 0, at most N_REDUCTION_POINTS values.
        input_lufs, output_lufs: loudness before and after it, as two loudspeakers play it.
    """

    reduction_db: list[float]
    input_lufs: float
    output_lufs: float


class _Rendering:
    """The passes of one rendering. What is known of each cell is let go of as soon as it was used: an hour has many."""

    def __init__(self, rate: int, bus: BusSettings, tape: Tape, lanes: Lanes, progress: Progress | None) -> None:
        self._bus = bus
        self._tape = tape
        self._lanes = lanes
        self._progress = progress
        self._rate = rate
        self._cell = cell_frames(rate)
        self._channels = [Channel(tape.n_frames, rate) for _ in range(tape.channels)]

    def run(
        self, blocks: Iterator[Block], sink: Sink, settings: MixSettings, strips: list[StripReport]
    ) -> RenderReport:
        """All passes; `blocks` are those of the tape, filled."""
        glue = self.equalize(blocks)
        self.color(glue)
        limiting = self.limit(settings.delivery.loudness_lufs)
        return self.deliver(sink, settings.delivery.loudness_lufs, glue, limiting, strips)

    def equalize(self, blocks: Iterator[Block]) -> Glue:
        """First pass, and what the compressor will do in the second."""
        sections = active_sections(bus_bands(self._bus, self._rate))
        start = 0
        for block in blocks:
            self._each(Channel.equalize, block, start, sections)
            start += block.shape[1]
            self._tell(0, start)
        self._lanes.settle()
        levels = reduce(np.maximum, [channel.levels for channel in self._channels])
        check_finite(levels)
        energies = self._energies()
        self._begin_pass()
        lufs = loudness_lufs(energies)
        if not math.isfinite(lufs):
            raise AudioError("There is nothing to hear in this sound. Choose another file.", code="silent")
        played_lu = MONO_LU if len(self._channels) == 1 else 0.0
        self._glue_gains, reduction_db = compressor_gains(
            levels, Compression.of_bus(self._bus), lufs + played_lu, self._cell / self._rate
        )
        return Glue(
            reduction_db=reduction_points(reduction_db),
            input_lufs=lufs + played_lu,
            output_lufs=loudness_lufs(energies, self._glue_gains) + played_lu,
        )

    def color(self, glue: Glue) -> None:
        """Second pass: compressor gain, saturation, stereo."""
        bus = self._bus
        gains, self._glue_gains = self._glue_gains, np.empty(0, dtype=np.float32)
        glue_gains = gains if bool((gains != 1.0).any()) else None
        ceiling = drive_ceiling(bus.drive_db, glue.output_lufs)

        def prepare(channel: Channel, x: NDArray[np.float32], start: int, after: Block) -> None:
            if glue_gains is not None:
                channel.amplify(x, start, glue_gains)
            if math.isfinite(ceiling):
                channel.drive(x, start, ceiling, after[self._channels.index(channel)], glue_gains)

        is_wide = len(self._channels) == 2 and (bus.width_db != 0.0 or bus.mono_below_hz > 0.0)
        side_gain = np.float32(10.0 ** (bus.width_db / 20.0))
        section = high_pass(bus.mono_below_hz, self._rate)
        side_state = new_section_state()
        start = 0
        for block in self._tape.recorded():
            self._each(prepare, block, start, self._tape.after(start + block.shape[1], REACH))
            if is_wide:
                self._lanes.settle()
                to_mid_side(block[0], block[1], side_gain)
                if bus.mono_below_hz > 0.0:
                    one_section(block[1], section, side_state)
                to_left_right(block[0], block[1])
            self._each(Channel.measure, block, start)
            start += block.shape[1]
            self._tell(1, start)
        self._lanes.settle()

    def limit(self, target_lufs: float) -> Limiting:
        """Third pass: gain and limiting."""
        limiting = self._solve(target_lufs)

        def deliver(channel: Channel, x: NDArray[np.float32], start: int) -> None:
            channel.amplify(x, start, limiting.gains)
            channel.measure(x, start)

        start = 0
        for block in self._tape.recorded():
            self._each(deliver, block, start)
            start += block.shape[1]
            self._tell(2, start)
        self._lanes.settle()
        return limiting

    def deliver(
        self,
        sink: Sink,
        requested_lufs: float,
        glue: Glue,
        limiting: Limiting,
        strips: list[StripReport],
    ) -> RenderReport:
        """Last pass: what was measured leaves, lowered where it must be."""
        peak_dbtp = 20.0 * math.log10(float(self._peaks().max()))
        trim_db = min(0.0, CEILING_DBTP - QUANTIZING_DB - peak_dbtp)
        trim = np.float32(10.0 ** (trim_db / 20.0))
        start = 0
        for block in self._tape.recorded(keep=False):
            if trim_db < 0.0:
                block *= trim
            sink(block)
            start += block.shape[1]
            self._tell(3, start)
        energies = self._energies()
        return RenderReport(
            requested_lufs=requested_lufs,
            effective_lufs=loudness_lufs(energies) + trim_db,
            true_peak_dbtp=peak_dbtp + trim_db,
            gain_db=limiting.gain_db,
            max_limiting_db=limiting.max_limiting_db,
            is_limited_by_headroom=limiting.is_limited_by_headroom,
            range_lu=range_lu(energies),
            input_lufs=glue.input_lufs,
            gain_reduction=glue.reduction_db,
            version=ENGINE_VERSION,
            strips=strips,
        )

    def _each(self, work: Callable[..., None], block: Block, *arguments: object) -> None:
        """Do the work on every channel of a block, each in its lane: work(channel, its frames, *arguments)."""
        for i, channel in enumerate(self._channels):
            self._lanes.send(i, work, channel, block[i], *arguments)
        if not self._tape.is_in_memory:
            self._lanes.settle()

    def _solve(self, target_lufs: float) -> Limiting:
        peaks, energies = self._peaks(), self._energies()
        self._begin_pass()
        return solve(peaks, energies, target_lufs, CEILING_DBTP, self._cell / self._rate)

    def _begin_pass(self) -> None:
        for channel in self._channels:
            channel.begin_pass()

    def _energies(self) -> Energies:
        total = reduce(np.add, [channel.energies for channel in self._channels])
        return Energies(total, self._cell, self._tape.n_frames, self._rate)

    def _peaks(self) -> NDArray[np.float32]:
        return reduce(np.maximum, [channel.peaks for channel in self._channels])

    def _tell(self, n_passes: int, position: int) -> None:
        if self._progress is not None:
            self._progress((n_passes + position / self._tape.n_frames) / N_PASSES)
