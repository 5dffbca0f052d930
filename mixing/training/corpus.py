"""The training corpus: openly licensed songs out of Debian packages, or out of a folder of one's own.

Packages are fetched with `apt-get download` and unpacked without being installed; only audio and the `copyright`
file are kept. Every step can be repeated: finished packages are skipped. The manifest says for each song where it
comes from, under which licence, and on which side of which split it lies. Splits follow the source work (a package's
album, artist or title without its variant), never the file, so that two versions of one piece cannot meet across a
split.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from mixing.errors import AudioError
from mixing.genres import GENRES
from mixing.processes import worker_processes
from mixing.training.debian import DONE, download_and_unpack, fetch_all, licence_of, read_licences
from mixing.training.packages import PACKAGES, MusicPackage

MIN_DURATION_S = 30.0
MIN_SAMPLE_RATE = 32_000
MIN_RMS_DBFS = -35.0
MIN_SIDE_DB = -45.0
PROBE_S = 20.0
# Songs of each small set. They are taken from works of at most MAX_WORK songs, so that no album fills a set.
SET_SONGS = {"gate": 36, "probe": 36, "heal": 64}
MAX_WORK = 6
AUDIO_SUFFIXES = (".ogg", ".oga", ".flac", ".wav", ".mp3", ".aiff", ".aif")
_ARCHIVES = (".zip", ".pk3")
_NOT_MUSIC = re.compile(
    r"ambien(t|ce)[/_-]|/ambien|sfx|effects?/|_fast\b|-fast\b|/voices?/|/speech|/actor/", re.IGNORECASE
)
_VARIANT = re.compile(r"([ _-]*(old|fast|slow|loop|remix|intro|v?\d+|[ivx]+|part|alt|short|long|full|reprise))+$")
_GENRE_WORDS: tuple[tuple[str, str], ...] = (
    ("metal", "metal"),
    ("hip", "hip-hop"),
    ("rap", "hip-hop"),
    ("jazz", "jazz"),
    ("blues", "blues"),
    ("rock", "rock"),
    ("ambient", "ambient"),
    ("techno", "electronic"),
    ("electro", "electronic"),
    ("trance", "electronic"),
    ("house", "electronic"),
    ("dance", "electronic"),
    ("drum", "electronic"),
    ("industrial", "electronic"),
    ("orchestra", "orchestral"),
    ("classical", "orchestral"),
    ("folk", "folk"),
    ("celtic", "folk"),
    ("acoustic", "folk"),
    ("world", "world"),
    ("ethnic", "world"),
    ("pop", "pop"),
)


@dataclass(frozen=True)
class CorpusSong:
    """One usable song.

    Attributes:
        path: relative to the corpus directory, or absolute for a folder of one's own.
        work: source work; every song of a work lies in the same split.
        genre: slug of mixing.genres, or empty where nobody said.
        has_genre_tag: the genre is the file's own tag, not the package's.
        n_over: samples beyond full scale in the probed middle; such songs are no reference for crest.
        split: train, heal, gate, probe or bench.
    """

    path: str
    package: str
    title: str
    artist: str
    work: str
    licence: str
    genre: str
    has_genre_tag: bool
    sha256: str
    duration_s: float
    sample_rate: int
    n_over: int
    split: str


def fetch_packages(
    root: Path,
    *,
    packages: Sequence[MusicPackage] = PACKAGES,
    on_done: Callable[[str], object] | None = None,
    n_workers: int = 2,
) -> list[str]:
    """Download and unpack what is missing; returns the names of packages the archive could not give.

    Args:
        root: the corpus directory; each package gets a folder with a mark once it is complete.
        on_done: called with each package's name, from any thread.
    """
    return fetch_all([package.name for package in packages], root, _unpack, on_done=on_done, n_workers=n_workers)


def scan_packages(
    root: Path,
    *,
    packages: Sequence[MusicPackage] = PACKAGES,
    on_file: Callable[[], object] | None = None,
    n_workers: int = 2,
) -> list[CorpusSong]:
    """Find the usable songs of every package that has been fetched, splits assigned."""
    songs: list[CorpusSong] = []
    with worker_processes(n_workers) as pool:
        for package in packages:
            folder = root / package.name
            if not (folder / DONE).exists():
                continue
            licences = read_licences(folder / "copyright")
            paths = [p for p in audio_files(folder) if not any(word in p.as_posix() for word in package.skip)]
            for path, probed in zip(paths, pool.map(probe_song, paths, chunksize=4), strict=True):
                if on_file is not None:
                    on_file()
                if probed is None:
                    continue
                inside = path.relative_to(folder).as_posix()
                songs.append(
                    replace(
                        probed,
                        path=path.relative_to(root).as_posix(),
                        package=package.name,
                        work=f"{package.name}/{probed.work}",
                        licence=licence_of(inside, licences) or package.licence,
                        genre=probed.genre or package.genre,
                        has_genre_tag=bool(probed.genre),
                        split=package.role,
                    )
                )
    return assign_splits(_without_duplicates(songs))


def scan_folder(folder: Path, *, on_file: Callable[[], object] | None = None, n_workers: int = 2) -> list[CorpusSong]:
    """Find the usable songs of a folder of one's own; sub-folders count as albums. Raises AudioError if there are
    none.
    """
    paths = list(audio_files(folder))
    songs: list[CorpusSong] = []
    with worker_processes(n_workers) as pool:
        for path, probed in zip(paths, pool.map(probe_song, paths, chunksize=4), strict=True):
            if on_file is not None:
                on_file()
            if probed is not None:
                album = path.parent.relative_to(folder).as_posix()
                work = f"{album}/{probed.work}" if album != "." else probed.work
                songs.append(
                    replace(
                        probed,
                        path=str(path.resolve()),
                        package=folder.name,
                        work=work,
                        licence="the folder's owner knows",
                    )
                )
    if not songs:
        raise AudioError(
            f"No usable music was found in {folder}. Put stereo files of at least {MIN_DURATION_S:.0f} seconds there.",
            code="empty",
        )
    return assign_splits(_without_duplicates(songs), bench_share=0.12)


def audio_files(folder: Path) -> Iterable[Path]:
    """Every audio file below `folder` that is not named like an effect, in a stable order."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in AUDIO_SUFFIXES and not _NOT_MUSIC.search(path.relative_to(folder).as_posix()):
            yield path


