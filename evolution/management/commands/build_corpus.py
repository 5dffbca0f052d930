"""Fetch the training corpus, measure it, and rebuild the small feature sets that ship with the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

if TYPE_CHECKING:
    from mixing.training.corpus import CorpusSong

CORPUS_DIR = Path("var/corpus")
CACHE_DIR = Path("var/features")


class Command(BaseCommand):
    help = "Fetch openly licensed music from Debian packages (or take a folder), measure it, write the manifest."
    # Nothing of the site is touched: no database, no pages.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, help="use the music in this folder instead of packages")
        parser.add_argument("--packages", nargs="+", help="only these packages")
        parser.add_argument(
            "--sets", action="store_true", help="also rebuild the feature sets and genre weights in mixing/data"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        from tqdm import tqdm

        from mixing.errors import MixArenaError
        from mixing.training import corpus
        from mixing.training.cache import fill_cache
        from mixing.training.packages import PACKAGES

        try:
            if options["folder"] is not None:
                with tqdm(desc="Judging files", unit="file") as bar:
                    songs = corpus.scan_folder(options["folder"], on_file=bar.update)
            else:
                wanted = [p for p in PACKAGES if not options["packages"] or p.name in options["packages"]]
                if not wanted:
                    raise CommandError(
                        "None of these packages is in the table. Look in mixing/training/packages.py.", returncode=2
                    )
                with tqdm(total=len(wanted), desc="Fetching packages", unit="package") as bar:
                    missing = corpus.fetch_packages(CORPUS_DIR, packages=wanted, on_done=lambda _: bar.update())
                if missing:
                    self.stderr.write(f"Left out, the archive did not give them: {', '.join(missing)}")
                with tqdm(desc="Judging files", unit="file") as bar:
                    songs = corpus.scan_packages(CORPUS_DIR, packages=wanted, on_file=bar.update)
            CORPUS_DIR.mkdir(parents=True, exist_ok=True)
            corpus.write_manifest(CORPUS_DIR / "manifest.json", songs)
            with tqdm(total=len(songs), desc="Measuring songs", unit="song") as bar:
                failed = fill_cache(songs, CORPUS_DIR, CACHE_DIR, on_song=bar.update)
            if options["sets"]:
                self._build_sets(songs)
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error
        hours = sum(song.duration_s for song in songs) / 3600.0
        self.stdout.write(
            f"{len(songs) - len(failed)} songs, {hours:.1f} hours, of {len({s.work for s in songs})} works."
        )

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
