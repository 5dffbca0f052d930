"""Loads what jobs need, so that the first one does not wait: compiled kernels, torch, the mixers.

The imports stand inside the functions because they may only happen in the processes that run jobs: a web process needs
none of this, and a process that forks must not have it loaded.
"""

from __future__ import annotations

from django.conf import settings


def warm_render() -> None:
    """Compile the renderer's kernels, or load them from the cache folder; load torch where previews need it."""
    from mixing.console.renderer import warm_up

    warm_up()
    if settings.PREVIEW_CONSOLE == "torch":
        import mixing.console.torch_console  # noqa: F401


def warm_neural() -> None:
    """Load torch with its share of the cores, and read one mixer."""
    import torch

    from mixing.mixers.zoo import load_mixer

    torch.set_num_threads(max(1, settings.CPU_CORES // settings.NEURAL_PROCESSES))
    for weights in sorted(settings.MODELS_DIR.glob("*/weights.safetensors"))[:1]:
        load_mixer(weights)
