"""Stems of a General MIDI file: one a MIDI channel, rendered in one pass by FluidSynth.

Channel volume, pan and expression are the author's; the library's reverb and chorus stay off, so that the channels add
up to the whole. Channel 10 is the whole drum kit. The library is loaded at run time (Debian: libfluidsynth3).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixing.errors import AudioError
from mixing.training.multitrack.rendering import MAX_S, RATE, StemLabel, Stems, audible_stems

N_CHANNELS = 16
DRUM_CHANNEL = 9
BLOCK = 4096
VOLUME, PAN, EXPRESSION = 7, 10, 11
PLAYING = 1
_WHOLE_NUMBERS = {
    "synth.audio-channels": N_CHANNELS,
    "synth.audio-groups": N_CHANNELS,
    "synth.polyphony": 1024,
    "synth.reverb.active": 0,
    "synth.chorus.active": 0,
}
# By General MIDI program, up to and without the number.
_ROLES = (
    (24, "keys"), (32, "guitar"), (40, "bass"), (47, "strings"), (48, "percussion"), (52, "strings"), (55, "vocals"),
    (80, "other"), (96, "keys"), (104, "other"), (108, "guitar"), (112, "other"), (120, "percussion"), (128, "other"),
)  # fmt: skip


def render_midi(content: bytes, sound_font: Path) -> Stems | None:
    """Render a MIDI file, at most MAX_S of it; None where it has too few audible channels or is too short.

    Raises: AudioError where FluidSynth is not installed, or cannot read the file or the sound font.
    """
    lib = _library()
    settings = lib.new_fluid_settings()
    for name, number in _WHOLE_NUMBERS.items():
        lib.fluid_settings_setint(settings, name.encode(), number)
    lib.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(RATE))
    lib.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(0.4))
    lib.fluid_settings_setstr(settings, b"player.timing-source", b"sample")
    synth = lib.new_fluid_synth(settings)
    player = lib.new_fluid_player(synth)
    try:
        if lib.fluid_synth_sfload(synth, str(sound_font).encode(), 1) < 0:
            raise AudioError(f"The sound font {sound_font.name} cannot be read. Fetch it again.", code="corrupt")
        if lib.fluid_player_add_mem(player, content, ctypes.c_size_t(len(content))) != 0:
            raise AudioError("This is no MIDI file. Choose another.", code="corrupt")
        lib.fluid_player_play(player)
        audio, labels = _play(lib, synth, player)
    finally:
        lib.delete_fluid_player(player)
        lib.delete_fluid_synth(synth)
        lib.delete_fluid_settings(settings)
    return audible_stems(audio, labels, RATE)


def role_of_program(program: int, *, is_drums: bool) -> str:
    """What a General MIDI program (0 to 127) plays, of ROLES."""
    return "drums" if is_drums else next(role for end, role in _ROLES if program < end)


def _play(
    lib: ctypes.CDLL, synth: ctypes.c_void_p, player: ctypes.c_void_p
) -> tuple[list[NDArray[np.float32]], list[StemLabel]]:
    block = np.zeros((2 * N_CHANNELS, BLOCK), np.float32)
    pointers = (ctypes.POINTER(ctypes.c_float) * (2 * N_CHANNELS))(
        *(row.ctypes.data_as(ctypes.POINTER(ctypes.c_float)) for row in block)
    )
    blocks: list[NDArray[np.float32]] = []
    controls: list[NDArray[np.int64]] = []
    while lib.fluid_player_get_status(player) == PLAYING and len(blocks) * BLOCK < MAX_S * RATE:
        block[:] = 0.0  # the synthesizer adds to what is there
        lib.fluid_synth_process(synth, BLOCK, 0, None, 2 * N_CHANNELS, pointers)
        blocks.append(block.copy())
        controls.append(_controls(lib, synth))
    if not blocks:
        return [], []
    audio = np.concatenate(blocks, axis=1).reshape(N_CHANNELS, 2, -1)
    energies = np.stack([np.square(b).reshape(N_CHANNELS, -1).sum(axis=1) for b in blocks])
    states = np.stack(controls)
    labels = []
    for channel in range(N_CHANNELS):
        sounding = energies[:, channel] > 1e-9
        heard = states[sounding, channel] if sounding.any() else states[:, channel]
        volume, pan, expression = np.median(heard[:, :3], axis=0) / 127.0
        program = int(np.median(heard[:, 3]))
        role = role_of_program(program, is_drums=channel == DRUM_CHANNEL)
        name = "drums" if channel == DRUM_CHANNEL else f"program {program}"
        labels.append(StemLabel(name, role, round(float(volume * expression), 4), round(float(2.0 * pan - 1.0), 4)))
    return [np.ascontiguousarray(stem) for stem in audio], labels


def _controls(lib: ctypes.CDLL, synth: ctypes.c_void_p) -> NDArray[np.int64]:
    """Volume, pan, expression and program of every channel as they stand, (channels, 4)."""
    value, font, bank, preset = (ctypes.c_int() for _ in range(4))
    rows = []
    for channel in range(N_CHANNELS):
        row = []
        for control in (VOLUME, PAN, EXPRESSION):
            lib.fluid_synth_get_cc(synth, channel, control, ctypes.byref(value))
            row.append(value.value)
        lib.fluid_synth_get_program(synth, channel, ctypes.byref(font), ctypes.byref(bank), ctypes.byref(preset))
        rows.append([*row, min(max(preset.value, 0), 127)])
    return np.array(rows)


# The library speaks of every odd event on standard error.
_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        raise AudioError(
            "FluidSynth is missing, which renders MIDI songs. On Debian: apt-get install libfluidsynth3",
            code="missing_library",
        )
    lib = ctypes.CDLL(name)
    for made in ("new_fluid_settings", "new_fluid_synth", "new_fluid_player"):
        getattr(lib, made).restype = ctypes.c_void_p
    handle, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    lib.new_fluid_synth.argtypes = lib.new_fluid_player.argtypes = [handle]
    lib.fluid_settings_setint.argtypes = [handle, text, number]
    lib.fluid_settings_setnum.argtypes = [handle, text, ctypes.c_double]
    lib.fluid_settings_setstr.argtypes = [handle, text, text]
    lib.fluid_synth_sfload.argtypes = [handle, text, number]
    lib.fluid_player_add_mem.argtypes = [handle, text, ctypes.c_size_t]
    lib.fluid_synth_process.argtypes = [handle, number, number, ctypes.c_void_p, number, ctypes.c_void_p]
    lib.fluid_synth_get_cc.argtypes = [handle, number, number, ctypes.c_void_p]
    lib.fluid_synth_get_program.argtypes = [handle, number, *([ctypes.c_void_p] * 3)]
    for taking in ("fluid_player_play", "fluid_player_get_status", "delete_fluid_player", "delete_fluid_synth",
                   "delete_fluid_settings"):  # fmt: skip
        getattr(lib, taking).argtypes = [handle]
    for level in range(5):
        lib.fluid_set_log_function(level, _SILENT, None)
    return lib
