"""Changes between the sides, as a listening program notes them: with the log or with the vote, wherever one votes."""

from __future__ import annotations

from typing import Any

import pytest

from social.services import queue
from tests.api.sent import ALL_OF_IT, listen, make_sounding
from tests.api.tokens import Program, assert_problem
from tests.factories import NOW, make_tournament, make_user
from tournaments.heard import MAX_SWITCHES
from tournaments.models import Ballot
from tournaments.services.sharing import share_tournament

pytestmark = pytest.mark.django_db

VOTE = {"choice": "a", "confidence": 80}


@pytest.fixture(params=["own", "shared", "queue"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Program, dict[str, Any], str]:
    """A listener's program, a ballot, and where its vote goes."""
    monkeypatch.setattr(queue, "CHECK_SHARE", 0.0)
    tournament = make_tournament(owner=make_user("ada"))
    make_sounding(tournament)
    share = share_tournament(tournament=tournament, name="", is_public=True, now=NOW)
    if request.param == "own":
        program = Program(tournament.owner)
        ballot = program.post(f"/tournaments/{tournament.public_id}/ballot").json()
        return program, ballot, f"/ballots/{ballot['token']}/vote"
    program = Program(make_user("ears"))
    if request.param == "shared":
        address = f"/shared/{share.token}/rounds/1"
        return program, program.post(f"{address}/ballot").json(), f"{address}/vote"
    item = program.post("/queue").json()["item"]
    return program, item, f"/queue/{item['number']}/vote"


def test_changes_are_kept_once_in_order_and_as_far_as_they_can_be(asked: tuple[Program, dict[str, Any], str]) -> None:
    program, ballot, vote = asked
    listen(ballot)
    log = {"a": ALL_OF_IT, "b": ALL_OF_IT, "switches": [[0.5, "a"], [3, "b"]]}
    for _ in range(2):
        assert program.post(f"/ballots/{ballot['token']}/heard", log).status_code == 200
    for wrong in ([[1, "x"]], [[1]], [["soon", "a"]], [[1, "a"]] * (MAX_SWITCHES + 1), None):
        assert_problem(program.post(vote, {**VOTE, "switches": wrong}), 422, "invalid")
    switches = [[7.25, "a"], [3, "b"], [-1, "b"], [86_500, "b"]]
    assert program.post(vote, {**VOTE, "switches": switches}).status_code == 200
    assert Ballot.objects.get(token=ballot["token"]).switches == [[0.5, "a"], [3, "b"], [7.25, "a"]]
    assert program.post(vote, {**VOTE, "switches": [[9, "b"]]}).status_code == 200
    assert len(Ballot.objects.get(token=ballot["token"]).switches) == 3
