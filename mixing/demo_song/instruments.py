"""Pitched parts: bass, pad, electric piano, arpeggio and lead, each (2, frames) with its own effects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.demo_song.arrangement import (
    BEAT_S,
    Event,
    arp_events,
    bar_start_s,
    bass_events,
    chord_events,
    harmony_events,
    keys_events,
    lead_events,
    section_starts,
)
from mixing.demo_song.effects import chorus, pan_gains, ping_pong, place, reverb
from mixing.demo_song.filters import highpass, swept_lowpass
from mixing.demo_song.oscillators import (
    CONTROL_FRAMES,
    MonoLine,
    gliding_phase,
    midi_to_hz,
    n_controls,
    saw,
    steady_phase,
    to_audio_rate,
)

Array = NDArray[np.float64]

# Where the filters stand at the start and end of each section, in Hz: the arrangement opens toward the choruses.
_PAD_CUTOFF_HZ = ((450, 1300), (800, 1200), (2600, 3000), (700, 4200), (3000, 3600), (2600, 500))
_ARP_CUTOFF_HZ = ((350, 1500), (700, 1100), (1700, 2200), (900, 3600), (2000, 2800), (1800, 400))
_LEAD_CUTOFF_HZ = ((700, 700), (1100, 1500), (2300, 2600), (900, 2200), (2600, 3200), (2200, 800))
_LEAD_LEVEL = ((0.55, 0.55), (0.8, 0.8), (1.0, 1.0), (0.65, 0.8), (1.0, 1.0), (0.9, 0.6))
_PAD_LEVEL = ((0.7, 0.9), (0.55, 0.65), (1.0, 1.0), (0.8, 1.1), (1.05, 1.05), (1.0, 0.8))

_PAD_DETUNE_CENTS = (-13.0, -5.0, 4.0, 11.0)
_PAD_PANS = (-0.9, 0.5, -0.4, 0.9)


def bass(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Play the bass: sawtooth and pulse through a plucked filter over a clean sine, in the center."""
    line = MonoLine(bass_events(rng), n_frames, sample_rate)
    hz = 440.0 * 2.0 ** ((line.smoothed(line.pitch, 0.006) - 69.0) / 12.0)
    phase, step = gliding_phase(to_audio_rate(hz, n_frames), sample_rate)
    half = phase + 0.5
    half -= np.floor(half)
    source = 0.75 * saw(phase, step) - 0.35 * saw(half, step)
    cutoff_hz = 150.0 + 1.5 * hz + 1500.0 * line.decay(0.11) * line.velocity
    growl = swept_lowpass(source, cutoff_hz, 1.3, sample_rate)
    amplitude = line.smoothed(line.gate(0.003, 0.025) * (0.55 * line.velocity + 0.45 * line.decay(0.5)), 0.002)
    # A rising sawtooth begins its fundamental downward, so the sine is subtracted to support it.
    tone = (growl - 0.8 * np.sin(2.0 * np.pi * phase)) * to_audio_rate(amplitude, n_frames)
    return np.tile(highpass(np.tanh(1.4 * tone), 30.0, sample_rate), (2, 1))


