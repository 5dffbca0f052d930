"""Clips of one's own battles: asking for one, waiting for it, and taking its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mixarena.web.ranges import file_response
from social.pictures import battle_picture
from social.selectors.owners import signature_of
from social.services.clips import request_clip
from tournaments.access import clip_for_owner, round_for_owner
from tournaments.models import Clip
from tournaments.views.visitors import ListenerRequest, listener_required, login_response

if TYPE_CHECKING:
    from accounts.models import User

# What htmx takes as the end of asking again and again.
STOP_POLLING = 286
# Of a clip's files, and how their names end.
CONTENT_TYPES = {"audio": ("audio/mpeg", "mp3"), "video": ("video/mp4", "mp4")}


@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def clip(request: ListenerRequest, public_id: UUID, number: int) -> HttpResponse:
    """Ask for a clip of a battle (POST), or see how far it has come."""
    try:
        battle = round_for_owner(request.user, public_id, number)
    except Http404:
        if request.method == "POST" or not request.htmx:
            raise
        # The song was deleted while a page waited.
        return render(request, "social/_clip_gone.html", {"number": number}, status=STOP_POLLING)
    made: Clip | None
    if request.method == "POST":
        made = request_clip(
            battle=battle, signature=signature_of(battle), address=request.get_host()[:100], now=timezone.now()
        )
        if not request.htmx:
            return redirect("social:sharing", public_id)
    else:
        made = Clip.objects.filter(battle=battle).first()
    return render(request, "social/_clip.html", {"clip": made, "battle": battle, "tournament": battle.tournament})


async def clip_file(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """The sound or the video of a clip."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    path = await sync_to_async(_path)(user, pk, kind)
    content_type, suffix = CONTENT_TYPES[kind]
    return await file_response(request, path, content_type, etag=path.name, download_name=f"which-mix-{pk}.{suffix}")


@listener_required
@require_safe
def clip_picture(request: ListenerRequest, pk: int) -> HttpResponse:
    """A picture to post with the sound, where there is no video."""
    made = clip_for_owner(request.user, pk)
    battle = made.battle
    png = battle_picture(battle.tournament.song.title, made.signature, battle.number, battle.tournament.n_rounds)
    headers = {"Content-Disposition": f'attachment; filename="which-mix-{pk}.png"'}
    return HttpResponse(png, content_type="image/png", headers=headers)


def _path(user: User, pk: int, kind: str) -> Path:
    if kind not in CONTENT_TYPES:
        raise Http404
    file = getattr(clip_for_owner(user, pk), kind)
    if not file:
        raise Http404
    return Path(file.path)
