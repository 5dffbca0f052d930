"""The examples do what they say, and the client keeps to the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import soundfile
import torch
from django.utils import timezone

from accounts.services.tokens import create_token
from clients.python.mixarena_client import Arena, Problem
from examples import blending_strategy, use_the_api
from mixing.breeding.blend import strategies, weights
from mixing.breeding.blend.weights import blend_weights
from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError
from tests.factories import make_user
from tests.services.processes import ROOT
from tests.services.processes import Arena as Processes
from tests.tournaments.sound import enter, write_music
from tournaments.models import Export, Song, Tournament, Vote


@pytest.mark.django_db(transaction=True)
def test_the_api_example_takes_a_mix_home_from_a_real_arena(arena: Processes, tmp_path: Path) -> None:
    for slug in ("enhanced-enforcer", "veteran-virtuoso", "elite-warrior"):
        enter(slug)
    user = make_user()
    _, secret = create_token(
        user=user, name="example", scopes=["read", "songs", "play"], expires_at=None, now=timezone.now()
    )
    arena.start_all()
    song = write_music(tmp_path / "Night Drive.wav", 12.0)
    target = tmp_path / "mix.flac"
    command = [sys.executable, "examples/use_the_api.py", "--url", arena.url, "--genre", "rock", "--rule", "livelier"]
    done = subprocess.run(
        [*command, str(song), str(target)],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env={"PATH": os.environ["PATH"], "MIXARENA_TOKEN": secret},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr + arena.log.read_text(errors="replace")[-2000:]
    tournament = Tournament.objects.get(owner=user)
    assert (tournament.state, tournament.song.title) == (Tournament.State.FINISHED, "Night Drive")
    assert Vote.objects.filter(voter=user).count() == 3
    assert soundfile.info(target).duration == pytest.approx(12.0, abs=0.01)
    assert Export.objects.get().format == "flac"
    assert "Champion: " in done.stdout

    # The same arena, asked by the client for everything else.
    client = Arena(arena.url, token=secret)
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
        client.download("http://elsewhere.example/a.wav", tmp_path / "x.wav")
    client.delete_song(next(client.songs())["id"])
    assert Song.objects.get().state == Song.State.DELETED


class Script(BaseHTTPRequestHandler):
    """Answers with the next line of a script: status, headers, document."""

    lines: ClassVar[list[tuple[int, dict[str, str], Any]]] = []
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        status, headers, document = self.lines.pop(0)
        self.asked.append((self.path, self.headers["Authorization"]))
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Arena]:
    """A client of a server that plays a script, and does not wait."""
    server = HTTPServer(("127.0.0.1", 0), Script)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Script.lines, Script.asked = [], []
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
