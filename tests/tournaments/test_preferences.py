"""A taste, told by votes: found where there is one, silent where there is none, used, and forgotten on request."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from evolution.models import Mixer
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tournaments.models import TasteReset, Tournament
from tournaments.ratings.pairing import Candidate, draw_field
from tournaments.selectors.preferences import MAX_POINTS, Lean, leans, liking_points
from tournaments.services import tournaments
from tournaments.services.ballots import commit_ballot
from tournaments.services.preferences import reset_taste
from tournaments.services.tournaments import start_tournament

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def judge(user: User, preferred: Mixer, other: Mixer, *, confidence: int = 80, n: int = 1) -> None:
    for _ in range(n):
        song = make_song(owner=user)
        first, second = (make_mix(song=song, mixer=mixer) for mixer in (preferred, other))
        tournament = make_tournament(song=song, mixers=[preferred, other])
        ballot = make_ballot(battle=make_battle(tournament=tournament, first=first, second=second))
        choice = "b" if ballot.is_swapped else "a"
        commit_ballot(token=ballot.token, voter=user, choice=choice, confidence=confidence, now=NOW)


def warm_and_cold() -> tuple[Mixer, Mixer]:
    warm = make_mixer(capabilities={"warmth": 1.0, "width": 0.2}, genres=["jazz"])
    return warm, make_mixer(capabilities={"warmth": -1.0, "width": 0.2})


def test_who_prefers_warm_mixers_leans_to_warmth() -> None:
    user, (warm, cold) = make_user(), warm_and_cold()
    judge(user, warm, cold, n=4)
    assert leans(user) == ()
    judge(user, warm, cold)
    judge(user, cold, warm, confidence=10)
    found = {lean.name: lean for lean in leans(user)}
    # Both are as wide as each other and of one architecture, so nothing is known of these.
    assert found.keys() == {"warmth", "made for Jazz"}
    # Five votes at 0.8 for a difference of 2, one at 0.1 against it.
    assert found["warmth"].value == pytest.approx(2.0 * (5 * 0.8 - 0.1) / 4.1)
    assert found["warmth"].is_clear
    assert found["warmth"].n_votes == 6


def test_who_is_of_two_minds_leans_nowhere() -> None:
    user, (warm, cold) = make_user(), warm_and_cold()
    judge(user, warm, cold, n=4)
    judge(user, cold, warm, n=4)
    assert not any(lean.is_clear for lean in leans(user))
    assert leans(make_user()) == ()


def test_a_clear_leaning_is_worth_points_and_no_more_than_the_limit() -> None:
    warm, cold = warm_and_cold()
    clear, unclear = Lean("warmth", 1.0, 0.5, 1.5, 9), Lean("width", 1.0, -0.5, 2.5, 9)
    assert liking_points([clear, unclear], warm) == pytest.approx(30.0)
    assert liking_points([clear, unclear], cold) == pytest.approx(-30.0)
    assert liking_points([Lean("warmth", 9.0, 8.0, 10.0, 9)], warm) == MAX_POINTS


def test_a_field_is_drawn_as_if_liked_mixers_were_rated_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    user, (warm, cold) = make_user(), warm_and_cold()
    judge(user, warm, cold, n=8)
    liked, other = (make_mixer(is_champion=False, capabilities={"warmth": value}) for value in (1.0, -1.0))
    drawn: list[Candidate] = []

    def note(candidates: list[Candidate], *, generator: np.random.Generator) -> list[int]:
        drawn[:] = candidates
        return draw_field(candidates, generator=generator)

    monkeypatch.setattr(tournaments, "draw_field", note)
    for kind, lead in ((Tournament.Kind.LISTENER, 2.0 * MAX_POINTS), (Tournament.Kind.AUTOMATIC, 0.0)):
        start_tournament(owner=user, song=make_song(owner=user), genre="folk", n_rounds=3, kind=kind, seed=1)
        ratings = {candidate.mixer: candidate.standing.rating for candidate in drawn}
        assert ratings[liked.pk] - ratings[other.pk] == pytest.approx(lead)


def test_a_taste_that_starts_anew_forgets_and_its_page_shows_what_votes_changed() -> None:
    user, (warm, cold) = make_user(), warm_and_cold()
    judge(user, warm, cold, n=6)
    client = Client()
    client.force_login(user)
    page = client.get(reverse("tournaments:changes")).content.decode()
    assert "prefers more" in page
    assert warm.nickname in page
    stranger = Client()
    assert stranger.get(reverse("tournaments:changes")).status_code == 302
    assert stranger.post(reverse("tournaments:reset-taste")).status_code == 302
    assert not TasteReset.objects.exists()
    assert client.post(reverse("tournaments:reset-taste")).status_code == 302
    assert leans(user) == ()
    reset_taste(user=user, now=timezone.now() - timedelta(days=3650))
    assert leans(user) != ()
    assert TasteReset.objects.count() == 1


def test_the_page_of_changes_takes_as_many_queries_for_many_votes(django_assert_max_num_queries: object) -> None:
    user, (warm, cold) = make_user(), warm_and_cold()
    judge(user, warm, cold, n=15)
    client = Client()
    client.force_login(user)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        assert client.get(reverse("tournaments:changes")).status_code == 200