def probe_song(path: Path) -> CorpusSong | None:
    """Judge one file from its header and its middle; None where it is no use as a mix to learn from."""
    try:
        with soundfile.SoundFile(str(path)) as file:
            rate, n_frames = file.samplerate, file.frames
            duration_s = n_frames / rate
            if file.channels != 2 or rate < MIN_SAMPLE_RATE or duration_s < MIN_DURATION_S:
                return None
            tags = file.copy_metadata()
            n_probe = min(int(PROBE_S * rate), n_frames)
            file.seek((n_frames - n_probe) // 2)
            middle = file.read(n_probe, dtype="float32", always_2d=True).T
    except (soundfile.LibsndfileError, RuntimeError):
        return None
    if not np.isfinite(middle).all() or middle.size == 0:
        return None
    mid, side = 0.5 * (middle[0] + middle[1]), 0.5 * (middle[0] - middle[1])
    power = float(np.mean(np.square(middle)))
    side_db = 10.0 * np.log10((np.mean(np.square(side)) + 1e-20) / (np.mean(np.square(mid)) + 1e-20))
    if 10.0 * np.log10(power + 1e-20) < MIN_RMS_DBFS or side_db < MIN_SIDE_DB:
        return None
    title = tags.get("title", "").strip() or path.stem
    artist, album = tags.get("artist", "").strip(), tags.get("album", "").strip()
    return CorpusSong(
        path="",
        package="",
        title=title,
        artist=artist,
        work=_work(album or artist, path.stem),
        licence="",
        genre=genre_of_tag(tags.get("genre", "")),
        has_genre_tag=False,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        duration_s=round(duration_s, 2),
        sample_rate=rate,
        n_over=int(np.count_nonzero(np.abs(middle) > 1.0)),
        split="train",
    )


def genre_of_tag(tag: str) -> str:
    """The slug that a free-text genre tag means, or empty."""
    lowered = tag.lower()
    if lowered in GENRES:
        return lowered
    return next((slug for word, slug in _GENRE_WORDS if word in lowered), "")


def assign_splits(songs: Sequence[CorpusSong], *, bench_share: float = 0.0) -> list[CorpusSong]:
    """Give whole works to gate, probe and heal, in the order of their hashes, until each has its songs; the rest
    trains.

    Args:
        songs: those already marked `bench` stay there.
        bench_share: part of all songs to set aside for MixBench, for music that has no packages of its own for it.
    """
    works: dict[str, list[CorpusSong]] = defaultdict(list)
    for song in songs:
        works[song.work].append(song)
    wanted = {name: min(n, len(songs) // 10) for name, n in SET_SONGS.items()}
    if bench_share:
        wanted["bench"] = max(1, round(bench_share * len(songs)))
    taken = dict.fromkeys(wanted, 0)
    result: list[CorpusSong] = []
    for work in sorted(works, key=lambda w: hashlib.sha256(w.encode()).hexdigest()):
        group = works[work]
        split = group[0].split
        if split == "train" and len(group) <= MAX_WORK:
            split = next((name for name in wanted if taken[name] + len(group) <= wanted[name]), "train")
            if split != "train":
                taken[split] += len(group)
        result.extend(replace(song, split=split) for song in group)
    return sorted(result, key=lambda song: song.path)


def write_manifest(path: Path, songs: Sequence[Any]) -> None:
    """Write a manifest as JSON, one song a line; songs are dataclasses of plain values."""
    lines = ",\n".join(json.dumps(asdict(song), ensure_ascii=False) for song in songs)
    partial = path.with_suffix(".part")
    partial.write_text(f"[\n{lines}\n]\n")
    partial.replace(path)


def read_manifest(path: Path) -> list[CorpusSong]:
    """Read a manifest. Raises AudioError where it is missing."""
    if not path.exists():
        raise AudioError(f"There is no corpus at {path}. Run `manage.py build_corpus` first.", code="empty")
    return [CorpusSong(**entry) for entry in json.loads(path.read_text())]


def _unpack(name: str, target: Path) -> None:
    download_and_unpack(name, target, [f"*{suffix}" for suffix in (*AUDIO_SUFFIXES, *_ARCHIVES)])
    for archive in [p for p in target.rglob("*") if p.suffix in _ARCHIVES and p.is_file()]:
        try:
            with zipfile.ZipFile(archive) as content:
                for entry in content.namelist():
                    if entry.lower().endswith(AUDIO_SUFFIXES) and ".." not in entry:
                        content.extract(entry, archive.with_suffix(""))
        except zipfile.BadZipFile as error:
            raise OSError(f"{archive.name} is damaged") from error
        archive.unlink()
    for path in audio_files_outside_use(target):
        path.unlink()


def audio_files_outside_use(folder: Path) -> list[Path]:
    """Audio files named like effects: they take room and are never used."""
    music = set(audio_files(folder))
    return [p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES and p.is_file() and p not in music]


def _work(owner: str, stem: str) -> str:
    if owner:
        return owner.lower()
    title = stem.lower()
    return _VARIANT.sub("", title) or title


def _without_duplicates(songs: Iterable[CorpusSong]) -> list[CorpusSong]:
    """Drop repeated files, and songs that share title and length with an earlier one of any package."""
    seen: set[str] = set()
    kept: list[CorpusSong] = []
    for song in songs:
        keys = {song.sha256, f"{song.title.lower()}:{song.duration_s:.0f}"}
        if not keys & seen:
            kept.append(song)
        seen |= keys
    return kept
