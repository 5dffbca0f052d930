"""Leaving: a song goes with all that was rendered from it, an account with all that is its owner's.

The ledger stays whole. Of a deleted song there remain rows without name, sound or picture, because votes point at them;
the votes of somebody who leaves are kept under no name, or left out of everything, as the listener wishes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.services.departures import anonymize
from evolution.services.submissions import forget_submissions
from tournaments.models import (
    AbxTest,
    Album,
    Analysis,
    Anchor,
    Ballot,
    Battle,
    Clip,
    Export,
    Follow,
    LedgerEvent,
    Mix,
    Preview,
    QueueItem,
    Share,
    Song,
    Stem,
    Tournament,
)
from tournaments.services.ledger import append_verdicts
from tournaments.services.mixes import features_folder
from tournaments.services.tournaments import NOT_COMMITTED, NOT_DECIDED, tell

if TYPE_CHECKING:
    from accounts.models import User

DELETED_TITLE = "a deleted song"
_BUSY_MIXES = (Mix.State.QUEUED, Mix.State.PLANNED)


def delete_song(*, song: Song, now: datetime) -> None:
    """Delete a song with everything that was rendered from it; its running tournaments end without a result."""
    with transaction.atomic():
        song = Song.objects.select_for_update().get(pk=song.pk)
        files = _files_of(song)
        albums = Album.objects.filter(tracks__song=song)
        files += list(albums.exclude(file="").values_list("file", flat=True))
        albums.delete()
        for tournament in Tournament.objects.filter(song=song, state=Tournament.State.RUNNING):
            _break_off(tournament, now)
        if Tournament.objects.filter(song=song).exists():
            _empty(song)
        else:
            song.delete()
        if not Song.objects.filter(content_hash=song.content_hash).exclude(state=Song.State.DELETED).exists():
            transaction.on_commit(partial(_forget_features, song.content_hash))
        transaction.on_commit(partial(_delete_files, files))


def delete_account(*, user: User, keeps_votes: bool, now: datetime) -> None:
    """Delete somebody's songs and everything personal, for good.

    Args:
        keeps_votes: the votes go on to count, under no name; otherwise they are left out of ratings and taste.
    """
    with transaction.atomic():
        if not keeps_votes:
            numbers = LedgerEvent.objects.filter(vote__voter=user).values_list("number", flat=True)
            append_verdicts(numbers=list(numbers), is_excluded=True, reason="withdrawn by the listener")
        for tournament in Tournament.objects.filter(owner=user, state=Tournament.State.RUNNING):
            _break_off(tournament, now)
        Share.objects.filter(tournament__owner=user).delete()
        for song in Song.objects.filter(owner=user).exclude(state=Song.State.DELETED):
            delete_song(song=song, now=now)
        Follow.objects.filter(user=user).delete()
        QueueItem.objects.filter(listener=user).delete()
        AbxTest.objects.filter(vote__voter=user).delete()
        Ballot.objects.filter(voter=user, kind=Ballot.Kind.CHECK).delete()
        forget_submissions(author=user)
        anonymize(user=user)


def _files_of(song: Song) -> list[str]:
    """Everything on the disk that was uploaded for a song or made from it."""
    rows = (
        Song.objects.filter(pk=song.pk).values_list("file", flat=True),
        Stem.objects.filter(song=song).values_list("file", flat=True),
        Mix.objects.filter(song=song).values_list("reference", flat=True),
        Preview.objects.filter(song=song).values_list("file", flat=True),
        Anchor.objects.filter(preview__song=song).values_list("file", flat=True),
        Export.objects.filter(mix__song=song).values_list("file", flat=True),
        Clip.objects.filter(battle__tournament__song=song).values_list("audio", flat=True),
        Clip.objects.filter(battle__tournament__song=song).values_list("video", flat=True),
    )
    return [name for names in rows for name in names if name]


def _break_off(tournament: Tournament, now: datetime) -> None:
    Ballot.objects.filter(battle__tournament=tournament, state__in=NOT_COMMITTED).update(state=Ballot.State.VOIDED)
    Battle.objects.filter(tournament=tournament, state__in=NOT_DECIDED).update(state=Battle.State.VOIDED)
    Tournament.objects.filter(pk=tournament.pk, state=Tournament.State.RUNNING).update(
        state=Tournament.State.FAILED, reason="Its song was deleted.", finished_at=now
    )
    tell(tournament)


def _empty(song: Song) -> None:
    """Leave nothing of a song but the row that others point at."""
    Preview.objects.filter(song=song).delete()
    Export.objects.filter(mix__song=song).delete()
    Stem.objects.filter(song=song).delete()
    Analysis.objects.filter(song=song).delete()
    Mix.objects.filter(song=song, state__in=_BUSY_MIXES).update(state=Mix.State.FAILED, reason="The song was deleted.")
    Mix.objects.filter(song=song).update(reference="", reference_name="", lease_owner="", lease_expires_at=None)
    Share.objects.filter(tournament__song=song).delete()
    Clip.objects.filter(battle__tournament__song=song).delete()
    AbxTest.objects.filter(vote__battle__tournament__song=song).delete()
    Song.objects.filter(pk=song.pk).update(
        state=Song.State.DELETED, title=DELETED_TITLE, file="", content_hash="", peaks=None, refusal="",
        lease_owner="", lease_expires_at=None,
    )  # fmt: skip


def _delete_files(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def _forget_features(content_hash: str) -> None:
    if content_hash:
        for path in features_folder().glob(f"{content_hash}*"):
            path.unlink(missing_ok=True)
