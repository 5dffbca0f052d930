"""The official board in the database: from listeners' counting votes alone, and the same for the same ledger."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from evolution.models import Mixer, Parentage
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tournaments.models import Ballot, BoardRow, BoardRun, LedgerEvent
from tournaments.services import official
from tournaments.services.ballots import commit_ballot
from tournaments.services.ledger import append_verdicts
from tournaments.services.official import compute_board

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ROUNDS = 50


def judge(winner: Mixer, loser: Mixer, *, n: int = 1, genre: str = "rock", kind: str = "listener") -> None:
    """So many battles that the first of the two wins."""
    for _ in range(n):
        owner = make_user()
        song = make_song(owner=owner)
        first, second = (make_mix(song=song, mixer=mixer) for mixer in (winner, loser))
        tournament = make_tournament(song=song, genre=genre, mixers=[winner, loser], kind=kind)
        ballot = make_ballot(battle=make_battle(tournament=tournament, first=first, second=second), kind=kind)
        commit_ballot(token=ballot.token, voter=owner, choice="b" if ballot.is_swapped else "a", confidence=80, now=NOW)


def order() -> list[int]:
    return list(BoardRow.objects.filter(genre="").values_list("mixer", flat=True))


def test_whoever_wins_stands_first_and_the_founders_mean_stays() -> None:
    mixers = [make_mixer(seed_rating=rating) for rating in (1200.0, 1300.0, 1400.0)]
    assert compute_board(now=NOW, n_rounds=ROUNDS) is None
    judge(mixers[0], mixers[1], n=6)
    judge(mixers[1], mixers[2], n=6, genre="jazz")
    run = compute_board(now=NOW, n_rounds=ROUNDS)
    assert run is not None
    assert (run.n_votes, run.n_rounds) == (12, ROUNDS)
    assert order() == [mixer.pk for mixer in mixers]
    rows = list(BoardRow.objects.filter(genre=""))
    assert sum(row.rating for row in rows) / 3 == pytest.approx(1300.0)
    assert all(row.low < row.rating < row.high for row in rows)
    assert {row.mixer_id: (row.n_votes, row.n_battles) for row in BoardRow.objects.filter(genre="jazz")} == {
        mixers[1].pk: (6, 6), mixers[2].pk: (6, 6),
    }  # fmt: skip
    assert compute_board(now=NOW, n_rounds=ROUNDS) is None


def test_an_offspring_without_votes_stands_between_its_parents() -> None:
    strong, weak = make_mixer(), make_mixer()
    child = make_mixer(is_champion=False, generation=1)
    for parent, role in ((weak, "loser"), (strong, "winner")):
        Parentage.objects.create(child=child, parent=parent, role=role, share=0.5)
    judge(strong, weak, n=8)
    compute_board(now=NOW, n_rounds=ROUNDS)
    ratings = dict(BoardRow.objects.filter(genre="").values_list("mixer", "rating"))
    assert ratings[child.pk] == pytest.approx((ratings[strong.pk] + ratings[weak.pk]) / 2.0, abs=1.0)
    bounds = {row.mixer_id: row.high - row.low for row in BoardRow.objects.filter(genre="")}
    assert bounds[child.pk] > bounds[strong.pk]


def test_retired_mixers_leave_room_but_for_the_ancestors_of_the_living(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, retired = make_mixer(), make_mixer(), make_mixer(is_champion=False)
    child = make_mixer(is_champion=False, generation=1)
    for parent, role in ((first, "loser"), (retired, "winner")):
        Parentage.objects.create(child=child, parent=parent, role=role, share=0.5)
    judge(first, second)
    judge(retired, second)
    Mixer.objects.filter(pk=retired.pk).update(state="retired")
    compute_board(now=NOW, n_rounds=ROUNDS)
    assert set(order()) == {first.pk, second.pk, retired.pk, child.pk}
    BoardRun.objects.all().delete()
    monkeypatch.setattr(official, "MAX_CONTENDERS", 3)
    run = compute_board(now=NOW, n_rounds=ROUNDS)
    assert run is not None
    assert (set(order()), run.n_votes) == ({first.pk, second.pk, child.pk}, 1)


def test_votes_by_a_rule_and_votes_that_are_left_out_count_nothing() -> None:
    first, second = make_mixer(), make_mixer()
    judge(first, second, n=2)
    compute_board(now=NOW, n_rounds=ROUNDS)
    before = dict(BoardRow.objects.filter(genre="").values_list("mixer", "rating"))
    upto = LedgerEvent.objects.order_by("-number").first()
    judge(second, first, n=3)
    assert upto is not None
    new = list(LedgerEvent.objects.filter(number__gt=upto.number).values_list("number", flat=True))
    append_verdicts(numbers=new, is_excluded=True, reason="a test")
    judge(second, first, kind=Ballot.Kind.AUTOMATIC)
    run = compute_board(now=NOW, n_rounds=ROUNDS)
    assert run is not None
    assert run.n_votes == 2
    assert dict(BoardRow.objects.filter(genre="").values_list("mixer", "rating")) == pytest.approx(before)


def test_the_same_ledger_gives_the_same_board() -> None:
    first, second = make_mixer(), make_mixer()
    judge(first, second, n=4)
    compute_board(now=NOW, n_rounds=ROUNDS)
    fields = ("mixer", "genre", "rating", "low", "high")
    before = list(BoardRow.objects.values_list(*fields))
    BoardRun.objects.all().delete()
    compute_board(now=NOW, n_rounds=ROUNDS)
    assert list(BoardRow.objects.values_list(*fields)) == before


def test_the_page_before_and_after_the_first_votes() -> None:
    first, second = make_mixer(), make_mixer()
    client, address = Client(), reverse("tournaments:mixers")
    assert "No official rating here yet" in client.get(address, {"board": "official"}).content.decode()
    judge(first, second)
    compute_board(now=NOW, n_rounds=ROUNDS)
    page = client.get(address, {"board": "official"}).content.decode()
    assert page.index(first.nickname) < page.index(second.nickname)
    assert "provisional" in page
    assert "No official rating here yet" in client.get(address, {"board": "official", "genre": "jazz"}).content.decode()
