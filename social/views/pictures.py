"""The picture that a link shows where it is posted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from social.pictures import battle_picture, mix_picture, tournament_picture
from tournaments.access import open_share
from tournaments.models import Share, Tournament

# Drawing takes a tenth of a second, and feeds ask for a picture again and again.
KEPT_S = 24 * 3600


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """Of a battle or tournament without a word on who fights: it is shown before the vote."""
    share = open_share(token)
    tournament, by = share.tournament, share.signature
    title = tournament.song.title
    if share.kind == Share.Kind.BATTLE and share.battle is not None:
        png = _kept(battle_picture, title, by, share.battle.number, tournament.n_rounds)
    elif share.kind == Share.Kind.MIX and share.mix is not None:
        minima, maxima = tournament.song.peaks or ((0,), (0,))
        peaks = tuple(max(-low, high, 0) / 127 for low, high in zip(minima, maxima, strict=True))
        png = _kept(mix_picture, title, by, share.mix.mixer.nickname, peaks)
    else:
        is_running = tournament.state == Tournament.State.RUNNING
        png = _kept(tournament_picture, title, by, tournament.n_rounds, is_running)
    response = HttpResponse(png, content_type="image/png")
    response["Cache-Control"] = "public, max-age=300"
    return response


def _kept(draw: Callable[..., bytes], *words: object) -> bytes:
    key = f"picture:{draw.__name__}:{hashlib.sha256(repr(words).encode()).hexdigest()}"
    png: bytes | None = cache.get(key)
    if png is None:
        png = draw(*words)
        cache.set(key, png, KEPT_S)
    return png
