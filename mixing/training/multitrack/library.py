"""The multitrack half of the corpus: found, rendered, measured once, and kept as features with the authors' labels.

Stems are not stored: what is learned from are their features, and `render_stems` makes the audio again where it is
needed. Finished songs are skipped, so a build that was cut goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mixing.audio.features import SongFeatures, cache_path, extract_features, load_features, save_features
from mixing.errors import AudioError
from mixing.processes import worker_processes
from mixing.training.debian import DONE, download_and_unpack, fetch_all, licence_of, read_licences
from mixing.training.multitrack.accompaniment import SONGS_DIR, genre_of_style, write_songs
from mixing.training.multitrack.fluidsynth import render_midi
from mixing.training.multitrack.openmpt import render_module
from mixing.training.multitrack.recorded import RECORDED_SUFFIXES, read_recorded, stem_files
from mixing.training.multitrack.rendering import StemLabel, Stems
from mixing.training.multitrack.sources import MULTITRACK, SOUND_FONTS, SUFFIXES, Kind, MultitrackPackage
from mixing.training.multitrack.wad import midi_lumps

MANIFEST_NAME = "multitrack.json"
# Parts of a MIDI file's path that a lump's name follows.
LUMP = "#"


@dataclass(frozen=True)
class MultitrackSong:
    """One song in parts.

    Attributes:
        path: of the source, relative to the corpus; a lump of a WAD follows after a #. Absolute for a folder of one's
            own.
        work: source work; every song of a work lies in the same split.
        sound_font: file name, for MIDI; empty otherwise.
        sha256: of the source, and of nothing else.
        labels: what the author set, one a stem; empty until the song is measured.
        split: train or bench.
    """

    path: str
    package: str
    kind: Kind
    title: str
    work: str
    licence: str
    genre: str
    sha256: str
    sound_font: str
    split: str
    duration_s: float = 0.0
    labels: tuple[StemLabel, ...] = ()

    @property
    def content_hash(self) -> str:
        """Names what was measured: source and sound font."""
        return hashlib.sha256(f"{self.sha256}{self.sound_font}".encode()).hexdigest()


def fetch_multitrack(
    root: Path,
    *,
    packages: Sequence[MultitrackPackage] = MULTITRACK,
    on_done: Callable[[str], object] | None = None,
    n_workers: int = 2,
) -> list[str]:
    """Fetch packages, and the sound fonts where MIDI is among them; returns the names that could not be had."""
    by_name = {package.name: package for package in packages}
    fonts = SOUND_FONTS if any(p.kind in ("midi", "accompaniment") for p in packages) else ()

    def unpack(name: str, target: Path) -> None:
        package = by_name.get(name)
        if package is None:
            download_and_unpack(name, target, ["*.sf2"])
        elif package.kind == "accompaniment":
            download_and_unpack(name, target, ["*/bin/mma", "*/share/mma/*"])
            write_songs(target)
        else:
            suffixes = SUFFIXES[package.kind]
            download_and_unpack(name, target, [f"*{case}" for s in suffixes for case in (s, s.upper(), s.capitalize())])

    return fetch_all([*(font.package for font in fonts), *by_name], root, unpack, on_done=on_done, n_workers=n_workers)


def find_songs(root: Path, *, packages: Sequence[MultitrackPackage] = MULTITRACK) -> list[MultitrackSong]:
    """Every song of the packages that have been fetched, not yet rendered; the same source counts once."""
    songs: list[MultitrackSong] = []
    seen: set[str] = set()
    for package in packages:
        folder = root / package.name
        if not (folder / DONE).exists():
            continue
        licences = read_licences(folder / "copyright")
        for path, content in _sources(folder, package.kind):
            sha256 = hashlib.sha256(content).hexdigest()
            title = path.rpartition(LUMP)[2] if LUMP in path else Path(path).stem
            if sha256 in seen:
                continue
            seen.add(sha256)
            songs.append(
                MultitrackSong(
                    path=f"{package.name}/{path}",
                    package=package.name,
                    kind=package.kind,
                    title=title,
                    work=f"{package.name}/{title.lower()}",
                    licence=licence_of(path, licences) or package.licence,
                    genre=package.genre or genre_of_style(title),
                    sha256=sha256,
                    sound_font=_font_of(package.kind),
                    split=package.role,
                )
            )
    return songs


def find_folder(folder: Path) -> list[MultitrackSong]:
    """Songs of a folder of one's own: every folder of OGG, WAV or FLAC files in it is one, its files the stems."""
    holding = sorted({path.parent for path in folder.rglob("*") if path.suffix.lower() in RECORDED_SUFFIXES})
    songs = [
        MultitrackSong(
            path=str(inner.resolve()),
            package=folder.name,
            kind="recorded",
            title=inner.name,
            work=inner.name.lower(),
            licence="the folder's owner knows",
            genre="",
            sha256=hashlib.sha256(b"".join(path.read_bytes() for path in stem_files(inner))).hexdigest(),
            sound_font="",
            split="train",
        )
        for inner in holding
    ]
    # Every eighth song judges, in the order of their hashes.
    judging = {song.sha256 for song in sorted(songs, key=lambda song: song.sha256)[::8]}
    return [replace(song, split="bench") if song.sha256 in judging else song for song in songs]


