"""The differentiable, batched twin of the renderer: PyTorch, processor or graphics card, float32 or float64.

It agrees with `mixing.console.renderer` within 0.5 dB in every third octave and 0.3 LU; tests hold them together.
"""

from mixing.console.torch_console.console import Rendered, SettingsBatch, render_batch, settings_batch
from mixing.console.torch_console.song import render_song

__all__ = ["Rendered", "SettingsBatch", "render_batch", "render_song", "settings_batch"]
