"""A whole tournament on one song without a browser, by the services that the site uses."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.models import User
from evolution.models import Breeding
from mixarena.jobs.queue import LocalJobs, local_jobs
from mixing.audio.archive import is_zip
from mixing.errors import MixArenaError
from tournaments.errors import ArenaError, SongNotReady
from tournaments.management.out_files import format_of
from tournaments.models import Battle, Export, Mix, RatingChange, Song, Tournament, Vote
from tournaments.services.exports import request_export
from tournaments.services.rules import RULES, vote_by_rule
from tournaments.services.songs import add_song
from tournaments.services.sweep import sweep
from tournaments.services.tournaments import check_length, start_tournament
from tournaments.services.uploads import add_upload

# Nobody can sign up with this name: it has characters that the form refuses.
NOBODY = "(automatic)"


@dataclass(frozen=True)
class Round:
    """One round as it is printed. Mixers are named by their slugs; `vote` is first, second, tie or neither of the pair.

    `ratings` are the overall ones after the vote, of those that it moved. `breeding` is None where nobody learned.
    """

    number: int
    pair: tuple[str, str]
    vote: str
    ratings: dict[str, float]
    breeding: int | None
    offspring: str | None


class Command(BaseCommand):
    help = "Run a tournament on a song with votes by a rule, and write the champion's mix."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "song", type=Path, nargs="+", help="WAV, AIFF, FLAC, MP3 or OGG; several files, or a zip, are stems"
        )
        parser.add_argument("--rounds", type=int, default=3, help="3 to 10, default 3")
        parser.add_argument("--seed", type=int, default=1, help="of every draw, default 1")
        parser.add_argument("--choose", choices=RULES, default="first", help="the rule that votes, default first")
        parser.add_argument("--user", help="whose tournament it is; default: nobody's")
        parser.add_argument("--out", type=Path, required=True, help="file to write: .wav (24 bit), .flac or .mp3")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        check_length(n_rounds=options["rounds"], seed=options["seed"])
        format = format_of(out)
        user = _user(options["user"])
        n_steps = options["rounds"] + 2
        with local_jobs() as jobs, tqdm(total=n_steps, unit="step", disable=None) as bar:
            bar.set_description("Checking the song")
            song = _prepare(options["song"], user, jobs)
            tournament = start_tournament(
                owner=user,
                song=song,
                genre=song.genre_guess,
                n_rounds=options["rounds"],
                kind=Tournament.Kind.AUTOMATIC,
                seed=options["seed"],
            )
            bar.update()
            while (battle := _open_battle(tournament, jobs)) is not None:
                bar.set_description(f"Round {battle.number}")
                vote_by_rule(battle=battle, voter=user, rule=options["choose"], now=timezone.now())
                bar.update()
            champion = _champion(tournament)
            bar.set_description("Writing the mix")
            export = _export(champion, format, jobs)
            _wait_for_breedings(tournament, jobs)
            _copy(Path(export.file.path), out)
            bar.update(n_steps - bar.n)
        rounds = _rounds(tournament)
        if options["json"]:
            self.stdout.write(json.dumps(_result(rounds, champion, export), indent=2))
        else:
            self._tell(rounds, champion, export, out)

    def _tell(self, rounds: list[Round], champion: Mix, export: Export, out: Path) -> None:
        for line in rounds:
            first, second = line.pair
            outcome = {Vote.Choice.FIRST.value: f"{first} wins", Vote.Choice.SECOND.value: f"{second} wins"}
            self.stdout.write(f"Round {line.number}: {first} against {second}: {outcome.get(line.vote, line.vote)}")
            ratings = ", ".join(f"{slug} {rating:.0f}" for slug, rating in line.ratings.items())
            self.stdout.write(f"  ratings: {ratings or 'unchanged'}")
            if line.breeding is not None:
                self.stdout.write(f"  breeding {line.breeding}: {line.offspring or 'no offspring'}")
        self.stdout.write(
            f"Champion: {champion.mixer.slug}, {export.loudness_lufs:.1f} LUFS, {export.true_peak_dbtp:.1f} dBTP, "
            f"written to {out}"
        )


def _user(name: str | None) -> User:
    if name is None:
        nobody, is_new = User.objects.get_or_create(username=NOBODY)
        if is_new:
            nobody.set_unusable_password()
            nobody.save(update_fields=["password"])
        return nobody
    user = User.objects.filter(username=name).first()
    if user is None:
        raise ArenaError(f"There is no user {name}. Sign up in the browser first, or leave --user out.", code="no_user")
    return user


def _prepare(paths: Sequence[Path], user: User, jobs: LocalJobs) -> Song:
    if len(paths) == 1 and not (paths[0].exists() and is_zip(paths[0])):
        song = add_song(owner=user, file=paths[0], name=paths[0].name, max_duration_s=None)
    else:
        song = add_upload(owner=user, files=[(path, path.name) for path in paths])
    jobs.drain_until(
        lambda: Song.objects.exclude(state=Song.State.UPLOADED).filter(pk=song.pk).exists(), when_idle=sweep
    )
    song.refresh_from_db()
    if song.state != Song.State.READY:
        raise SongNotReady(song.refusal, code="song_refused")
    return song


def _open_battle(tournament: Tournament, jobs: LocalJobs) -> Battle | None:
    """The next battle to judge, once it is open; None after the last."""
    battles = Battle.objects.filter(tournament=tournament, state=Battle.State.OPEN)
    running = Tournament.objects.filter(pk=tournament.pk, state=Tournament.State.RUNNING)
    jobs.drain_until(lambda: battles.exists() or not running.exists(), when_idle=sweep)
    return battles.select_related("tournament", "first", "second").first()


def _champion(tournament: Tournament) -> Mix:
    tournament = Tournament.objects.select_related("champion__mixer").get(pk=tournament.pk)
    if tournament.champion is None:
        raise ArenaError(tournament.reason, code="tournament_failed")
    return tournament.champion


def _export(mix: Mix, format: Export.Format, jobs: LocalJobs) -> Export:
    export = request_export(mix=mix, format=format)
    jobs.drain_until(
        lambda: Export.objects.exclude(state=Export.State.QUEUED).filter(pk=export.pk).exists(), when_idle=sweep
    )
    export.refresh_from_db()
    if export.state == Export.State.FAILED:
        raise ArenaError(export.reason, code="export_failed")
    return export


def _wait_for_breedings(tournament: Tournament, jobs: LocalJobs) -> None:
    keys = list(Battle.objects.filter(tournament=tournament).values_list("key", flat=True))
    unfinished = Breeding.objects.filter(key__in=keys, state=Breeding.State.REQUESTED)
    jobs.drain_until(lambda: not unfinished.exists(), when_idle=sweep)


def _copy(source: Path, out: Path) -> None:
    """Write `out` as a whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=out.absolute().parent, suffix=out.suffix, delete=False) as draft:
            try:
                with source.open("rb") as file:
                    shutil.copyfileobj(file, draft)
                Path(draft.name).chmod(0o644)
                Path(draft.name).replace(out)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise MixArenaError(
            f"{out} could not be written ({error.strerror}). Choose another place with --out.", code="not_written"
        ) from error


