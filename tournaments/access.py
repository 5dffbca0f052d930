"""Who may see and do what. Each function gives the row, or answers 404 as if it did not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.db.models import Q
from django.http import Http404

from evolution.models import Breeding, Submission
from tournaments.errors import ShareClosed
from tournaments.models import (
    AbxTest,
    AbxTrial,
    Album,
    Ballot,
    Battle,
    Clip,
    Export,
    Mix,
    Preview,
    Share,
    Song,
    Tournament,
    Vote,
)

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    Visitor: TypeAlias = User | AnonymousUser


def song_for_listener(user: User, public_id: UUID) -> Song:
    """A song to look at and battle on: one's own, or a demo."""
    song = (
        Song.objects.select_related("analysis")
        .filter(Q(owner=user) | Q(is_demo=True), public_id=public_id)
        .exclude(state=Song.State.DELETED)
        .first()
    )
    if song is None:
        raise Http404
    return song


def song_for_owner(user: User, public_id: UUID) -> Song:
    """A song to change."""
    song = Song.objects.filter(owner=user, public_id=public_id).exclude(state=Song.State.DELETED).first()
    if song is None:
        raise Http404
    return song


def tournament_for_owner(user: User, public_id: UUID) -> Tournament:
    """A tournament to play, resume and take mixes from."""
    tournament = (
        Tournament.objects.select_related("song", "champion__mixer", "taken__mixer")
        .filter(owner=user, public_id=public_id)
        .exclude(song__state=Song.State.DELETED)
        .first()
    )
    if tournament is None:
        raise Http404
    return tournament


def decided_battle_for_owner(user: User, public_id: UUID, number: int) -> Battle:
    """A round whose secret is out: only after one's own vote."""
    battle = (
        Battle.objects.select_related("tournament__song", "first__mixer", "second__mixer")
        .filter(
            tournament__public_id=public_id,
            tournament__owner=user,
            number=number,
            state=Battle.State.DECIDED,
            votes__voter=user,
        )
        .exclude(tournament__song__state=Song.State.DELETED)
        .first()
    )
    if battle is None:
        raise Http404
    return battle


def round_for_owner(user: User, public_id: UUID, number: int) -> Battle:
    """A round to share or to have a clip made of, decided or not."""
    battles = Battle.objects.select_related("tournament__song").exclude(state=Battle.State.VOIDED)
    battle = battles.filter(tournament=tournament_for_owner(user, public_id), number=number).first()
    if battle is None:
        raise Http404
    return battle


def ballot_for_voter(user: User, token: str) -> Ballot:
    """A listener's or guest's own ballot; of somebody else's tournament as long as it is shared."""
    ballot = (
        Ballot.objects.select_related("battle__tournament__song", "battle__first", "battle__second")
        .filter(
            ~Q(kind__in=[Ballot.Kind.AUDIENCE, Ballot.Kind.CHECK]) | Q(share__isnull=False, share__revoked_at=None),
            token=token,
            voter=user,
        )
        .exclude(battle__tournament__song__state=Song.State.DELETED)
        .first()
    )
    if ballot is None:
        raise Http404
    return ballot


def own_ballot(user: User, token: str) -> Ballot:
    """A ballot of one's own tournament. All others are cast on the pages that gave them, whatever they are."""
    ballot = ballot_for_voter(user, token)
    if ballot.kind in (Ballot.Kind.AUDIENCE, Ballot.Kind.CHECK):
        raise Http404
    return ballot


def vote_by_ballot(user: User, token: str) -> Vote:
    """A judgement of one's own; of somebody else's tournament as long as a link shows its battle."""
    links = Share.objects.filter(revoked_at=None)
    vote = (
        Vote.objects.select_related("ballot__share", "battle__tournament__song")
        .select_related("battle__first__mixer", "battle__second__mixer")
        .filter(
            Q(battle__tournament__owner=user)
            | Q(battle__tournament__shares__in=links.filter(kind=Share.Kind.TOURNAMENT))
            | Q(battle__shares__in=links),
            ballot__token=token,
            voter=user,
        )
        .exclude(battle__tournament__song__state=Song.State.DELETED)
        .first()
    )
    if vote is None:
        raise Http404
    return vote


def abx_trial_for_listener(user: User, token: str) -> AbxTrial:
    """The trial that a listener is at, or has answered: none whose turn is still to come."""
    trial = (
        AbxTrial.objects.select_related("test__vote__ballot")
        .filter(token=token, test__vote__voter=user, started_at__isnull=False)
        .first()
    )
    if trial is None:
        raise Http404
    trial.test.vote = vote_by_ballot(user, trial.test.vote.ballot.token)
    return trial


