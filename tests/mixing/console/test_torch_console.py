"""The torch console against the renderer that it is a twin of, and its gradients against finite differences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource
from mixing.console.renderer import RenderReport, render, render_stems
from mixing.console.spec import BUS, BUS_VECTOR, REVERB, STRIP, BusSettings, DeliverySettings, MixSettings
from mixing.console.torch_console import SettingsBatch, render_batch, render_song, settings_batch
from mixing.console.torch_console.compressor import moved_ahead
from mixing.console.torch_console.saturation import saturated
from mixing.console.torch_console.scans import followed, recovered
from mixing.errors import AudioError, SettingsError
from tests.signals import Signal, beat, pink_noise, sine

THIRD_OCTAVE_DB = 0.5
LOUDNESS_LU = 0.3
RATES = [22_050, 44_100, 48_000]
N_STEMS = 3
SECONDS = 2.0
BUSY = BusSettings(
    low_shelf_db=4.0, mid_peak_db=-3.0, high_shelf_db=3.0, glue_threshold_db=-8.0, glue_ratio=3.0, drive_db=8.0,
    width_db=2.0, mono_below_hz=100.0,
)  # fmt: skip


def positions(n: int) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(0.0, 1.0, width=32), min_size=n, max_size=n)


def third_octaves_db(audio: Signal, rate: int) -> np.ndarray:
    """Levels of the bands that hold something to hear, the others at a floor."""
    power = (np.abs(np.fft.rfft(audio.astype(np.float64), axis=1)) ** 2).sum(axis=0)
    freqs = np.fft.rfftfreq(audio.shape[1], 1.0 / rate)
    centers = 1000.0 * 2.0 ** (np.arange(-16, 13) / 3.0)
    levels = [power[(freqs >= c / 2 ** (1 / 6)) & (freqs < c * 2 ** (1 / 6))].sum() for c in centers]
    return np.asarray(10.0 * np.log10(np.maximum(levels, 1e-8 * power.sum())))


def meter_lufs(audio: Signal, rate: int) -> float:
    return float(pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64)))


def assert_alike(found: Signal, wanted: Signal, rate: int) -> None:
    assert found.shape == wanted.shape
    difference_db = np.abs(third_octaves_db(found, rate) - third_octaves_db(wanted, rate))
    assert difference_db.max() < THIRD_OCTAVE_DB
    assert abs(meter_lufs(found, rate) - meter_lufs(wanted, rate)) < LOUDNESS_LU


def rendered(stems: list[Signal], rate: int, chosen: MixSettings) -> tuple[Signal, RenderReport]:
    parts: list[Signal] = []
    sources = [ArraySource(stem, rate) for stem in stems]
    report = render_stems(sources, chosen, lambda block: parts.append(block.copy()))
    return np.concatenate(parts, axis=1), report


def rendered_by_torch(stems: list[Signal], rate: int, chosen: MixSettings) -> tuple[Signal, RenderReport]:
    parts: list[Signal] = []
    report = render_song([ArraySource(x, rate) for x in stems], chosen, lambda x: parts.append(x.copy()), device="cpu")
    return np.concatenate(parts, axis=1), report


@settings(max_examples=25, deadline=None)
@given(positions(len(BUS_VECTOR)), st.sampled_from(RATES), st.integers(0, 9))
def test_single_files_agree(vector: list[float], rate: int, seed: int) -> None:
    audio = beat(seed, SECONDS, rate=rate)
    chosen = MixSettings.from_bus_vector(np.array(vector))
    wanted, report = render(audio, rate, chosen)
    found, twin = rendered_by_torch([audio], rate, chosen)
    assert_alike(found, wanted, rate)
    for name in ("effective_lufs", "input_lufs", "gain_db", "max_limiting_db", "range_lu", "true_peak_dbtp"):
        assert getattr(twin, name) == pytest.approx(getattr(report, name), abs=0.1), name
    assert twin.is_limited_by_headroom == report.is_limited_by_headroom
    assert twin.gain_reduction == pytest.approx(report.gain_reduction, abs=0.1)


@settings(max_examples=8, deadline=None)
@given(
    positions(len(BUS_VECTOR)),
    st.lists(positions(len(STRIP)), min_size=N_STEMS, max_size=N_STEMS),
    positions(len(REVERB)),
    st.sampled_from(RATES),
)
def test_stems_agree(bus: list[float], strips: list[list[float]], reverb: list[float], rate: int) -> None:
    # Faders that leave something to hear.
    audible = np.maximum(strips, [0.6 if p.name == "fader_db" else 0.0 for p in STRIP])
    chosen = MixSettings.from_bus_vector(np.array(bus)).with_stems(audible, np.array(reverb))
    stems = [beat(1, SECONDS, rate=rate), pink_noise(2, SECONDS, rate=rate)[:1], sine(220.0, SECONDS, rate=rate)]
    wanted, report = rendered(stems, rate, chosen)
    found, twin = rendered_by_torch(stems, rate, chosen)
    assert_alike(found, wanted, rate)
    for ours, theirs in zip(twin.strips, report.strips, strict=True):
        assert ours.is_silent == theirs.is_silent
        assert ours.input_lufs == pytest.approx(theirs.input_lufs, abs=0.1)
        assert ours.output_lufs == pytest.approx(theirs.output_lufs, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_mono_file_stays_mono_at_its_loudness(channels: int) -> None:
    audio = beat(3, SECONDS, rate=44_100, channels=channels)
    wanted, report = render(audio, 44_100, MixSettings(BUSY, DeliverySettings(-16.0)))
    found, twin = rendered_by_torch([audio], 44_100, MixSettings(BUSY, DeliverySettings(-16.0)))
    assert_alike(found, wanted, 44_100)
    assert twin.effective_lufs == pytest.approx(-16.0, abs=0.1)
    assert twin.input_lufs == pytest.approx(report.input_lufs, abs=0.1)


def test_a_silent_stem_is_kept_and_a_silent_song_refused() -> None:
    rate = 44_100
    stems = [beat(1, SECONDS, rate=rate), np.zeros((1, round(SECONDS * rate)), dtype=np.float32)]
    strips = np.array([[p.to_normalized(p.neutral) for p in STRIP]] * 2)
    reverb = np.array([p.to_normalized(p.neutral) for p in REVERB])
    chosen = MixSettings(BUSY).with_stems(strips, reverb)
    wanted, _ = rendered(stems, rate, chosen)
    found, twin = rendered_by_torch(stems, rate, chosen)
    assert_alike(found, wanted, rate)
    assert [strip.is_silent for strip in twin.strips] == [False, True]
    with pytest.raises(AudioError, match="nothing to hear"):
        rendered_by_torch([stems[1]], rate, MixSettings())


def test_a_batch_is_its_songs_one_by_one() -> None:
    rate = 22_050
    songs = [beat(seed, SECONDS, rate=rate) for seed in (1, 2)]
    chosen = [MixSettings(BUSY), MixSettings(replace(BUSY, drive_db=0.0), DeliverySettings(-10.0))]
    together = render_batch(
        torch.from_numpy(np.stack(songs))[:, None].double(), settings_batch(chosen, dtype=torch.float64), rate
    ).delivery.audio
    for number, (song, one) in enumerate(zip(songs, chosen, strict=True)):
        alone = render_batch(
            torch.from_numpy(song)[None, None].double(), settings_batch([one], dtype=torch.float64), rate
        ).delivery.audio
        torch.testing.assert_close(together[number], alone[0], atol=1e-9, rtol=0.0)


def test_what_does_not_fit_is_refused() -> None:
    stems = torch.zeros(1, 2, 2, 1000)
    with pytest.raises(SettingsError, match="do not fit"):
        render_batch(stems, settings_batch([MixSettings()]), 8000)
    with pytest.raises(AudioError, match="cannot be mixed"):
        render_batch(stems[:, :, 0], settings_batch([MixSettings()]), 8000)
    strips = np.array([[p.to_normalized(p.neutral) for p in STRIP]] * 2)
    reverb = np.array([p.to_normalized(p.neutral) for p in REVERB])
    with pytest.raises(SettingsError, match="different numbers"):
        settings_batch([MixSettings(), MixSettings().with_stems(strips, reverb)])


# --- Gradients --------------------------------------------------------------------------------------------------------


def test_scans_have_the_gradients_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    assert torch.autograd.gradcheck(followed, (random(2, 20), random(2), random(2), random(2)))
    assert torch.autograd.gradcheck(lambda x: recovered(x, 0.2), (random(2, 20),))
    assert torch.autograd.gradcheck(saturated, (random(1, 2, 40), random(1)))


GRADIENT_RATE = 22_050
# Of whole cells and whole frames: their gradients are those of a line through the neighbors.
ROUNDED = {"attack_ms", "glue_attack_ms", "predelay_ms"}
EVERY_SETTING = (
    [("strips", p.name) for p in STRIP]
    + [("reverb", p.name) for p in REVERB]
    + [("bus", p.name) for p in BUS]
    + [("loudness_lufs", "")]
)


def some_settings(loudness_lufs: float) -> SettingsBatch:
    strips = np.full((2, len(STRIP)), 0.42)
    strips[1] = 0.57
    mastering = replace(
        MixSettings.from_bus_vector(np.full(len(BUS_VECTOR), 0.45)), delivery=DeliverySettings(loudness_lufs)
    )
    return settings_batch([mastering.with_stems(strips, np.full(len(REVERB), 0.7))], dtype=torch.float64)


def value_of(batch: SettingsBatch, part: str, name: str) -> torch.Tensor:
    values = getattr(batch, part)
    return values[name] if name else values


def changed(batch: SettingsBatch, part: str, name: str, step: float) -> SettingsBatch:
    moved = value_of(batch, part, name).clone()
    moved[(0,) * moved.ndim] += step
    given: Any = getattr(batch, part) | {name: moved} if name else moved
    return replace(batch, **{part: given})


def some_loss(stems: torch.Tensor, batch: SettingsBatch) -> torch.Tensor:
    """A smooth number that every setting moves."""
    out = render_batch(stems, batch, GRADIENT_RATE).delivery.audio
    spectrum = torch.fft.rfft(out * torch.linspace(0.2, 1.0, out.shape[-1], dtype=out.dtype))
    tilt = torch.linspace(1.0, 3.0, spectrum.shape[-1], dtype=out.dtype)
    power = (spectrum.abs().square() * tilt).sum((0, 2))
    return torch.log(power[0]) + 0.7 * torch.log(power[1])


@pytest.mark.parametrize("loudness_lufs", [-24.0, -9.0], ids=["free", "limited"])
def test_settings_have_the_gradients_of_finite_differences(loudness_lufs: float) -> None:
    stems = torch.from_numpy(np.stack([beat(5, 0.6, rate=GRADIENT_RATE), pink_noise(6, 0.6, rate=GRADIENT_RATE)]))[
        None
    ].double()
    batch = some_settings(loudness_lufs)
    leaves = [value_of(batch, *setting).requires_grad_() for setting in EVERY_SETTING]
    gradients = torch.autograd.grad(some_loss(stems, batch), leaves)
    for (part, name), leaf, gradient in zip(EVERY_SETTING, leaves, gradients, strict=True):
        found = float(gradient.flatten()[0])
        assert np.isfinite(found)
        if name in ROUNDED:
            assert found != 0.0
            continue
        step = 1e-6 * max(0.01, abs(float(leaf.detach().flatten()[0])))
        with torch.no_grad():
            up, down = (some_loss(stems, changed(batch, part, name, way * step)) for way in (1.0, -1.0))
        wanted = float(up - down) / (2.0 * step)
        # Which cell peaks, and which block passes a gate, changes now and then: hence not to the last digit.
        assert found == pytest.approx(wanted, rel=0.01, abs=1e-6), f"{part} {name}"
        if name != "glue_makeup_db":
            assert wanted != 0.0, f"{part} {name}"


def test_whole_cells_move_along_a_line() -> None:
    ramp = 2.0 * torch.arange(50, dtype=torch.float64)[None]
    n_cells = torch.tensor([7.3], dtype=torch.float64, requires_grad=True)
    moved = moved_ahead(ramp, n_cells)
    assert float(moved.detach()[0, 10]) == 2.0 * 17.0
    (gradient,) = torch.autograd.grad(moved[0, 10], n_cells)
    assert float(gradient) == pytest.approx(2.0)


def test_a_setting_that_is_off_and_silence_have_finite_gradients() -> None:
    strips = np.array([[p.to_normalized(p.neutral) for p in STRIP]] * 2)
    reverb = np.array([p.to_normalized(p.neutral) for p in REVERB])
    batch = settings_batch([MixSettings().with_stems(strips, reverb)])
    assert batch.strips is not None
    leaves = [x.requires_grad_() for x in (*batch.strips.values(), *batch.bus.values(), batch.loudness_lufs)]
    stems = torch.from_numpy(np.stack([beat(1, 1.0, rate=8000), np.zeros((2, 8000), dtype=np.float32)]))[None]
    out = render_batch(stems.requires_grad_(), batch, 8000).delivery.audio
    gradients = torch.autograd.grad(out.square().sum(), [*leaves, stems], allow_unused=True)
    assert all(bool(torch.isfinite(g).all()) for g in gradients if g is not None)


def test_descent_finds_the_settings_of_a_mix() -> None:
    rate = 22_050
    song = torch.from_numpy(beat(7, 1.0, rate=rate))[None, None]
    hidden = MixSettings(BusSettings(low_shelf_db=5.0, mid_peak_db=-4.0, high_shelf_db=3.0, width_db=3.0))
    with torch.no_grad():
        wanted = torch.fft.rfft(render_batch(song, settings_batch([hidden]), rate).delivery.audio).abs()
    batch = settings_batch([MixSettings()])
    names = ("low_shelf_db", "mid_peak_db", "high_shelf_db", "width_db")
    learned = [batch.bus[name].requires_grad_() for name in names]
    optimizer = torch.optim.Adam(learned, lr=0.5)
    for _ in range(40):
        optimizer.zero_grad()
        found = torch.fft.rfft(render_batch(song, batch, rate).delivery.audio).abs()
        ((found - wanted).square().sum() / wanted.square().sum()).backward()
        optimizer.step()
    for name, value in zip(names, learned, strict=True):
        assert float(value.detach()) == pytest.approx(getattr(hidden.bus, name), abs=0.5), name
