"""Renders batches of mixes: strips, reverb bus, mix bus and delivery, as `mixing.console.renderer` does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mixing.console.parameter import Parameter
from mixing.console.spec import BUS, REVERB, STRIP, MixSettings
from mixing.console.torch_console.cells import amplified, decibels, k_energies, loudness_lufs, mean_squares
from mixing.console.torch_console.compressor import Compressions, compressor_gains
from mixing.console.torch_console.delivery import Delivered, delivered
from mixing.console.torch_console.filters import bus_response, high_pass, strip_response
from mixing.console.torch_console.grid import Grid, grid_of
from mixing.console.torch_console.reverb import reverb_return
from mixing.console.torch_console.saturation import drive_scale, saturated
from mixing.errors import AudioError, SettingsError


@dataclass(frozen=True)
class SettingsBatch:
    """Settings of a batch in physical units, by name as in `mixing.console.spec`; off is 0 Hz or -inf dB.

    Attributes:
        strips: as in STRIP, (batch, stems) each, or None for single files.
        reverb: as in REVERB, (batch,) each, or None for single files.
        bus: as in BUS, (batch,) each.
        loudness_lufs: what the mixes are brought to, (batch,).
    """

    strips: dict[str, Tensor] | None
    reverb: dict[str, Tensor] | None
    bus: dict[str, Tensor]
    loudness_lufs: Tensor


def settings_batch(
    settings: Sequence[MixSettings], *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> SettingsBatch:
    """Settings as tensors.

    Args:
        settings: at least one, all of them for the same number of stems.
    Raises: SettingsError.
    """
    if len({len(given.strips) for given in settings}) != 1:
        raise SettingsError(
            "The settings of a batch are for different numbers of stems. Batch songs of the same number.",
            code="wrong_shape",
        )

    def columns(parameters: tuple[Parameter, ...], rows: Sequence[object]) -> dict[str, Tensor]:
        return {
            p.name: torch.tensor([getattr(row, p.name) for row in rows], dtype=dtype, device=device) for p in parameters
        }

    has_strips = bool(settings[0].strips)
    strips = columns(STRIP, [strip for given in settings for strip in given.strips])
    return SettingsBatch(
        strips={name: x.view(len(settings), -1) for name, x in strips.items()} if has_strips else None,
        reverb=columns(REVERB, [given.reverb for given in settings]) if has_strips else None,
        bus=columns(BUS, [given.bus for given in settings]),
        loudness_lufs=torch.tensor([given.delivery.loudness_lufs for given in settings], dtype=dtype, device=device),
    )


@dataclass(frozen=True)
class Colored:
    """What went through equalizer, compressor and saturation.

    Attributes:
        audio: (batch, 2, frames).
        is_heard: whether anything passes the loudness gates; if not, what depends on level was bypassed, (batch,).
        input_lufs: loudness after the equalizer, (batch,).
        output_lufs: loudness after the compressor, (batch,).
        reduction_db: of the compressor in each cell, at least 0, (batch, cells).
    """

    audio: Tensor
    is_heard: Tensor
    input_lufs: Tensor
    output_lufs: Tensor
    reduction_db: Tensor


@dataclass(frozen=True)
class Rendered:
    """A batch of mixes and what was done to them; `strips` are in the order of the stems, empty for single files."""

    delivery: Delivered
    bus: Colored
    strips: list[Colored]
    grid: Grid


def render_batch(stems: Tensor, settings: SettingsBatch, rate: int, *, is_mono: Tensor | None = None) -> Rendered:
    """Render a batch of mixes, differentiable in the stems and in every setting.

    Where nothing is to be heard, what depends on level is bypassed. A setting that is off has a gradient of 0, and so
    has a drive of 0 dB, whose curve begins with its square.

    Args:
        stems: (batch, stems, 2, frames), linear, finite; float32 or float64 on any device.
        settings: of the same batch; without strips the only stem goes straight to the mix bus.
        rate: Hz, 8000 to 192000.
        is_mono: which stems hold the same on both channels and are panned as mono stems are, (batch, stems) bool; none
            of them by default.
    Raises: AudioError, SettingsError.
    """
    _check(stems, settings)
    grid = grid_of(stems.shape[-1], rate, stems.dtype, stems.device)
    mix = stems[:, 0]
    strips: list[Colored] = []
    if settings.strips is not None:
        mono = torch.zeros(stems.shape[:2], dtype=torch.bool, device=stems.device) if is_mono is None else is_mono
        mix, strips = _summed(stems, settings.strips, settings.reverb, mono, grid)
    bus = settings.bus
    colored = _colored(mix, bus_response(bus, grid), Compressions.of(bus, "glue_"), bus["drive_db"], grid)
    spectrum = _widened(grid.spectrum(colored.audio), bus, grid)
    return Rendered(delivered(grid.signal(spectrum), spectrum, settings.loudness_lufs, grid), colored, strips, grid)


def pan_gains(pan: Tensor, is_mono: Tensor) -> Tensor:
    """Linear gains to the left and to the right, (batch, 2): see `mixing.console.strip.pan_gains`."""
    quarter = math.pi / 2.0
    angle = (pan + 1.0) * (math.pi / 4.0)
    mono = math.sqrt(2.0) * torch.stack([torch.cos(angle), torch.sin(angle)], dim=-1)
    stereo = torch.cos(torch.stack([pan, -pan], dim=-1).clamp_min(0.0) * quarter)
    return torch.where(is_mono[..., None].bool(), mono, stereo)


def _check(stems: Tensor, settings: SettingsBatch) -> None:
    if stems.ndim != 4 or stems.shape[2] != 2 or stems.shape[-1] == 0 or not stems.is_floating_point():
        raise AudioError(
            f"Stems of the shape {tuple(stems.shape)} cannot be mixed. Pass (batch, stems, 2, frames).",
            code="bad_channels",
        )
    n_strips = 1 if settings.strips is None else settings.strips["pan"].shape[1]
    if (len(settings.loudness_lufs), n_strips) != tuple(stems.shape[:2]):
        raise SettingsError(
            f"These settings do not fit {stems.shape[0]} songs of {stems.shape[1]} stems. "
            "Pass a strip for each stem, or none for single files.",
            code="wrong_shape",
        )


def _summed(
    stems: Tensor, strips: dict[str, Tensor], reverb: dict[str, Tensor] | None, is_mono: Tensor, grid: Grid
) -> tuple[Tensor, list[Colored]]:
    """Every stem through its strip; their sum with the reverb's return, (batch, 2, frames), and what the strips did."""
    mix, sends = torch.zeros_like(stems[:, 0]), torch.zeros_like(stems[:, 0])
    is_wet = reverb is not None and _has_reverb(strips, reverb)
    done = []
    for number, x in enumerate(stems.unbind(1)):
        strip = {name: values[:, number] for name, values in strips.items()}
        colored = _colored(x, strip_response(strip, grid), Compressions.of(strip), strip["drive_db"], grid)
        gains = decibels(strip["fader_db"])[:, None] * pan_gains(strip["pan"], is_mono[:, number])
        placed = colored.audio * gains[..., None].to(x.dtype)
        mix = mix + placed
        if is_wet:
            sends = sends + placed * decibels(strip["send_db"])[:, None, None].to(x.dtype)
        done.append(colored)
    if reverb is not None and is_wet:
        mix = mix + reverb_return(sends, reverb, grid)
    return mix, done


