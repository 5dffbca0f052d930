"""A shared battle uncovered: for a visitor who has judged it, or who would rather look than judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.urls import reverse

from mixing.console.spec import MixSettings
from social.selectors.crowds import Crowd, crowd
from tournaments.drawings.curves import EqChart, draw_eq
from tournaments.errors import ShareClosed
from tournaments.models import Battle, Preview, Share, Vote
from tournaments.selectors.auditions import Audition, Candidate, audition
from tournaments.selectors.ratings import moves
from tournaments.selectors.reveals import Side, side_of, verdict, winner_of

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class SharedReveal:
    """Who was who in a battle, what the visitor, the owner and everybody said, and all of its sound."""

    share: Share
    battle: Battle
    vote: Vote | None
    verdict: str
    owner_verdict: str
    sides: tuple[Side, Side]
    crowd: Crowd
    eq: EqChart
    listen: Audition | None


def battles_of(share: Share) -> QuerySet[Battle]:
    """The rounds that a link shows; none for a link to a mix."""
    battles = Battle.objects.filter(tournament=share.tournament_id).exclude(state=Battle.State.VOIDED)
    if share.kind == Share.Kind.BATTLE:
        return battles.filter(shares=share)
    return battles.none() if share.kind == Share.Kind.MIX else battles


def battle_of(share: Share, number: int) -> Battle:
    """A round that a link shows. Raises ShareClosed for another one."""
    battles = battles_of(share).filter(number=number)
    battle = battles.select_related("tournament__song", "tournament__owner", "first__mixer", "second__mixer").first()
    if battle is None:
        raise ShareClosed("There is no such round behind this link.", code="no_round")
    return battle


def vote_on(battle: Battle, voter: User | None) -> Vote | None:
    """What a visitor said of a battle."""
    if voter is None:
        return None
    votes = Vote.objects.select_related("ballot", "battle__first", "battle__second")
    return votes.filter(battle=battle, voter=voter).first()


def shared_reveal(share: Share, battle: Battle, vote: Vote | None) -> SharedReveal:
    """Uncover a battle under the letters that the visitor heard, or the stored order where nothing was heard."""
    is_swapped = vote is not None and vote.ballot.is_swapped
    mix_a, mix_b = (battle.second, battle.first) if is_swapped else (battle.first, battle.second)
    winner = winner_of(vote) if vote is not None else None
    moved = moves(vote) if vote is not None else {}
    sides = (
        side_of("A", mix_a, winner, moved.get(mix_a.mixer_id)),
        side_of("B", mix_b, winner, moved.get(mix_b.mixer_id)),
    )
    owner_vote = vote_on(battle, battle.tournament.owner)
    song = battle.tournament.song
    return SharedReveal(
        share=share,
        battle=battle,
        vote=vote,
        verdict=verdict(vote, sides) if vote is not None else "Who was who",
        owner_verdict=said(owner_vote, battle, mix_a.pk),
        sides=sides,
        crowd=crowd(battle, is_swapped=is_swapped),
        eq=draw_eq([MixSettings.from_dict(mix.console_settings or {}).bus for mix in (mix_a, mix_b)], song.sample_rate),
        listen=in_public(
            audition(
                song,
                Preview.Region.HIGHLIGHT,
                [
                    Candidate(mix_a, "A", mix_a.mixer.nickname, "a"),
                    Candidate(mix_b, "B", mix_b.mixer.nickname, "b"),
                    Candidate(None, "Original", "the upload", "original"),
                ],
            ),
            share,
        ),
    )


def in_public(found: Audition | None, share: Share) -> Audition | None:
    """The same tracks under addresses that need no account."""
    if found is None:
        return None
    tracks = (
        replace(track, url=reverse("social:sound", args=[share.token, track.preview_pk])) for track in found.tracks
    )
    return replace(found, tracks=tuple(tracks))


def sounds_of(share: Share, *, judged: set[int], has_looked: bool) -> Q:
    """Which previews of the highlight a visitor may hear: those that nothing is left to be judged of.

    Args:
        judged: battles of the share that the visitor has judged.
        has_looked: whether the visitor gave up judging this tournament blind.
    """
    battles = battles_of(share).filter(state__in=Battle.HEARABLE)
    if not has_looked:
        battles = battles.filter(pk__in=judged)
    mixes: set[int | None] = {pk for pair in battles.values_list("first", "second") for pk in pair}
    if share.kind == Share.Kind.MIX:
        mixes = {share.mix_id}
    elif share.kind == Share.Kind.TOURNAMENT and has_looked:
        mixes.add(share.tournament.taken_id)
    # The upload is no secret, but of no use before there is a mix to compare it with.
    return Q(mix__in=[pk for pk in mixes if pk]) | (Q(mix=None) if mixes else Q(pk=None))


def said(vote: Vote | None, battle: Battle, a_pk: int) -> str:
    """An owner's vote in a word; empty while there is none."""
    if vote is None:
        return ""
    if vote.choice in (Vote.Choice.FIRST, Vote.Choice.SECOND):
        chosen = battle.first_id if vote.choice == Vote.Choice.FIRST else battle.second_id
        return f"chose {'A' if chosen == a_pk else 'B'}, {vote.confidence} % sure"
    return "could not tell them apart" if vote.choice == Vote.Choice.TIE else "found neither acceptable"