def render_stems(song: MultitrackSong, root: Path) -> Stems | None:
    """The song's stems as audio; None where it is no use. Raises AudioError where a library or the source is missing.

    Args:
        root: the corpus directory.
    """
    if song.kind == "recorded":
        return read_recorded(root / song.path)
    content = _read(root, song.path)
    if song.kind == "module":
        return render_module(content)
    font = next(f for f in SOUND_FONTS if f.file == song.sound_font)
    return render_midi(content, next((root / font.package).rglob(font.file)))


def measure_songs(
    songs: Sequence[MultitrackSong],
    root: Path,
    cache_dir: Path,
    *,
    on_song: Callable[[], object] | None = None,
    n_workers: int = 2,
) -> list[MultitrackSong]:
    """Render and measure every song that the cache lacks; returns the usable ones with labels and duration."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    usable = []
    with worker_processes(n_workers) as pool:
        for song, found in zip(songs, pool.map(partial(_measure, root=root, cache_dir=cache_dir), songs), strict=True):
            if found is not None:
                duration_s, labels = found
                usable.append(replace(song, duration_s=duration_s, labels=labels))
            if on_song is not None:
                on_song()
    return usable


def read_multitrack(path: Path) -> list[MultitrackSong]:
    """Read a manifest; a corpus without one has no songs in stems."""
    if not path.exists():
        return []
    entries = json.loads(path.read_text())
    return [
        MultitrackSong(**entry | {"labels": tuple(StemLabel(**label) for label in entry["labels"])})
        for entry in entries
    ]


def cached_multitrack(
    songs: Sequence[MultitrackSong], cache_dir: Path
) -> Iterator[tuple[MultitrackSong, SongFeatures]]:
    """Songs with their features, those only that have been measured."""
    for song in songs:
        path = cache_path(cache_dir, song.content_hash)
        if path.exists():
            features = load_features(path)
            yield song, replace(features, roles=tuple(label.role for label in song.labels))


def _measure(song: MultitrackSong, *, root: Path, cache_dir: Path) -> tuple[float, tuple[StemLabel, ...]] | None:
    note = cache_dir / f"{song.content_hash}-stems.json"
    features_path = cache_path(cache_dir, song.content_hash)
    if note.exists():
        told = json.loads(note.read_text())
        if told is None or features_path.exists():
            return told and (told["duration_s"], tuple(StemLabel(**label) for label in told["labels"]))
    try:
        stems = render_stems(song, root)
    except AudioError as error:
        if error.code == "missing_library":
            raise
        stems = None
    if stems is None:
        note.write_text("null")
        return None
    parts = extract_features([*stems.audio, stems.mix], stems.rate, content_hash=song.content_hash).stems
    save_features(SongFeatures(parts[:-1], song.content_hash, stems.rate, mix=parts[-1]), features_path)
    duration_s = round(stems.audio[0].shape[1] / stems.rate, 2)
    note.write_text(json.dumps({"duration_s": duration_s, "labels": [label.to_dict() for label in stems.labels]}))
    return duration_s, stems.labels


def _font_of(kind: Kind) -> str:
    """The good sound font for what people wrote, the small one for accompaniments; empty where none is needed."""
    return {"midi": SOUND_FONTS[0].file, "accompaniment": SOUND_FONTS[-1].file}.get(kind, "")


def _sources(folder: Path, kind: Kind) -> Iterator[tuple[str, bytes]]:
    """Path inside the package, and content, of every song."""
    if kind == "recorded":
        for inner in sorted({path.parent for path in folder.rglob("*") if path.suffix in RECORDED_SUFFIXES}):
            yield inner.relative_to(folder).as_posix(), b"".join(path.read_bytes() for path in stem_files(inner))
        return
    where = folder / SONGS_DIR if kind == "accompaniment" else folder
    for path in sorted(where.rglob("*")):
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES[kind] or not path.is_file():
            continue
        inside = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        if suffix == ".wad":
            yield from ((f"{inside}{LUMP}{name}", lump) for name, lump in midi_lumps(content))
        else:
            yield inside, content


def _read(root: Path, path: str) -> bytes:
    file, _, lump = path.partition(LUMP)
    try:
        content = (root / file).read_bytes()
    except OSError as error:
        raise AudioError(f"{file} is missing from the corpus. Build it again.", code="missing") from error
    return dict(midi_lumps(content))[lump] if lump else content
