"""Files over HTTP, in whole or by byte range, without ever holding one in memory.

Django's FileResponse knows no ranges, and under ASGI it reads the whole file first. The caller checks access.

Source: RFC 9110, sections 13.1.5 (If-Range), 14.1.2 (byte ranges), 14.4 (Content-Range) and 15.5.17 (416).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags

CHUNK_BYTES = 256 * 1024
_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)


class UnsatisfiableRangeError(ValueError):
    """A well-formed range that holds no byte of the file."""


def parse_range(header: str, n_bytes: int) -> tuple[int, int] | None:
    """Read a Range header.

    Args:
        header: the value of the Range field; may be empty.
        n_bytes: the file's length.
    Returns: first and last byte, both included; None where the header is to be ignored, which is so for malformed
        values, other units and lists of ranges.
    Raises: UnsatisfiableRangeError.
    """
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match.group(1) == match.group(2) == "":
        return None
    if match.group(1) == "":
        n_last = min(int(match.group(2)), n_bytes)
        if n_last == 0:
            raise UnsatisfiableRangeError(header)
        return n_bytes - n_last, n_bytes - 1
    first = int(match.group(1))
    last = int(match.group(2)) if match.group(2) else n_bytes - 1
    if match.group(2) and last < first:
        return None
    if first >= n_bytes:
        raise UnsatisfiableRangeError(header)
    return first, min(last, n_bytes - 1)


async def file_response(
    request: HttpRequest,
    path: Path,
    content_type: str,
    *,
    etag: str | None = None,
    download_name: str | None = None,
) -> HttpResponseBase:
    """Answer GET or HEAD with a file or the one byte range that was asked for.

    Args:
        path: an existing file that does not change while it is sent.
        etag: an opaque name of these bytes, without quotes. None sends no validator, for files that must not be
            recognized; If-Range then never matches.
        download_name: makes browsers save the file under this name.
    Returns: 200, 206, 304, 405 or 416. The date of the file is never sent.
    Raises: FileNotFoundError.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    n_bytes = (await asyncio.to_thread(path.stat)).st_size
    quoted = f'"{etag}"' if etag is not None else None
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private", "X-Content-Type-Options": "nosniff"}
    if quoted:
        headers["ETag"] = quoted
    if quoted and _is_match(request.headers.get("If-None-Match", ""), quoted):
        return HttpResponse(status=304, headers=headers)
    if download_name:
        headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=download_name) or ""

    first, last, status = 0, n_bytes - 1, 200
    # Only GET has range semantics (RFC 9110, 14.2). A range of other bytes than the client has would corrupt its copy.
    if request.method == "GET" and request.headers.get("If-Range", quoted) == quoted:
        try:
            part = parse_range(request.headers.get("Range", ""), n_bytes)
        except UnsatisfiableRangeError:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{n_bytes}"})
        if part is not None:
            (first, last), status = part, 206
            headers["Content-Range"] = f"bytes {first}-{last}/{n_bytes}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=content_type)
    return StreamingHttpResponse(
        _read(path, first, last - first + 1), status=status, headers=headers, content_type=content_type
    )


def _is_match(if_none_match: str, quoted: str) -> bool:
    tags = [tag.removeprefix("W/") for tag in parse_etags(if_none_match)]
    return "*" in tags or quoted in tags


async def _read(path: Path, first: int, n_left: int) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        file.seek(first)
        while n_left > 0:
            chunk = await asyncio.to_thread(file.read, min(CHUNK_BYTES, n_left))
            if not chunk:  # shorter than it was: the connection breaks off, which a client can tell from the length
                return
            n_left -= len(chunk)
            yield chunk
    finally:
        file.close()
