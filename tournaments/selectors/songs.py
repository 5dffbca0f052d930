"""What the song page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from mixing.genres import GENRES
from tournaments.drawings.waveform import Waveform, draw_waveform
from tournaments.models import Analysis, Song

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class SongPage:
    """A song, its picture, and the guess that its owner confirms."""

    song: Song
    waveform: Waveform | None
    analysis: Analysis | None
    guess_label: str
    guess_percent: int | None
    is_checking: bool
    is_ready: bool


def song_page(song: Song) -> SongPage:
    """Everything on the page of one song, however far its checks have come."""
    waveform = None
    if song.peaks:
        region = None
        if song.highlight_start_s is not None and song.highlight_end_s is not None:
            region = (song.highlight_start_s / song.duration_s, song.highlight_end_s / song.duration_s)
        waveform = draw_waveform(song.peaks, region=region)
    return SongPage(
        song=song,
        waveform=waveform,
        analysis=getattr(song, "analysis", None),
        guess_label=GENRES.get(song.genre_guess, ""),
        guess_percent=None if song.genre_confidence is None else round(100 * song.genre_confidence),
        is_checking=song.state == Song.State.UPLOADED,
        is_ready=song.state == Song.State.READY,
    )


def songs_of(user: User) -> QuerySet[Song]:
    """A listener's own songs, newest first, with the number of tournaments on each."""
    songs = Song.objects.filter(owner=user).annotate(n_tournaments=Count("tournaments")).defer("peaks")
    return songs.order_by("-pk")


def demo_song() -> Song | None:
    """The song that everybody may battle on, once it is prepared."""
    return Song.objects.filter(is_demo=True, state=Song.State.READY).defer("peaks").order_by("pk").first()
