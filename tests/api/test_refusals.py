"""Who is let in, and how everybody else is answered."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services.departures import anonymize
from accounts.services.tokens import SCOPES, create_token, revoke_token
from api.arena_api import api
from mixarena.jobs.queue import local_jobs
from tests.api.tokens import Program, assert_problem
from tests.factories import NOW, make_ballot, make_battle, make_mixer, make_song, make_tournament, make_user, make_vote
from tournaments.models import Album, Follow
from tournaments.services.sharing import share_tournament

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def operations() -> list[tuple[str, str, str]]:
    """Every operation: method, path with something in its places, scope."""
    found = []
    for path, methods in api.get_openapi_schema()["paths"].items():
        filled = path.removeprefix("/api/v1")
        for name in ("tournament", "song", "mix", "album"):
            filled = filled.replace(f"{{{name}}}", str(uuid.UUID(int=7)))
        values = {"number": "1", "clip": "1", "part": "audio", "side": "a", "username": "nobody"}
        for name, value in values.items():
            filled = filled.replace(f"{{{name}}}", value)
        for name in ("slug", "token", "share", "trial", "section", "table"):
            filled = filled.replace(f"{{{name}}}", "x")
        assert "{" not in filled
        found += [(method.upper(), filled, operation["x-scope"]) for method, operation in methods.items()]
    return found


@pytest.mark.parametrize(("method", "path", "scope"), operations())
def test_every_operation_asks_for_its_scope(method: str, path: str, scope: str) -> None:
    answer = Client().generic(method, f"/api/v1{path}")
    assert_problem(answer, 401, "token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    user = make_user(is_staff=True)
    others = [name for name in SCOPES if name != scope]
    answer = Program(user, others).ask(method, path)
    assert_problem(answer, 403, "scope")
    assert scope in answer.headers["WWW-Authenticate"]
    assert Program(user, [scope]).ask(method, path).status_code not in (401, 403)


def test_a_session_counts_for_nothing() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert_problem(client.get("/api/v1/me"), 401, "token")
    assert_problem(client.post("/api/v1/tournaments"), 401, "token")


def _revoke(row: ApiToken) -> None:
    assert revoke_token(user=row.user, pk=row.pk, now=timezone.now())


def _expire(row: ApiToken) -> None:
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _ban(row: ApiToken) -> None:
    User.objects.filter(pk=row.user_id).update(is_active=False)


def _leave(row: ApiToken) -> None:
    anonymize(user=row.user)
    assert not ApiToken.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("end", [_revoke, _expire, _ban, _leave])
def test_a_token_that_has_ended_opens_nothing(end: Any) -> None:
    program = Program(make_user())
    assert program.get("/me").status_code == 200
    end(program.row)
    assert_problem(program.get("/me"), 401, "token")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer \udcff", "token"])
def test_a_strange_header_opens_nothing(header: str) -> None:
    assert_problem(Client().get("/api/v1/me", headers={"authorization": header}), 401, "token")


def test_the_token_itself_is_not_kept_and_its_use_is_noted_once_a_minute() -> None:
    program = Program(make_user())
    values = [str(value) for value in ApiToken.objects.filter(pk=program.row.pk).values().get().values()]
    assert not [value for value in values if program.secret in value or program.secret[3:] in value]
    program.get("/me")
    first = ApiToken.objects.get(pk=program.row.pk).last_used_at
    assert first is not None
    program.get("/me")
    assert ApiToken.objects.get(pk=program.row.pk).last_used_at == first
    ApiToken.objects.filter(pk=program.row.pk).update(last_used_at=first - timedelta(seconds=61))
    program.get("/me")
    noted = ApiToken.objects.get(pk=program.row.pk).last_used_at
    assert noted is not None and noted >= first


def test_what_is_somebody_elses_does_not_exist() -> None:
    owner = make_user()
    song = make_song(owner=owner)
    ballot = make_ballot(battle=make_battle(tournament=make_tournament(owner=owner, song=song)))
    tournament = ballot.battle.tournament.public_id
    stranger = Program(make_user())
    for method, path, body in (
        ("GET", f"/songs/{song.public_id}", None),
        ("DELETE", f"/songs/{song.public_id}", None),
        ("POST", "/tournaments", {"song": str(song.public_id), "genre": "rock"}),
        ("GET", f"/tournaments/{tournament}", None),
        ("GET", f"/tournaments/{tournament}/result", None),
        ("GET", f"/tournaments/{tournament}/breedings", None),
        ("GET", f"/tournaments/{tournament}/rounds/1", None),
        ("POST", f"/tournaments/{tournament}/ballot", None),
        ("POST", f"/tournaments/{tournament}/share", {}),
        ("DELETE", f"/tournaments/{tournament}/share", None),
        ("GET", f"/tournaments/{tournament}/rounds/1/clip", None),
        ("POST", f"/tournaments/{tournament}/exports", {"format": "wav24"}),
        ("GET", f"/ballots/{ballot.token}", None),
        ("GET", f"/ballots/{ballot.token}/a.wav", None),
        ("POST", f"/ballots/{ballot.token}/heard", {}),
        ("POST", f"/ballots/{ballot.token}/vote", {"choice": "a", "confidence": 50}),
    ):
        assert_problem(stranger.ask(method, path, body), 404, "not_found")
    song.refresh_from_db()
    assert song.state == "ready"
    assert Program(owner).get(f"/songs/{song.public_id}").status_code == 200


def test_a_closed_profile_is_only_its_owners() -> None:
    user = make_user("ada.b@c+d-e_f", is_public=False)
    assert_problem(Program(make_user()).get("/people/ada.b@c+d-e_f"), 404)
    assert Program(user).get("/people/ada.b@c+d-e_f").json()["username"] == user.username


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("PUT", "/me", None, 405),
        ("POST", "/tournaments", {"song": "x", "genre": "polka", "n_rounds": 99}, 422),
        ("POST", "/tournaments", None, 422),
        ("POST", "/ballots/x/heard", {"a": "y" * 70_000}, 413),
        ("POST", "/songs", {"title": "x"}, 422),
    ],
)
def test_every_refusal_is_a_problem_document(method: str, path: str, body: object, status: int) -> None:
    assert_problem(Program(make_user()).ask(method, path, body), status)


def test_a_body_that_is_no_json_is_a_problem(settings: Any) -> None:
    program = Program(make_user())
    for body in (b"{", b"\xff", b"[" * 20_000, b'{"a": NaN}'):
        answer = Client().generic(
            "POST", "/api/v1/tournaments", body, content_type="application/json", headers=program.headers
        )
        assert answer.status_code in (400, 422)
        assert_problem(answer, answer.status_code)
    chunked = {**program.headers, "transfer-encoding": "chunked"}
    answer = Client().generic("POST", "/api/v1/tournaments", b"{}", content_type="application/json", headers=chunked)
    assert_problem(answer, 411)


def test_a_form_that_is_damaged_is_a_problem() -> None:
    program = Program(make_user())
    answer = Client().generic(
        "POST", "/api/v1/songs", b"x", content_type="multipart/form-data", headers=program.headers
    )
    assert_problem(answer, 400)


def test_what_was_wrong_is_named() -> None:
    body = {"song": str(uuid.uuid4()), "genre": "polka", "n_rounds": 2}
    problem = assert_problem(Program(make_user()).post("/tournaments", body), 422, "invalid")
    assert {error["field"].rpartition(".")[2] for error in problem["errors"]} == {"genre", "n_rounds"}


def test_a_refusal_of_a_service_keeps_its_code_and_status() -> None:
    song = make_song(state="uploaded")
    assert song.owner is not None
    answer = Program(song.owner).post("/tournaments", {"song": str(song.public_id), "genre": "rock"})
    assert_problem(answer, 409)
    tournament = make_tournament(owner=song.owner)
    assert_problem(Program(song.owner).get(f"/tournaments/{tournament.public_id}/result"), 409)


def test_our_own_mistake_is_a_problem_without_its_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("api.routers.listeners.tier_standing", broken)
    answer = Program(make_user()).get("/me")
    assert_problem(answer, 500, "internal")
    assert b"secret detail" not in answer.content


@override_settings(API_REQUESTS_PER_MINUTE=3)
def test_a_token_that_asks_too_often_is_told_when_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.throttling.time.time", lambda: 1_000_020.0)
    user = make_user()
    program = Program(user)
    assert [program.get("/me").status_code for _ in range(3)] == [200] * 3
    answer = program.get("/me")
    assert_problem(answer, 429, "too_many")
    assert int(answer.headers["Retry-After"]) == 61
    # Others go on, and so does this one in the next window.
    assert Program(user).get("/me").status_code == 200
    monkeypatch.setattr("api.throttling.time.time", lambda: 1_000_081.0)
    assert program.get("/me").status_code == 200


@override_settings(API_UPLOADS_PER_HOUR=1)
def test_uploads_are_counted_by_listener(tmp_path: Any) -> None:
    user = make_user()
    with local_jobs():
        first = Program(user).upload({"title": "x"})
        assert first.status_code == 422
        for expected in (422, 429):
            path = tmp_path / "a.wav"
            path.write_bytes(b"no sound")
            with path.open("rb") as file:
                assert_problem(Program(user).upload({"file": file}), expected)


def test_lists_come_in_bounded_pieces() -> None:
    user = make_user()
    songs = [make_song(owner=user) for _ in range(5)]
    program = Program(user)
    page = program.get("/songs?limit=2&offset=1").json()
    assert page["count"] == 5
    assert [row["id"] for row in page["items"]] == [str(songs[3].public_id), str(songs[2].public_id)]
    assert program.get("/songs?offset=9").json() == {"items": [], "count": 5}
    for query in ("limit=0", "limit=101", "limit=x", "offset=-1", "offset=99999999999999999999"):
        assert_problem(program.get(f"/songs?{query}"), 422, "invalid")


@pytest.mark.parametrize(
    "path",
    ["/songs", "/tournaments", "/mixers", "/boards/live", "/people", "/albums", "/me/votes", "/me/follows", "/shared"],
)
def test_lists_cost_no_more_queries_for_more_rows(path: str) -> None:
    user = make_user()
    program = Program(user)
    program.get("/me")
    counts = []
    for n_more in (1, 5):
        for _ in range(n_more):
            mixer = make_mixer()
            tournament = make_tournament(owner=user, mixers=[mixer])
            share_tournament(tournament=tournament, name="", is_public=True, now=NOW)
            make_vote(ballot=make_ballot(battle=make_battle(tournament=tournament)))
            Follow.objects.create(user=user, mixer=mixer, created_at=NOW)
            Album.objects.create(owner=user, mixer=mixer, title="x")
        with CaptureQueriesContext(connection) as queries:
            assert program.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_token_is_made_with_sense() -> None:
    user, now = make_user(), timezone.now()
    for name, scopes, expires_at in (
        (" ", ["read"], None),
        ("x", [], None),
        ("x", ["read", "all"], None),
        ("x", ["read"], now),
    ):
        with pytest.raises(Exception, match=r"\."):
            create_token(user=user, name=name, scopes=scopes, expires_at=expires_at, now=now)
    assert not ApiToken.objects.exists()


def test_the_description_stands_under_the_sites_content_security_policy(client: Client) -> None:
    page = client.get("/api/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?://(?!testserver|www\.w3\.org)", text)
    schema = client.get("/api/openapi.json").json()
    assert schema["openapi"] == "3.1.0"
    for path in schema["paths"]:
        assert path in text
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= anchors
