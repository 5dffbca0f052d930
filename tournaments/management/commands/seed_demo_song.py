"""The demo song, mixed by every champion, so that a first battle on it can begin at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from tqdm import tqdm

from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from mixing.demo_song.score import GENRE, TITLE
from tournaments.errors import ArenaError
from tournaments.models import Mix, Song
from tournaments.services.mixes import request_mixes
from tournaments.services.showcase import open_showcase
from tournaments.services.songs import PREPARE, add_song, confirm_genre
from tournaments.services.sweep import sweep


class Command(BaseCommand):
    help = "Compose the demo song, and let every active champion mix it. Again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        song = Song.objects.filter(is_demo=True).exclude(state__in=[Song.State.REFUSED, Song.State.FAILED]).first()
        champions = list(Mixer.objects.filter(state=Mixer.State.ACTIVE, is_champion=True))
        with local_jobs() as jobs, tqdm(total=2 + len(champions), unit="step", disable=None) as bar:
            bar.set_description("Composing the demo song")
            song = song or _compose()
            bar.update()
            bar.set_description("Checking it")
            PREPARE.send(song.pk)
            unchecked = Song.objects.filter(pk=song.pk, state=Song.State.UPLOADED)
            jobs.drain_until(lambda: not unchecked.exists(), when_idle=sweep)
            song.refresh_from_db()
            if song.state != Song.State.READY:
                raise ArenaError(song.refusal, code="no_demo_song")
            bar.update()
            bar.set_description("Mixing it")
            mixes = Mix.objects.filter(pk__in=[mix.pk for mix in request_mixes(song=song, mixers=champions)])

            def is_mixed() -> bool:
                n_done = mixes.filter(state__in=[Mix.State.READY, Mix.State.FAILED]).count()
                bar.update(2 + n_done - bar.n)
                return n_done == len(champions)

            jobs.drain_until(is_mixed, when_idle=sweep)
        failed = mixes.filter(state=Mix.State.FAILED).first()
        if failed is not None:
            raise ArenaError(failed.reason, code="no_demo_mix")
        open_showcase(song=song)
        self.stdout.write(f"The demo song is ready, mixed by {len(champions)} champions.")


def _compose() -> Song:
    # Synthesis needs scipy, which only the commands and workers load.
    from mixing.demo_song.render import write_demo_song

    path = write_demo_song(settings.VAR_DIR / "demo")
    song = add_song(owner=None, file=path, name=f"{TITLE}.wav", is_demo=True)
    confirm_genre(song=song, genre=GENRE)
    return song
