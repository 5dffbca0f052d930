"""Fine-tuning on sound: the console's own rendering, the distance that is measured, and training that lowers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mixing.audio.features import SongFeatures, extract_features
from mixing.console.renderer import render
from mixing.console.spec import BUS_VECTOR, MixSettings
from mixing.mixers.cnn import CnnMixer
from mixing.training.corpus import CorpusSong
from mixing.training.fit import FitPlan, TrainingData, fit
from mixing.training.sound_tuning import CLIP_S, RATE, Clips, load_clips, mixed, sound_loss
from mixing.training.spectral_distance import mr_stft_distance, mr_stft_loss
from mixing.training.styles import STYLES, measure_reference
from tests.mixing.training.test_fit import TINY
from tests.signals import beat, pink_noise

SONG = CorpusSong(
    path="", package="p", title="t", artist="a", work="w", licence="CC0", genre="rock", has_genre_tag=True,
    sha256="0", duration_s=6.0, sample_rate=RATE, n_over=0, split="train",
)  # fmt: skip


def audio(seed: int, seconds: float = 6.0) -> np.ndarray:
    return (0.6 * pink_noise(seed, seconds, rate=RATE) + 0.4 * beat(seed, seconds, rate=RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[CorpusSong, SongFeatures]]]:
    root = tmp_path_factory.mktemp("songs")
    pairs = []
    for seed in range(3):
        soundfile.write(root / f"{seed}.wav", audio(seed).T, RATE, subtype="PCM_16")
        pairs.append((replace(SONG, path=f"{seed}.wav"), extract_features([audio(seed)], RATE, content_hash="")))
    return root, pairs


@pytest.fixture(scope="module")
def clips(songs: tuple[Path, list[tuple[CorpusSong, SongFeatures]]]) -> Clips:
    found = load_clips(songs[1], songs[0])
    assert found is not None
    return found


def test_clips_are_the_middle_of_songs_of_the_right_rate(
    songs: tuple[Path, list[tuple[CorpusSong, SongFeatures]]], clips: Clips
) -> None:
    root, pairs = songs
    n, start = int(CLIP_S * RATE), (audio(0).shape[1] - int(CLIP_S * RATE)) // 2
    assert clips.audio.shape == (3, 2, n)
    np.testing.assert_allclose(clips.audio[1] / 32_768.0, audio(1)[:, start : start + n], atol=1e-4)
    slow = [(replace(song, sample_rate=22_050), features) for song, features in pairs]
    assert load_clips(slow, root) is None
    one = load_clips([slow[0], pairs[1]], root)
    assert one is not None and np.array_equal(one.audio[0], clips.audio[1])


def test_the_distance_to_learn_from_is_the_distance_that_is_measured() -> None:
    a, b = audio(1), (0.7 * audio(1) + 0.1 * audio(2)).astype(np.float32)
    learned = mr_stft_loss(torch.from_numpy(a[None]), torch.from_numpy(b[None]))
    assert float(learned[0]) == pytest.approx(mr_stft_distance(a, b), rel=1e-4)
    silent = torch.zeros(1, 2, RATE, requires_grad=True)
    mr_stft_loss(silent, torch.from_numpy(audio(1)[None, :, :RATE])).sum().backward()
    assert silent.grad is not None and bool(torch.isfinite(silent.grad).all())


def test_clips_sound_as_the_console_makes_them() -> None:
    vector = (0.5 + 0.2 * torch.rand((1, len(BUS_VECTOR)), generator=torch.Generator().manual_seed(1))).float()
    ours = mixed(torch.from_numpy(audio(4)[None]), vector)[0][0].numpy()
    theirs, _ = render(audio(4), RATE, MixSettings.from_bus_vector(vector[0].numpy()))
    assert mr_stft_distance(ours, theirs) < 0.05


def test_tuning_lowers_the_distance_that_is_heard(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixing.training.sound_tuning.BATCH_CLIPS", 2)
    clips = replace(clips, audio=clips.audio[:, :, : RATE // 2])
    loss = sound_loss(clips, STYLES[0])
    torch.manual_seed(0)
    mixer = CnnMixer(TINY)

    def heard(one: CnnMixer) -> float:
        with torch.no_grad():
            return float(np.mean([float(loss(one, torch.Generator().manual_seed(seed))) for seed in range(4)]))

    stats = clips.stats.numpy()
    data = TrainingData(
        clips.log_mel, clips.stats, ["rock"] * 3, measure_reference(stats, ["rock"] * 3), torch.zeros(3).long()
    )
    plan, before = FitPlan("sound", 20, 1e-2, 1), heard(mixer)
    tuned = fit(mixer, data, data, lambda vector, batch: 0.0 * vector.sum(), plan, tmp_path, extra=loss)
    assert heard(tuned) < 0.97 * before
