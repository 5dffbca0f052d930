"""A whole song with the torch console, reported as the renderer reports it: previews on a graphics card."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mixing.audio.decode import AudioSource
from mixing.audio.gating import gated_range_lu
from mixing.console.limiter import TOLERANCE_LU
from mixing.console.renderer import ENGINE_VERSION, QUANTIZING_DB, RenderReport, Sink
from mixing.console.spec import CEILING_DBTP, MixSettings
from mixing.console.stems import check_stems
from mixing.console.strip import MONO_LU, StripReport, check_finite, reduction_points
from mixing.console.tape import BLOCK
from mixing.console.torch_console.cells import hop_powers, k_energies, loudness_lufs
from mixing.console.torch_console.console import Colored, Rendered, SettingsBatch, render_batch, settings_batch
from mixing.console.torch_console.delivery import true_peaks
from mixing.errors import AudioError


def render_song(sources: Sequence[AudioSource], settings: MixSettings, sink: Sink, *, device: str) -> RenderReport:
    """Render one song in full length, all of it in the device's memory at once.

    Args:
        sources: a single file, or stems of one rate and length in the order of `settings.strips`.
        sink: gets what is delivered in order, (channels, frames) each.
        device: as PyTorch names it.
    Raises: AudioError and SettingsError as `mixing.console.renderer` does; torch.OutOfMemoryError for a song that is
        too long for the device.
    """
    is_mono = len(sources) == 1 and sources[0].channels == 1
    if len(sources) > 1:
        check_stems(sources, settings)
    with torch.inference_mode():
        stems = torch.stack([_read(source) for source in sources])[None].to(device)
        batch = settings_batch([settings], device=device)
        if is_mono:
            # A file of one channel is measured as one, and so is 3 dB quieter than on two loudspeakers.
            batch = replace(batch, loudness_lufs=batch.loudness_lufs + MONO_LU)
        mono_stems = torch.tensor([[source.channels == 1 for source in sources]], device=device)
        rendered = render_batch(stems, batch, sources[0].sample_rate, is_mono=mono_stems)
        if not bool(rendered.bus.is_heard[0]):
            raise AudioError("There is nothing to hear in this sound. Choose another file.", code="silent")
        report, trim = _report(rendered, settings, batch, MONO_LU if is_mono else 0.0)
        audio = (rendered.delivery.audio[0, : 1 if is_mono else 2] * trim).cpu().numpy()
    for start in range(0, audio.shape[1], BLOCK):
        sink(audio[:, start : start + BLOCK])
    return report


def _read(source: AudioSource) -> Tensor:
    """All of a source, (2, frames)."""
    audio = np.concatenate(list(source.blocks(BLOCK)), axis=1)
    if audio.shape[1] != source.n_frames:
        raise AudioError("The file ends before its sound does. Export it again and retry.", code="truncated")
    check_finite(audio)
    return torch.from_numpy(np.broadcast_to(audio, (2, audio.shape[1])).copy())


def _report(
    rendered: Rendered, settings: MixSettings, batch: SettingsBatch, mono_lu: float
) -> tuple[RenderReport, float]:
    """The report, and a linear gain of at most 1 that keeps what leaves under the ceiling."""
    delivery, bus, grid = rendered.delivery, rendered.bus, rendered.grid
    peak_dbtp = 20.0 * math.log10(float(true_peaks(delivery.audio, grid).amax()))
    trim_db = min(0.0, CEILING_DBTP - QUANTIZING_DB - peak_dbtp)
    energies = k_energies(grid.spectrum(delivery.audio), grid)
    lufs = float(loudness_lufs(energies, grid)[0][0]) - mono_lu
    strips = settings.strips
    report = RenderReport(
        requested_lufs=settings.delivery.loudness_lufs,
        effective_lufs=lufs + trim_db,
        true_peak_dbtp=peak_dbtp + trim_db,
        gain_db=float(delivery.gain_db[0]),
        max_limiting_db=float(delivery.max_limiting_db[0]),
        is_limited_by_headroom=lufs < settings.delivery.loudness_lufs - 10.0 * TOLERANCE_LU,
        range_lu=gated_range_lu(hop_powers(energies, None, grid)[0].cpu().numpy()),
        input_lufs=float(bus.input_lufs[0]),
        gain_reduction=_points(bus),
        version=ENGINE_VERSION,
        strips=[_strip_report(x, strip.fader_db) for x, strip in zip(rendered.strips, strips, strict=True)],
    )
    return report, 10.0 ** (trim_db / 20.0)


def _strip_report(colored: Colored, fader_db: float) -> StripReport:
    if not bool(colored.is_heard[0]):
        return StripReport(is_silent=True, input_lufs=None, output_lufs=None, gain_reduction=[])
    return StripReport(
        is_silent=False,
        input_lufs=float(colored.input_lufs[0]),
        output_lufs=float(colored.output_lufs[0]) + fader_db,
        gain_reduction=_points(colored),
    )


def _points(colored: Colored) -> list[float]:
    return reduction_points(colored.reduction_db[0].float().cpu().numpy())
