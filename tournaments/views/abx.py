"""ABX tests on a judged battle: the page, its sound, the answers, and the log of a finished test.

Until a test is over, nothing that is sent tells what X is: not its address, not its headers, not its length.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mixarena.web.ranges import file_response
from tournaments.access import abx_trial_for_listener, finished_abx_for_listener, vote_by_ballot
from tournaments.errors import InvalidAbx
from tournaments.forms import AbxAnswerForm, AbxStartForm
from tournaments.models import Preview, Vote
from tournaments.selectors.abx import abx_page, sound_of, sound_of_x, test_csv
from tournaments.services.abx import answer_trial, give_up, start_test
from tournaments.views.visitors import ListenerRequest, listener_required, login_response

if TYPE_CHECKING:
    from accounts.models import User


@listener_required
@never_cache
@require_safe
def abx(request: ListenerRequest, token: str) -> HttpResponse:
    """The trial that waits for an answer, or the results so far and the choice of a length."""
    page = abx_page(vote_by_ballot(request.user, token))
    return render(request, "tournaments/abx.html", {"page": page, "form": AbxStartForm()})


@listener_required
@require_POST
def start(request: ListenerRequest, token: str) -> HttpResponse:
    """Begin a test."""
    vote = vote_by_ballot(request.user, token)
    form = AbxStartForm(request.POST)
    if not form.is_valid():
        raise InvalidAbx("A test has 8, 12 or 16 trials. Choose one of them.", code="bad_length")
    start_test(vote=vote, n_trials=form.cleaned_data["n_trials"], now=timezone.now())
    return _go_on(request, vote)


@listener_required
@require_POST
def answer(request: ListenerRequest, token: str) -> HttpResponse:
    """Say what X is."""
    trial = abx_trial_for_listener(request.user, token)
    form = AbxAnswerForm(request.POST)
    if not form.is_valid():
        raise InvalidAbx("The answer came incomplete or damaged. Reload the page and answer again.", code="bad_answer")
    answer_trial(
        trial=trial,
        answer=form.cleaned_data["answer"],
        segments=form.cleaned_data["segments"],
        switches=form.cleaned_data["switches"],
        now=timezone.now(),
    )
    return _go_on(request, trial.test.vote)


@listener_required
@require_POST
def abandon(request: ListenerRequest, token: str) -> HttpResponse:
    """Give the running test up."""
    vote = vote_by_ballot(request.user, token)
    give_up(vote=vote, now=timezone.now())
    return _go_on(request, vote)


@listener_required
@never_cache
@require_safe
def log(request: ListenerRequest, pk: int) -> HttpResponse:
    """Each trial of a finished test as a file."""
    test = finished_abx_for_listener(request.user, pk)
    return HttpResponse(
        test_csv(test),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="abx-{pk}.csv"'},
    )


async def side_audio(request: HttpRequest, token: str, side: str) -> HttpResponseBase:
    """A or B. They are no secret any more, so that the next trial may take them from the cache."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    preview = await sync_to_async(_side)(user, token, side)
    response = await file_response(request, Path(preview.file.path), "audio/wav", etag=f"preview-{preview.pk}")
    response["Cache-Control"] = "private, no-cache"
    return response


async def x_audio(request: HttpRequest, token: str) -> HttpResponseBase:
    """X of the trial that waits for an answer: as long as A and B, without anything to recognize it by."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    preview = await sync_to_async(_x)(user, token)
    response = await file_response(request, Path(preview.file.path), "audio/wav")
    response["Cache-Control"] = "private, no-store"
    return response


def _go_on(request: ListenerRequest, vote: Vote) -> HttpResponse:
    if not request.htmx:
        return redirect("tournaments:abx", vote.ballot.token)
    return render(request, "tournaments/_abx.html", {"page": abx_page(vote), "form": AbxStartForm()})


def _side(user: User, token: str, side: str) -> Preview:
    return _there(sound_of(vote_by_ballot(user, token), side))


def _x(user: User, token: str) -> Preview:
    return _there(sound_of_x(abx_trial_for_listener(user, token)))


def _there(preview: Preview | None) -> Preview:
    if preview is None:
        raise Http404
    return preview
