"""Sound of what is shared: only what its visitor has nothing left to judge of."""

from __future__ import annotations

from pathlib import Path

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase

from mixarena.web.ranges import file_response
from social.selectors.battles import sounds_of
from social.selectors.pages import judged_battles
from tournaments.access import open_share
from tournaments.models import Preview
from tournaments.views.looks import has_looked
from tournaments.views.visitors import voter_of


async def sound(request: HttpRequest, token: str, pk: int) -> HttpResponseBase:
    """A mix, or the upload beside it."""
    path = await sync_to_async(_path)(request, token, pk)
    response = await file_response(request, path, "audio/wav", etag=f"preview-{pk}")
    # A link that was taken back must not go on playing from a cache in between.
    response["Cache-Control"] = "private, no-cache"
    return response


def _path(request: HttpRequest, token: str, pk: int) -> Path:
    share = open_share(token)
    judged = judged_battles(share, voter_of(request))
    preview = (
        Preview.objects.filter(
            pk=pk, song=share.tournament.song, region=Preview.Region.HIGHLIGHT, state=Preview.State.READY
        )
        .filter(sounds_of(share, judged=judged, has_looked=has_looked(request, share.tournament)))
        .first()
    )
    if preview is None:
        raise Http404
    return Path(preview.file.path)
