"""Stems of a tracker module: one a channel, each rendered alone by libopenmpt with all others muted.

Modules where the channels do not add up to the whole (new notes that ring on in hidden channels) are refused. The
library is loaded at run time (Debian: libopenmpt0).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mixing.audio.roles import guess_role
from mixing.errors import AudioError
from mixing.training.multitrack.rendering import MAX_S, RATE, StemLabel, Stems, audible_stems

BLOCK = 65_536
STEREO_SEPARATION = 2
# The interface "interactive" is a row of functions; these are the two that are used.
N_FUNCTIONS, GET_CHANNEL_VOLUME, SET_CHANNEL_MUTE = 16, 9, 10
# What the stems' sum may differ from the whole by, dB relative to it.
MAX_RESIDUAL_DB = -60.0
MAX_CHANNELS = 64


def render_module(content: bytes) -> Stems | None:
    """Render a module's channels, at most MAX_S; None where they are too few, too short, or no exact parts.

    Raises: AudioError where libopenmpt is not installed or cannot read the module.
    """
    whole, volumes = _render(content, None)
    if len(volumes) > MAX_CHANNELS:
        return None
    stems = [_render(content, channel)[0] for channel in range(len(volumes))]
    length = min(stem.shape[1] for stem in (whole, *stems))
    residual = whole[:, :length] - np.sum([stem[:, :length] for stem in stems], axis=0)
    power, missing = (float(np.mean(np.square(x, dtype=np.float64))) for x in (whole, residual))
    if missing > power * 10.0 ** (MAX_RESIDUAL_DB / 10.0):
        return None
    labels = [
        StemLabel(f"channel {i + 1}", guess_role("", stem, RATE).role, volume, None)
        for i, (stem, volume) in enumerate(zip(stems, volumes, strict=True))
    ]
    return audible_stems([np.ascontiguousarray(stem[:, :length]) for stem in stems], labels, RATE)


def _render(content: bytes, only: int | None) -> tuple[NDArray[np.float32], list[float]]:
    """The module, or one channel of it: audio (2, frames) and the volumes of all channels, 0 to 1."""
    lib = _library()
    ext = lib.openmpt_module_ext_create_from_memory(content, len(content), _SILENT, None, None, None, None, None, None)
    if not ext:
        raise AudioError("This is no tracker module. Choose another.", code="corrupt")
    try:
        module = lib.openmpt_module_ext_get_module(ext)
        functions = (ctypes.c_size_t * N_FUNCTIONS)()
        if lib.openmpt_module_ext_get_interface(ext, b"interactive", functions, ctypes.sizeof(functions)) == 0:
            raise AudioError("This libopenmpt cannot mute channels. Install a newer one.", code="missing_library")
        get_volume = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_int32)(functions[GET_CHANNEL_VOLUME])
        mute = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int)(
            functions[SET_CHANNEL_MUTE]
        )
        lib.openmpt_module_set_render_param(module, STEREO_SEPARATION, 100)
        lib.openmpt_module_set_repeat_count(module, 0)
        n_channels = lib.openmpt_module_get_num_channels(module)
        volumes = [round(float(get_volume(ext, channel)), 4) for channel in range(n_channels)]
        if only is not None:
            for channel in range(n_channels):
                mute(ext, channel, int(channel != only))
        return _read(lib, module), volumes
    finally:
        lib.openmpt_module_ext_destroy(ext)


def _read(lib: ctypes.CDLL, module: int) -> NDArray[np.float32]:
    block = np.empty(2 * BLOCK, np.float32)
    parts: list[NDArray[np.float32]] = []
    n_frames, wanted = 0, int(MAX_S * RATE)
    while n_frames < wanted:
        n = lib.openmpt_module_read_interleaved_float_stereo(
            module, RATE, min(BLOCK, wanted - n_frames), block.ctypes.data_as(ctypes.c_void_p)
        )
        if n == 0:
            break
        parts.append(block[: 2 * n].reshape(n, 2).T.copy())
        n_frames += n
    return np.concatenate(parts, axis=1) if parts else np.empty((2, 0), np.float32)


_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("openmpt")
    if name is None:
        raise AudioError(
            "libopenmpt is missing, which renders tracker modules. On Debian: apt-get install libopenmpt0",
            code="missing_library",
        )
    lib = ctypes.CDLL(name)
    handle, number = ctypes.c_void_p, ctypes.c_int32
    lib.openmpt_module_ext_create_from_memory.restype = handle
    lib.openmpt_module_ext_create_from_memory.argtypes = [ctypes.c_char_p, ctypes.c_size_t, *([handle] * 7)]
    lib.openmpt_module_ext_get_module.restype = handle
    lib.openmpt_module_ext_get_module.argtypes = [handle]
    lib.openmpt_module_ext_destroy.argtypes = [handle]
    lib.openmpt_module_ext_get_interface.argtypes = [handle, ctypes.c_char_p, handle, ctypes.c_size_t]
    lib.openmpt_module_set_render_param.argtypes = [handle, ctypes.c_int, number]
    lib.openmpt_module_set_repeat_count.argtypes = [handle, number]
    lib.openmpt_module_get_num_channels.argtypes = [handle]
    lib.openmpt_module_read_interleaved_float_stereo.restype = ctypes.c_size_t
    lib.openmpt_module_read_interleaved_float_stereo.argtypes = [handle, number, ctypes.c_size_t, handle]
    return lib