def pad(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Play the pad: four detuned sawtooths a note spread over the stereo field, a slow filter, chorus and a hall."""
    part = np.zeros((2, n_frames))
    release_s, attack_s = 0.55, 0.12
    for event in chord_events():
        n_sound = round((event.length_s + release_s) * sample_rate)
        sound = np.zeros((2, n_sound))
        for voice, pitch in enumerate(event.chord.voices):
            for cents, pan in zip(_PAD_DETUNE_CENTS, _PAD_PANS, strict=True):
                hz = midi_to_hz(pitch + cents * (1.0 + 0.1 * voice) / 100.0)
                wave = saw(steady_phase(hz, float(rng.random()), n_sound, sample_rate), hz / sample_rate)
                gains = pan_gains(pan)
                for side in range(2):
                    sound[side] += float(gains[side, 0]) * wave
        t = np.arange(n_sound) / sample_rate
        rise = np.clip(t / attack_s, 0.0, 1.0)
        fall = np.clip((t[-1] - t) / release_s, 0.0, 1.0)
        place(part, sound * (np.sin(0.5 * np.pi * rise) * np.sin(0.5 * np.pi * fall) ** 2), event.start_s, sample_rate)
    cutoff_hz = _automation(_PAD_CUTOFF_HZ, n_frames, sample_rate)
    swell = 1.0 + 0.12 * np.sin(2.0 * np.pi * np.arange(len(cutoff_hz)) * CONTROL_FRAMES / sample_rate / (16 * BEAT_S))
    for side in range(2):
        part[side] = swept_lowpass(part[side], cutoff_hz * swell, 0.8, sample_rate)
    part *= to_audio_rate(_automation(_PAD_LEVEL, n_frames, sample_rate), n_frames)
    part = chorus(highpass(part, 130.0, sample_rate), sample_rate, rate_hz=0.43, depth_ms=3.5, amount=0.6)
    part *= 0.05
    return part + 0.45 * reverb(part, sample_rate, rng, decay_s=2.6, pre_delay_s=0.03, damping_hz=3500.0)


def keys(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Play the electric piano: two-operator FM, brighter when struck harder, with tremolo and a small room."""
    part = np.zeros((2, n_frames))
    for event in keys_events(rng):
        place(part, _tine(event, sample_rate), event.start_s, sample_rate, pan=(event.pitch - 66) / 40.0)
    control_s = np.arange(n_controls(n_frames)) * CONTROL_FRAMES / sample_rate
    tremolo = to_audio_rate(0.22 * np.sin(2.0 * np.pi * control_s / (1.5 * BEAT_S)), n_frames)
    part[0] *= 1.0 + tremolo
    part[1] *= 1.0 - tremolo
    part = chorus(part, sample_rate, rate_hz=0.7, depth_ms=2.0, amount=0.35)
    return part + 0.3 * reverb(part, sample_rate, rng, decay_s=1.1, pre_delay_s=0.012, damping_hz=3000.0)


def arp(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Play the arpeggio: a narrow pulse through a plucked filter, thrown from side to side by dotted eighths."""
    line = MonoLine(arp_events(rng), n_frames, sample_rate)
    hz = 440.0 * 2.0 ** ((line.smoothed(line.pitch, 0.0015) - 69.0) / 12.0)
    phase, step = gliding_phase(to_audio_rate(hz, n_frames), sample_rate)
    shifted = phase + 0.27
    shifted -= np.floor(shifted)
    opening_hz = _automation(_ARP_CUTOFF_HZ, n_frames, sample_rate)
    cutoff_hz = 200.0 + opening_hz * (0.35 + 1.9 * line.decay(0.075))
    pluck = swept_lowpass(saw(phase, step) - saw(shifted, step), cutoff_hz, 1.5, sample_rate)
    amplitude = line.smoothed(line.gate(0.001, 0.03) * line.decay(0.16), 0.0015)
    part = np.tile(0.3 * pluck * to_audio_rate(amplitude, n_frames), (2, 1)) * pan_gains(0.12)
    part = highpass(part, 160.0, sample_rate)
    part += ping_pong(part, sample_rate, delay_s=0.75 * BEAT_S, feedback=0.55, amount=0.5)
    return part + 0.22 * reverb(part, sample_rate, rng, decay_s=1.9, pre_delay_s=0.02, damping_hz=4500.0)


def lead(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Play the melody and, in the last chorus, its second voice, into a shared delay and hall."""
    part = np.tile(_singing_voice(lead_events(rng), n_frames, sample_rate), (2, 1))
    part += 0.5 * _singing_voice(harmony_events(rng), n_frames, sample_rate) * pan_gains(-0.45)
    part *= to_audio_rate(_automation(_LEAD_LEVEL, n_frames, sample_rate), n_frames)
    part = highpass(part, 180.0, sample_rate)
    echoes = ping_pong(part, sample_rate, delay_s=BEAT_S, feedback=0.42, amount=0.3, n_echoes=5)
    hall = reverb(part, sample_rate, rng, decay_s=2.2, pre_delay_s=0.045, damping_hz=4000.0)
    return part + echoes + 0.3 * hall


def _singing_voice(events: list[Event], n_frames: int, sample_rate: int) -> Array:
    """Play a line, (frames,): two sawtooths a shade apart over a pulse, gliding, with vibrato on the long notes."""
    line = MonoLine(events, n_frames, sample_rate)
    control_s = np.arange(n_controls(n_frames)) * CONTROL_FRAMES / sample_rate
    depth = 0.2 * np.clip((line.age_s - 0.28) / 0.45, 0.0, 1.0)
    pitch = line.smoothed(line.pitch, 0.016) + depth * np.sin(2.0 * np.pi * 5.4 * control_s)
    hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    audio_hz = to_audio_rate(hz, n_frames)
    source = np.zeros(n_frames)
    for cents in (-6.0, 6.0):
        source += saw(*gliding_phase(audio_hz * 2.0 ** (cents / 1200.0), sample_rate))
    phase, step = gliding_phase(0.5 * audio_hz, sample_rate)
    half = phase + 0.5
    half -= np.floor(half)
    source += 0.45 * (saw(phase, step) - saw(half, step))
    opening_hz = _automation(_LEAD_CUTOFF_HZ, n_frames, sample_rate)
    cutoff_hz = opening_hz * (0.7 + 0.35 * line.velocity + 0.6 * line.decay(0.18)) + 0.4 * hz
    voice = swept_lowpass(source, cutoff_hz, 1.1, sample_rate)
    accent = (0.35 + 0.65 * line.velocity) * (0.8 + 0.2 * line.decay(0.3))
    amplitude = line.gate(0.006, 0.07) * line.smoothed(accent, 0.006)
    return np.asarray(0.25 * voice * to_audio_rate(amplitude, n_frames))


def _tine(event: Event, sample_rate: int) -> Array:
    """Strike one note of the electric piano, (n,)."""
    hz = midi_to_hz(event.pitch)
    release_s = 0.12
    n_sound = round((min(event.length_s, 3.2) + release_s) * sample_rate)
    t = np.arange(n_sound) / sample_rate
    phase = steady_phase(hz, 0.0, n_sound, sample_rate)
    # float32 sines of wrapped phases are as good as the ear needs and several times faster.
    turn = (2.0 * np.pi * phase).astype(np.float32)
    bark = (0.25 + 1.15 * event.velocity**2) * np.exp(-t / 0.35)
    wave = np.sin(turn + bark.astype(np.float32) * np.sin(turn))
    n_bell = min(n_sound, round(0.25 * sample_rate))
    bell_turn = (2.0 * np.pi * steady_phase(7.0 * hz, 0.0, n_bell, sample_rate)).astype(np.float32)
    envelope = np.exp(-t / (1.1 * 2.0 ** ((60 - event.pitch) / 24.0)))
    sound = wave * envelope
    sound[:n_bell] += 0.11 * event.velocity * np.sin(bell_turn) * np.exp(-t[:n_bell] / 0.06)
    sound *= np.minimum(t / 0.0015, 1.0) * np.clip((t[-1] - t) / release_s, 0.0, 1.0)
    return np.asarray(0.16 * event.velocity * sound)


def _automation(points: tuple[tuple[float, float], ...], n_frames: int, sample_rate: int) -> Array:
    """Draw (n_controls,) values that move exponentially from a section's first to its last, with short joints."""
    times_s: list[float] = []
    values: list[float] = []
    for (section, first_bar), (first, last) in zip(section_starts(), points, strict=True):
        times_s += [bar_start_s(first_bar), bar_start_s(first_bar + section.n_bars) - 0.03]
        values += [first, last]
    control_s = np.arange(n_controls(n_frames)) * CONTROL_FRAMES / sample_rate
    return np.exp(np.interp(control_s, times_s, np.log(values)))
