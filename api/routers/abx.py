"""ABX tests on a judged battle. Until a test is over, nothing that is sent says what X is."""

from __future__ import annotations

from typing import Any, Literal

from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Router

from api.schemas.abx import AbxAnswerIn, AbxOut, AbxStartIn
from api.sound import sound
from api.tokens import ApiRequest, scoped
from tournaments.access import abx_trial_for_listener, finished_abx_for_listener, vote_by_ballot
from tournaments.models import Preview, Vote
from tournaments.ratings.abx import p_value
from tournaments.selectors.abx import Result, TrialStage, abx_page, sound_of, sound_of_x, test_csv
from tournaments.services.abx import answer_trial, give_up, start_test

router = Router()

Token = Path(max_length=40, pattern=r"^[-\w]+$", description="Of the ballot that you voted with.")
Trial = Path(max_length=40, pattern=r"^[-\w]+$", description="The trial's token.")


@router.get("/ballots/{token}/abx", response=AbxOut, **scoped("read"))
def get_abx(request: ApiRequest, token: str = Token) -> dict[str, Any]:
    """The trial that waits for an answer, and the tests that are over."""
    return _abx(request, vote_by_ballot(request.user, token))


@router.post("/ballots/{token}/abx", response=AbxOut, **scoped("play"))
def start_abx(request: ApiRequest, wanted: AbxStartIn, token: str = Token) -> dict[str, Any]:
    """Begin a test on a battle that you have judged; one that is running goes on instead."""
    vote = vote_by_ballot(request.user, token)
    start_test(vote=vote, n_trials=wanted.n_trials, now=timezone.now())
    return _abx(request, vote)


@router.delete("/ballots/{token}/abx", response={204: None}, **scoped("play"))
def give_abx_up(request: ApiRequest, token: str = Token) -> None:
    """Give the running test up. What X was stays untold."""
    give_up(vote=vote_by_ballot(request.user, token), now=timezone.now())


@router.get("/ballots/{token}/abx/{side}.wav", **scoped("play", sends="audio/wav"))
def abx_side(request: ApiRequest, token: str = Token, side: Literal["a", "b"] = Path(...)) -> HttpResponseBase:
    """A or B as WAV, as you judged them; byte ranges are understood."""
    preview = _there(sound_of(vote_by_ballot(request.user, token), side))
    response = sound(request, preview.file.path, "audio/wav", etag=f"preview-{preview.pk}")
    response["Cache-Control"] = "private, no-cache"
    return response


@router.get("/abx/{trial}/x.wav", **scoped("play", sends="audio/wav"))
def abx_x(request: ApiRequest, trial: str = Trial) -> HttpResponseBase:
    """X of the trial that waits for an answer, as long as A and B; byte ranges are understood."""
    preview = _there(sound_of_x(abx_trial_for_listener(request.user, trial)))
    response = sound(request, preview.file.path, "audio/wav")
    response["Cache-Control"] = "private, no-store"
    return response


@router.post("/abx/{trial}/answer", response=AbxOut, **scoped("play"))
def answer_abx(request: ApiRequest, said: AbxAnswerIn, trial: str = Trial) -> dict[str, Any]:
    """Say which side X is, for good. The answer gives the next trial, or after the last one the result."""
    row = abx_trial_for_listener(request.user, trial)
    segments = {"a": said.a, "b": said.b, "x": said.x}
    answer_trial(trial=row, answer=said.answer, segments=segments, now=timezone.now())
    return _abx(request, row.test.vote)


@router.get("/abx/tests/{int:number}.csv", **scoped("read", sends="text/csv", in_ranges=False))
def abx_csv(request: ApiRequest, number: int = Path(ge=1, le=2**63 - 1)) -> HttpResponse:
    """Each trial of a finished test. Changes between the sounds are noted on the pages alone."""
    test = finished_abx_for_listener(request.user, number)
    return HttpResponse(test_csv(test), content_type="text/csv; charset=utf-8")


def _there(preview: Preview | None) -> Preview:
    if preview is None:
        raise Http404
    return preview


def _abx(request: ApiRequest, vote: Vote) -> dict[str, Any]:
    page = abx_page(vote)
    return {
        "trial": _trial(request, vote.ballot.token, page.trial) if page.trial else None,
        "results": [_result(result) for result in page.results],
        "newest_trials": page.newest_trials,
    }


def _trial(request: ApiRequest, token: str, stage: TrialStage) -> dict[str, Any]:
    a_url, b_url, x_url = (
        request.build_absolute_uri(address)
        for address in (
            *(reverse("api:abx_side", args=[token, side]) for side in ("a", "b")),
            reverse("api:abx_x", args=[stage.token]),
        )
    )
    return {
        "trial": stage.token,
        "number": stage.number,
        "n_trials": stage.n_trials,
        "a_url": a_url,
        "b_url": b_url,
        "x_url": x_url,
        "needed_s": stage.needed_s,
    }


def _result(result: Result) -> dict[str, Any]:
    test, is_told = result.test, result.is_finished
    return {
        "id": test.pk,
        "n_trials": test.n_trials,
        "n_answered": result.n_answered,
        "ended_at": test.ended_at,
        "n_right": result.n_right if is_told else None,
        "p": p_value(result.n_right, test.n_trials) if is_told else None,
        "is_passed": result.is_passed if is_told else None,
        "csv_url": reverse("api:abx_csv", args=[test.pk]) if is_told else None,
    }
