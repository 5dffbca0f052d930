"""What others share: judged blind first, then seen. Nothing before the vote says who fights in a battle."""

from __future__ import annotations

from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpResponseBase
from django.utils import timezone
from ninja import Path, Query, Router

from accounts.models import User
from api.errors import ApiError
from api.paging import Page, Paging, page_of
from api.routers.ballots import ballot_out, cast
from api.routers.links import share_url
from api.routers.tournaments import choice_of, fighter_out
from api.schemas.sharing import BehindLinkOut, PublicOut, SharedRevealOut
from api.schemas.tournaments import BallotOut, VoteIn
from api.tokens import ApiRequest, scoped
from mixarena.web.live import event_stream
from social.selectors.battles import battle_of, shared_reveal, vote_on
from social.selectors.live import live_events
from social.selectors.pages import SharedMix, public_shares, shared_tournament
from tournaments.access import ballot_for_voter, open_share
from tournaments.errors import BallotClosed
from tournaments.models import Battle, Share
from tournaments.selectors.audience import channel_of, n_listeners
from tournaments.services.ballots import issue_audience_ballot

router = Router()

Token = Path(max_length=40, pattern=r"^[-\w]+$", description="Of the link, the last part of its address.")
Number = Path(ge=1, le=10)


class ForPeople(ApiError):
    """A link that shows who mixed something without a vote."""

    status = 409


@router.get("/shared", response=Page[PublicOut], **scoped("read"))
def list_public(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Tournaments that everybody may judge, newest first."""
    return page_of(public_shares(), paging, lambda row: _public(request, row))


@router.get("/shared/{share}", response=BehindLinkOut, **scoped("read"))
def get_shared(request: ApiRequest, share: str = Token) -> dict[str, Any]:
    """What a link to a tournament or a battle opens."""
    link = _open(share)
    tournament = link.tournament
    page = shared_tournament(link, request.user, has_looked=False)
    is_whole = link.kind == Share.Kind.TOURNAMENT
    only = link.battle.number if link.battle else 0
    return {
        "kind": link.kind,
        "song_title": tournament.song.title,
        "by": link.signature,
        "state": tournament.state,
        "n_rounds": tournament.n_rounds,
        "n_listeners": n_listeners(tournament.public_id),
        "rounds": [
            {
                "round": row.number,
                "is_final": row.is_final,
                "is_hearable": row.is_hearable,
                "is_judged": row.is_judged,
                "n_votes": row.n_votes,
            }
            for row in page.rounds
            if is_whole or row.number == only
        ],
        "result": _result(page.result) if page.result and is_whole else None,
    }


@router.get("/shared/{share}/live", **scoped("read", sends="text/event-stream", in_ranges=False))
def live_shared(request: ApiRequest, share: str = Token) -> HttpResponseBase:
    """Server-sent events: one now, one whenever something changed, and `end` when the link is taken back.

    The data of a `message` is a short text that changes when a round opens or ends and means nothing else; then ask for
    what is behind the link. An `audience` says as JSON how many have its pages open, and how many votes each round has,
    never for whom: what everybody said of a round is told where you have judged it. Following along by a program does
    not count as having a page open.
    """
    link = _open(share)
    channel = channel_of(link.tournament.public_id)
    return async_to_sync(event_stream)(request, channel, partial(live_events, link.pk), kind=f"share:{link.pk}")


@router.post("/shared/{share}/rounds/{int:number}/ballot", response=BallotOut, **scoped("play"))
def take_shared_ballot(request: ApiRequest, share: str = Token, number: int = Number) -> dict[str, Any]:
    """The ballot of a shared battle; asking again gives the same one. Your own tournaments are judged elsewhere."""
    link = _open(share)
    battle = battle_of(link, number)
    ballot = issue_audience_ballot(share=link, battle=battle, voter=request.user, now=timezone.now())
    return ballot_out(request, ballot_for_voter(request.user, ballot.token))


@router.post("/shared/{share}/rounds/{int:number}/vote", response=SharedRevealOut, **scoped("play"))
def vote_shared(request: ApiRequest, judgement: VoteIn, share: str = Token, number: int = Number) -> dict[str, Any]:
    """Vote on a shared battle, for good, and uncover it. It moves ratings as a vote on the page of the link does."""
    link = _open(share)
    battle = battle_of(link, number)
    ballot = issue_audience_ballot(share=link, battle=battle, voter=request.user, now=timezone.now())
    cast(request, ballot, judgement)
    return shared_reveal_out(link, battle, request.user)


@router.get("/shared/{share}/rounds/{int:number}", response=SharedRevealOut, **scoped("read"))
def get_shared_round(request: ApiRequest, share: str = Token, number: int = Number) -> dict[str, Any]:
    """A shared battle that you have judged: who was who, and what everybody said by now."""
    link = _open(share)
    return shared_reveal_out(link, battle_of(link, number), request.user)


def shared_reveal_out(share: Share, battle: Battle, voter: User) -> dict[str, Any]:
    """A judged battle as its voter is shown it. Raises BallotClosed for one that is still to be judged."""
    vote = vote_on(battle, voter)
    if vote is None:
        raise BallotClosed("Who was who is shown once you have judged. Vote first.", code="not_judged")
    page = shared_reveal(share, battle, vote)
    return {
        "ballot": vote.ballot.token,
        "share": share.token,
        "song_title": battle.tournament.song.title,
        "by": share.signature,
        "round": battle.number,
        "verdict": page.verdict,
        "choice": choice_of(page.sides, vote),
        "confidence": vote.confidence,
        "owner_verdict": page.owner_verdict,
        "n_votes": page.crowd.n,
        "crowd": [
            {"choice": "neither" if camp.side == "none" else camp.side, "n": camp.n, "percent": camp.percent}
            for camp in page.crowd.camps
        ],
        "sides": [fighter_out(side) for side in page.sides],
    }


def _open(token: str) -> Share:
    """A link to something that can be judged. Raises ShareClosed, ForPeople."""
    share = open_share(token)
    if share.kind == Share.Kind.MIX:
        raise ForPeople(
            "This link shows a mix and who made it, which nobody could unsee who still wants to judge. Open its page.",
            code="for_people",
        )
    return share


def _public(request: ApiRequest, row: Share) -> PublicOut:
    tournament = row.tournament
    return PublicOut(
        share=row.token,
        url=share_url(request, row),
        song_title=tournament.song.title,
        by=row.signature,
        state=tournament.state,
        n_rounds=tournament.n_rounds,
        n_battles=row.n_battles,  # type: ignore[attr-defined]
        n_votes=row.n_votes,  # type: ignore[attr-defined]
        shared_at=row.created_at,
    )


def _result(result: SharedMix) -> dict[str, Any]:
    return {
        "mixer": result.mixer.slug,
        "nickname": result.mixer.nickname,
        "deeds": [f"{deed.what}: {deed.detail}" for deed in result.deeds],
    }
