"""What an owner has shared of a tournament, and what could be."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from tournaments.models import Battle, Clip, Mix, Share, Tournament


@dataclass(frozen=True)
class BattleLink:
    """A round and its link, if it has one."""

    battle: Battle
    share: Share | None
    clip: Clip | None


@dataclass(frozen=True)
class MixLink:
    """A mix that was heard and its link, if it has one."""

    mix: Mix
    share: Share | None


@dataclass(frozen=True)
class OwnLinks:
    """All links of a tournament that open something."""

    whole: Share | None
    battles: tuple[BattleLink, ...]
    mixes: tuple[MixLink, ...]


def own_links(tournament: Tournament) -> OwnLinks:
    """Links, clips, and what has none yet. Mixes have none before the result, which would give rounds away."""
    shares = list(Share.objects.filter(tournament=tournament, revoked_at=None))
    of_battles = {share.battle_id: share for share in shares if share.kind == Share.Kind.BATTLE}
    of_mixes = {share.mix_id: share for share in shares if share.kind == Share.Kind.MIX}
    battles = list(Battle.objects.filter(tournament=tournament, state__in=Battle.HEARABLE).order_by("number"))
    clips = {clip.battle_id: clip for clip in Clip.objects.filter(battle__in=battles)}
    mixes: list[Mix] = []
    if tournament.state == Tournament.State.FINISHED:
        heard = {pk for battle in battles for pk in (battle.first_id, battle.second_id)}
        is_mine = Q(pk__in=heard) | Q(pk=tournament.taken_id)
        mixes = list(Mix.objects.filter(is_mine, state=Mix.State.READY).select_related("mixer"))
        mixes.sort(key=lambda mix: (mix.pk != tournament.taken_id, mix.pk))
    return OwnLinks(
        whole=next((share for share in shares if share.kind == Share.Kind.TOURNAMENT), None),
        battles=tuple(BattleLink(battle, of_battles.get(battle.pk), clips.get(battle.pk)) for battle in battles),
        mixes=tuple(MixLink(mix, of_mixes.get(mix.pk)) for mix in mixes),
    )


def signature_of(battle: Battle) -> str:
    """The name that stands under a battle: of its own link, else of its tournament's, else its owner's."""
    shares = Share.objects.filter(tournament=battle.tournament_id, revoked_at=None).select_related("tournament__owner")
    own = shares.filter(kind=Share.Kind.BATTLE, battle=battle).first()
    share = own or shares.filter(kind=Share.Kind.TOURNAMENT).first()
    return share.signature if share is not None else battle.tournament.owner.username
