"""What stands behind the link to a tournament or a mix, and the list of what is open to everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from evolution.models import Mixer
from mixing.console.spec import MixSettings
from social.selectors.battles import in_public
from tournaments.models import Battle, Mix, Share, Song, Tournament, Vote
from tournaments.plain_words import Deed, deeds
from tournaments.selectors.auditions import Audition
from tournaments.selectors.results import RoundLine, beside_original, round_lines

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class SharedMix:
    """A mix for strangers, beside the original."""

    share: Share
    mixer: Mixer
    deeds: tuple[Deed, ...]
    listen: Audition | None


@dataclass(frozen=True)
class SharedRound:
    """A round of a shared tournament, without a word on who fights in it."""

    number: int
    is_final: bool
    url: str
    is_hearable: bool
    is_judged: bool
    n_votes: int

    @property
    def label(self) -> str:
        return "Final" if self.is_final else f"Round {self.number}"


@dataclass(frozen=True)
class SharedTournament:
    """A tournament for strangers. The result and the story are there once nothing is left to be judged blind.

    Attributes:
        has_looked: the visitor was shown who is who, and no vote on a round is taken any more.
        next_url: of the first round that can be judged; empty where none can.
    """

    share: Share
    tournament: Tournament
    rounds: tuple[SharedRound, ...]
    has_looked: bool
    next_url: str
    result: SharedMix | None
    lines: tuple[RoundLine, ...]

    @property
    def is_running(self) -> bool:
        return self.tournament.state == Tournament.State.RUNNING


def shared_mix(share: Share, mix: Mix) -> SharedMix:
    """What a mix did, and its sound."""
    return SharedMix(
        share=share,
        mixer=mix.mixer,
        deeds=tuple(deeds(MixSettings.from_dict(mix.console_settings or {}), mix.report or {})),
        listen=in_public(beside_original(mix), share),
    )


def shared_tournament(share: Share, voter: User | None, *, has_looked: bool) -> SharedTournament:
    """The rounds as far as they can be judged; with the result where the visitor has judged all, or has looked."""
    tournament = share.tournament
    battles = list(
        Battle.objects.filter(tournament=tournament)
        .exclude(state=Battle.State.VOIDED)
        .annotate(n_votes=Count("votes"))
        .order_by("number")
    )
    judged = judged_battles(share, voter)
    rounds = tuple(
        SharedRound(
            number=battle.number,
            is_final=battle.is_final,
            url=reverse("social:battle", args=[share.token, battle.number]),
            is_hearable=battle.state in Battle.HEARABLE,
            is_judged=battle.pk in judged,
            n_votes=battle.n_votes,
        )
        for battle in battles
    )
    open_urls = (round_.url for round_ in rounds if round_.is_hearable and not round_.is_judged)
    is_over = tournament.state == Tournament.State.FINISHED
    mix = tournament.taken if is_over and (has_looked or len(judged) == len(battles)) else None
    return SharedTournament(
        share=share,
        tournament=tournament,
        rounds=rounds,
        has_looked=has_looked,
        next_url=next(open_urls, "") if not has_looked else "",
        result=shared_mix(share, mix) if mix is not None else None,
        lines=round_lines(tournament, tournament.owner) if mix is not None else (),
    )


def judged_battles(share: Share, voter: User | None) -> set[int]:
    """The battles of a share's tournament that a visitor has judged."""
    if voter is None:
        return set()
    return set(Vote.objects.filter(battle__tournament=share.tournament, voter=voter).values_list("battle", flat=True))


def public_shares() -> QuerySet[Share]:
    """Tournaments that everybody may judge or hear, newest first."""
    heard = Q(tournament__battles__state__in=Battle.HEARABLE)
    return (
        Share.objects.filter(is_public=True, revoked_at=None, tournament__owner__is_active=True)
        .exclude(tournament__song__state=Song.State.DELETED)
        .annotate(
            n_battles=Count("tournament__battles", filter=heard, distinct=True),
            n_votes=Count("tournament__battles__votes", distinct=True),
        )
        .filter(n_battles__gt=0)
        .select_related("tournament__song", "tournament__owner")
        .defer("tournament__song__peaks")
        .order_by("-pk")
    )