def _colored(x: Tensor, response: Tensor, settings: Compressions, drive_db: Tensor, grid: Grid) -> Colored:
    """Equalizer, compressor and saturation on (batch, 2, frames); `response` is (batch, bins)."""
    spectrum = grid.spectrum(x) * response[:, None]
    equalized = grid.signal(spectrum)
    energies = k_energies(spectrum, grid)
    lufs, is_heard = loudness_lufs(energies, grid)
    gains, reduction_db = compressor_gains(mean_squares(equalized, grid), settings, lufs, grid.cell_s)
    gains = torch.where(is_heard[:, None], gains, torch.ones_like(gains))
    pressed_lufs, is_pressed_heard = loudness_lufs(energies, grid, gains)
    scale = torch.where(is_heard & is_pressed_heard, drive_scale(drive_db, pressed_lufs), 0.0)
    audio = saturated(amplified(equalized, gains, grid), scale)
    return Colored(audio, is_heard, lufs, pressed_lufs, reduction_db)


def _widened(spectrum: Tensor, bus: dict[str, Tensor], grid: Grid) -> Tensor:
    """Width and mono below, on spectra, (batch, 2, bins)."""
    left, right = spectrum.unbind(1)
    side = 0.5 * (left - right) * decibels(bus["width_db"])[:, None].to(grid.sine.dtype)
    side = side * high_pass(bus["mono_below_hz"], grid)
    mid = 0.5 * (left + right)
    return torch.stack([mid + side, mid - side], dim=1)


def _has_reverb(strips: dict[str, Tensor], reverb: dict[str, Tensor]) -> bool:
    return bool((reverb["level_db"] > -math.inf).any()) and bool((strips["send_db"] > -math.inf).any())
