"""Rendering a mix from its song and settings, block by block. The same mix always gives the same samples."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from mixing.console.spec import MixSettings
from tournaments.models import Mix
from tournaments.services.materials import material_of

if TYPE_CHECKING:
    from mixing.console.renderer import RenderReport

log = logging.getLogger(__name__)

# Frames of all stems together that the torch console takes at once: about 15 minutes of a single file. A song lies in
# memory some twenty times while it is rendered there.
MAX_TORCH_FRAMES = 40_000_000

Block = NDArray[np.float32]
Span = tuple[int, int]


def render(mix: Mix, sink: Callable[[Block], None]) -> RenderReport:
    """Render a planned mix in full length, for listening to it.

    Args:
        sink: gets the blocks in order, each (channels, frames).
    """
    material = material_of(mix.song)
    chosen = MixSettings.from_dict(mix.console_settings or {})
    device = preview_device()
    if device is not None and material.n_frames * len(material.sources) <= MAX_TORCH_FRAMES:
        # PyTorch stays out of the web process.
        import torch

        from mixing.console.torch_console import render_song

        try:
            return render_song(material.sources, chosen, sink, device=device)
        except torch.OutOfMemoryError:
            # The same mix comes from the renderer, only later.
            log.warning("The graphics card has no room for %d frames; the renderer takes them", material.n_frames)
    return material.render(chosen, sink)


def preview_device() -> str | None:
    """Where previews are rendered by the torch console; None: by the renderer, which is faster on a processor."""
    if settings.PREVIEW_CONSOLE != "torch":
        return None
    import torch

    return "cuda" if torch.cuda.is_available() else None


def dither_seed(content_hash: str) -> int:
    """The same noise for every mix of a song: it then says nothing, and cancels where mixes are compared."""
    return int(content_hash[:8], 16)


class Cutter:
    """A sink that keeps some spans of what passes through it, so that no whole song is ever in memory."""

    def __init__(self, spans: Mapping[str, Span]) -> None:
        self._spans = dict(spans)
        self._parts: dict[str, list[Block]] = {name: [] for name in spans}
        self._position = 0

    def __call__(self, block: Block) -> None:
        n_frames = block.shape[1]
        for name, (start, end) in self._spans.items():
            first, last = max(start - self._position, 0), min(end - self._position, n_frames)
            if first < last:
                self._parts[name].append(block[:, first:last].copy())
        self._position += n_frames

    def cut(self, name: str) -> Block:
        """A span, (channels, frames). Raises ValueError where the sound ended before it."""
        end = self._spans[name][1]
        if self._position < end:
            raise ValueError(f"{name} ends at frame {end}, the sound at {self._position}")
        return np.concatenate(self._parts[name], axis=1)
