"""The corpus keeps works together, licences with their songs, and effects out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixing.errors import AudioError
from mixing.genres import GENRES
from mixing.training import feature_sets
from mixing.training.cache import cached_songs, fill_cache
from mixing.training.corpus import (
    CorpusSong,
    assign_splits,
    genre_of_tag,
    licence_of,
    probe_song,
    read_licences,
    read_manifest,
    scan_folder,
    write_manifest,
)
from mixing.training.packages import PACKAGES
from tests.mixing.audio.test_features import RATE, make_noise


def make_song(i: int, **overrides: object) -> CorpusSong:
    song = CorpusSong(
        path=f"p/{i}.ogg",
        package="p",
        title=f"song {i}",
        artist="",
        work=f"p/{i // 2}",
        licence="GPL-2",
        genre="rock",
        has_genre_tag=False,
        sha256=f"{i:064d}",
        duration_s=100.0 + i,
        sample_rate=44_100,
        n_over=0,
        split="train",
    )
    return replace(song, **overrides)  # type: ignore[arg-type]


def write_song(path: Path, seed: int, seconds: float = 31.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, make_noise(seconds, RATE, seed).T, RATE)


def test_no_work_lies_on_two_sides_of_a_split() -> None:
    songs = assign_splits([make_song(i) for i in range(400)] + [make_song(i + 400, split="bench") for i in range(20)])
    sides: dict[str, set[str]] = {}
    for song in songs:
        sides.setdefault(song.work, set()).add(song.split)
    assert all(len(splits) == 1 for splits in sides.values())
    counts = Counter(song.split for song in songs)
    assert counts["bench"] == 20
    assert min(counts["heal"], counts["gate"], counts["probe"]) > 20
    assert counts["train"] > 200
    assert songs == assign_splits(songs_as_first_scanned(songs))


def songs_as_first_scanned(songs: list[CorpusSong]) -> list[CorpusSong]:
    """The same songs in another order, splits not yet drawn."""
    return [replace(s, split="bench" if s.split == "bench" else "train") for s in reversed(songs)]


def test_big_albums_always_train() -> None:
    songs = assign_splits([make_song(i, work="p/album") for i in range(10)] + [make_song(i) for i in range(100, 200)])
    assert {song.split for song in songs if song.work == "p/album"} == {"train"}


def test_licences_follow_the_last_stanza_that_names_a_file(tmp_path: Path) -> None:
    path = tmp_path / "copyright"
    path.write_text(
        "Format: x\n\nFiles: *\nCopyright: a\nLicense: GPL-2+\n\n"
        "Files: music/one.ogg\n music/sub/*\nCopyright: b\nLicense: CC-BY-3.0\n text\n"
    )
    licences = read_licences(path)
    assert licence_of("usr/share/games/x/music/one.ogg", licences) == "CC-BY-3.0"
    assert licence_of("usr/share/games/x/music/sub/two.ogg", licences) == "CC-BY-3.0"
    assert licence_of("usr/share/games/x/music/three.ogg", licences) == ""
    assert read_licences(tmp_path / "absent") == []


@pytest.mark.parametrize(
    ("tag", "genre"), [("Heavy Metal", "metal"), ("Synth-Pop", "pop"), ("Game", ""), ("", ""), ("ROCK", "rock")]
)
def test_free_text_tags_map_to_genres(tag: str, genre: str) -> None:
    assert genre_of_tag(tag) == genre


def test_packages_are_named_once_with_known_genres() -> None:
    assert len({package.name for package in PACKAGES}) == len(PACKAGES)
    assert {package.genre for package in PACKAGES} <= set(GENRES)
    assert all(package.licence for package in PACKAGES)


def test_files_that_teach_nothing_are_left_out(tmp_path: Path) -> None:
    write_song(tmp_path / "good.wav", 0)
    write_song(tmp_path / "short.wav", 0, seconds=5.0)
    soundfile.write(tmp_path / "mono.wav", make_noise(31.0)[0], RATE)
    soundfile.write(tmp_path / "dual.wav", np.repeat(make_noise(31.0)[:1], 2, axis=0).T, RATE)
    soundfile.write(tmp_path / "quiet.wav", 0.001 * make_noise(31.0).T, RATE, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no audio")
    assert probe_song(tmp_path / "good.wav") is not None
    for name in ("short", "mono", "dual", "quiet", "text"):
        assert probe_song(tmp_path / f"{name}.wav") is None, name


def test_a_folder_becomes_a_measured_corpus(tmp_path: Path) -> None:
    for i in range(3):
        write_song(tmp_path / "music" / f"album{i}" / f"song{i}.wav", i)
    (tmp_path / "music" / "album3").mkdir()
    (tmp_path / "music" / "album3" / "copy.wav").write_bytes((tmp_path / "music" / "album0" / "song0.wav").read_bytes())
    songs = scan_folder(tmp_path / "music", n_workers=1)
    assert len(songs) == 3
    assert len({song.work for song in songs}) == 3
    write_manifest(tmp_path / "manifest.json", songs)
    assert read_manifest(tmp_path / "manifest.json") == songs
    assert fill_cache(songs[:2], tmp_path, tmp_path / "cache", n_workers=1) == []
    assert [song for song, _ in cached_songs(songs, tmp_path / "cache")] == songs[:2]
    with pytest.raises(AudioError):
        scan_folder(tmp_path / "cache", n_workers=1)
    with pytest.raises(AudioError):
        read_manifest(tmp_path / "absent.json")


def test_shipped_sets_are_small_whole_and_disjoint() -> None:
    ids: list[set[str]] = []
    for name in ("heal", "gate", "probe"):
        found = feature_sets.load(name)
        assert (feature_sets.DATA_DIR / f"{name}.npz").stat().st_size < feature_sets.MAX_BYTES
        assert np.isfinite(found.log_mel).all()
        assert np.isfinite(found.stats).all()
        assert len(found.genres) == len(found.ids) == len(found.stats) >= 30
        ids.append(set(found.ids))
    assert not (ids[0] & ids[1] or ids[0] & ids[2] or ids[1] & ids[2])
    gate = feature_sets.load("gate")
    assert gate.degraded_stats is not None
    assert gate.degraded_stats.shape == gate.stats.shape
    works = _works_by_set()
    assert not (works["heal"] & works["gate"] or works["heal"] & works["probe"] or works["gate"] & works["probe"])


def _works_by_set() -> dict[str, set[str]]:
    import tomllib

    data = tomllib.loads((feature_sets.DATA_DIR / "sources.toml").read_text())
    return {name: {entry["work"] for entry in songs.values()} for name, songs in data.items()}