def _rounds(tournament: Tournament) -> list[Round]:
    votes = Vote.objects.filter(battle__tournament=tournament).select_related(
        "battle__first__mixer", "battle__second__mixer"
    )
    rounds = []
    for vote in votes.order_by("battle__number"):
        battle = vote.battle
        moved = RatingChange.objects.filter(event__vote=vote, genre="").select_related("mixer")
        breeding = Breeding.objects.filter(key=battle.key).select_related("offspring").first()
        rounds.append(
            Round(
                number=battle.number,
                pair=(battle.first.mixer.slug, battle.second.mixer.slug),
                vote=vote.choice,
                ratings={change.mixer.slug: change.after for change in moved},
                breeding=breeding.pk if breeding else None,
                offspring=breeding.offspring.slug if breeding and breeding.offspring else None,
            )
        )
    return rounds


def _result(rounds: list[Round], champion: Mix, export: Export) -> dict[str, Any]:
    report = champion.report or {}
    return {
        "rounds": [asdict(line) for line in rounds],
        "champion": champion.mixer.slug,
        "requested_lufs": report["requested_lufs"],
        "target_lufs": report["effective_lufs"],
        "loudness_lufs": export.loudness_lufs,
        "true_peak_dbtp": export.true_peak_dbtp,
    }
