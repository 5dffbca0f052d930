"""The judging queue. Before the vote nothing says whose song it is, and a check looks like any battle."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from ninja import Path, Router

from api.routers.audience import shared_reveal_out
from api.routers.ballots import cast, stage_out
from api.schemas.judging import JudgedOut, ListeningOut, QueueOut
from api.schemas.tournaments import VoteIn
from api.tokens import ApiRequest, scoped
from social.selectors.battles import battle_of
from social.selectors.queue import item_of, progress
from social.services.queue import answer, next_item, pass_over
from tournaments.access import ballot_for_voter, open_share
from tournaments.models import Ballot, QueueItem
from tournaments.selectors.listening import listening
from tournaments.selectors.shares import looks_of
from tournaments.services.checks import check_of

router = Router()

Number = Path(ge=1, le=2**31 - 1, description="Of the item; your first has 1.")


@router.post("/queue", response=QueueOut, **scoped("play"))
def take_next(request: ApiRequest) -> dict[str, Any]:
    """What you are to judge next; asking again gives the same until you have voted or passed it over."""
    user, now = request.user, timezone.now()
    # What somebody looked at in a browser, that browser alone remembers.
    item = next_item(listener=user, looked_at=looks_of(user), now=now)
    way = progress(user, now)
    return {
        "item": {"number": item.number, **stage_out(request, item.ballot)} if item else None,
        "n_judged": way.n_judged,
        "free_mix": {"n_done": way.n_done, "needed": way.per_mix, "is_day_full": way.is_day_full}
        if settings.CREDITS
        else None,
    }


@router.post("/queue/{int:number}/vote", response=JudgedOut, **scoped("play"))
def judge(request: ApiRequest, judgement: VoteIn, number: int = Number) -> dict[str, Any]:
    """Judge an item, for good, and hear what it was. The same vote again gives the same answer."""
    item = _item(request, number)
    cast(request, ballot_for_voter(request.user, item.ballot.token), judgement, commit=partial(answer, item=item))
    return _judged(request, number)


@router.post("/queue/{int:number}/another", response=QueueOut, **scoped("play"))
def another(request: ApiRequest, number: int = Number) -> dict[str, Any]:
    """Pass an item over, and take another one."""
    item = _item(request, number)
    ballot_for_voter(request.user, item.ballot.token)
    pass_over(item=item)
    return take_next(request)


@router.get("/queue/{int:number}", response=JudgedOut, **scoped("read"))
def judged(request: ApiRequest, number: int = Number) -> dict[str, Any]:
    """What an item was that you have judged."""
    return _judged(request, number)


@router.get("/me/listening", response=ListeningOut, **scoped("read"))
def own_listening(request: ApiRequest) -> dict[str, Any]:
    """What the checks of the queue say of you; nobody else is told but the arena's curators."""
    page = listening(request.user)
    return {
        "checks": [
            {"label": line.label, "n_passed": line.tally.passed, "n_failed": line.tally.failed} for line in page.lines
        ],
        "score": page.score,
        "n_missing": page.n_missing,
        "is_left_out": bool(page.why_left_out),
        "advice": page.words,
    }


def _item(request: ApiRequest, number: int) -> QueueItem:
    item = item_of(request.user, number)
    if item is None:
        raise Http404
    return item


def _judged(request: ApiRequest, number: int) -> dict[str, Any]:
    """What an item was. Raises Http404 before its vote, ShareClosed once its link was taken back."""
    ballot = _item(request, number).ballot
    if ballot.state != Ballot.State.COMMITTED:
        raise Http404
    if ballot.kind == Ballot.Kind.CHECK:
        return {"number": number, "battle": None, "check": check_of(ballot)}
    share = open_share(ballot.share.token if ballot.share else "")
    battle = battle_of(share, ballot.battle.number)
    return {"number": number, "battle": shared_reveal_out(share, battle, request.user), "check": None}
