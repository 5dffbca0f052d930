"""A verdict on a listener while that listener votes: whatever comes first, no vote slips through."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.factories import NOW, make_ballot, make_battle, make_tournament, make_user
from tournaments.models import LedgerEvent
from tournaments.ratings.reliability import Value
from tournaments.services.ballots import commit_ballot
from tournaments.services.ledger import differences_from_replay, rebuild_from_ledger
from tournaments.services.verdicts import overrule

N_VOTES, N_THREADS = 12, 6

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def test_no_vote_slips_past_a_verdict() -> None:
    listener, curator = make_user(), make_user()
    ballots = [make_ballot(battle=make_battle(tournament=make_tournament(owner=listener))) for _ in range(N_VOTES)]

    def act(i: int) -> None:
        try:
            if i == N_VOTES // 2:
                overrule(listener=listener, value=Value.EXCLUDE, reason="A test.", by=curator, now=NOW)
            commit_ballot(token=ballots[i].token, voter=listener, choice="a", confidence=80, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(act, range(N_VOTES)))
    votes = LedgerEvent.objects.filter(kind=LedgerEvent.Kind.VOTE)
    assert votes.count() == N_VOTES
    assert not votes.filter(is_excluded=False).exists()
    rebuild_from_ledger()
    assert differences_from_replay() == []
