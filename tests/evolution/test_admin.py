"""Curation: mixers are retired and activated by actions, texts edited; breedings are only read."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from evolution.models import Breeding, GenreStrategy, Mixer
from tests.factories import make_mixer

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("curator"))
    return client


def act(client: Client, action: str, mixer: Mixer) -> None:
    url = reverse("admin:evolution_mixer_changelist")
    answer = client.post(url, {"action": action, "_selected_action": [mixer.pk]})
    assert answer.status_code == 302
    mixer.refresh_from_db()


def test_mixers_are_retired_and_activated(curator: Client) -> None:
    mixer = make_mixer()
    act(curator, "retire_mixers", mixer)
    assert mixer.state == Mixer.State.RETIRED
    assert mixer.retired_at is not None
    act(curator, "activate_mixers", mixer)
    assert Mixer.objects.filter(pk=mixer.pk, state=Mixer.State.ACTIVE, retired_at=None).exists()


def test_texts_can_be_edited_and_measurements_cannot(curator: Client) -> None:
    mixer = make_mixer(capabilities={"warmth": 1.234}, card={"metrics": {"repair": 0.7}})
    url = reverse("admin:evolution_mixer_change", args=[mixer.pk])
    page = curator.get(url).content.decode()
    assert "warmth: +1.23" in page
    form = {"name": "N", "nickname": "New words", "description": "D", "genres": "[]", "seed_rating": "9999"}
    form |= {f"parentages-{k}": "0" for k in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
    assert curator.post(url, form).status_code == 302
    mixer.refresh_from_db()
    assert (mixer.nickname, mixer.seed_rating) == ("New words", 1300.0)
    assert curator.get(reverse("admin:evolution_mixer_delete", args=[mixer.pk])).status_code == 403
    assert curator.get(reverse("admin:evolution_mixer_add")).status_code == 403


def test_breedings_show_their_gate_report_and_are_read_only(curator: Client) -> None:
    breeding = Breeding.objects.create(
        key="k",
        loser=make_mixer(),
        winner=make_mixer(),
        confidence=0.5,
        rating_gap=0.0,
        seed=1,
        genre="rock",
        newborn_rating=1310.0,
        state=Breeding.State.REJECTED,
        requested={"base": 0.5, "groups": {"tone": 0.5, "level": 0.6}},
        realized={"tone": 0.48, "level": None},
        gate={"checks": [{"name": "repair_ratio", "value": 0.81, "limit": 0.77, "passed": False}]},
    )
    url = reverse("admin:evolution_breeding_change", args=[breeding.pk])
    page = curator.get(url).content.decode()
    assert "FAILED: repair_ratio 0.8100" in page
    assert "tone: planned 0.50, realized 0.48" in page
    assert "level: planned 0.60, realized nothing to inherit" in page
    assert curator.post(url, {}).status_code == 403
    assert curator.get(reverse("admin:evolution_breeding_changelist")).status_code == 200


def test_listeners_have_no_business_here(client: Client) -> None:
    client.force_login(User.objects.create_user("listener"))
    for name in ("mixer", "breeding"):
        assert client.get(reverse(f"admin:evolution_{name}_changelist")).status_code == 302


def test_a_genre_gets_a_strategy_of_its_own_and_wrong_parameters_are_explained(curator: Client) -> None:
    url = reverse("admin:evolution_genrestrategy_add")
    assert "task_arithmetic, scale: scale of what was learned" in curator.get(url).content.decode()
    form = {"genre": "jazz", "strategy": "task_arithmetic", "parameters": '{"scale": 9}'}
    assert "Give a number from 0.5 to 1.5." in curator.post(url, form).content.decode()
    assert curator.post(url, form | {"parameters": '{"scale": 1.2}'}).status_code == 302
    assert GenreStrategy.objects.get().parameters == {"scale": 1.2}
