"""Files in answers: checked by the caller, and sent by the site's own range responses."""

from __future__ import annotations

from pathlib import Path

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponseBase

from mixarena.web.ranges import file_response


def sound(
    request: HttpRequest, path: str, content_type: str, *, etag: str | None = None, download_name: str | None = None
) -> HttpResponseBase:
    """The file, or the range of it that was asked for. Only its length is read here; the server streams the rest.

    Raises: Http404 for a file that is gone.
    """
    try:
        return async_to_sync(file_response)(request, Path(path), content_type, etag=etag, download_name=download_name)
    except FileNotFoundError as error:
        raise Http404 from error
