"""Drums: bodies are decaying tones that fall in pitch, skins and metal are filtered noise and detuned pulses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mixing.demo_song.arrangement import Hit, drum_hits
from mixing.demo_song.effects import place
from mixing.demo_song.filters import bandpass, highpass, lowpass
from mixing.demo_song.oscillators import saw, steady_phase

Array = NDArray[np.float64]
Sound = Callable[[Hit], Array]

# Partials of a struck plate; no two are in a simple ratio, so the sum sounds like metal and has no pitch.
_METAL_HZ = (317.0, 465.0, 611.0, 822.0, 1130.0, 1471.0)
_NOISE_S = 3.0


def kick_hits(rng: np.random.Generator) -> list[Hit]:
    """Play the kick; other parts duck to the same hits."""
    return drum_hits("kick", rng, timing_s=0.001)


def kick(n_frames: int, sample_rate: int, hits: list[Hit], rng: np.random.Generator) -> Array:
    """Make the kick part, (2, frames)."""
    beater = bandpass(rng.standard_normal(sample_rate // 50), 1800.0, 5000.0, sample_rate)

    def sound(hit: Hit) -> Array:
        body = _falling_tone(49.0, ((115.0, 0.03), (330.0, 0.008)), 0.115, 0.4, sample_rate)
        body[: len(beater)] += 0.5 * hit.velocity * beater * np.exp(-np.arange(len(beater)) / (0.003 * sample_rate))
        return np.tanh(1.5 * body) * hit.velocity

    return _perform(n_frames, sample_rate, {"kick": (sound, 0.0)}, {"kick": hits})


def snare(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make the snare part with the claps that double it in the choruses, (2, frames)."""
    wires = bandpass(rng.standard_normal(round(_NOISE_S * sample_rate)), 1500.0, 7500.0, sample_rate)
    hands = bandpass(rng.standard_normal((2, round(_NOISE_S * sample_rate))), 900.0, 2600.0, sample_rate)

    def snare_sound(hit: Hit) -> Array:
        length_s = 0.32
        body = _falling_tone(174.6, ((120.0, 0.012),), 0.075, length_s, sample_rate)
        body += 0.55 * _falling_tone(338.0, ((90.0, 0.01),), 0.05, length_s, sample_rate)
        t = np.arange(len(body)) / sample_rate
        # Soft strokes excite the skin less than the wires, and ring shorter.
        rattle = _excerpt(wires, len(body), rng) * np.exp(-t / (0.05 + 0.05 * hit.velocity))
        return np.tanh((0.75 * body * hit.velocity + 0.85 * rattle) * 1.2) * hit.velocity

    def clap_sound(hit: Hit) -> Array:
        n_sound = round(0.28 * sample_rate)
        t = np.arange(n_sound) / sample_rate
        envelope = 0.7 * np.exp(-t / 0.07) * (t > 0.024)
        for late_s in (0.0, 0.009, 0.017, 0.026):
            envelope += np.exp(-np.maximum(t - late_s, 0.0) / 0.0045) * (t >= late_s)
        return 0.6 * hit.velocity * envelope * _excerpt(hands, n_sound, rng)

    hits = {
        "snare": drum_hits("snare", rng, timing_s=0.003),
        "clap": drum_hits("clap", rng, timing_s=0.002),
    }
    return _perform(n_frames, sample_rate, {"snare": (snare_sound, 0.0), "clap": (clap_sound, 0.0)}, hits)


