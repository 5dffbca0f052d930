"""Styles of mixers, which votes are read by."""

from __future__ import annotations

from pathlib import Path

from evolution.models import Mixer


def measure_missing_styles() -> int:
    """Measure the style of every mixer that has weights and none yet; returns how many. It takes a second each."""
    # Torch stays out of the web process.
    from mixing.breeding.outputs import one_thread
    from mixing.breeding.taste import measure_style
    from mixing.mixers.zoo import load_mixer

    missing = list(Mixer.objects.filter(style=[]).exclude(weights=""))
    with one_thread():
        for mixer in missing:
            style = measure_style(load_mixer(Path(mixer.weights.path)))
            Mixer.objects.filter(pk=mixer.pk).update(style=style.tolist())
    return len(missing)
