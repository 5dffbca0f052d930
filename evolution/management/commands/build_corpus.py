"""Fetch the training corpus, measure it, and rebuild the small feature sets that ship with the project."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

if TYPE_CHECKING:
    from mixing.training.corpus import CorpusSong
    from mixing.training.multitrack.sources import MultitrackPackage
    from mixing.training.packages import MusicPackage

CORPUS_DIR = Path("var/corpus")
CACHE_DIR = Path("var/features")


class Command(BaseCommand):
    help = (
        "Fetch openly licensed music from Debian packages (or take folders), stereo songs and songs in stems; "
        "measure it, write the manifests. Goes on where it was stopped."
    )
    # Nothing of the site is touched: no database, no pages.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, help="use the stereo music in this folder instead of packages")
        parser.add_argument(
            "--stems-folder",
            type=Path,
            help="use the songs in this folder, each a folder of stems, instead of packages",
        )
        parser.add_argument("--packages", nargs="+", help="only these packages")
        parser.add_argument(
            "--sets", action="store_true", help="also rebuild the feature sets and genre weights in mixing/data"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.errors import MixArenaError
        from mixing.training.multitrack.sources import MULTITRACK
        from mixing.training.packages import PACKAGES

        names = options["packages"]
        stereo = [package for package in PACKAGES if not names or package.name in names]
        multitrack = [package for package in MULTITRACK if not names or package.name in names]
        if not stereo and not multitrack:
            raise CommandError(
                "None of these packages is in the tables. Look in mixing/training/packages.py and "
                "mixing/training/multitrack/sources.py.",
                returncode=2,
            )
        own = options["folder"] is not None or options["stems_folder"] is not None
        CORPUS_DIR.mkdir(parents=True, exist_ok=True)
        try:
            if options["folder"] is not None or (stereo and not own):
                self._stereo(options["folder"], stereo, with_sets=options["sets"])
            if options["stems_folder"] is not None or (multitrack and not own):
                self._multitrack(options["stems_folder"], multitrack, with_sets=options["sets"])
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error

    def _stereo(self, folder: Path | None, packages: list[MusicPackage], *, with_sets: bool) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        from tqdm import tqdm

        from mixing.training import corpus
        from mixing.training.cache import fill_cache

        if folder is None:
            with tqdm(total=len(packages), desc="Fetching packages", unit="package") as bar:
                missing = corpus.fetch_packages(CORPUS_DIR, packages=packages, on_done=lambda _: bar.update())
            self._tell_missing(missing)
        with tqdm(desc="Judging files", unit="file") as bar:
            songs = (
                corpus.scan_folder(folder, on_file=bar.update)
                if folder is not None
                else corpus.scan_packages(CORPUS_DIR, packages=packages, on_file=bar.update)
            )
        manifest = CORPUS_DIR / "manifest.json"
        corpus.write_manifest(manifest, songs)
        with tqdm(total=len(songs), desc="Measuring songs", unit="song") as bar:
            failed = fill_cache(songs, CORPUS_DIR, CACHE_DIR, on_song=bar.update)
        if with_sets:
            self._build_sets(songs)
        hours = sum(song.duration_s for song in songs) / 3600.0
        self.stdout.write(
            f"{len(songs) - len(failed)} songs, {hours:.1f} hours, of {len({s.work for s in songs})} works. "
            f"Manifest {_sha256(manifest)}"
        )

    def _multitrack(self, folder: Path | None, packages: list[MultitrackPackage], *, with_sets: bool) -> None:
        from tqdm import tqdm

        from mixing.training.champions import load_stem_songs
        from mixing.training.corpus import write_manifest
        from mixing.training.multitrack import library
        from mixing.training.stem_bench import save_stems

        if folder is None:
            with tqdm(desc="Fetching songs in stems", unit="package") as bar:
                missing = library.fetch_multitrack(CORPUS_DIR, packages=packages, on_done=lambda _: bar.update())
            self._tell_missing(missing)
            found = library.find_songs(CORPUS_DIR, packages=packages)
        else:
            found = library.find_folder(folder)
        with tqdm(total=len(found), desc="Rendering stems", unit="song") as bar:
            songs = library.measure_songs(found, CORPUS_DIR, CACHE_DIR, on_song=bar.update)
        manifest = CORPUS_DIR / library.MANIFEST_NAME
        write_manifest(manifest, songs)
        if with_sets:
            save_stems(load_stem_songs(CORPUS_DIR, CACHE_DIR, "bench"))
        hours = sum(song.duration_s for song in songs) / 3600.0
        n_stems = sum(len(song.labels) for song in songs)
        self.stdout.write(
            f"{len(songs)} songs in stems, {hours:.1f} hours, {n_stems} stems. Manifest {_sha256(manifest)}"
        )

    def _tell_missing(self, names: list[str]) -> None:
        if names:
            self.stderr.write(f"Left out, the archive did not give them: {', '.join(names)}")

    def _build_sets(self, songs: list[CorpusSong]) -> None:
        import numpy as np

        from mixing.audio.genre import save_classifier
        from mixing.training.cache import cached_songs
        from mixing.training.feature_sets import build_sets
        from mixing.training.genre_fit import fit_genres

        build_sets(songs, CACHE_DIR)
        pairs = cached_songs(songs, CACHE_DIR)
        classifier = fit_genres(
            np.stack([features.stems[0].stats for _, features in pairs]),
            [song.genre for song, _ in pairs],
            [song.package for song, _ in pairs],
            [song.work for song, _ in pairs],
        )
        save_classifier(classifier)
        self.stdout.write(f"Genre guess: {classifier.report}")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
