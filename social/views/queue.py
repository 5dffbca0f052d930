"""The judging queue. Before the vote its pages say nothing of whose song it is, and a check looks like any battle."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from social.selectors.battles import battle_of, shared_reveal, vote_on
from social.selectors.queue import item_of, progress
from social.services.queue import answer, is_open, next_item, pass_over
from tournaments.access import ballot_for_voter, open_share
from tournaments.models import Ballot, QueueItem
from tournaments.selectors.ballots import battle_stage
from tournaments.services.checks import check_of
from tournaments.views.battles import cast_ballot
from tournaments.views.looks import looked_at
from tournaments.views.visitors import ListenerRequest, listener_required


@never_cache
@require_safe
def judge(request: HttpRequest) -> HttpResponse:
    """What is to be judged next; for strangers, how to begin."""
    if not request.user.is_authenticated:
        return render(request, "social/queue_door.html")
    now = timezone.now()
    item = next_item(listener=request.user, looked_at=looked_at(request), now=now)
    context: dict[str, object] = {"queue": progress(request.user, now)}
    if item is None:
        return render(request, "social/queue.html", context | {"part": "social/_queue_empty.html"})
    stage = battle_stage(item.ballot, vote_url=reverse("social:judge-vote", args=[item.ballot.token]))
    context |= {
        "part": "social/_queue_stage.html",
        "stage": stage,
        "another_url": reverse("social:judge-another", args=[item.ballot.token]),
    }
    return render(request, "social/queue.html", context)


@listener_required
@require_POST
def vote(request: ListenerRequest, token: str) -> HttpResponse:
    """Judge an item, and say what it was."""
    item = _item(request, token)
    cast_ballot(request.POST, request.user, token, commit=partial(answer, item=item))
    address = redirect("social:judged", item.number)
    if not request.htmx:
        return address
    response = render(request, "social/_queue_voted.html", _result(request, item.number))
    response["HX-Push-Url"] = address.url
    return response


@listener_required
@require_POST
def another(request: ListenerRequest, token: str) -> HttpResponse:
    """Pass over an item."""
    pass_over(item=_item(request, token))
    return redirect("social:judge")


@listener_required
@never_cache
@require_safe
def judged(request: ListenerRequest, number: int) -> HttpResponse:
    """What an item was that this listener has judged."""
    item = item_of(request.user, number)
    if item is not None and is_open(item, looked_at(request)):
        return redirect("social:judge")
    return render(request, "social/queue.html", _result(request, number))


def _item(request: ListenerRequest, token: str) -> QueueItem:
    """What the queue gave with this ballot. Raises Http404."""
    ballot = ballot_for_voter(request.user, token)
    item = ballot.queue_items.filter(listener=request.user).first()
    if item is None:
        raise Http404
    return item


def _result(request: ListenerRequest, number: int) -> dict[str, object]:
    """What is shown of an item that was judged. Raises Http404, ShareClosed."""
    item = item_of(request.user, number)
    if item is None or item.ballot.state != Ballot.State.COMMITTED:
        raise Http404
    context: dict[str, object] = {"queue": progress(request.user, timezone.now())}
    if item.ballot.kind == Ballot.Kind.CHECK:
        return context | {"part": "social/_queue_checked.html", "check": check_of(item.ballot)}
    share = open_share(item.ballot.share.token if item.ballot.share else "")
    battle = battle_of(share, item.ballot.battle.number)
    reveal = shared_reveal(share, battle, vote_on(battle, request.user))
    return context | {"part": "social/_reveal.html", "share": share, "battle": battle, "reveal": reveal}
