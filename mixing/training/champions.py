"""The five champions from corpus to shipped files: one trunk, four styles, one boss, each with its card."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixing.mixers.card import MixerCard, write_card
from mixing.mixers.cnn import CnnMixer
from mixing.mixers.zoo import content_hash, load_mixer, save_mixer
from mixing.training import strips
from mixing.training.cache import cached_excerpts, cached_songs
from mixing.training.corpus import CorpusSong, read_manifest
from mixing.training.fit import (
    ExtraLoss,
    FitPlan,
    LossFunction,
    TrainingData,
    boss_objective,
    fit,
    split_validation,
    style_objective,
    with_favorites,
)
from mixing.training.multitrack.library import (
    MANIFEST_NAME,
    MultitrackSong,
    cached_multitrack,
    read_multitrack,
)
from mixing.training.sound_tuning import Clips, load_clips, sound_loss
from mixing.training.stem_songs import StemSong
from mixing.training.strip_rules import STRIP_STYLES
from mixing.training.styles import BOSS, STYLES, Style, measure_reference

logger = logging.getLogger(__name__)

SEED = 20_251
# Between a run's seed and that of its fine-tuning on sound.
SOUND_SEEDS = 100
TRUNK_STEPS, STYLE_STEPS, BOSS_STEPS, SOUND_STEPS = 6000, 900, 700, 150
TRUNK_LR, STYLE_LR, BOSS_LR, SOUND_LR = 2e-3, 8e-4, 8e-4, 3e-4
# What the trunk learns before it takes sides: repair and nothing else.
TRUNK = Style(
    slug="trunk",
    name="Trunk",
    nickname="Trunk",
    rating=0.0,
    description="Plain repair.",
    genres=(),
    loudness_lufs=-14.0,
    movement_weight=0.01,
    max_gain_db=9.0,
)


@dataclass(frozen=True)
class Steps:
    """Lengths of the kinds of runs; sound fine-tunes each champion, strips have a base and five styles of their own."""

    trunk: int = TRUNK_STEPS
    style: int = STYLE_STEPS
    boss: int = BOSS_STEPS
    sound: int = SOUND_STEPS
    strip_base: int = strips.BASE_STEPS
    strip_style: int = strips.STYLE_STEPS

    @classmethod
    def scaled(cls, trunk: int) -> Steps:
        """All in proportion to the trunk's."""
        lengths = (STYLE_STEPS, BOSS_STEPS, SOUND_STEPS, strips.BASE_STEPS, strips.STYLE_STEPS)
        return cls(trunk, *(max(1, trunk * length // TRUNK_STEPS) for length in lengths))

    @property
    def total(self) -> int:
        """Steps of the whole training."""
        champions = len(STYLES) * self.style + self.boss + (len(STYLES) + 1) * self.sound
        return self.trunk + champions + self.strips

    @property
    def strips(self) -> int:
        """Steps of the strip networks."""
        return self.strip_base + len(STRIP_STYLES) * self.strip_style


def train_champions(
    corpus: CorpusData,
    stem_songs: Sequence[StemSong],
    training_dir: Path,
    *,
    steps: Steps,
    resume: bool = False,
    on_step: Callable[[str, float], None] | None = None,
) -> dict[str, CnnMixer]:
    """Train all five; returns the mixers by slug.

    Args:
        corpus: songs; without clips the fine-tuning on sound is left out.
        stem_songs: what their strips learn from; without any they stay neutral.
        training_dir: for checkpoints and curves.
        resume: go on where an interrupted training with the same steps stopped.
        on_step: called with the run's name and its loss after every step.
    """
    data, validation, clips = corpus.learning, corpus.validation, corpus.clips
    reference = data.reference

    def run(
        mixer: CnnMixer,
        objective: LossFunction,
        plan: FitPlan,
        *,
        songs: TrainingData = data,
        held: TrainingData = validation,
        extra: ExtraLoss | None = None,
    ) -> CnnMixer:
        logger.info("run=%s steps=%s songs=%s", plan.name, plan.n_steps, len(songs.genres))
        tick = None if on_step is None else (lambda _, loss: on_step(plan.name, loss))
        return fit(mixer, songs, held, objective, plan, training_dir, extra=extra, resume=resume, on_step=tick)

    def run_with_sound(
        mixer: CnnMixer,
        style: Style,
        objective: LossFunction,
        plan: FitPlan,
        *,
        songs: TrainingData = data,
        held: TrainingData = validation,
    ) -> CnnMixer:
        learned = run(mixer, objective, plan, songs=songs, held=held)
        if clips is None:
            return learned
        tuning = FitPlan(f"{plan.name}-sound", steps.sound, SOUND_LR, plan.seed + SOUND_SEEDS)
        return run(copy_mixer(learned), objective, tuning, songs=songs, held=held, extra=sound_loss(clips, style))

    trunk = run(CnnMixer(seed=SEED), style_objective(TRUNK, reference), FitPlan("trunk", steps.trunk, TRUNK_LR, SEED))
    champions: dict[str, CnnMixer] = {}
    for i, style in enumerate(STYLES):
        plan = FitPlan(style.slug, steps.style, STYLE_LR, SEED + 1 + i)
        champions[style.slug] = run_with_sound(copy_mixer(trunk), style, style_objective(style, reference), plan)
    candidates = [champions[style.slug] for style in STYLES]
    # The boss starts from the last candidate, the precise one, whose weights have moved least towards a taste.
    champions[BOSS.slug] = run_with_sound(
        copy_mixer(candidates[-1]),
        BOSS,
        boss_objective(candidates),
        FitPlan(BOSS.slug, steps.boss, BOSS_LR, SEED + 9),
        songs=with_favorites(data, candidates, STYLES, seed=SEED),
        held=with_favorites(validation, candidates, STYLES, seed=SEED),
    )
    if not stem_songs:
        return champions
    networks = strips.train_strips(
        stem_songs,
        training_dir,
        base_steps=steps.strip_base,
        style_steps=steps.strip_style,
        resume=resume,
        on_step=on_step,
    )
    for slug, champion in champions.items():
        champion.network.strips.load_state_dict(networks[slug].state_dict())
    return champions


@dataclass(frozen=True)
class CorpusData:
    """What the corpus has to learn from.

    Attributes:
        learning: whole_songs and their excerpts, as songs of their own: people upload short ones too.
        validation: songs of other works.
        clips: of the whole songs; None where none has the right rate.
    """

    learning: TrainingData
    whole_songs: TrainingData
    validation: TrainingData
    clips: Clips | None


def load_data(corpus_dir: Path, cache_dir: Path) -> CorpusData:
    """Training and validation songs, with the reference percentiles of the training songs."""
    songs = [
        pair
        for pair in cached_songs(read_manifest(corpus_dir / "manifest.json"), cache_dir)
        if pair[0].split == "train"
    ]
    learning, held = split_validation(songs, [song.work for song, _ in songs])
    reference = measure_reference(
        np.stack([features.stems[0].stats for _, features in learning]), [song.genre for song, _ in learning]
    )
    excerpts = cached_excerpts([song for song, _ in learning], cache_dir)
    return CorpusData(
        learning=TrainingData.of([*learning, *excerpts], reference),
        whole_songs=TrainingData.of(learning, reference),
        validation=TrainingData.of(held or learning, reference),
        clips=load_clips(learning, corpus_dir),
    )


def load_stem_songs(corpus_dir: Path, cache_dir: Path, split: str) -> list[StemSong]:
    """The measured songs in stems of one split; none where the corpus has none."""
    songs = [song for song in read_multitrack(corpus_dir / MANIFEST_NAME) if song.split == split]
    return [StemSong.of(features, song.genre, song.work) for song, features in cached_multitrack(songs, cache_dir)]


def copy_mixer(mixer: CnnMixer) -> CnnMixer:
    """The same weights in a mixer of its own."""
    copy = CnnMixer.from_config(mixer.config.to_dict())
    copy.network.load_state_dict(mixer.network.state_dict())
    return copy


def ship(
    champions: dict[str, CnnMixer],
    models_dir: Path,
    songs: Sequence[CorpusSong],
    stem_songs: Sequence[MultitrackSong],
    *,
    steps: Steps,
) -> None:
    """Write weights and cards to models/<slug>/. Metrics come onto the cards when MixBench has measured them."""
    training = training_record(songs, steps)
    if stem_songs:
        training |= {"strips": strip_record(stem_songs, steps)}
    for style in (*STYLES, BOSS):
        mixer = champions[style.slug]
        folder = models_dir / style.slug
        sha256 = save_mixer(mixer, folder / "weights.safetensors", {"slug": style.slug, "generation": "0"})
        card = MixerCard(
            name=style.name,
            slug=style.slug,
            nickname=style.nickname,
            architecture=mixer.architecture,
            rating=style.rating,
            sha256=sha256,
            content_hash=content_hash(mixer.network.state_dict()),
            description=style.description,
            genres=style.genres,
            config=mixer.config.to_dict(),
            training=training,
        )
        write_card(card, folder / "card.toml")
        load_mixer(folder / "weights.safetensors", card)


def strip_record(songs: Sequence[MultitrackSong], steps: Steps) -> dict[str, Any]:
    """What the strips learned from, for the cards."""
    learned = [song for song in songs if song.split == "train"]
    packages = sorted({song.package for song in learned})
    return {
        "taught_by": "authors' balance of songs in stems; compression, drive and sends by written rules",
        "songs": len(learned),
        "stems": sum(len(song.labels) for song in learned),
        "hours": round(sum(song.duration_s for song in learned) / 3600.0, 1),
        "seed": strips.SEED,
        "steps": {"base": steps.strip_base, "style": steps.strip_style},
        "limits": "Synthesized and tracker music, no vocals that were sung, nothing recorded.",
        "packages": {
            package: sorted({song.licence for song in learned if song.package == package}) for package in packages
        },
    }


def training_record(songs: Sequence[CorpusSong], steps: Steps) -> dict[str, Any]:
    """What the champions learned from, for their cards."""
    learned = [song for song in songs if song.split == "train"]
    packages = sorted({song.package for song in learned})
    return {
        "songs": len(learned),
        "works": len({song.work for song in learned}),
        "hours": round(sum(song.duration_s for song in learned) / 3600.0, 1),
        "seed": SEED,
        "steps": {"trunk": steps.trunk, "style": steps.style, "boss": steps.boss, "sound": steps.sound},
        "limits": "No song with vocals is known to be among them; jazz, blues and hip-hop are hardly covered.",
        "genres": dict(sorted(Counter(song.genre for song in learned).items())),
        "packages": {
            package: sorted({song.licence for song in learned if song.package == package}) for package in packages
        },
    }
