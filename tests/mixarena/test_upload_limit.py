"""A body above the limit is refused with 413 before anybody reads it."""

import asyncio
import socket
import time
from collections.abc import Iterable
from typing import Any

import pytest

from mixarena import upload_limit
from mixarena.upload_limit import Message, Receive, Scope, Send, UploadLimit
from tests.services.processes import Arena

LIMIT = 1_000


@pytest.fixture(autouse=True)
def no_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_limit, "LINGER_S", 0.0)


class Exchange:
    """One request played to the wrapper around an application that reads the whole body and answers its length."""

    def __init__(self, chunks: Iterable[bytes], headers: list[tuple[bytes, bytes]]) -> None:
        self.chunks = list(chunks)
        self.scope: Scope = {
            "type": "http", "method": "POST", "path": "/songs/new", "headers": headers, "query_string": b"",
        }  # fmt: skip
        self.sent: list[Any] = []
        self.n_read = 0

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        n_bytes = 0
        while True:
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if not message.get("more_body", False):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(n_bytes).encode()})

    async def receive(self) -> Message:
        self.n_read += 1
        body = self.chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.chunks)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def play(self) -> int:
        asyncio.run(UploadLimit(self.application, LIMIT)(self.scope, self.receive, self.send))
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


def declared(n_bytes: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(n_bytes).encode())]


def test_body_at_the_limit_passes() -> None:
    exchange = Exchange([b"x" * LIMIT], declared(LIMIT))
    assert exchange.play() == 200
    assert exchange.body == b"1000"


def test_declared_length_above_the_limit_is_refused_unread() -> None:
    exchange = Exchange([b"x"], declared(LIMIT + 1))
    assert exchange.play() == 413
    assert exchange.n_read == 0
    assert exchange.headers[b"connection"] == b"close"
    assert int(exchange.headers[b"content-length"]) == len(exchange.body)


def test_refusal_is_a_page_that_says_what_and_what_to_do() -> None:
    exchange = Exchange([], declared(2_000_000_000))
    exchange.play()
    assert b"larger than the limit of" in exchange.body
    assert b"Choose a smaller file" in exchange.body
    assert b"<html" in exchange.body


def test_refusal_is_json_for_the_uploader() -> None:
    exchange = Exchange([], [*declared(2_000_000_000), (b"accept", b"application/json")])
    exchange.play()
    assert exchange.headers[b"content-type"] == b"application/json"
    assert b'"code": "too_large"' in exchange.body


def test_undeclared_body_is_counted_and_refused_at_the_limit() -> None:
    exchange = Exchange([b"x" * 600] * 100, [(b"transfer-encoding", b"chunked")])
    assert exchange.play() == 413
    assert exchange.n_read == 2


def test_undeclared_body_within_the_limit_passes() -> None:
    exchange = Exchange([b"x" * 250] * 4, [(b"transfer-encoding", b"chunked")])
    assert exchange.play() == 200


@pytest.mark.django_db(transaction=True)
class TestServer:
    """The same over real connections."""

    def request(self, arena: Arena, head: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", int(arena.environment["ARENA_PORT"])), timeout=20)
        connection.sendall(f"POST /songs/new HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        return connection

    def answer(self, connection: socket.socket) -> str:
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
        return received.decode()

    def test_two_gigabytes_are_refused_without_being_read(self, arena: Arena) -> None:
        arena.start_web()
        with self.request(arena, "Content-Length: 2000000000\r\n") as connection:
            connection.settimeout(0.2)
            n_sent = 0
            stop_at = time.monotonic() + 20
            while time.monotonic() < stop_at and n_sent < 2_000_000_000:
                try:
                    n_sent += connection.send(b"x" * 65536)
                except OSError:  # the server takes no more, or has hung up
                    break
            connection.settimeout(20)
            assert self.answer(connection).startswith("HTTP/1.1 413 ")
        # What fits into the socket buffers of both sides is all that was taken.
        assert n_sent < 20_000_000

    def test_client_that_asks_first_is_told_no(self, arena: Arena) -> None:
        arena.start_web()
        with self.request(arena, "Content-Length: 2000000000\r\nExpect: 100-continue\r\n") as connection:
            answer = self.answer(connection)
        assert answer.startswith("HTTP/1.1 413 ")
        assert "100 Continue" not in answer
        assert "Choose a smaller file" in answer

    def test_endless_chunked_body_is_cut_off(self, arena: Arena) -> None:
        arena.environment["MAX_UPLOAD_MB"] = "1"
        arena.start_web()
        with self.request(arena, "Transfer-Encoding: chunked\r\n") as connection:
            connection.settimeout(0.5)
            n_sent = 0
            try:
                while n_sent < 2_000_000_000:
                    n_sent += connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            except OSError:
                pass
            connection.settimeout(20)
            assert self.answer(connection).startswith("HTTP/1.1 413 ")
        assert n_sent < 20_000_000
