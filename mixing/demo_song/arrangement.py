"""From the score to played events: patterns unrolled over the form, swung and humanized, in seconds.

Every part draws its small errors of timing and velocity from the generator it is given, so that a part plays the same
however many other parts were played before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mixing.demo_song.score import (
    ARP_PATTERNS,
    BASS_PATTERNS,
    BEATS_PER_BAR,
    CHORDS,
    KEYS_PATTERNS,
    SCALE,
    SECTIONS,
    SWING_RATIO,
    TEMPO_BPM,
    Chord,
    Note,
    Section,
)

LEAD_IN_S = 0.12  # silence before the first beat, so that a drummer who is early still fits
TAIL_S = 3.4  # after the last bar: the final chord and its reverberation
BEAT_S = 60.0 / TEMPO_BPM
N_BARS = sum(section.n_bars for section in SECTIONS)
DURATION_S = LEAD_IN_S + N_BARS * BEATS_PER_BAR * BEAT_S + TAIL_S

DRUM_VELOCITIES = {"X": 1.0, "x": 0.8, "o": 0.55, "g": 0.3}

_KEYS_STRUM_S = 0.007  # the hand rolls upward through a chord
_ARP_OCTAVE = 12


class Event(NamedTuple):
    """A played note: seconds from the start of the song, MIDI number, velocity in [0, 1]."""

    start_s: float
    length_s: float
    pitch: int
    velocity: float


class Hit(NamedTuple):
    """A stroke on a drum: seconds from the start of the song, velocity in [0, 1]."""

    start_s: float
    velocity: float


class ChordEvent(NamedTuple):
    """A chord held for a bar: seconds from the start of the song."""

    start_s: float
    length_s: float
    chord: Chord


def section_starts() -> list[tuple[Section, int]]:
    """List the sections with their first bars, counted from 0."""
    starts = []
    bar = 0
    for section in SECTIONS:
        starts.append((section, bar))
        bar += section.n_bars
    return starts


def bar_start_s(bar: float) -> float:
    """Return the time of a bar line in seconds; bar 0 begins after the lead-in."""
    return LEAD_IN_S + bar * BEATS_PER_BAR * BEAT_S


def lead_events(rng: np.random.Generator) -> list[Event]:
    """Play the written melody."""
    return _written_events([(section.lead, bar) for section, bar in section_starts()], rng)


def harmony_events(rng: np.random.Generator) -> list[Event]:
    """Play the written second voice."""
    return _written_events([(section.harmony, bar) for section, bar in section_starts()], rng)


def bass_events(rng: np.random.Generator) -> list[Event]:
    """Play the bass: the section's pattern on each bar's bass note, walking into the next bar."""
    bars = list(_bars())
    notes: list[Note] = []
    for index, (section, bar, chord) in enumerate(bars):
        is_last = index + 1 == len(bars)
        next_bass = chord.bass if is_last else bars[index + 1][2].bass
        if is_last:
            notes.append(Note(bar * BEATS_PER_BAR, 6.0, chord.bass, 0.8))
            continue
        for start, length, step, velocity in BASS_PATTERNS[section.bass_pattern]:
            pitch = _leading_note(chord.bass, next_bass) if isinstance(step, str) else chord.bass + step
            notes.append(Note(bar * BEATS_PER_BAR + start, length, pitch, velocity))
    return _played(notes, rng, timing_s=0.003, looseness=0.05)


def keys_events(rng: np.random.Generator) -> list[Event]:
    """Play the electric piano: chords in the section's rhythm without their lowest voice, and a last broken one."""
    events: list[Event] = []
    for section, bar, chord in _bars():
        patterns = KEYS_PATTERNS[section.keys_pattern]
        for start, length, velocity in patterns[bar % len(patterns)]:
            chord_notes = [Note(bar * BEATS_PER_BAR + start, length, pitch, velocity) for pitch in chord.voices[1:]]
            played = _played(chord_notes, rng, timing_s=0.003, looseness=0.07)
            events += [
                event._replace(start_s=event.start_s + voice * _KEYS_STRUM_S) for voice, event in enumerate(played)
            ]
    _, last_bar, last_chord = list(_bars())[-1]
    bell = [
        Note(last_bar * BEATS_PER_BAR + start, 5.0, pitch + 12, 0.45)
        for start, pitch in zip((1.0, 1.5, 2.0, 3.0), last_chord.voices[1:], strict=True)
    ]
    return events + _played(bell, rng, timing_s=0.006, looseness=0.05)