def cymbals(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make the hi-hat, ride and crash part, (2, frames)."""
    metal = _metal(rng, sample_rate)
    bright = highpass(metal, 6500.0, sample_rate, order=4)
    ping = bandpass(metal, 3500.0, 7500.0, sample_rate)

    def hat(decay_s: float, length_s: float) -> Sound:
        def sound(hit: Hit) -> Array:
            n_sound = round(length_s * sample_rate)
            t = np.arange(n_sound) / sample_rate
            envelope = np.exp(-t / (decay_s * (0.6 + 0.4 * hit.velocity))) * _fade_out(n_sound)
            return np.asarray(_excerpt(bright, n_sound, rng)[0] * envelope * hit.velocity)

        return sound

    def crash_sound(hit: Hit) -> Array:
        n_sound = round(2.6 * sample_rate)
        t = np.arange(n_sound) / sample_rate
        wash = _excerpt(bright, n_sound, rng) * np.exp(-t / 0.75)
        wash += 0.35 * _excerpt(ping, n_sound, rng) * np.exp(-t / 0.4)
        return np.asarray(wash * np.minimum(t / 0.003, 1.0) * _fade_out(n_sound) * hit.velocity)

    def ride_sound(hit: Hit) -> Array:
        n_sound = round(0.7 * sample_rate)
        t = np.arange(n_sound) / sample_rate
        stick = _excerpt(ping, n_sound, rng)[0] * (np.exp(-t / 0.025) + 0.16 * np.exp(-t / 0.25))
        return np.asarray(stick * _fade_out(n_sound) * hit.velocity)

    sounds = {
        "hat_closed": (hat(0.026, 0.12), 0.22),
        "hat_open": (hat(0.13, 0.4), 0.22),
        "crash": (crash_sound, -0.15),
        "ride": (ride_sound, -0.4),
    }
    hits = {voice: drum_hits(voice, rng, timing_s=0.0025) for voice in sounds}
    return _perform(n_frames, sample_rate, sounds, hits)


def percussion(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make the part of everything that is struck by hand: shaker, tambourine, congas, rim and toms, (2, frames)."""
    noise = rng.standard_normal(round(_NOISE_S * sample_rate))
    seeds = bandpass(noise, 4500.0, 9500.0, sample_rate)
    slap = bandpass(noise, 800.0, 3000.0, sample_rate)
    jingles = highpass(_metal(rng, sample_rate)[0], 7500.0, sample_rate, order=4)

    def shaker_sound(hit: Hit) -> Array:
        n_sound = round(0.13 * sample_rate)
        t = np.arange(n_sound) / sample_rate
        # The seeds travel before they land: a slow start, then a short accent.
        envelope = 0.4 * np.minimum(t / 0.03, 1.0) * np.exp(-np.maximum(t - 0.03, 0.0) / 0.02)
        envelope += np.exp(-np.abs(t - 0.034) / 0.007)
        return np.asarray(0.7 * _excerpt(seeds, n_sound, rng) * envelope * hit.velocity)

    def tambourine_sound(hit: Hit) -> Array:
        n_sound = round(0.22 * sample_rate)
        t = np.arange(n_sound) / sample_rate
        envelope = np.exp(-t / 0.05) + 0.6 * np.exp(-np.abs(t - 0.022) / 0.006)
        return np.asarray(0.5 * _excerpt(jingles, n_sound, rng) * envelope * _fade_out(n_sound) * hit.velocity)

    def rim_sound(hit: Hit) -> Array:
        click = _falling_tone(1720.0, (), 0.012, 0.09, sample_rate)
        return np.asarray((click + 0.7 * _falling_tone(492.0, (), 0.022, 0.09, sample_rate)) * 0.5 * hit.velocity)

    def drum(base_hz: float, decay_s: float, skin: float) -> Sound:
        def sound(hit: Hit) -> Array:
            drop_hz = base_hz * (0.25 + 0.35 * hit.velocity)
            body = _falling_tone(base_hz, ((drop_hz, 0.03),), decay_s, 4.5 * decay_s, sample_rate)
            body += 0.3 * _falling_tone(base_hz * 1.59, (), decay_s * 0.4, 4.5 * decay_s, sample_rate)
            t = np.arange(len(body)) / sample_rate
            return np.asarray((body + skin * _excerpt(slap, len(body), rng) * np.exp(-t / 0.008)) * hit.velocity)

        return sound

    sounds = {
        "shaker": (shaker_sound, -0.45),
        "tambourine": (tambourine_sound, 0.5),
        "rim": (rim_sound, 0.35),
        "conga_high": (drum(262.0, 0.07, 0.8), 0.4),
        "conga_low": (drum(196.0, 0.1, 0.5), 0.55),
        "tom_high": (drum(146.8, 0.15, 0.7), 0.3),
        "tom_mid": (drum(110.0, 0.19, 0.7), -0.1),
        "tom_low": (drum(87.3, 0.24, 0.7), -0.4),
    }
    hits = {voice: drum_hits(voice, rng, timing_s=0.004) for voice in sounds}
    return _perform(n_frames, sample_rate, sounds, hits)


def _perform(
    n_frames: int, sample_rate: int, sounds: Mapping[str, tuple[Sound, float]], hits: Mapping[str, list[Hit]]
) -> Array:
    part = np.zeros((2, n_frames))
    for voice, (sound, pan) in sounds.items():
        for hit in hits[voice]:
            place(part, sound(hit), hit.start_s, sample_rate, pan=pan)
    return part


def _falling_tone(
    base_hz: float, drops: tuple[tuple[float, float], ...], decay_s: float, length_s: float, sample_rate: int
) -> Array:
    """Make a decaying sine that starts the sum of `drops` (Hz, time constant in s) above its base."""
    t = np.arange(round(length_s * sample_rate)) / sample_rate
    cycles = base_hz * t
    for drop_hz, time_s in drops:
        cycles += drop_hz * time_s * (1.0 - np.exp(-t / time_s))
    return np.asarray(np.sin(2.0 * np.pi * cycles) * np.exp(-t / decay_s) * _fade_out(len(t)))


def _metal(rng: np.random.Generator, sample_rate: int) -> Array:
    """Make the raw sound of a cymbal, (2, frames): six pulses out of tune and noise, different on both sides."""
    n_frames = round(_NOISE_S * sample_rate)
    metal = 0.5 * rng.standard_normal((2, n_frames))
    for side in range(2):
        for hz in _METAL_HZ:
            step = hz * (1.0 + 0.006 * side) / sample_rate
            phase = steady_phase(step * sample_rate, float(rng.random()), n_frames, sample_rate)
            metal[side] += 0.3 * (saw(phase, step) - saw((phase + 0.5) % 1.0, step))
    return lowpass(metal, 15000.0, sample_rate)


def _excerpt(noise: Array, n_frames: int, rng: np.random.Generator) -> Array:
    """Cut n_frames out of a longer noise at random, so that no two strokes are the same."""
    start = int(rng.integers(noise.shape[-1] - n_frames))
    return noise[..., start : start + n_frames]


def _fade_out(n_frames: int) -> Array:
    return np.minimum((n_frames - 1 - np.arange(n_frames)) / (0.15 * n_frames), 1.0)
