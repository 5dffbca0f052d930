"""Byte ranges as RFC 9110 wants them, and nothing that tells files apart unless asked."""

import asyncio
from pathlib import Path

import pytest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from mixarena.web.ranges import CHUNK_BYTES, UnsatisfiableRangeError, file_response, parse_range

DATA = bytes(range(256)) * 3000  # three chunks


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranges") / "a.wav"
    path.write_bytes(DATA)
    return path


def ask(
    path: Path, method: str = "GET", *, etag: str | None = None, download_name: str | None = None, **headers: str
) -> tuple[HttpResponseBase, bytes]:
    async def run() -> tuple[HttpResponseBase, bytes]:
        request = RequestFactory().generic(method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()})
        response = await file_response(request, path, "audio/wav", etag=etag, download_name=download_name)
        if isinstance(response, StreamingHttpResponse):
            return response, b"".join([chunk async for chunk in response])
        return response, response.content  # type: ignore[attr-defined]

    return asyncio.run(run())


def test_whole_file(file: Path) -> None:
    response, body = ask(file)
    assert response.status_code == 200
    assert body == DATA
    assert response["Content-Length"] == str(len(DATA))
    assert response["Content-Type"] == "audio/wav"
    assert response["Cache-Control"] == "private"
    assert response["Accept-Ranges"] == "bytes"


def test_without_etag_nothing_identifies_the_file(file: Path) -> None:
    response, _ = ask(file)
    assert not {"ETag", "Last-Modified", "Content-Disposition", "Date"} & set(response.headers)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=767990-", 767990, 767999), ("bytes=-5", 767995, 767999),
     ("bytes=5-9999999", 5, 767999), ("bytes=-9999999", 0, 767999), ("Bytes=1-2", 1, 2)],
)  # fmt: skip
def test_one_range(file: Path, header: str, first: int, last: int) -> None:
    response, body = ask(file, Range=header)
    assert response.status_code == 206
    assert body == DATA[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert response["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    "header", ["bytes=", "bytes=-", "bytes=a-b", "bytes=9-3", "items=0-5", "bytes=0-1,4-5", "0-5", "bytes=²-5"]
)
def test_what_cannot_be_read_is_ignored(file: Path, header: str) -> None:
    response, body = ask(file, Range=header)
    assert response.status_code == 200
    assert len(body) == len(DATA)


@pytest.mark.parametrize("header", ["bytes=768000-", "bytes=768000-768001", "bytes=-0"])
def test_range_outside_the_file(file: Path, header: str) -> None:
    response, body = ask(file, Range=header)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(DATA)}"
    assert body == b""


def test_head_has_the_headers_of_the_whole_and_no_body(file: Path) -> None:
    response, body = ask(file, "HEAD", Range="bytes=0-9")
    assert (response.status_code, body) == (200, b"")
    assert response["Content-Length"] == str(len(DATA))


def test_other_methods(file: Path) -> None:
    response, _ = ask(file, "POST")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_if_range_of_the_same_bytes_gives_the_part(file: Path) -> None:
    response, body = ask(file, etag="v1", Range="bytes=0-9", If_Range='"v1"')
    assert (response.status_code, len(body)) == (206, 10)


@pytest.mark.parametrize("if_range", ['"v2"', 'W/"v1"', "Tue, 01 Jan 2030 00:00:00 GMT"])
def test_if_range_of_other_bytes_gives_the_whole(file: Path, if_range: str) -> None:
    response, body = ask(file, etag="v1", Range="bytes=0-9", If_Range=if_range)
    assert (response.status_code, len(body)) == (200, len(DATA))


def test_if_range_never_matches_where_there_is_no_etag(file: Path) -> None:
    response, _ = ask(file, Range="bytes=0-9", If_Range='"v1"')
    assert response.status_code == 200


@pytest.mark.parametrize("if_none_match", ['"v1"', '"v0", W/"v1"', "*"])
def test_not_modified(file: Path, if_none_match: str) -> None:
    response, body = ask(file, etag="v1", If_None_Match=if_none_match)
    assert (response.status_code, body) == (304, b"")
    assert response["ETag"] == '"v1"'


def test_download_name_cannot_break_out_of_the_header(file: Path) -> None:
    response, _ = ask(file, download_name='a"b\r\nX: y/ü.wav')
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in response["Content-Disposition"]


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert ask(path)[0]["Content-Length"] == "0"
    assert ask(path, Range="bytes=0-")[0].status_code == 416


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ask(tmp_path / "none")


def test_never_holds_more_than_a_chunk(file: Path) -> None:
    async def sizes() -> list[int]:
        response = await file_response(RequestFactory().get("/"), file, "audio/wav")
        assert isinstance(response, StreamingHttpResponse)
        return [len(chunk) async for chunk in response]

    assert max(asyncio.run(sizes())) <= CHUNK_BYTES


@given(first=st.integers(0, 300), last=st.integers(0, 300), n_bytes=st.integers(0, 200))
def test_parsed_range_lies_within_the_file(first: int, last: int, n_bytes: int) -> None:
    try:
        part = parse_range(f"bytes={first}-{last}", n_bytes)
    except UnsatisfiableRangeError:
        assert first >= n_bytes
        return
    if last < first:
        assert part is None
    else:
        assert part == (first, min(last, n_bytes - 1))
        assert part[0] <= part[1] < n_bytes


@given(
    header=st.text(max_size=40) | st.from_regex(r"bytes=\d{0,30}-\d{0,30}(,\d*-\d*)?"), n_bytes=st.integers(0, 10**12)
)
def test_any_header_is_survived(header: str, n_bytes: int) -> None:
    try:
        part = parse_range(header, n_bytes)
    except UnsatisfiableRangeError:
        return
    assert part is None or 0 <= part[0] <= part[1] < n_bytes