def arp_events(rng: np.random.Generator) -> list[Event]:
    """Play the arpeggio: each digit of the section's pattern is a rung of the bar's chord, stacked twice."""
    notes: list[Note] = []
    for section, bar, chord in _bars():
        rungs = chord.voices + tuple(pitch + _ARP_OCTAVE for pitch in chord.voices)
        patterns = ARP_PATTERNS[section.arp_pattern]
        for step, rung in enumerate(patterns[bar % len(patterns)]):
            if rung == ".":
                continue
            accent = 0.95 if step % 4 == 0 else 0.75 if step % 2 == 0 else 0.6
            notes.append(Note(bar * BEATS_PER_BAR + step / 4, 0.22, rungs[int(rung)] + _ARP_OCTAVE, accent))
    return _played(notes, rng, timing_s=0.0015, looseness=0.08)


def chord_events() -> list[ChordEvent]:
    """List the pad's chords, one a bar; the last one is held until the lights go out."""
    events = []
    for _, bar, chord in _bars():
        length_s = BEATS_PER_BAR * BEAT_S if bar + 1 < N_BARS else 6.5 * BEAT_S
        events.append(ChordEvent(bar_start_s(bar), length_s, chord))
    return events


def drum_hits(voice: str, rng: np.random.Generator, *, timing_s: float) -> list[Hit]:
    """Play one drum through the whole form.

    Args:
        voice: a key of the sections' drum patterns.
        rng: source of the player's errors.
        timing_s: standard deviation of the timing, in seconds.
    """
    hits = []
    for section, first_bar in section_starts():
        for bar in range(section.n_bars):
            pattern = _drum_pattern(section, bar, voice)
            for step, mark in enumerate(pattern):
                if mark == ".":
                    continue
                start_s = _beat_s((first_bar + bar) * BEATS_PER_BAR + step / 4) + _timing_error_s(rng, timing_s)
                velocity = DRUM_VELOCITIES[mark] * (1.0 + 0.06 * float(rng.standard_normal()))
                hits.append(Hit(start_s, min(max(velocity, 0.05), 1.0)))
    return hits


def _drum_pattern(section: Section, bar: int, voice: str) -> str:
    if voice in section.fills.get(bar, {}):
        return section.fills[bar][voice]
    patterns = section.drums.get(voice, ("",))
    return patterns[bar % len(patterns)]


def _bars() -> Iterator[tuple[Section, int, Chord]]:
    for section, first_bar in section_starts():
        for offset, name in enumerate(section.chords):
            yield section, first_bar + offset, CHORDS[name]


def _beat_s(beat: float) -> float:
    """Seconds of a beat; every second sixteenth comes late, which is the swing."""
    is_offbeat_sixteenth = round(beat * 4) % 2 == 1 and abs(beat * 4 - round(beat * 4)) < 1e-6
    swing_s = (SWING_RATIO - 0.5) * BEAT_S / 2 if is_offbeat_sixteenth else 0.0
    return LEAD_IN_S + beat * BEAT_S + swing_s


def _timing_error_s(rng: np.random.Generator, timing_s: float) -> float:
    return float(np.clip(rng.standard_normal(), -2.5, 2.5)) * timing_s


def _played(notes: list[Note], rng: np.random.Generator, *, timing_s: float, looseness: float) -> list[Event]:
    events = []
    for note in notes:
        start_s = _beat_s(note.start_beat) + _timing_error_s(rng, timing_s)
        velocity = float(np.clip(note.velocity * (1.0 + looseness * rng.standard_normal()), 0.05, 1.0))
        events.append(Event(start_s, note.length_beats * BEAT_S, note.pitch, velocity))
    return sorted(events)


def _written_events(lines: list[tuple[tuple[Note, ...], int]], rng: np.random.Generator) -> list[Event]:
    notes = [
        note._replace(start_beat=note.start_beat + first_bar * BEATS_PER_BAR)
        for line, first_bar in lines
        for note in line
    ]
    return _played(notes, rng, timing_s=0.004, looseness=0.05)


def _leading_note(bass: int, next_bass: int) -> int:
    """Return the scale note next to the coming bass note, on the side from which the line arrives."""
    if next_bass == bass:
        return bass + 7
    direction = -1 if next_bass > bass else 1
    pitch = next_bass + direction
    while pitch % 12 not in SCALE:
        pitch += direction
    return pitch
