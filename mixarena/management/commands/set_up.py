"""`manage.py set_up`: everything that must be there before the arena opens. Doing it again takes little time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from evolution.models import Mixer
from mixing.errors import MixArenaError
from mixing.mixers.card import read_card
from tournaments.models import Mix, Song, Tournament


class SetUpError(MixArenaError):
    """A part of the set-up that failed in a process of its own."""


class Command(BaseCommand):
    help = "Set up the database, static files, the mixers of models/, the demo song and compiled kernels."
    requires_migrations_checks = False
    # Checks import every page; the set-up must not wait for that twice.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Setting up the database ...")
            call_command("migrate", verbosity=0)
        if not _has_static_files():
            call_command("collectstatic", interactive=False, verbosity=0)
        if not _has_all_mixers():
            call_command("seed_champions", stdout=self.stdout)
        if not _has_demo_song():
            call_command("seed_demo_song", stdout=self.stdout)
        self._compile()
        self.stdout.write(f"Set up in {time.monotonic() - began:.1f} s.")

    def _compile(self) -> None:
        """Compile in a process of its own: compiled code must not be in a process that starts others."""
        stamp = Path(os.environ["NUMBA_CACHE_DIR"]) / "compiled"
        version = f"{sys.version}\n{_kernel_times()}"
        if stamp.exists() and stamp.read_text() == version:
            return
        self.stdout.write("Compiling the renderer ...")
        code = "import django; django.setup(); from mixarena.warm_up import warm_render; warm_render()"
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
        done = subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, env=environment, check=False)
        if done.returncode != 0:
            raise SetUpError(
                "The renderer could not be compiled. Remove the folder var/numba and run this again.",
                code="not_compiled",
            )
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(version)


def _has_static_files() -> bool:
    """Whether what the web server sends is newer than what it was made from."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    sources = [*(settings.BASE_DIR / "static").rglob("*"), settings.BASE_DIR / "requirements.txt"]
    return manifest.exists() and manifest.stat().st_mtime > max(source.stat().st_mtime for source in sources)


def _has_all_mixers() -> bool:
    """Whether every folder of models/ is in the arena as it is."""
    hashes = {read_card(card).content_hash for card in sorted(settings.MODELS_DIR.glob("*/card.toml"))}
    return hashes <= set(Mixer.objects.values_list("content_hash", flat=True))


def _has_demo_song() -> bool:
    """Whether every active champion has mixed a demo song, and its demo battles are open."""
    champions = Mixer.objects.filter(state=Mixer.State.ACTIVE, is_champion=True).count()
    songs = Song.objects.filter(is_demo=True, state=Song.State.READY)
    songs = songs.filter(tournaments__kind=Tournament.Kind.SHOWCASE)
    return any(song.mixes.filter(state=Mix.State.READY).count() >= champions for song in songs)


def _kernel_times() -> str:
    folder = settings.BASE_DIR / "mixing" / "console"
    return "\n".join(f"{path.name} {path.stat().st_mtime_ns}" for path in sorted(folder.rglob("*.py")))
