"""The examples do what they say, and the client keeps to the API."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import soundfile
import torch
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.services.tokens import create_token
from clients.python.mixarena_client import Arena, Problem
from examples import blending_strategy, follow_a_tournament, use_the_api
from mixing.breeding.blend import strategies, weights
from mixing.breeding.blend.weights import blend_weights
from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError
from tests.factories import NOW, make_user
from tests.services.processes import ROOT
from tests.services.processes import Arena as Processes
from tests.tournaments.sound import enter, write_music
from tournaments.models import Ballot, Export, Song, Tournament, Vote
from tournaments.services.sharing import share_tournament


class Ears:
    """A clock on which listening takes no time: instead of waiting, the ballots at hand get older."""

    monotonic = staticmethod(time.monotonic)

    @staticmethod
    def sleep(seconds: float) -> None:
        older = F("issued_at") - timedelta(seconds=seconds)
        assert Ballot.objects.filter(committed_at=None).update(issued_at=older) == 1


@pytest.mark.django_db(transaction=True)
def test_the_api_example_takes_a_mix_home_from_a_real_arena(
    arena: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for slug in ("enhanced-enforcer", "veteran-virtuoso", "elite-warrior"):
        enter(slug)
    user = make_user()
    _, secret = create_token(
        user=user,
        name="example",
        scopes=["read", "songs", "play", "account", "mixers"],
        expires_at=None,
        now=timezone.now(),
    )
    arena.start_all()
    song = write_music(tmp_path / "Night Drive.wav", 12.0)
    target = tmp_path / "mix.flac"
    monkeypatch.setattr(use_the_api, "time", Ears)
    monkeypatch.setenv("MIXARENA_TOKEN", secret)
    options = ["--url", arena.url, "--genre", "rock", "--rule", "livelier"]
    status = use_the_api.main([*options, str(song), str(target)])
    said = capsys.readouterr()
    assert status == 0, said.out + said.err + arena.log.read_text(errors="replace")[-2000:]
    tournament = Tournament.objects.get(owner=user)
    assert (tournament.state, tournament.song.title) == (Tournament.State.FINISHED, "Night Drive")
    assert Vote.objects.filter(voter=user).count() == 3
    assert soundfile.info(target).duration == pytest.approx(12.0, abs=0.01)
    assert Export.objects.get().format == "flac"
    assert "Champion: " in said.out

    # The same arena, asked by the client for everything else.
    client = Arena(arena.url, token=secret)
    ask_for_everything(client, user, tournament, tmp_path)
    client.delete_song(next(client.songs())["id"])
    assert Song.objects.get().state == Song.State.DELETED


def ask_for_everything(client: Arena, user: User, tournament: Tournament, folder: Path) -> None:
    """What the example does not ask for, of an arena where a tournament is over."""
    assert [row["state"] for row in client.tournaments()] == ["finished"]
    assert {line["mixer"]["slug"] for line in client.mixers()} >= {"elite-warrior"}
    assert client.mixer("elite-warrior")["rating"]["n_votes"] >= 0
    assert list(client.live_board(genre="rock"))
    assert client.official_board()["lines"] == []
    assert client.me()["tier"]["n_votes"] == 3
    assert client.person(user.username)["username"] == user.username
    bred = client.breedings(str(tournament.public_id))
    assert {row["round"] for row in bred} <= {1, 2, 3}
    with pytest.raises(Problem, match="scope") as refused:
        client.share(str(tournament.public_id))
    assert (refused.value.status, refused.value.code) == (403, "scope")
    with pytest.raises(ValueError, match="alone is shown the token"):
        client.download("http://elsewhere.example/a.wav", folder / "x.wav")

    number = str(tournament.public_id)
    name, state = next(client.events(number))
    assert (name, state.split()[0]) == ("message", "finished")
    share = share_tournament(tournament=tournament, name="", is_public=False, now=NOW)
    assert next(client.shared_events(share.token)) == ("message", "finished 1:decided 2:decided 3:decided")
    other = next(mix["mix"] for mix in client.result(number)["mixes"] if not mix["is_champion"])
    version = client.make_version(number, other, words={"brightness": 40}, locks=["level"])
    assert (version["state"], version["nudge"]["locks"]) == ("ready", ["level"])
    assert [row["mix"] for row in client.recipe(number, other)["versions"]] == [version["mix"]]
    assert client.mix_settings(number, version["mix"])["report"]["effective_lufs"] < 0
    assert client.take_mix(number, version["mix"])["taken"] == version["mix"]
    assert list(client.albums()) == []
    assert client.stems(next(client.songs())["id"])["stems"] == []

    client.follow("elite-warrior")
    assert [row["slug"] for row in client.follows()] == ["elite-warrior"]
    client.unfollow("elite-warrior")
    assert list(client.follows()) == []
    assert zipfile.is_zipfile(client.download_mixer("elite-warrior", folder / "mixer.zip"))
    (folder / "card.toml").write_text('nickname = "Twin"\n[training.packages]\n"x" = ["CC0-1.0"]\n')
    offered = client.offer_mixer(ROOT / "models" / "elite-warrior" / "weights.safetensors", folder / "card.toml")
    assert client.submission(offered["id"])["nickname"] == client.submissions()[0]["nickname"] == "Twin"

    assert any(row["earned_at"] for row in client.achievements())
    client.see_notices(next(client.notices())["id"])
    assert client.me()["n_unseen_notices"] == 0
    assert client.change_privacy(is_public=False, is_ranked=True) == client.privacy()
    assert client.referrals()["friends"] == []
    assert (client.changes()["n_votes"], len(list(client.votes()))) == (3, 3)
    client.forget_taste()
    assert client.taste() == []
    assert client.data()["account"]["username"] == user.username
    assert {figure["table"] for figure in client.numbers()["figures"]} >= {"votes", "mixers"}
    client.download_numbers(folder / "votes.csv", table="votes", since="2026-01-01", until="2026-01-31")
    assert (folder / "votes.csv").read_text().startswith("Day,Votes")
    with pytest.raises(Problem, match="not yours"):
        list(client.credits())


class Script(BaseHTTPRequestHandler):
    """Answers with the next line of a script: status, headers, document."""

    lines: ClassVar[list[tuple[int, dict[str, str], Any]]] = []
    asked: ClassVar[list[tuple[str, str]]] = []
    sent: ClassVar[list[tuple[str, bytes]]] = []

    def do_GET(self) -> None:
        self.sent.append((self.command, self.rfile.read(int(self.headers["Content-Length"] or 0))))
        status, headers, document = self.lines.pop(0)
        self.asked.append((self.path, self.headers["Authorization"]))
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Arena]:
    """A client of a server that plays a script, and does not wait."""
    server = HTTPServer(("127.0.0.1", 0), Script)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Script.lines, Script.asked, Script.sent = [], [], []
    client = Arena(f"http://127.0.0.1:{server.server_port}", token="t", max_tries=3)
    waited: list[float] = []
    client._sleep = waited.append
    client.waited = waited  # type: ignore[attr-defined]
    yield client
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_client_waits_as_long_as_it_is_told(scripted: Arena) -> None:
    Script.lines = [(429, {"Retry-After": "7"}, {}), (503, {}, b"busy"), (200, {}, {"username": "ada"})]
    assert scripted.me() == {"username": "ada"}
    assert scripted.waited == [7.0, 2.0]  # type: ignore[attr-defined]
    assert Script.asked == [("/api/v1/me", "Bearer t")] * 3


def test_the_client_gives_up_after_its_tries_and_says_why(scripted: Arena) -> None:
    Script.lines = [(429, {"Retry-After": "1"}, {"status": 429, "code": "too_many", "detail": "Slow down."})] * 3
    with pytest.raises(Problem, match="Slow down") as refused:
        scripted.me()
    assert (refused.value.status, refused.value.code, len(Script.asked)) == (429, "too_many", 3)


def test_the_client_repeats_nothing_else_and_follows_nobody(scripted: Arena) -> None:
    for line in ((500, {}, b"<html>"), (302, {"Location": "http://127.0.0.1:9/"}, b"")):
        Script.lines, Script.asked = [line], []
        with pytest.raises(Problem, match=str(line[0])):
            scripted.me()
        assert len(Script.asked) == 1


def test_the_client_reads_lists_to_their_end(scripted: Arena) -> None:
    Script.lines = [
        (200, {}, {"items": [{"id": 1}] * 100, "count": 101}),
        (200, {}, {"items": [{"id": 2}], "count": 101}),
    ]
    assert len(list(scripted.songs())) == 101
    assert [path for path, _ in Script.asked] == [
        "/api/v1/songs?limit=100&offset=0",
        "/api/v1/songs?limit=100&offset=100",
    ]


def test_the_client_asks_for_what_takes_long(scripted: Arena, tmp_path: Path) -> None:
    """Of a real arena this would take minutes."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    Script.lines = [(202, {}, {"id": "1", "mix": "2"}), (200, {}, {"state": "planned"}), (200, {}, {"state": "ready"})]
    album = scripted.make_album("Two", ["a", "b"], mixer="eddie", format="flac")
    assert scripted.wait_for_album(album["id"])["state"] == "ready"
    Script.lines = [
        (200, {}, {}),
        (202, {}, {}),
        (202, {}, {"mix": "2"}),
        (200, {}, {"state": "failed", "reason": "No."}),
    ]
    scripted.change_roles("s", {2: "bass"})
    scripted.make_album_again("1")
    with pytest.raises(ValueError, match="No"):
        scripted.follow_reference("t", "m", tmp_path / "a.wav", words={"strength": 90})
    asked = [
        (method, path.removeprefix("/api/v1/"))
        for (method, _), (path, _) in zip(Script.sent, Script.asked, strict=True)
    ]
    assert asked == [
        ("POST", "albums"), ("GET", "albums/1"), ("GET", "albums/1"), ("PATCH", "songs/s/stems"),
        ("POST", "albums/1/again"), ("POST", "tournaments/t/mixes/m/references"), ("GET", "tournaments/t/mixes/2"),
    ]  # fmt: skip
    assert json.loads(Script.sent[0][1]) == {"title": "Two", "songs": ["a", "b"], "mixer": "eddie", "format": "flac"}
    assert json.loads(Script.sent[3][1]) == {"roles": {"2": "bass"}}
    assert b'name="reference"; filename="a.wav"' in Script.sent[5][1]
    assert b'name="strength"\r\n\r\n90' in Script.sent[5][1]


