"""The multitrack corpus: found, measured once, taken up again, the same manifest from the same files."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixing.audio.features import STAT
from mixing.training.corpus import write_manifest
from mixing.training.debian import DONE
from mixing.training.multitrack import library
from mixing.training.multitrack.sources import SOUND_FONTS, MultitrackPackage
from tests.mixing.training.multitrack.scores import SOUND_FONT, midi_file, module_file, wad_file

PACKAGES = (
    MultitrackPackage("tunes", "midi", "GPL-2", "rock"),
    MultitrackPackage("modules", "module", "Zlib", "electronic", role="bench"),
    MultitrackPackage("never-fetched", "module", "Zlib", "electronic"),
)
BAND = [(0, 60, 110, 64), (25, 55, 60, 20), (33, 36, 100, 64)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetched and measured once. Only for reading."""
    root = tmp_path_factory.mktemp("multitrack") / "corpus"
    tunes = {
        "a.mid": midi_file(BAND),
        "copy.mid": midi_file(BAND),
        "game.wad": wad_file([("D_ONE", midi_file(BAND[::-1]))]),
        "short.mid": midi_file(BAND, n_beats=4),
    }
    for name, files in (
        ("tunes", tunes),
        ("modules", {"b.MOD": module_file(), "readme.txt": b"no song"}),
        (SOUND_FONTS[0].package, {SOUND_FONTS[0].file: SOUND_FONT.read_bytes()}),
    ):
        (root / name / "usr").mkdir(parents=True)
        for file, content in files.items():
            (root / name / "usr" / file).write_bytes(content)
        (root / name / DONE).touch()
    build(root)
    return root


def build(corpus: Path) -> bytes:
    """Measure what has no measurements yet; returns the manifest."""
    found = library.find_songs(corpus, packages=PACKAGES)
    songs = library.measure_songs(found, corpus, corpus.parent / "features")
    write_manifest(corpus / library.MANIFEST_NAME, songs)
    return (corpus / library.MANIFEST_NAME).read_bytes()


def test_songs_are_found_once_with_licence_split_and_labels(corpus: Path) -> None:
    songs = library.read_multitrack(corpus / library.MANIFEST_NAME)
    assert [(song.title, song.split, song.licence) for song in songs] == [
        ("a", "train", "GPL-2"),
        ("D_ONE", "train", "GPL-2"),
        ("b", "bench", "Zlib"),
    ]
    assert songs == library.read_multitrack(corpus / library.MANIFEST_NAME)
    piano = songs[0].labels[0]
    assert piano.role == "keys"
    assert piano.volume == pytest.approx(110 / 127, abs=0.01)
    measured = {song.title: found for song, found in library.cached_multitrack(songs, corpus.parent / "features")}
    features = measured["a"]
    assert features.roles == ("keys", "guitar", "bass")
    assert features.mix is not None
    levels = [stem.stats[STAT["loudness_lufs"]] for stem in features.stems]
    assert max(levels) < features.mix.stats[STAT["loudness_lufs"]] + 0.5


def test_building_again_renders_nothing_and_gives_the_same_manifest(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = shutil.copytree(corpus.parent, tmp_path / "again") / "corpus"
    first = (again / library.MANIFEST_NAME).read_bytes()
    # In this process, which is the one that is watched.
    monkeypatch.setattr(library, "worker_processes", ThreadPoolExecutor)
    with monkeypatch.context() as watched:
        watched.setattr(library, "render_stems", lambda *_: pytest.fail("rendered again"))
        assert build(again) == first
    next((again.parent / "features").glob("*-v*.npz")).unlink()
    assert build(again) == first


def test_a_folder_of_ones_own_has_a_song_in_every_folder_of_stems(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for song in ("one", "two"):
        (tmp_path / song).mkdir()
        for stem in ("drums", "bass"):
            soundfile.write(tmp_path / song / f"{stem}.wav", 0.1 * rng.standard_normal((31 * 8000, 2)), 8000)
    found = library.find_folder(tmp_path)
    assert sorted(song.title for song in found) == ["one", "two"]
    assert sorted(song.split for song in found) == ["bench", "train"]
    songs = library.measure_songs(found, tmp_path, tmp_path / "features")
    assert [sorted(label.role for label in song.labels) for song in songs] == [["bass", "drums"]] * 2
