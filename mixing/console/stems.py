"""Stems onto the mix bus: every strip, the faders' sum, and the reverb's return.

Stems are processed side by side and added in their order, so that the sum does not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from mixing.audio.decode import AudioSource
from mixing.console.kernels.gains import add_scaled
from mixing.console.reverb import Reverb
from mixing.console.spec import MixSettings, ReverbSettings, StripSettings
from mixing.console.strip import ProcessedStem, StripReport
from mixing.console.tape import Tape
from mixing.errors import AudioError, SettingsError

Block = NDArray[np.float32]
MIN_STEMS, MAX_STEMS = 2, 32


def check_stems(stems: Sequence[AudioSource], settings: MixSettings) -> None:
    """Raises SettingsError where strips and stems differ in number, AudioError for stems that do not fit together."""
    if not MIN_STEMS <= len(stems) <= MAX_STEMS:
        raise AudioError(
            f"A song has {MIN_STEMS} to {MAX_STEMS} stems, this one has {len(stems)}. Bounce some of them together.",
            code="too_many_stems",
        )
    if len(settings.strips) != len(stems):
        raise SettingsError(
            f"These settings are for {len(settings.strips)} stems, and the song has {len(stems)}. "
            "Let a mixer choose new ones.",
            code="wrong_shape",
        )
    if len({(stem.sample_rate, stem.n_frames) for stem in stems}) != 1 or stems[0].n_frames == 0:
        raise AudioError("The stems differ in sample rate or length. Align them first.", code="not_aligned")
    if any(stem.channels not in (1, 2) for stem in stems):
        raise AudioError("Only mono and stereo stems can be mixed. Choose other files.", code="bad_channels")


def sum_stems(
    stems: Sequence[AudioSource],
    settings: MixSettings,
    tape: Tape,
    *,
    n_threads: int = 2,
    progress: Callable[[float], None] | None = None,
) -> list[StripReport]:
    """Put the sum of all strips and the reverb on a tape of two channels.

    Raises: as `check_stems`; AudioError as the stems' blocks.
    """
    check_stems(stems, settings)
    rate = stems[0].sample_rate
    for block in tape.blank():
        block[...] = 0.0
    reports = []
    with Tape(2, tape.n_frames if has_reverb(settings) else 0) as sends:
        for block in sends.blank():
            block[...] = 0.0
        for processed in _processed(stems, settings.strips, n_threads):
            with processed:
                reports.append(processed.report)
                left, right = processed.gains
                _add(tape, processed.tape, left, right)
                if sends.n_frames and processed.send > 0.0:
                    _add(sends, processed.tape, processed.send * left, processed.send * right)
            if progress is not None:
                progress(len(reports) / len(stems))
        if sends.n_frames:
            for total, wet in zip(
                tape.recorded(), reverb_blocks(sends.recorded(keep=False), settings.reverb, rate, tape.n_frames),
                strict=True,
            ):  # fmt: skip
                total += wet
    return reports


def printed_stems(stems: Sequence[AudioSource], settings: MixSettings) -> Iterator[tuple[int | None, Iterator[Block]]]:
    """What every strip gives to the mix bus, and last the reverb's return: together they are the mix before its bus.

    Yields: the stem's number, or None for the reverb, and its blocks, (2, frames) each, to be used up at once.
    Raises: as `sum_stems`.
    """
    check_stems(stems, settings)
    n_frames = stems[0].n_frames if has_reverb(settings) else 0
    with Tape(2, n_frames) as sends:
        for block in sends.blank():
            block[...] = 0.0
        for number, processed in enumerate(_processed(stems, settings.strips, 1)):
            with processed:
                yield number, processed.blocks()
                if n_frames and processed.send > 0.0:
                    left, right = processed.gains
                    _add(sends, processed.tape, processed.send * left, processed.send * right)
        if n_frames:
            yield None, reverb_blocks(sends.recorded(keep=False), settings.reverb, stems[0].sample_rate, n_frames)


def has_reverb(settings: MixSettings) -> bool:
    """Whether any stem reaches the reverb, and the reverb the mix."""
    return settings.reverb.level_db > -math.inf and any(strip.send_db > -math.inf for strip in settings.strips)


def reverb_blocks(sends: Iterator[Block], settings: ReverbSettings, rate: int, n_frames: int) -> Iterator[Block]:
    """The reverb's return for all that was sent, (2, frames) each."""
    reverb = Reverb(settings, rate, n_frames)
    for block in sends:
        yield reverb.process(block)


def _processed(
    stems: Sequence[AudioSource], strips: Sequence[StripSettings], n_threads: int
) -> Iterator[ProcessedStem]:
    """The stems in order, no more than `n_threads` of them ahead: each holds a tape."""
    pool = ThreadPoolExecutor(max(1, n_threads), thread_name_prefix="strip")
    waiting: deque[Future[ProcessedStem]] = deque()
    todo = deque(zip(stems, strips, strict=True))
    try:
        while todo or waiting:
            while todo and len(waiting) < max(1, n_threads):
                waiting.append(pool.submit(ProcessedStem, *todo.popleft()))
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        for future in waiting:
            if not future.cancelled() and future.exception() is None:
                future.result().close()


def _add(total: Tape, stem: Tape, left: float, right: float) -> None:
    for block, x in zip(total.recorded(), stem.recorded(keep=False), strict=True):
        add_scaled(block[0], x[0], np.float32(left))
        add_scaled(block[1], x[-1], np.float32(right))
