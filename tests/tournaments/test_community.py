"""Community mixers on the site: sending one, its checks, a curator's word, and the right to take any along."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice, User
from evolution.errors import NameTaken, SubmissionClosed, SubmissionError
from evolution.models import Mixer, Submission
from evolution.services.downloads import KEPT_FOR, prune_downloads
from evolution.services.submissions import Verdict
from mixarena.jobs.leases import claim
from mixarena.jobs.queue import local_jobs
from mixing.mixers.card import MixerCard, card_values
from tests.factories import NOW, make_mixer, make_user
from tests.submitted import CARD, NICKNAME, card_file, champion, submitted, weights_file
from tests.tournaments.sound import enter
from tournaments.models import LedgerEvent, Rating
from tournaments.services import community
from tournaments.services.community import approve, check_submission, reject
from tournaments.services.departures import delete_account
from tournaments.services.ledger import differences_from_replay
from tournaments.services.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/mixers/submit/"


@pytest.fixture
def curator() -> User:
    return User.objects.create_superuser("curator", password="secret")


@pytest.fixture
def author() -> User:
    return make_user("author")


@pytest.fixture
def waiting(author: User) -> Submission:
    """A sound mixer that a worker has examined."""
    enter("elite-warrior")
    submission = submitted(author=author)
    check_submission(submission.pk)
    submission.refresh_from_db()
    assert submission.state == Submission.State.WAITING, submission.reason
    return submission


def downloaded(client: Client, slug: str) -> Any:
    return client.get(reverse("tournaments:mixer-file", args=[slug]))


def content(answer: Any) -> bytes:
    async def read() -> bytes:
        return b"".join([chunk async for chunk in answer.streaming_content])

    return async_to_sync(read)()


def test_from_the_form_to_a_living_mixer(client: Client, author: User, curator: User) -> None:
    enter("elite-warrior")
    client.force_login(author)
    with local_jobs() as jobs:
        answer = client.post(PAGE, {"weights": weights_file(), "card": card_file()})
        assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
        page = client.get(PAGE).content.decode()
        assert "being checked" in page
        assert 'hx-trigger="every 2s"' in page
        jobs.drain()
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section")
    assert "waiting for a curator" in part
    assert "Mends spoiled songs" in part
    assert "hx-trigger" not in part

    client.force_login(curator)
    submission = Submission.objects.get()
    url = reverse("admin:evolution_submission_changelist")
    shown = client.get(reverse("admin:evolution_submission_change", args=[submission.pk])).content.decode()
    assert "passed: Mends spoiled songs" in shown
    client.post(url, {"action": "approve_submissions", "_selected_action": [submission.pk]})
    mixer = Mixer.objects.get(nickname=NICKNAME)
    submission.refresh_from_db()
    assert (submission.state, submission.mixer, submission.decided_by) == ("approved", mixer, curator)
    assert (mixer.generation, mixer.is_champion, mixer.state, mixer.author) == (0, False, "active", author)
    event = LedgerEvent.objects.get(kind=LedgerEvent.Kind.SEED, payload__mixer=mixer.pk)
    assert event.payload["rating"] == 1200.0
    assert Rating.objects.get(mixer=mixer, genre="").rating == 1200.0
    assert differences_from_replay() == []
    notice = Notice.objects.get(user=author)
    assert (notice.kind, notice.url) == ("mixer", f"/mixers/{mixer.slug}/")

    client.logout()
    page = client.get(notice.url).content.decode()
    assert 'by <a href="/people/author/">author</a>' in page
    assert f"/mixers/{mixer.slug}/download/" in page
    answer = downloaded(client, mixer.slug)
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mixarena-{mixer.slug}.zip"'
    with zipfile.ZipFile(io.BytesIO(content(answer))) as bundle:
        card = MixerCard(**card_values(bundle.read(f"{mixer.slug}/card.toml").decode(), called="card"))
        assert bundle.read(f"{mixer.slug}/weights.safetensors") == Path(mixer.weights.path).read_bytes()
    assert (card.author, card.training["packages"]) == ("author", {"my-own-recordings": ["CC-BY-4.0"]})


def test_a_refused_form_says_why_and_keeps_the_page(client: Client, author: User) -> None:
    client.force_login(author)
    answer = client.post(PAGE, {"weights": weights_file(b"\x80\x04pickle."), "card": card_file()})
    assert answer.status_code == 422
    assert "could run programs here" in answer.content.decode()
    answer = client.post(PAGE, {"card": card_file()})
    assert answer.status_code == 422
    assert "No weights came with the form" in answer.content.decode()
    answer = client.post(PAGE, {"weights": weights_file(champion()), "card": card_file("<b>")})
    assert answer.status_code == 422
    assert not Submission.objects.exists()


def test_visitors_and_strangers_see_nothing_of_a_submission(client: Client, waiting: Submission) -> None:
    assert client.get(PAGE).status_code == 302
    assert client.post(PAGE, {"weights": weights_file(), "card": card_file()}).status_code == 302
    client.force_login(make_user("stranger"))
    assert NICKNAME not in client.get(PAGE).content.decode().partition('id="submissions"')[2]
    assert client.put(PAGE).status_code == 405
    assert client.get(reverse("admin:evolution_submission_changelist")).status_code == 302
    assert Submission.objects.count() == 1


def test_staff_who_may_only_look_decide_nothing(client: Client, waiting: Submission) -> None:
    looker = make_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_submission"))
    client.force_login(looker)
    url = reverse("admin:evolution_submission_changelist")
    assert client.get(url).status_code == 200
    for action in ("approve_submissions", "reject_submissions"):
        client.post(url, {"action": action, "_selected_action": [waiting.pk], "reason": "No."})
    waiting.refresh_from_db()
    assert waiting.state == Submission.State.WAITING


def test_a_curator_rejects_with_a_reason_that_the_author_reads(
    client: Client, author: User, curator: User, waiting: Submission
) -> None:
    client.force_login(curator)
    url = reverse("admin:evolution_submission_changelist")
    form = {"action": "reject_submissions", "_selected_action": [waiting.pk]}
    answer = client.post(url, form)
    assert answer.status_code == 200
    assert "Why are they turned away?" in answer.content.decode()
    assert client.post(url, form | {"reason": " "}).status_code == 422
    assert client.post(url, form | {"reason": "Too like the others. Widen it."}).status_code == 302
    stored = str(waiting.weights.name)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (Submission.State.REJECTED, "Too like the others. Widen it.")
    assert not default_storage.exists(stored)
    assert Notice.objects.get(user=author).text == "Too like the others. Widen it."
    client.force_login(author)
    assert "Too like the others." in client.get(PAGE).content.decode()


@pytest.mark.both_databases
def test_a_submission_is_decided_once(curator: User, waiting: Submission) -> None:
    mixer = approve(submission=waiting, by=curator, now=NOW)
    with pytest.raises(SubmissionClosed):
        approve(submission=waiting, by=curator, now=NOW)
    with pytest.raises(SubmissionClosed):
        reject(submission=waiting, by=curator, reason="Too late.", now=NOW)
    assert Mixer.objects.filter(nickname=NICKNAME).count() == 1
    assert LedgerEvent.objects.filter(payload__mixer=mixer.pk).count() == 1
    assert Notice.objects.filter(user=waiting.author).count() == 1


def test_a_name_that_was_taken_meanwhile_keeps_a_mixer_waiting(curator: User, waiting: Submission) -> None:
    make_mixer(nickname=NICKNAME)
    with pytest.raises(NameTaken):
        approve(submission=waiting, by=curator, now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == Submission.State.WAITING
    assert default_storage.exists(str(waiting.weights.name))
    with pytest.raises(SubmissionError):
        reject(submission=waiting, by=curator, reason="  ", now=NOW)


def test_a_mixer_that_fails_its_checks_is_told_and_its_file_goes(author: User) -> None:
    enter("elite-warrior")
    submission = submitted(champion(), author=author)
    check_submission(submission.pk)
    stored = str(submission.weights.name)
    submission.refresh_from_db()
    assert (submission.state, submission.mixer) == (Submission.State.REJECTED, None)
    assert submission.decided_at is not None
    assert not default_storage.exists(stored)
    assert "weights of Precision Pro" in Notice.objects.get(user=author).text


@pytest.mark.both_databases
def test_a_killed_worker_s_submission_is_taken_up_by_the_sweep_and_checked_once(
    author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = submitted(champion(), author=author)
    # Taken by a worker that then died: its lease ran out.
    assert claim(Submission, submission.pk, state=Submission.State.CHECKING) is not None
    Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    seen: list[int] = []

    def verdict(row: Submission) -> Verdict:
        seen.append(row.pk)
        return Verdict({"state": "rejected", "reason": "No. Try again.", "report": {}, "weights": ""}, passed=False)

    monkeypatch.setattr(community, "compute_verdict", verdict)
    with local_jobs() as jobs:
        sweep()
        jobs.drain()
        assert seen == [submission.pk]
        sweep()
        jobs.drain()
    check_submission(submission.pk)
    assert seen == [submission.pk]
    assert Notice.objects.filter(user=author).count() == 1
    submission.refresh_from_db()
    assert (submission.state, submission.lease_owner, submission.attempts) == ("rejected", "", 0)


def test_who_may_decide_hears_once_that_a_mixer_waits(
    client: Client, author: User, curator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    permission = Permission.objects.get(codename="change_submission")
    allowed, onlooker, former = make_user(is_staff=True), make_user(is_staff=True), make_user()
    for user in (allowed, former):
        user.user_permissions.add(permission)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_submission"))
    submission = submitted(champion(), author=author)
    verdict = Verdict({"state": "waiting", "report": {}, "weights": "waiting.safetensors"}, passed=True)
    monkeypatch.setattr(community, "compute_verdict", lambda row: verdict)
    check_submission(submission.pk)
    check_submission(submission.pk)
    assert set(Notice.objects.values_list("user", flat=True)) == {allowed.pk, curator.pk}
    assert Notice.objects.count() == 2
    client.force_login(curator)
    page = client.get(reverse("accounts:notices")).content.decode()
    assert f"{submission.nickname} waits for a curator" in page
    notice = Notice.objects.get(user=allowed)
    assert client.get(notice.url).status_code == 200


@pytest.mark.both_databases
def test_whose_lease_was_lost_writes_nothing(author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = submitted(champion(), author=author)

    def verdict(row: Submission) -> Verdict:
        Submission.objects.filter(pk=row.pk).update(lease_owner="somebody else")
        return Verdict({"state": "rejected", "reason": "No.", "report": {}, "weights": ""}, passed=False)

    monkeypatch.setattr(community, "compute_verdict", verdict)
    check_submission(submission.pk)
    submission.refresh_from_db()
    assert submission.state == Submission.State.CHECKING
    assert default_storage.exists(str(submission.weights.name))
    assert not Notice.objects.exists()


def test_downloads_answer_ranges_and_only_where_there_are_weights(client: Client) -> None:
    mixer = enter("elite-warrior")
    url = reverse("tournaments:mixer-file", args=[mixer.slug])
    whole = content(client.get(url))
    part = client.get(url, headers={"Range": "bytes=4-13"})
    assert (part.status_code, content(part)) == (206, whole[4:14])
    assert client.head(url).headers["Content-Length"] == str(len(whole))
    assert client.post(url).status_code == 405
    assert client.get(url, headers={"If-None-Match": part.headers["ETag"]}).status_code == 304
    Mixer.objects.filter(pk=mixer.pk).update(weights="")
    assert client.get(url).status_code == 404
    assert f"{mixer.slug}/download/" not in client.get(f"/mixers/{mixer.slug}/").content.decode()
    assert client.get(reverse("tournaments:mixer-file", args=[make_mixer().slug])).status_code == 404
    assert client.get(reverse("tournaments:mixer-file", args=["nobody"])).status_code == 404


def test_zips_that_nobody_asked_for_are_deleted_and_made_again(client: Client) -> None:
    mixer = enter("elite-warrior")
    first = content(downloaded(client, mixer.slug))
    assert prune_downloads(now=timezone.now()) == 0
    assert prune_downloads(now=timezone.now() + KEPT_FOR + timedelta(hours=1)) >= 1
    assert list((Path(settings.MEDIA_ROOT) / "downloads").iterdir()) == []
    assert content(downloaded(client, mixer.slug)) == first


def test_who_leaves_takes_open_submissions_along_and_the_mixer_stays_under_no_name(
    client: Client, author: User, curator: User, waiting: Submission
) -> None:
    mixer = approve(submission=waiting, by=curator, now=NOW)
    other = submitted(champion(), author=author, card=CARD.replace("Soft", "Hard"))
    stored = str(other.weights.name)
    delete_account(user=author, keeps_votes=True, now=NOW)
    mixer.refresh_from_db()
    assert (mixer.state, mixer.author) == (Mixer.State.ACTIVE, None)
    assert not Submission.objects.exists()
    assert not default_storage.exists(stored)
    with zipfile.ZipFile(io.BytesIO(content(downloaded(client, mixer.slug)))) as bundle:
        card = bundle.read(f"{mixer.slug}/card.toml").decode()
    assert 'author = "somebody who has left"' in card
    assert '"author"' not in card


def test_a_closed_profile_is_named_but_not_linked(client: Client, author: User) -> None:
    mixer = make_mixer(author=author, is_champion=False)
    User.objects.filter(pk=author.pk).update(is_public=False)
    page = client.get(f"/mixers/{mixer.slug}/").content.decode()
    assert "by author" in page
    assert "/people/author/" not in page
