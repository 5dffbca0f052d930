"""Mixes: asking for them, and letting a mixer choose its settings for a song."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from evolution.models import Mixer
from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from tournaments.models import Mix, Song
from tournaments.services.materials import material_of

if TYPE_CHECKING:
    from mixing.audio.features import SongFeatures
    from mixing.mixers.base import Mixer as Network

PLAN = Step(
    task="tournaments.tasks.plan_mix",
    model=Mix,
    state=Mix.State.QUEUED,
    failed_state=Mix.State.FAILED,
    ready=Q(song__state=Song.State.READY),
)
RENDER = Step(
    task="tournaments.tasks.render_mix",
    model=Mix,
    state=Mix.State.PLANNED,
    failed_state=Mix.State.FAILED,
)
# A breeding's parents and child, and the champions, stay at hand; each has about 2 MB.
MAX_LOADED_MIXERS = 16


def request_mixes(*, song: Song, mixers: Sequence[Mixer]) -> list[Mix]:
    """The mixes of a song by these mixers, in their order, asked for where they do not exist.

    One that failed is tried again. The song must be ready.
    """
    mixes = []
    for mixer in mixers:
        mix, _ = Mix.objects.get_or_create(song=song, mixer=mixer, nudged_from=None)
        if mix.state == Mix.State.FAILED:
            Mix.objects.filter(pk=mix.pk, state=Mix.State.FAILED).update(state=Mix.State.QUEUED, reason="")
            mix.refresh_from_db()
        # Sent even where it was asked for before: a message may have been lost, and two are harmless.
        step = {Mix.State.QUEUED: PLAN, Mix.State.PLANNED: RENDER}.get(Mix.State(mix.state))
        if step is not None:
            step.send(mix.pk)
        mixes.append(mix)
    return mixes


def plan_mix(mix_id: int) -> None:
    """Let the mixer choose its settings from the song's features; takes the mix from queued to planned."""
    PLAN.run(mix_id, _plan)


def features_of(song: Song) -> SongFeatures:
    """A checked song's features, from the cache where it was measured before. Raises AudioError."""
    # Scipy stays out of the web process.
    from mixing.audio.features import cached_features, cached_stem_features

    path = Path(song.file.path)
    if song.n_stems == 1:
        return cached_features(path, features_folder(), song.content_hash)
    features = cached_stem_features(material_of(song).sources, path, features_folder(), song.content_hash)
    return replace(features, roles=tuple(song.stems.values_list("role", flat=True)))


def features_folder() -> Path:
    """Where the features of songs are kept, by content."""
    return Path(settings.MEDIA_ROOT) / "features"


def load_network(mixer: Mixer) -> Network:
    """A registered mixer's network, kept in memory for the next song. Raises MixerFileError."""
    return _load(mixer.content_hash, Path(mixer.weights.path))


def _plan(mix: Mix, lease: Lease) -> None:
    song = mix.song
    chosen = load_network(mix.mixer).settings(features_of(song))
    if lease.finish(state=Mix.State.PLANNED, console_settings=chosen.to_dict()):
        RENDER.send(mix.pk)


@lru_cache(maxsize=MAX_LOADED_MIXERS)
def _load(content_hash: str, weights: Path) -> Network:
    """Keyed by content too: a file name may come to hold other weights."""
    from mixing.mixers.zoo import load_mixer

    return load_mixer(weights)