def test_a_tournament_is_followed_also_where_no_stream_is_to_be_had(
    scripted: Arena, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def page(state: str, n_votes: int) -> tuple[int, dict[str, str], Any]:
        row = {"round": 1, "is_hearable": True, "is_judged": True, "n_votes": n_votes}
        page = {"song_title": "Night Drive", "by": "Ada", "state": state, "n_listeners": 1, "rounds": [row]}
        return 200, {}, page

    audience = json.dumps({"listeners": 2, "votes": {"1": 3}})
    events = (
        f"retry: 2000\n\nevent: message\ndata: x\n\nevent: audience\ndata: {audience}\n\nevent: message\ndata: y\n\n"
    )
    Script.lines = [
        page("running", 0),
        (429, {"Retry-After": "10"}, {"status": 429, "code": "too_many_streams"}),
        page("running", 2),
        (200, {"Content-Type": "text/event-stream"}, events.encode()),
        page("running", 2),
        page("finished", 3),
        (200, {}, {"crowd": [{"choice": "a", "percent": 67}, {"choice": "b", "percent": 33}]}),
    ]
    waited: list[float] = []
    monkeypatch.setattr(follow_a_tournament, "time", SimpleNamespace(sleep=waited.append))
    monkeypatch.setenv("MIXARENA_TOKEN", "t")
    assert follow_a_tournament.main([f"{scripted.url}/s/x/rounds/1/"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Night Drive by Ada, running: 1 listening",
        "Round 1: 0 judged",
        "Round 1: 2 judged",
        "Night Drive by Ada, running: 2 listening",
        "Round 1: 3 judged",
        "Night Drive by Ada, finished: 1 listening",
        "Round 1: 67 % a, 33 % b",
    ]
    asked = [path.removeprefix("/api/v1/shared/x") for path, _ in Script.asked]
    assert asked == ["", "/live", "", "/live", "", "", "/rounds/1"]
    assert waited == [10.0]


def test_the_rule_prefers_the_livelier_sound(tmp_path: Path) -> None:
    flat, lively = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(flat, [0.5, -0.5] * 500, 8000, subtype="PCM_16")
    soundfile.write(lively, [0.9, -0.1, 0.1, -0.1] * 250, 8000, subtype="PCM_16")
    assert use_the_api.crest_db(flat) == pytest.approx(0.0, abs=0.01)
    assert use_the_api.livelier(flat, lively)[0] == "b"
    assert use_the_api.livelier(lively, flat)[0] == "a"


def test_the_strategy_example_blends_as_the_arena_would_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(strategies.STRATEGIES, "agreeing", blending_strategy.DECLARATION)
    monkeypatch.setitem(weights._FUNCTIONS, "agreeing", blending_strategy.blend)
    loser = {"trunk.w": torch.tensor([1.0, -2.0, 3.0]), "heads.tone.w": torch.tensor([1.0])}
    winner = {"trunk.w": torch.tensor([2.0, 4.0, 5.0]), "heads.tone.w": torch.tensor([3.0])}

    def child(base: float, tone: float, **given: float) -> list[float]:
        strategy = strategies.strategy_named("agreeing")
        plan = Ratios(base=base, groups={"tone": tone})
        made = blend_weights(strategy, [loser, winner], plan, strategy.checked(given))
        return [float(x) for name in ("trunk.w", "heads.tone.w") for x in made[name]]

    assert child(0.0, 0.0) == [1.0, -2.0, 3.0, 1.0]
    assert child(1.0, 1.0) == [2.0, 4.0, 5.0, 3.0]
    assert child(0.5, 0.25, agreement=1.0) == [1.5, 1.0, 4.0, 1.5]
    assert child(0.5, 0.25, agreement=0.0) == [1.5, -2.0, 4.0, 1.5]
    with pytest.raises(BreedingError, match="agreement"):
        child(0.5, 0.5, agreement=2.0)


def test_the_api_example_runs_as_a_program() -> None:
    command = [sys.executable, "examples/use_the_api.py", "song.wav", "mix.flac"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={})
    assert (done.returncode, "set MIXARENA_TOKEN to a token" in done.stderr) == (2, True)


def test_the_strategy_example_runs_and_names_places_that_are_there() -> None:
    done = subprocess.run(
        [sys.executable, "examples/blending_strategy.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "agreement 1: 50.0 % of the way" in done.stdout
    text = (ROOT / "examples" / "blending_strategy.py").read_text()
    for path, name in (("strategies.py", "STRATEGIES"), ("weights.py", "_FUNCTIONS")):
        assert name in (ROOT / "mixing" / "breeding" / "blend" / path).read_text()
        assert f"{name} of mixing/breeding/blend/{path}" in text
