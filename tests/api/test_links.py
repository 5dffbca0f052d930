"""Links and clips of what is one's own."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from clients.python.mixarena_client import Problem
from mixarena.jobs.queue import local_jobs
from tests.api.sent import body_of, everything, make_sounding, secrets_of
from tests.api.tokens import Program, arena_of, assert_problem
from tests.factories import NOW, make_ballot, make_tournament, make_user, make_vote
from tournaments.models import Battle, Clip, Share, Tournament

pytestmark = pytest.mark.django_db


@pytest.fixture
def battle() -> Battle:
    return make_sounding(make_tournament(owner=make_user("ada")))


def finish(battle: Battle) -> None:
    make_vote(ballot=make_ballot(battle=battle))
    Tournament.objects.filter(pk=battle.tournament_id).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first, finished_at=NOW
    )


def test_links_are_made_listed_and_taken_back(battle: Battle) -> None:
    finish(battle)
    arena, stranger = arena_of(battle.tournament.owner), Program(make_user())
    number, mix = str(battle.tournament.public_id), str(battle.second.public_id)
    assert arena.links(number)["whole"] is None
    whole = arena.share(number, is_public=True)
    links = [arena.share_round(number, 1, name="Ada  L."), arena.share_mix(number, mix, name="Mine")]
    assert arena.share_round(number, 1, name="Ada L.") == links[0], "made once"
    listed = arena.links(number)
    assert (listed["whole"]["url"], listed["whole"]["is_public"]) == (whole, True)
    assert [row["link"] for row in listed["rounds"]] == [links[0]]
    assert {row["mix"]: row["link"] for row in listed["mixes"]} == {mix: links[1], str(battle.first.public_id): None}
    assert links[1]["name"] == "Mine"
    assert [share.name for share in Share.objects.filter(kind="battle")] == ["Ada L."]
    assert stranger.get(f"/shared/{links[0]['token']}").json()["by"] == "Ada L."
    for token in (link["token"] for link in (*links, listed["whole"])):
        assert_problem(stranger.ask("DELETE", f"/links/{token}"), 404, "not_found")
        assert Share.objects.filter(token=token, revoked_at=None).exists()
        arena.take_back(token)
        arena.take_back(token)
        assert_problem(stranger.get(f"/shared/{token}"), 404, "share_closed")
    assert not Share.objects.filter(revoked_at=None).exists()


def test_what_cannot_be_shared(battle: Battle) -> None:
    owner, stranger = Program(battle.tournament.owner), Program(make_user())
    url = f"/tournaments/{battle.tournament.public_id}"
    mix = f"{url}/mixes/{battle.first.public_id}/share"
    assert_problem(owner.post(mix, {}), 404, "not_found")
    assert owner.get(f"{url}/links").json()["mixes"] == [], "a mix would give a round away"
    assert_problem(owner.post(f"{url}/rounds/2/share", {}), 404, "not_found")
    assert_problem(owner.post(f"{url}/rounds/1/share", {"name": "x" * 41}), 422, "invalid")
    Battle.objects.update(state=Battle.State.PREPARING)
    for part in ("share", "clip"):
        assert_problem(owner.post(f"{url}/rounds/1/{part}", {}), 422, "no_sound")
    for method, path in (("GET", "links"), ("POST", "rounds/1/share"), ("POST", "rounds/1/clip")):
        assert_problem(stranger.ask(method, f"{url}/{path}", {} if method == "POST" else None), 404, "not_found")
    assert not Share.objects.exists()


def test_a_clip_is_made_waited_for_and_taken_without_a_name(battle: Battle) -> None:
    owner = Program(battle.tournament.owner)
    path = f"/tournaments/{battle.tournament.public_id}/rounds/1/clip"
    assert_problem(owner.get(path), 404, "not_found")
    with local_jobs():
        answers = [owner.post(path), owner.post(path), owner.get(path)]
    assert [answer.status_code for answer in answers] == [202, 202, 200]
    asked = answers[0].json()
    assert (asked["state"], asked["audio_url"], asked["picture_url"]) == ("queued", None, None)
    assert_problem(owner.get(f"/clips/{asked['id']}/audio"), 404)

    def work(_: float) -> None:
        name = default_storage.save("clips/x.mp3", ContentFile(b"A and B"))
        Clip.objects.update(state=Clip.State.READY, audio=name)

    arena = arena_of(battle.tournament.owner)
    arena._sleep = work
    with local_jobs():
        made = arena.make_clip(str(battle.tournament.public_id), 1)
    assert made["video_url"] is None
    assert arena.links(str(battle.tournament.public_id))["rounds"][0]["clip"] == made
    parts = [owner.get(made[f"{part}_url"].removeprefix("/api/v1")) for part in ("audio", "picture")]
    assert [part.headers["Content-Type"] for part in parts] == ["audio/mpeg", "image/png"]
    assert body_of(parts[0]) == b"A and B"
    assert_problem(owner.get(f"/clips/{made['id']}/video"), 404)
    assert_problem(Program(make_user()).get(f"/clips/{made['id']}/audio"), 404)
    sent = b"\n".join(map(everything, [*answers, *parts])).decode(errors="replace").lower()
    assert not [secret for secret in secrets_of(battle) if secret.lower() in sent]


def test_links_need_their_scope(battle: Battle) -> None:
    arena = arena_of(battle.tournament.owner, "read", "play")
    with pytest.raises(Problem, match="scope"):
        arena.share_round(str(battle.tournament.public_id), 1)
