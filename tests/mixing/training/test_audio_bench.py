"""MixBench on sound: damage in audio is the damage in features, distances are distances, a whole run reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mixing.audio.features import MID_BANDS, STAT, THIRD_OCTAVES_HZ, extract_features, measure_stats
from mixing.training.audio_bench import BASELINES, MEAN_SETTINGS, MEASURES, compare, contestant, run_audio_bench
from mixing.training.damage import draw_damage
from mixing.training.damage_audio import damage_audio
from mixing.training.degrade import change_stats
from mixing.training.spectral_distance import mr_stft_distance
from mixing.training.styles import STYLES, load_reference
from tests.signals import beat, pink_noise

RATE = 44_100
MODELS = Path(__file__).resolve().parents[3] / "models"


def song(seed: int, seconds: float = 8.0) -> np.ndarray:
    noise, hits = pink_noise(seed, seconds, rate=RATE), beat(seed, seconds, rate=RATE)
    return (0.7 * noise + 0.5 * hits).astype(np.float32)


def test_damage_to_sound_is_the_damage_to_its_features() -> None:
    damage = draw_damage(6, torch.Generator().manual_seed(3), untouched_share=0.0)
    bands = damage.tone.curve_db(THIRD_OCTAVES_HZ)
    for i in range(6):
        audio = song(i)
        before = torch.from_numpy(measure_stats(audio, RATE))[None]
        predicted, _ = change_stats(
            before, bands[i : i + 1], damage.side_db[i : i + 1], damage.factor[i : i + 1], damage.level_db[i : i + 1]
        )
        after = measure_stats(damage_audio(audio, RATE, damage, i), RATE)
        tone = after[MID_BANDS] - predicted[0, MID_BANDS].numpy()
        # A tone need not lie in the middle of its band, where the curve is read.
        assert np.abs((tone - np.median(tone))[2:-2]).mean() < 0.6
        for name, limit in (("side_mid_db", 1.0), ("level_spread_db", 1.6), ("loudness_lufs", 1.5)):
            assert after[STAT[name]] == pytest.approx(float(predicted[0, STAT[name]]), abs=limit), name


def test_one_row_of_a_plan_is_the_row_of_the_batch() -> None:
    damage = draw_damage(5, torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        damage.tone.row(3).curve_db(THIRD_OCTAVES_HZ)[0], damage.tone.curve_db(THIRD_OCTAVES_HZ)[3]
    )


def test_untouched_sound_comes_back() -> None:
    damage = draw_damage(1, torch.Generator().manual_seed(0), untouched_share=1.0)
    audio = song(1)
    np.testing.assert_allclose(damage_audio(audio, RATE, damage, 0), audio, atol=1e-4)


def test_measurements_alone_are_those_of_the_features() -> None:
    audio = song(2)
    np.testing.assert_array_equal(
        measure_stats(audio, RATE), extract_features([audio], RATE, content_hash="").stems[0].stats
    )


def test_distances_are_0_at_the_reference_and_grow_with_what_is_done() -> None:
    audio = song(4)
    same = compare(audio * np.float32(0.5), audio, RATE)
    assert all(value < 0.02 for value in same.values()), same
    small, large = (compare(tilted(audio, db), audio, RATE) for db in (2.0, 8.0))
    assert same["tone_db"] < small["tone_db"] < large["tone_db"]
    assert same["mr_stft"] < small["mr_stft"] < large["mr_stft"]
    narrow = np.stack([audio.mean(axis=0)] * 2)
    assert compare(narrow, audio, RATE)["width_db"] > 5.0
    assert mr_stft_distance(narrow, audio) > 0.2


def tilted(audio: np.ndarray, db: float) -> np.ndarray:
    spectrum = np.fft.rfft(audio, axis=1)
    hz = np.maximum(np.fft.rfftfreq(audio.shape[1], 1 / RATE), 20.0)
    curve = 10.0 ** (db / 3.0 * np.log2(hz / 1000.0) / 20.0)
    return np.fft.irfft(spectrum * curve, audio.shape[1], axis=1).astype(np.float32)


def test_a_whole_run_reports_every_mixer_beside_every_baseline(tmp_path: Path) -> None:
    paths = []
    for i in range(2):
        paths.append(tmp_path / f"{i}.wav")
        soundfile.write(paths[-1], song(i, 6.0).T, RATE)
    slugs = ("elite-warrior", "veteran-virtuoso")
    styles = {style.slug: style for style in STYLES}
    judged = [
        contestant(slug, MODELS / slug / "weights.safetensors", styles[slug], np.full((3, 22), 0.5, np.float32))
        for slug in slugs
    ]
    seen: list[None] = []
    report = run_audio_bench(
        judged,
        paths,
        ["", ""],
        ["a", "b"],
        load_reference(MODELS).mean_mid_db,
        on_song=lambda: seen.append(None),
        n_workers=1,
    )
    assert len(seen) == report.n_songs == 2
    rows = set(report.means["elite-warrior"])
    assert rows | set(report.left_out) == {"mixer", MEAN_SETTINGS, *BASELINES}
    for slug in slugs:
        for cells in report.means[slug].values():
            assert set(cells) == set(MEASURES)
            assert all(np.isfinite(interval.value) for interval in cells.values())
        gain = report.gains[slug]["random settings"]["mr_stft"]
        means = report.means[slug]
        assert gain.value == pytest.approx(
            means["random settings"]["mr_stft"].value - means["mixer"]["mr_stft"].value, abs=1e-9
        )
        assert gain.value > 0.0
