"""Stems from notes: they add up to the song, at the levels and pans that their author set."""

from __future__ import annotations

import ctypes.util
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixing.audio.roles import ROLES
from mixing.errors import AudioError
from mixing.training.multitrack import accompaniment, fluidsynth, openmpt
from mixing.training.multitrack.fluidsynth import render_midi, role_of_program
from mixing.training.multitrack.openmpt import render_module
from mixing.training.multitrack.recorded import read_recorded
from mixing.training.multitrack.rendering import RATE
from mixing.training.multitrack.wad import midi_lumps
from tests.mixing.training.multitrack.scores import SOUND_FONT, midi_file, module_file, wad_file

PIANO, GUITAR, BASS = (0, 60, 100, 64), (25, 55, 100, 20), (33, 36, 100, 64)


def level_db(audio: np.ndarray) -> float:
    return float(10.0 * np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-20))


def test_every_midi_channel_is_a_stem_with_its_label() -> None:
    stems = render_midi(midi_file([PIANO, GUITAR, BASS]), SOUND_FONT)
    assert stems is not None
    assert [label.role for label in stems.labels] == ["keys", "guitar", "bass"]
    assert [label.pan for label in stems.labels] == pytest.approx([0.0, -0.685, 0.0], abs=0.02)
    assert all(label.volume == pytest.approx(100 / 127, abs=0.01) for label in stems.labels)
    guitar = stems.audio[1]
    assert level_db(guitar[0]) > level_db(guitar[1]) + 3.0
    assert 30.0 < guitar.shape[1] / RATE < 40.0
    np.testing.assert_allclose(stems.mix, sum(stems.audio), atol=1e-6)


def test_the_authors_volume_is_in_the_stem() -> None:
    """General MIDI: a channel's level follows 40 log10 of its volume. Source: GM Level 2, section 3.3.1."""
    loud, soft = (render_midi(midi_file([(*PIANO[:2], volume, 64), GUITAR, BASS]), SOUND_FONT) for volume in (127, 64))
    assert loud is not None and soft is not None
    assert level_db(loud.audio[0]) - level_db(soft.audio[0]) == pytest.approx(40.0 * np.log10(127 / 64), abs=0.3)
    assert level_db(loud.audio[1]) == pytest.approx(level_db(soft.audio[1]), abs=0.01)


def test_too_few_channels_and_short_songs_are_no_songs_in_stems() -> None:
    assert render_midi(midi_file([PIANO, GUITAR]), SOUND_FONT) is None
    assert render_midi(midi_file([PIANO, GUITAR, BASS], n_beats=20), SOUND_FONT) is None


@pytest.mark.parametrize("content", [b"", b"MThd", b"not music at all" * 100])
def test_what_is_no_music_is_refused_or_empty(content: bytes) -> None:
    assert render_midi(content, SOUND_FONT) is None
    with pytest.raises(AudioError, match="no tracker module"):
        render_module(content)


def test_a_sound_font_that_is_none_is_named(tmp_path: Path) -> None:
    font = tmp_path / "broken.sf2"
    font.write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"broken\.sf2"):
        render_midi(midi_file([PIANO]), font)


def test_every_module_channel_is_a_stem() -> None:
    stems = render_module(module_file())
    assert stems is not None
    assert len(stems.audio) == 3  # the fourth channel is silent
    assert 40.0 < stems.audio[0].shape[1] / RATE < 50.0
    # The Amiga plays channels 1 and 4 on the left, 2 and 3 on the right.
    assert level_db(stems.audio[0][0]) > level_db(stems.audio[0][1]) + 6.0
    assert level_db(stems.audio[1][1]) > level_db(stems.audio[1][0]) + 6.0
    assert level_db(stems.audio[1]) - level_db(stems.audio[2]) == pytest.approx(6.0, abs=1.5)


@pytest.mark.parametrize("module", [fluidsynth, openmpt])
def test_a_missing_library_is_named_with_its_package(module, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    module._library.cache_clear()
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(AudioError, match=r"apt-get install lib(fluidsynth3|openmpt0)") as caught:
        module._library()
    assert caught.value.code == "missing_library"
    module._library.cache_clear()


def test_midi_is_found_in_a_wad_and_nothing_else() -> None:
    song = midi_file([PIANO])
    found = list(midi_lumps(wad_file([("PLAYPAL", b"colors"), ("D_E1M1", song), ("D_INTRO", song)])))
    assert found == [("D_E1M1", song), ("D_INTRO", song)]
    for broken in (b"", b"IWAD", b"RIFF" + bytes(20), wad_file([("D_E1M1", song)])[:-8]):
        with pytest.raises(AudioError):
            list(midi_lumps(broken))


def test_recorded_stems_are_cut_to_one_length(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, seconds, channels in (("guitar", 33, 2), ("song", 32, 1)):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * rng.standard_normal((seconds * 8000, channels)), 8000)
    stems = read_recorded(tmp_path)
    assert stems is not None
    assert [stem.shape for stem in stems.audio] == [(2, 32 * RATE)] * 2
    assert stems.labels[0].role == "guitar"
    (tmp_path / "empty").mkdir()
    assert read_recorded(tmp_path / "empty") is None


def test_programs_have_roles() -> None:
    assert {role_of_program(program, is_drums=False) for program in range(128)} <= set(ROLES)
    assert (role_of_program(33, is_drums=False), role_of_program(33, is_drums=True)) == ("bass", "drums")


def test_an_accompaniment_is_drawn_by_its_styles_name() -> None:
    style = "DefGroove Swing plain\nDefGroove SwingFill end\nDefGroove SwingPlus more\n"
    text = accompaniment.song_text("swing", style)
    assert text is not None and text == accompaniment.song_text("swing", style)
    assert "Groove Swing\n" in text and "Groove SwingPlus\n" in text and "Fill" not in text
    assert text.count("\n") == accompaniment.N_BARS + 3
    assert text != accompaniment.song_text("bebop", style)
    assert accompaniment.song_text("metronome3", style) is None
    assert accompaniment.song_text("swing", "nothing") is None
    assert accompaniment.genre_of_style("slowblues") == "blues"
