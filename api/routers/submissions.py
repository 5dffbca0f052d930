"""Mixers that listeners offer to the arena."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from ninja import File, Path, Router, UploadedFile

from api.errors import InvalidForm
from api.schemas.mixers import SubmissionOut
from api.throttling import take
from api.tokens import ApiRequest, scoped
from tournaments.access import submission_for_author
from tournaments.forms import SubmissionForm
from tournaments.selectors.submissions import SubmissionLine, submission_line, submissions_of
from tournaments.services.community import submit

router = Router()


@router.get("/submissions", response=list[SubmissionOut], **scoped("read"))
def list_submissions(request: ApiRequest) -> list[dict[str, Any]]:
    """The mixers that you offered, newest first, 30 at most."""
    return [_submission(line) for line in submissions_of(request.user)]


@router.post("/submissions", response={202: SubmissionOut}, **scoped("mixers"))
def offer_mixer(
    request: ApiRequest,
    weights: UploadedFile = File(..., description="safetensors"),
    card: UploadedFile = File(..., description="TOML; what it has to say stands in docs/community.md."),
) -> dict[str, Any]:
    """Offer a mixer. A worker examines it, then a curator decides: ask until it is neither `checking` nor `waiting`."""
    take(name=f"uploads-{request.user.pk}", limit=settings.API_UPLOADS_PER_HOUR, window_s=3600)
    form = SubmissionForm({}, MultiValueDict({"weights": [weights], "card": [card]}))
    if not form.is_valid():
        raise InvalidForm.of(form)
    return _submission(submission_line(submit(author=request.user, **form.cleaned_data, now=timezone.now())))


@router.get("/submissions/{int:number}", response=SubmissionOut, **scoped("read"))
def get_submission(request: ApiRequest, number: int = Path(ge=1, le=2**63 - 1)) -> dict[str, Any]:
    """How far a mixer of yours has come, with every check."""
    return _submission(submission_line(submission_for_author(request.user, number)))


def _submission(line: SubmissionLine) -> dict[str, Any]:
    row = line.submission
    return {
        "id": row.pk,
        "nickname": row.nickname,
        "state": row.state,
        "reason": row.reason,
        "mixer": row.mixer.slug if row.mixer else None,
        "checks": line.checks,
        "created_at": row.created_at,
        "decided_at": row.decided_at,
    }
