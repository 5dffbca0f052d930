"""Whoever leaves is gone, and the arena stays whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import Activity, User
from evolution.models import Mixer
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tournaments.models import LedgerCounter, LedgerEvent, Mix, Rating, Song, Tournament, Vote
from tournaments.services.ballots import commit_ballot
from tournaments.services.departures import delete_account, delete_song
from tournaments.services.ledger import append_verdicts, differences_from_replay, rebuild_if_stale
from tournaments.services.mixes import features_folder

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def judged_song(owner: User, mixers: list[Mixer], *, choice: str = "a") -> Song:
    """A song with a file, a mix and a vote on it."""
    song = make_song(owner=owner)
    song.file.save("song.wav", ContentFile(b"sound"))
    first, second = (make_mix(song=song, mixer=mixer) for mixer in mixers)
    tournament = make_tournament(song=song, mixers=mixers)
    ballot = make_ballot(battle=make_battle(tournament=tournament, first=first, second=second))
    commit_ballot(token=ballot.token, voter=owner, choice=choice, confidence=80, now=NOW)
    return song


def ratings() -> dict[tuple[int, str], float]:
    return {(row.mixer_id, row.genre): row.rating for row in Rating.objects.all()}


def test_a_deleted_song_leaves_no_sound_and_no_name(django_capture_on_commit_callbacks: object) -> None:
    user, mixers = make_user(), [make_mixer(), make_mixer()]
    song = judged_song(user, mixers)
    cached = features_folder() / f"{song.content_hash}-v1.npz"
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.touch()
    name, before = str(song.file.name), ratings()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        delete_song(song=song, now=NOW)
    assert not default_storage.exists(name)
    assert not cached.exists()
    song.refresh_from_db()
    assert (song.state, song.title, song.content_hash, bool(song.file)) == ("deleted", "a deleted song", "", False)
    assert Tournament.objects.get(song=song).state == Tournament.State.FAILED
    assert ratings() == before
    assert differences_from_replay() == []
    client = Client()
    client.force_login(user)
    assert client.get(reverse("tournaments:song", args=[song.public_id])).status_code == 404
    for page in ("songs", "tournaments"):
        assert "a deleted song" not in client.get(reverse(f"tournaments:{page}")).content.decode()
    assert client.get(reverse("tournaments:mixer", args=[mixers[0].slug])).status_code == 200


def test_the_rounds_of_a_deleted_song_are_closed_and_told_in_words_only(client: Client) -> None:
    user = make_user()
    song = judged_song(user, [make_mixer(), make_mixer()])
    client.force_login(user)
    reveal = reverse("tournaments:reveal", args=[Tournament.objects.get(song=song).public_id, 1])
    assert reveal in client.get(reverse("tournaments:changes")).content.decode()
    assert client.get(reveal).status_code == 200
    delete_song(song=song, now=NOW)
    changes = client.get(reverse("tournaments:changes")).content.decode()
    assert "Round 1 of a deleted song" in changes
    assert reveal not in changes
    assert client.get(reveal).status_code == 404
    token = Vote.objects.get(voter=user).ballot.token
    assert client.post(reverse("tournaments:vote", args=[token]), {}).status_code == 404


def test_a_song_that_nobody_judged_is_gone_altogether() -> None:
    song = make_song()
    make_mix(song=song)
    delete_song(song=song, now=NOW)
    assert not Song.objects.filter(pk=song.pk).exists()
    assert not Mix.objects.exists()


def test_only_its_owner_deletes_a_song_and_is_asked_first() -> None:
    owner = make_user()
    song = make_song(owner=owner)
    address = reverse("tournaments:delete-song", args=[song.public_id])
    client = Client()
    assert client.post(address).status_code == 302
    client.force_login(make_user())
    assert client.post(address).status_code == 404
    client.force_login(owner)
    assert client.get(address).status_code == 200
    assert Song.objects.filter(pk=song.pk).exists()
    assert client.post(address).status_code == 302
    assert not Song.objects.filter(pk=song.pk).exists()


@pytest.mark.parametrize("keeps_votes", [True, False])
def test_votes_stay_without_a_name_or_count_no_more(keeps_votes: bool) -> None:
    mixers = [make_mixer(), make_mixer()]
    staying, leaving = make_user("anna"), make_user("ben", email="ben@example.org")
    judged_song(staying, mixers, choice="b")
    as_if_never = ratings()
    judged_song(leaving, mixers)
    EmailAddress.objects.create(user=leaving, email="ben@example.org", verified=True)
    with_vote = ratings()
    assert with_vote != as_if_never
    delete_account(user=leaving, keeps_votes=keeps_votes, now=NOW)
    rebuild_if_stale()
    assert ratings() == (with_vote if keeps_votes else as_if_never)
    assert differences_from_replay() == []
    leaving.refresh_from_db()
    assert leaving.username.startswith("gone-")
    assert (leaving.is_active, leaving.email, leaving.has_usable_password()) == (False, "", False)
    assert not EmailAddress.objects.filter(user=leaving).exists()
    assert not Activity.objects.filter(user=leaving).exists()
    assert Vote.objects.filter(voter=leaving).count() == 1
    assert not Client().login(username="ben", password="secret")


def test_a_verdict_can_be_taken_back_and_a_false_mark_is_noticed() -> None:
    user, mixers = make_user(), [make_mixer(), make_mixer()]
    judged_song(user, mixers)
    before = ratings()
    number = LedgerEvent.objects.get(kind=LedgerEvent.Kind.VOTE).number
    assert append_verdicts(numbers=[number], is_excluded=True, reason="a test") == 1
    assert append_verdicts(numbers=[number], is_excluded=True, reason="a test") == 0
    assert LedgerCounter.objects.get().is_stale
    assert rebuild_if_stale()
    assert not rebuild_if_stale()
    assert ratings() != before
    assert append_verdicts(numbers=[number], is_excluded=False, reason="a mistake") == 1
    rebuild_if_stale()
    assert ratings() == before
    LedgerEvent.objects.filter(number=number).update(is_excluded=True)
    assert "not what its verdicts say" in differences_from_replay()[0]


def test_leaving_asks_for_the_password_and_the_data_come_along(tmp_path: Path) -> None:
    user, mixers = make_user("ben"), [make_mixer(), make_mixer()]
    song = judged_song(user, mixers)
    client = Client()
    client.force_login(user)
    data = json.loads(client.get(reverse("tournaments:export-data")).content)
    assert data["account"]["username"] == "ben"
    assert [row["title"] for row in data["songs"]] == [song.title]
    assert data["votes"][0]["confidence"] == 80
    assert data["achievements"][0]["slug"] == "first-verdict"
    leave = reverse("tournaments:leave")
    assert "reauthenticate" in client.post(leave, {"votes": "keep"}).headers["Location"]
    assert client.login(username="ben", password="secret")
    client.post(reverse("account_reauthenticate"), {"password": "secret"})
    assert client.post(leave, {"votes": "perhaps"}).status_code == 400
    assert client.post(leave, {"votes": "withdraw"}).status_code == 302
    assert not User.objects.filter(username="ben").exists()
    assert "_auth_user_id" not in client.session
