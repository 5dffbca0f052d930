"""What the song page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, QuerySet

from accounts.services.credits import balance_of as free_mixes_of
from mixing.audio.balance import balance_of
from mixing.audio.roles import ROLES
from mixing.genres import GENRES
from tournaments.drawings.curves import BalanceChart, draw_balance
from tournaments.drawings.waveform import Waveform, draw_waveform
from tournaments.models import Analysis, Song, Stem, Tournament

if TYPE_CHECKING:
    from accounts.models import User


# Regions of the third octaves from 31.5 Hz on, by number.
REGIONS = (("sub-bass", 0, 4), ("bass", 4, 9), ("middle", 12, 19), ("treble", 21, 26))


@dataclass(frozen=True)
class StemLine:
    """A stem, and what is to be said of it."""

    stem: Stem
    notices: tuple[str, ...]
    percent: int


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
    stems: tuple[StemLine, ...]
    balance: BalanceChart | None
    balance_words: str
    may_change_roles: bool
    roles: tuple[str, ...] = ROLES


@dataclass(frozen=True)
class StartOffer:
    """What a listener should know before a start: the newest tournament that runs on the song already, and how many
    free mixes there are to pay with (None where a tournament costs nothing)."""

    running: Tournament | None
    balance: int | None


def start_offer(listener: User, song: Song) -> StartOffer:
    """What runs already, and what another tournament can be paid with."""
    return StartOffer(
        running=Tournament.objects.filter(
            owner=listener, song=song, kind=Tournament.Kind.LISTENER, state=Tournament.State.RUNNING
        ).first(),
        balance=free_mixes_of(listener.pk) if settings.CREDITS else None,
    )


def song_page(song: Song) -> SongPage:
    """Everything on the page of one song, however far its checks have come."""
    waveform = None
    if song.peaks:
        region = None
        if song.highlight_start_s is not None and song.highlight_end_s is not None:
            region = (song.highlight_start_s / song.duration_s, song.highlight_end_s / song.duration_s)
        waveform = draw_waveform(song.peaks, region=region)
    chart, words = _balance(song)
    return SongPage(
        song=song,
        waveform=waveform,
        analysis=getattr(song, "analysis", None),
        guess_label=GENRES.get(song.genre_guess, ""),
        guess_percent=None if song.genre_confidence is None else round(100 * song.genre_confidence),
        is_checking=song.state == Song.State.UPLOADED,
        is_ready=song.state == Song.State.READY,
        balance=chart,
        balance_words=words,
        stems=tuple(_stem_line(stem, song) for stem in song.stems.all()) if song.n_stems > 1 else (),
        may_change_roles=song.state == Song.State.READY and not song.is_demo and not song.tournaments.exists(),
    )


def _balance(song: Song) -> tuple[BalanceChart | None, str]:
    """The song's tone beside its genre's, and where it leaves the range that most songs keep to."""
    analysis = getattr(song, "analysis", None)
    bands = analysis.result.get("third_octaves_db") if analysis else None
    if not bands:
        return None, ""
    genre = song.genre or song.genre_guess
    balance = balance_of(genre)
    against = (
        f"{balance.n_songs} songs of {GENRES[genre]}" if balance.is_genre else f"{balance.n_songs} songs of all genres"
    )
    found = []
    for name, low, high in REGIONS:
        middle = [b - m for b, m in zip(bands[low:high], balance.middle[low:high], strict=True)]
        spread = [h - m for h, m in zip(balance.high[low:high], balance.middle[low:high], strict=True)]
        below = [m - lo for lo, m in zip(balance.low[low:high], balance.middle[low:high], strict=True)]
        off_db = sum(middle) / len(middle)
        if off_db > sum(spread) / len(spread) or -off_db > sum(below) / len(below):
            found.append(f"{abs(off_db):.0f} dB {'more' if off_db > 0 else 'less'} {name}")
    told = (
        f"It has {' and '.join(found)} than nine in ten of them." if found else "It lies within what most of them have."
    )
    return draw_balance(
        bands, balance, song.sample_rate
    ), f"The band is where eight of ten songs lie: {against}. {told}"


def _stem_line(stem: Stem, song: Song) -> StemLine:
    notices = []
    if stem.is_silent:
        notices.append("silent: kept, and left alone by the mixers")
    if stem.n_over_full_scale:
        notices.append(f"{stem.n_over_full_scale} samples above full scale")
    if stem.sample_rate != song.sample_rate:
        notices.append(f"converted from {stem.sample_rate / 1000:g} kHz")
    if stem.duration_s < song.duration_s - 0.05:
        notices.append(f"{song.duration_s - stem.duration_s:.1f} s shorter: silence follows")
    return StemLine(stem=stem, notices=tuple(notices), percent=round(100 * stem.role_confidence))


def songs_of(user: User) -> QuerySet[Song]:
    """A listener's own songs, newest first, with the number of tournaments on each."""
    songs = (
        Song.objects.filter(owner=user)
        .exclude(state=Song.State.DELETED)
        .annotate(n_tournaments=Count("tournaments"))
        .defer("peaks")
    )
    return songs.order_by("-pk")


def demo_song() -> Song | None:
    """The song that everybody may battle on, once it is prepared."""
    return Song.objects.filter(is_demo=True, state=Song.State.READY).defer("peaks").order_by("pk").first()
