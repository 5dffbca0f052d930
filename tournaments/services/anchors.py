"""Anchors: a preview without its treble, which everybody who listens hears as worse.

The low anchor of ITU-R BS.1534-3, 5.1: low-passed at 3.5 kHz, at least 25 dB down at 4 kHz and 50 dB at 4.5 kHz. Here
it is a filter of linear phase, so that both sides stay in time, and it is brought back to the loudness of the preview.
The file is as long as the preview's, of the same format and the same dither.
"""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from django.core.files.storage import default_storage
from django.db import transaction
from numpy.typing import NDArray

from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from mixing.errors import AudioError
from tournaments.models import Anchor, Preview
from tournaments.services.renderings import dither_seed

logger = logging.getLogger(__name__)

PASS_HZ, STOP_HZ, STOP_DB = 3500.0, 4000.0, 60.0
# What is taken away must be heard: at most so much quieter than the whole.
MAX_REMOVED_BELOW_LU = 25.0
# Songs of a lower rate have little to take away.
MIN_RATE = 16_000
KEPT_FOR = timedelta(days=14)

MAKE_ANCHOR = Step(
    task="tournaments.tasks.make_anchor",
    model=Anchor,
    state=Anchor.State.QUEUED,
    failed_state=Anchor.State.FAILED,
)


def request_anchor(*, preview: Preview) -> Anchor:
    """The anchor of a preview, asked for where it does not exist."""
    anchor, is_new = Anchor.objects.get_or_create(preview=preview)
    if is_new:
        MAKE_ANCHOR.send(anchor.pk)
    return anchor


def make_anchor(anchor_id: int) -> None:
    """Write an anchor; takes it from queued to ready."""
    MAKE_ANCHOR.run(anchor_id, _make)


def prune_anchors(*, now: datetime) -> int:
    """Delete the anchors that nobody was given lately; returns how many. Those that failed stay known."""
    n_pruned = 0
    forgotten = Anchor.objects.filter(state=Anchor.State.READY, requested_at__lt=now - KEPT_FOR)
    for anchor in list(forgotten):
        with transaction.atomic():
            if forgotten.filter(pk=anchor.pk).delete()[0]:
                default_storage.delete(str(anchor.file.name))
                n_pruned += 1
    if n_pruned:
        logger.info("pruned anchors=%s", n_pruned)
    return n_pruned


def dull(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Take the treble out of a sound, at the same loudness.

    Args:
        audio: (channels, frames), 1 or 2 channels.
        sample_rate: Hz, MIN_RATE at least.
    Returns: the same shape, in time with the input.
    Raises: AudioError with the code no_treble where that would hardly be heard, no_headroom where it would clip.
    """
    # Scipy stays out of the web process.
    import scipy.signal

    from mixing.audio.loudness import integrated_lufs

    if sample_rate < MIN_RATE:
        raise AudioError("The sound has no treble to take away.", code="no_treble")
    n_taps, beta = scipy.signal.kaiserord(STOP_DB, (STOP_HZ - PASS_HZ) / (sample_rate / 2.0))
    taps = scipy.signal.firwin(n_taps | 1, (PASS_HZ + STOP_HZ) / 2.0, window=("kaiser", beta), fs=sample_rate)
    low = scipy.signal.oaconvolve(audio.astype(np.float64), taps[None, :], mode="same", axes=1).astype(np.float32)
    whole_lufs = integrated_lufs(audio, sample_rate)
    removed_lufs = integrated_lufs(audio - low, sample_rate)
    if whole_lufs == -math.inf or removed_lufs < whole_lufs - MAX_REMOVED_BELOW_LU:
        raise AudioError("Too little of the sound is treble for its loss to be heard.", code="no_treble")
    dulled = low * np.float32(10.0 ** ((whole_lufs - integrated_lufs(low, sample_rate)) / 20.0))
    if np.abs(dulled).max() >= 1.0:
        raise AudioError("The sound without treble has no room up to the loudness of the whole.", code="no_headroom")
    return dulled


def _make(anchor: Anchor, lease: Lease) -> None:
    from mixing.audio.decode import load
    from mixing.audio.encode import write_audio

    preview = anchor.preview
    audio, sample_rate = load(Path(preview.file.path))
    # A job that is repeated after its worker died writes the same bytes under the same name.
    name = f"anchors/{Path(str(preview.file.name)).stem}.wav"
    path = Path(default_storage.path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = dither_seed(preview.song.content_hash)
    write_audio(path, [dull(audio, sample_rate)], sample_rate, audio.shape[0], "wav16", seed=seed)
    if not lease.finish(state=Anchor.State.READY, file=name) and not Anchor.objects.filter(pk=anchor.pk).exists():
        # The song was deleted meanwhile.
        default_storage.delete(name)
