"""Mixers that listeners made: checked by a worker, then let in or turned away by a curator, and their authors told."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice, User
from accounts.services.notices import tell
from evolution.errors import SubmissionClosed, SubmissionError
from evolution.models import Mixer, Submission
from evolution.services.submissions import add_submission, compute_verdict, forget_file, mixer_of
from mixarena.jobs.leases import Lease
from mixarena.jobs.steps import Step
from tournaments.services.disk import check_free_space
from tournaments.services.ledger import append_seed

# Below every champion: a prior that votes correct within some battles, whichever way.
SEED_RATING = 1200.0
MAX_NOTICE = 300
# The backend that knows who may what; the other one is for logging in.
PERMISSIONS = "django.contrib.auth.backends.ModelBackend"
CHECK = Step(
    task="tournaments.tasks.check_submission",
    model=Submission,
    state=Submission.State.CHECKING,
    failed_state=Submission.State.FAILED,
)


def submit(*, author: User, weights: File[Any], card: File[Any], now: datetime) -> Submission:
    """Take a mixer in and have it checked. Raises as `add_submission`; DiskNearlyFull."""
    check_free_space()
    with transaction.atomic():
        submission = add_submission(author=author, weights=weights, card=card, now=now)
        CHECK.send(submission.pk)
    return submission


def check_submission(submission_id: int) -> None:
    """Examine a mixer, unless somebody else is at it or it is done."""
    CHECK.run(submission_id, _check)


def approve(*, submission: Submission, by: User, now: datetime) -> Mixer:
    """Let a mixer into the arena, under its author's name.

    Raises: SubmissionClosed where it does not wait for a curator any more; NameTaken.
    """
    with transaction.atomic():
        row = _waiting(submission)
        # A second try after a rollback writes the same bytes under the same name.
        name = f"mixers/{row.content_hash}.safetensors"
        mixer = mixer_of(row, weights=name, seed_rating=SEED_RATING)
        default_storage.delete(name)
        with row.weights.open("rb") as file:
            mixer.weights = default_storage.save(name, ContentFile(file.read()))
        mixer.save(force_insert=True)
        _decide(row, by, now, state=Submission.State.APPROVED, mixer=mixer)
        append_seed(mixer=mixer)
        tell(
            user_ids=[row.author_id],
            kind=Notice.Kind.MIXER,
            title=f"{mixer.nickname} is in the arena",
            text="A curator has let it in. It battles from the next tournaments on.",
            url=reverse("tournaments:mixer", args=[mixer.slug]),
            now=now,
        )
    return mixer


def reject(*, submission: Submission, by: User, reason: str, now: datetime) -> None:
    """Turn a mixer away, with a reason that its author reads.

    Raises: SubmissionClosed where it does not wait for a curator any more; SubmissionError without a reason.
    """
    if not reason.strip():
        raise SubmissionError("There is no reason. Write what its author should change.", code="no_reason")
    with transaction.atomic():
        row = _waiting(submission)
        _decide(row, by, now, state=Submission.State.REJECTED, reason=reason.strip())
        _tell_of_rejection(row, reason.strip(), now)


def _check(submission: Submission, lease: Lease) -> None:
    verdict = compute_verdict(submission)
    sent = str(submission.weights.name)
    with transaction.atomic():
        if not lease.finish(**verdict.fields):
            return
        now = timezone.now()
        if verdict.passed:
            _tell_curators(submission, now)
        else:
            Submission.objects.filter(pk=submission.pk).update(decided_at=now)
            _tell_of_rejection(submission, verdict.fields["reason"], now)
        transaction.on_commit(partial(forget_file, sent))


def _waiting(submission: Submission) -> Submission:
    row = Submission.objects.select_for_update().filter(pk=submission.pk, state=Submission.State.WAITING).first()
    if row is None:
        raise _closed()
    return row


def _decide(row: Submission, by: User, now: datetime, **fields: Any) -> None:
    changed = Submission.objects.filter(pk=row.pk, state=Submission.State.WAITING).update(
        decided_at=now, decided_by=by, weights="", **fields
    )
    if not changed:
        raise _closed()
    transaction.on_commit(partial(forget_file, str(row.weights.name)))


def _closed() -> SubmissionClosed:
    return SubmissionClosed(
        "This mixer does not wait for a curator any more. Reload the page to see how it was decided.", code="closed"
    )


def _tell_curators(submission: Submission, now: datetime) -> None:
    """Whoever may decide on it hears that it waits: once, because a check ends once."""
    curators = User.objects.with_perm("evolution.change_submission", backend=PERMISSIONS)
    tell(
        user_ids=curators.filter(is_staff=True).values_list("pk", flat=True),
        kind=Notice.Kind.MIXER,
        title=f"{submission.nickname} waits for a curator",
        text=f"{submission.author} offers it, and it has passed its checks.",
        url=reverse("admin:evolution_submission_change", args=[submission.pk]),
        now=now,
    )


def _tell_of_rejection(submission: Submission, reason: str, now: datetime) -> None:
    tell(
        user_ids=[submission.author_id],
        kind=Notice.Kind.MIXER,
        title=f"{submission.nickname} was not let in",
        text=reason if len(reason) <= MAX_NOTICE else reason[: MAX_NOTICE - 1] + "…",
        url=reverse("tournaments:submit-mixer"),
        now=now,
    )