def finished_abx_for_listener(user: User, pk: int) -> AbxTest:
    """An ABX test whose secrets are out."""
    test = AbxTest.objects.filter(pk=pk, vote__voter=user, state=AbxTest.State.FINISHED).first()
    if test is None:
        raise Http404
    return test


def preview_for_listener(user: User, pk: int) -> Preview:
    """A preview outside a ballot: the upload's, or one of a mix that this listener has already judged.

    An offspring may be heard before it fought, but never on the highlight that its battle will use.
    """
    preview = (
        Preview.objects.select_related("song", "mix")
        .filter(Q(song__owner=user) | Q(song__is_demo=True), pk=pk, state=Preview.State.READY)
        .first()
    )
    if preview is None or not (
        preview.mix is None
        or is_heard(user, preview.mix)
        or (preview.region == Preview.Region.EXCERPT and _is_own_newborn(user, preview.mix))
    ):
        raise Http404
    return preview


def heard_mix_for_owner(user: User, tournament: Tournament, public_id: UUID) -> Mix:
    """A mix to take home: one that was judged in this tournament, once it is over."""
    mix = Mix.objects.select_related("mixer", "song").filter(public_id=public_id, song=tournament.song_id).first()
    if mix is None or tournament.state != Tournament.State.FINISHED or not is_heard(user, mix, tournament=tournament):
        raise Http404
    return mix


def export_for_owner(user: User, pk: int) -> Export:
    """A file of a mix that this listener may take home."""
    export = Export.objects.select_related("mix__mixer", "mix__song").filter(pk=pk).first()
    if export is None or not is_heard(user, export.mix, is_over=True):
        raise Http404
    return export


def album_for_owner(user: User, public_id: UUID) -> Album:
    """An album to watch and take home."""
    album = Album.objects.select_related("mixer").filter(owner=user, public_id=public_id).first()
    if album is None:
        raise Http404
    return album


def open_share(token: str) -> Share:
    """What an owner shows to whoever has the link. Raises ShareClosed."""
    share = (
        Share.objects.select_related("tournament__song", "tournament__owner", "battle", "mix__mixer", "mix__song")
        .select_related("tournament__taken__mixer", "tournament__taken__song")
        .filter(token=token, revoked_at=None)
        .exclude(tournament__song__state=Song.State.DELETED)
        .first()
    )
    if share is None:
        raise ShareClosed(
            "This link opens nothing: its owner has taken it back, or deleted the song. Ask them for a new one.",
            code="share_closed",
        )
    return share


def share_for_owner(user: User, token: str) -> Share:
    """A link to take back."""
    share = Share.objects.select_related("tournament").filter(token=token, tournament__owner=user).first()
    if share is None:
        raise Http404
    return share


def clip_for_owner(user: User, pk: int) -> Clip:
    """A clip that is ready to be posted."""
    clip = (
        Clip.objects.select_related("battle__tournament__song")
        .filter(pk=pk, state=Clip.State.READY, battle__tournament__owner=user)
        .exclude(battle__tournament__song__state=Song.State.DELETED)
        .first()
    )
    if clip is None:
        raise Http404
    return clip


def submission_for_author(user: User, pk: int) -> Submission:
    """A mixer that this listener sent, and how it was decided."""
    submission = Submission.objects.select_related("mixer").filter(author=user, pk=pk).first()
    if submission is None:
        raise Http404
    return submission


def is_heard(user: User, mix: Mix, *, tournament: Tournament | None = None, is_over: bool = False) -> bool:
    """Whether the listener has judged this mix, or the one it was nudged from (in this tournament; once it is over)."""
    judged = mix.nudged_from_id or mix.pk
    battles = Battle.objects.filter(
        Q(first=judged) | Q(second=judged), state=Battle.State.DECIDED, votes__voter=user, tournament__owner=user
    )
    if tournament is not None:
        battles = battles.filter(tournament=tournament)
    if is_over:
        battles = battles.filter(tournament__state=Tournament.State.FINISHED)
    return battles.exists()


def _is_own_newborn(user: User, mix: Mix) -> bool:
    """Whether the mix's mixer was born from a vote that this listener gave on this song."""
    keys = Battle.objects.filter(
        tournament__owner=user, tournament__song=mix.song_id, state=Battle.State.DECIDED, votes__voter=user
    ).values("key")
    return Breeding.objects.filter(offspring=mix.mixer_id, key__in=keys).exists()
