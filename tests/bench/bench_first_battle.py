"""How long a listener waits from the upload of a three-minute song to two mixes that can be compared.

Real workers, Redis and database; the five champions. The first song warms the workers and does not count.
Run it as `python -m tests.bench.bench_first_battle`.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

SONG_S = 180.0
RATE = 44_100
N_RUNS = 3
POLL_S = 0.02


def main() -> None:
    """Print what happened when, in seconds after the upload, for each run."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from evolution.services.champions import seed_champions
    from tests.factories import make_user
    from tests.services.processes import Arena
    from tests.services.redis_server import RedisServer
    from tests.settings import PROCESS_ENVIRONMENT
    from tests.tournaments.sound import write_music

    call_command("migrate", run_syncdb=True, verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisServer(settings.REDIS_URL)
        arena = Arena(PROCESS_ENVIRONMENT, Path(folder))
        try:
            redis.start()
            seed_champions(folder=settings.MODELS_DIR)
            arena.start("arena", "--only", "worker")
            user = make_user()
            print("run  checked  two mixes  all five  measured   (seconds after the upload)")
            for run in range(N_RUNS + 1):
                path = write_music(Path(folder) / f"{run}.wav", SONG_S, rate=RATE, seed=run)
                times = _upload(arena, path, user)
                label = str(run) if run else "warm"
                print(f"{label:<5}" + "".join(f"{seconds:>9.2f}" for seconds in times))
        finally:
            arena.close()
            redis.stop()


def _upload(arena: object, path: Path, user: object) -> list[float]:
    from tournaments.models import Mix, Song
    from tournaments.services.songs import add_song

    began = time.monotonic()
    song = add_song(owner=user, file=path, name=path.name)  # type: ignore[arg-type]
    goals = [
        lambda: Song.objects.filter(pk=song.pk, state=Song.State.READY).exists(),
        lambda: Mix.objects.filter(song=song, state=Mix.State.READY).count() >= 2,
        lambda: Mix.objects.filter(song=song, state=Mix.State.READY).count() >= 5,
        lambda: song.__class__.objects.filter(pk=song.pk, analysis__state="ready").exists(),
    ]
    times = []
    for goal in goals:
        while not goal():
            time.sleep(POLL_S)
            if time.monotonic() - began > 120.0:
                raise TimeoutError("the workers do not answer")
        times.append(time.monotonic() - began)
    return times


if __name__ == "__main__":
    main()
