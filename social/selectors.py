"""What a shared result shows: the story and the sound, and nothing of its owner but the name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import Http404
from django.urls import reverse

from evolution.models import Mixer
from mixing.console.spec import MixSettings
from tournaments.models import Preview, Tournament
from tournaments.plain_words import Deed, deeds
from tournaments.selectors.auditions import Audition
from tournaments.selectors.results import RoundLine, beside_original, round_lines


@dataclass(frozen=True)
class SharedResult:
    """A finished tournament for strangers."""

    tournament: Tournament
    mixer: Mixer
    lines: tuple[RoundLine, ...]
    deeds: tuple[Deed, ...]
    listen: Audition | None


def shared_result(tournament: Tournament) -> SharedResult:
    """Everything on the public page of a tournament that its owner shares."""
    mix, owner = tournament.taken, tournament.owner
    if mix is None or owner is None:
        raise ValueError(f"tournament {tournament.pk} is not finished")
    return SharedResult(
        tournament=tournament,
        mixer=mix.mixer,
        lines=round_lines(tournament, owner),
        deeds=tuple(deeds(MixSettings.from_dict(mix.console_settings or {}), mix.report or {})),
        listen=_public(beside_original(mix), str(tournament.share_token)),
    )


def shared_preview(tournament: Tournament, pk: int) -> Preview:
    """A sound of the public page: of the mix taken home, or of the upload, at the highlight. Raises Http404."""
    preview = Preview.objects.filter(
        pk=pk, song=tournament.song, region=Preview.Region.HIGHLIGHT, state=Preview.State.READY
    ).first()
    if preview is None or preview.mix_id not in (None, tournament.taken_id):
        raise Http404
    return preview


def _public(audition: Audition | None, token: str) -> Audition | None:
    """The same tracks under addresses that need no account."""
    if audition is None:
        return None
    return replace(
        audition,
        tracks=tuple(
            replace(track, url=reverse("social:sound", args=[token, track.preview_pk])) for track in audition.tracks
        ),
    )
