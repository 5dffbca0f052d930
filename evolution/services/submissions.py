"""Mixers that people make: taken in, and examined by a worker before any curator sees them.

Nothing of what is sent is ever unpickled, and no weight is read before the header has named the right shapes. What
passes is written anew, so that a registered file holds weights and nothing else of its author's.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from evolution.errors import NameTaken, SubmissionError, TooManySubmissions
from evolution.models import Mixer, Submission
from evolution.services.submitted_cards import SubmittedCard, read_submitted_card
from mixing.errors import MixerFileError
from mixing.mixers.weights_header import read_header

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

    from mixing.breeding.gate import GateReport, GateSet
    from mixing.mixers.base import Mixer as Network

logger = logging.getLogger(__name__)

MAX_OPEN, MAX_A_DAY = 3, 10
OPEN = (Submission.State.CHECKING, Submission.State.WAITING)
FILE_NAME = "weights.safetensors"


@dataclass(frozen=True)
class Verdict:
    """What came of an examination: new values of the row, and whether a curator may decide now."""

    fields: dict[str, Any]
    passed: bool


def add_submission(*, author: AbstractUser, weights: File[Any], card: File[Any], now: datetime) -> Submission:
    """Take a mixer in. What can be seen without reading a weight is refused at once.

    Args:
        weights: safetensors. card: TOML.
    Raises: MixerFileError, NameTaken, SubmissionError, TooManySubmissions.
    """
    said = read_submitted_card(card.read())
    _check_weights(weights, said)
    check_name(said.nickname)
    stored = default_storage.save(f"submissions/{uuid.uuid4().hex}/{FILE_NAME}", weights)
    try:
        with transaction.atomic():
            _check_number(author, now)
            card.seek(0)
            return Submission.objects.create(
                author_id=author.pk,
                nickname=said.nickname,
                card=card.read().decode("utf-8"),
                weights=stored,
                created_at=now,
            )
    except BaseException:
        forget_file(stored)
        raise


def check_name(nickname: str) -> None:
    """Raise NameTaken where a mixer, alive or not, goes by this name already."""
    if Mixer.objects.filter(Q(nickname__iexact=nickname) | Q(name__iexact=nickname)).exists():
        raise NameTaken(f"There is a mixer called {nickname} already. Give yours another nickname.", code="name_taken")


def compute_verdict(submission: Submission) -> Verdict:
    """Examine the weights: seconds of work, without writing to the database. The caller holds the lease."""
    # Torch stays out of the web process.
    from mixing.breeding.gate import load_gate_set
    from mixing.breeding.outputs import one_thread
    from mixing.mixers.zoo import check_header, content_hash, load_mixer

    started = time.monotonic()
    path = Path(submission.weights.path)
    with one_thread():
        try:
            with path.open("rb") as file:
                check_header(read_header(file, path.stat().st_size))
            network = load_mixer(path)
        except MixerFileError as error:
            return _rejected(error.message, {})
        name = content_hash(network.network.state_dict())
        if twin := Mixer.objects.filter(content_hash=name).first():
            return _rejected(f"These are the weights of {twin.nickname}. Train yours further and send it again.", {})
        gate_set = load_gate_set()
        report = _examine(network, gate_set)
        if not report.passed:
            return _rejected(f"{report.reason} Train it further and send it again.", report.to_dict())
        measured = _measure(network, gate_set)
    stored = f"submissions/{submission.pk}-{name[:16]}/{FILE_NAME}"
    _write(network, stored)
    logger.info("examined submission=%s seconds=%.1f", submission.pk, time.monotonic() - started)
    return Verdict(
        fields={
            "state": Submission.State.WAITING,
            "content_hash": name,
            "report": report.to_dict() | {"measured": measured},
            "weights": stored,
            "reason": "",
        },
        passed=True,
    )


def mixer_of(submission: Submission, *, weights: str, seed_rating: float) -> Mixer:
    """An unsaved mixer from a submission that passed. Raises NameTaken where its weights or name are there already."""
    said = read_submitted_card(submission.card.encode())
    check_name(said.nickname)
    if Mixer.objects.filter(content_hash=submission.content_hash).exists():
        raise NameTaken("There is a mixer with these very weights already. Reject this one.", code="copy")
    measured = submission.report["measured"]
    return Mixer(
        slug=_slug(said.nickname, submission.content_hash),
        name=said.name,
        nickname=said.nickname,
        description=said.description,
        architecture=measured["architecture"],
        generation=0,
        genres=list(said.genres),
        specialities=measured["specialities"],
        capabilities=measured["capabilities"],
        style=measured["style"],
        card={"training": said.training, "metrics": measured["metrics"]},
        weights=weights,
        content_hash=submission.content_hash,
        seed_rating=seed_rating,
        author_id=submission.author_id,
    )


def forget_submissions(*, author: AbstractUser) -> None:
    """Somebody leaves: what is not decided goes, and mixers that live on do so under no name. Inside a transaction."""
    rows = Submission.objects.filter(author_id=author.pk)
    names = [str(name) for name in rows.exclude(weights="").values_list("weights", flat=True)]
    rows.delete()
    Mixer.objects.filter(author_id=author.pk).update(author=None)
    for name in names:
        transaction.on_commit(partial(forget_file, name))


def forget_file(name: str) -> None:
    """Delete a submitted file with its folder; one that is gone already is none."""
    if name:
        default_storage.delete(name)
        folder = Path(default_storage.path(name)).parent
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()


def _check_weights(weights: File[Any], said: SubmittedCard) -> None:
    if weights.size > settings.MAX_MIXER_MB * 1_000_000:
        raise MixerFileError(
            f"The weights take {weights.size / 1e6:.0f} MB, and {settings.MAX_MIXER_MB} are allowed. "
            "The arena's networks take 1.5; send one of these.",
            code="too_large",
        )
    header = read_header(cast(BinaryIO, weights), weights.size)
    architecture = header.metadata.get("architecture", "")
    if architecture not in Mixer.Architecture.values:
        raise MixerFileError(
            f"The weights name the unknown architecture {architecture[:40]!r}. "
            f"Known are: {', '.join(Mixer.Architecture.values)}.",
            code="unknown_architecture",
        )
    if said.architecture not in ("", architecture):
        raise MixerFileError(
            "The card describes another architecture than the weights. Correct the card.", code="wrong_card"
        )
    weights.seek(0)
    if said.sha256 and said.sha256 != _sha256(weights):
        raise MixerFileError(
            "The card's sha256 is that of another file. Correct it, or leave it out.", code="wrong_hash"
        )


def _sha256(file: File[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _check_number(author: AbstractUser, now: datetime) -> None:
    # Two forms sent at once wait for each other here.
    if not get_user_model().objects.select_for_update().filter(pk=author.pk).exists():
        raise SubmissionError("This account is gone. Log in with another one.", code="no_author")
    rows = Submission.objects.filter(author_id=author.pk)
    if rows.filter(state__in=OPEN).count() >= MAX_OPEN:
        raise TooManySubmissions(
            f"{MAX_OPEN} mixers of yours are still being checked or wait for a curator. Send this one once one of them "
            "is decided.",
            code="too_many_open",
        )
    if rows.filter(created_at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY:
        raise TooManySubmissions(
            f"You sent {MAX_A_DAY} mixers within a day. Send this one tomorrow.", code="too_many_today"
        )


def _examine(network: Network, gate_set: GateSet) -> GateReport:
    from mixing.breeding.gate import examine_stranger
    from mixing.mixers.zoo import load_mixer

    living = Mixer.objects.filter(state=Mixer.State.ACTIVE).exclude(weights="")
    answers = [gate_set.answers(load_mixer(Path(mixer.weights.path)))[0] for mixer in living]
    return examine_stranger(network, answers, gate_set)


def _measure(network: Network, gate_set: GateSet) -> dict[str, Any]:
    from mixing.breeding.profile import measure_profile, specialities_of
    from mixing.breeding.taste import measure_style
    from mixing.training.probe import clean_movement_db, repair_ratio

    clean, degraded = gate_set.answers(network)
    profile = measure_profile(network)
    capabilities = {name: interval.value for name, interval in profile.items()}
    return {
        "architecture": network.architecture,
        "capabilities": capabilities,
        "specialities": specialities_of(capabilities),
        "style": measure_style(network).tolist(),
        "metrics": {
            "repair_ratio": repair_ratio(clean, degraded, gate_set.clean.stats, gate_set.degraded.stats).to_dict(),
            "clean_movement_db": float(clean_movement_db(clean, gate_set.clean.stats).mean()),
            "capability_intervals": {name: [i.low, i.high] for name, i in profile.items()},
        },
    }


def _write(network: Network, name: str) -> None:
    """The weights under this name, with nothing else of their author's. Doing it again writes the same bytes."""
    from mixing.mixers.zoo import save_mixer

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE_NAME
        save_mixer(network, path, {})
        default_storage.delete(name)
        default_storage.save(name, ContentFile(path.read_bytes()))


def _rejected(reason: str, report: dict[str, Any]) -> Verdict:
    fields = {"state": Submission.State.REJECTED, "reason": reason, "report": report, "weights": ""}
    return Verdict(fields=fields, passed=False)


def _slug(nickname: str, content_hash: str) -> str:
    return f"{slugify(nickname)[:60] or 'mixer'}-{content_hash[:6]}"
