"""Curators look at everything that was judged, and change none of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import NOW, make_ballot, make_battle, make_tournament, make_user, make_vote
from tournaments.models import Ballot, Battle, LedgerEvent, Mix, Rating, Song, Tournament, Vote
from tournaments.services.sharing import share_tournament

pytestmark = pytest.mark.django_db
MODELS = (Song, Mix, Tournament, Battle, Ballot, Vote, LedgerEvent, Rating)


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("curator"))
    return client


@pytest.fixture
def vote() -> Vote:
    tournament = make_tournament(owner=make_user("ann"))
    return make_vote(ballot=make_ballot(battle=make_battle(tournament=tournament)))


@pytest.mark.usefixtures("vote")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_table_can_be_read_and_not_written(curator: Client, model: type[Song]) -> None:
    name = f"admin:tournaments_{model.__name__.lower()}"
    row = model._default_manager.first()
    assert row is not None
    assert curator.get(reverse(f"{name}_changelist")).status_code == 200
    page = curator.get(reverse(f"{name}_change", args=[row.pk]))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert curator.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert curator.get(reverse(f"{name}_add")).status_code == 403
    assert curator.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.usefixtures("vote")
def test_listeners_do_not_get_in(client: Client) -> None:
    client.force_login(make_user("bob"))
    answer = client.get(reverse("admin:tournaments_vote_changelist"))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_links_are_taken_back_and_counted(curator: Client, vote: Vote) -> None:
    link = share_tournament(tournament=vote.battle.tournament, name="", is_public=True, now=NOW)
    chosen = {"action": "take_back", "_selected_action": [link.pk]}
    for said in ("1 link taken back.", "0 links taken back."):
        answer = curator.post(reverse("admin:tournaments_share_changelist"), chosen, follow=True)
        assert said in answer.content.decode()
    link.refresh_from_db()
    assert link.revoked_at is not None
