"""Links to tournaments, battles and mixes, which their owner can take back at any time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.names import is_reserved
from mixarena.web.names import plain_name
from tournaments.errors import InvalidShare
from tournaments.models import Battle, Look, Mix, Share, Song, Tournament
from tournaments.services.tournaments import tell

if TYPE_CHECKING:
    from accounts.models import User

MAX_NAME = 40


def share_tournament(*, tournament: Tournament, name: str, is_public: bool, now: datetime) -> Share:
    """Show a tournament by its link, or to everybody; done again it changes the name and who finds it.

    Args:
        name: shown for the owner; empty to sign by username.
    Raises: InvalidShare.
    """
    return _share(
        kind=Share.Kind.TOURNAMENT,
        tournament=tournament,
        name=name,
        now=now,
        is_public=is_public,
        battle=None,
        mix=None,
    )


def share_battle(*, battle: Battle, name: str, now: datetime) -> Share:
    """Show one battle by its link; others judge it blind before they see who was who.

    Raises: InvalidShare for one that is not open yet, or was withdrawn.
    """
    if battle.state not in Battle.HEARABLE:
        raise InvalidShare(
            "There is nothing to hear of this battle. Share one that is open or decided.", code="no_sound"
        )
    return _share(
        kind=Share.Kind.BATTLE,
        tournament=battle.tournament,
        name=name,
        now=now,
        is_public=False,
        battle=battle,
        mix=None,
    )


def share_mix(*, tournament: Tournament, mix: Mix, name: str, now: datetime) -> Share:
    """Show one mix beside the original by its link.

    Args:
        mix: one that its owner has heard in this tournament.
    Raises: InvalidShare while it is still being made.
    """
    if mix.state != Mix.State.READY:
        raise InvalidShare("This mix is still being made. Share it once it plays.", code="no_sound")
    return _share(kind=Share.Kind.MIX, tournament=tournament, name=name, now=now, is_public=False, battle=None, mix=mix)


def revoke(*, share: Share, now: datetime) -> bool:
    """Take a link back: it opens nothing from now on, and one made later is another one. False if it was before."""
    with transaction.atomic():
        if not Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=now, is_public=False):
            return False
        tell(share.tournament)
        return True


def note_look(*, tournament_id: int, viewer: User, now: datetime) -> None:
    """Somebody has been shown who is who in a tournament; from now on no vote of theirs on it is blind."""
    if Tournament.objects.filter(pk=tournament_id).exists():
        Look.objects.get_or_create(tournament_id=tournament_id, viewer=viewer, defaults={"at": now})


def _share(
    *,
    kind: Share.Kind,
    tournament: Tournament,
    battle: Battle | None,
    mix: Mix | None,
    name: str,
    is_public: bool,
    now: datetime,
) -> Share:
    name = plain_name(name)
    if len(name) > MAX_NAME:
        raise InvalidShare(
            f"A name has {MAX_NAME} characters at most, this one {len(name)}. Choose a shorter one.", code="long_name"
        )
    if is_reserved(name):
        raise InvalidShare(
            "This name could be taken for the arena's own or its staff's. Choose another one.", code="reserved_name"
        )
    if tournament.song.state == Song.State.DELETED:
        raise InvalidShare("The song was deleted, so there is nothing to show.", code="no_sound")
    share, _ = Share.objects.update_or_create(
        kind=kind,
        tournament=tournament,
        battle=battle,
        mix=mix,
        revoked_at=None,
        defaults={"name": name, "is_public": is_public},
        create_defaults={"name": name, "is_public": is_public, "created_at": now},
    )
    return share
