"""Links to what is one's own, which can be taken back, and clips to post."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Router

from api.schemas.sharing import ClipOut, LinkOut, LinksOut, NameIn, ShareIn
from api.sound import sound
from api.tokens import ApiRequest, scoped
from social.pictures import battle_picture
from social.selectors.owners import own_links, signature_of
from social.services.clips import request_clip
from social.views.clips import CONTENT_TYPES
from tournaments.access import (
    clip_for_owner,
    heard_mix_for_owner,
    round_for_owner,
    share_for_owner,
    tournament_for_owner,
)
from tournaments.models import Clip, Share
from tournaments.selectors.shares import link_to
from tournaments.services.sharing import revoke, share_battle, share_mix, share_tournament

router = Router()

Number = Path(ge=1, le=10, description="Of the round.")


@router.get("/tournaments/{uuid:tournament}/links", response=LinksOut, **scoped("read"))
def list_links(request: ApiRequest, tournament: UUID) -> dict[str, Any]:
    """Everything that is and can be shared of a tournament of yours."""
    links = own_links(tournament_for_owner(request.user, tournament))
    return {
        "whole": _link(request, links.whole),
        "rounds": [
            {
                "round": row.battle.number,
                "link": _link(request, row.share),
                "clip": _clip(row.clip, row.battle.number) if row.clip else None,
            }
            for row in links.battles
        ],
        "mixes": [
            {
                "mix": row.mix.public_id,
                "mixer": row.mix.mixer.slug,
                "nickname": row.mix.mixer.nickname,
                "link": _link(request, row.share),
            }
            for row in links.mixes
        ],
    }


@router.post("/tournaments/{uuid:tournament}/share", response=LinkOut, **scoped("share"))
def share(request: ApiRequest, tournament: UUID, sent: ShareIn) -> dict[str, Any] | None:
    """Let others judge a tournament's battles blind; asking again changes the name and who finds it."""
    row = tournament_for_owner(request.user, tournament)
    link = share_tournament(tournament=row, name=sent.name, is_public=sent.is_public, now=timezone.now())
    return _link(request, link)


@router.delete("/tournaments/{uuid:tournament}/share", response={204: None}, **scoped("share"))
def stop_sharing(request: ApiRequest, tournament: UUID) -> None:
    """Take the link to a whole tournament back."""
    link = link_to(tournament_for_owner(request.user, tournament))
    if link is not None:
        revoke(share=link, now=timezone.now())


@router.post("/tournaments/{uuid:tournament}/rounds/{int:number}/share", response=LinkOut, **scoped("share"))
def share_round(request: ApiRequest, tournament: UUID, sent: NameIn, number: int = Number) -> dict[str, Any] | None:
    """Let others judge one battle blind; asking again changes the name."""
    battle = round_for_owner(request.user, tournament, number)
    return _link(request, share_battle(battle=battle, name=sent.name, now=timezone.now()))


@router.post("/tournaments/{uuid:tournament}/mixes/{uuid:mix}/share", response=LinkOut, **scoped("share"))
def share_one_mix(request: ApiRequest, tournament: UUID, mix: UUID, sent: NameIn) -> dict[str, Any] | None:
    """Let others hear a mix of a finished tournament beside the original; asking again changes the name."""
    row = tournament_for_owner(request.user, tournament)
    heard = heard_mix_for_owner(request.user, row, mix)
    return _link(request, share_mix(tournament=row, mix=heard, name=sent.name, now=timezone.now()))


@router.delete("/links/{share}", response={204: None}, **scoped("share"))
def take_back(
    request: ApiRequest, share: str = Path(max_length=40, pattern=r"^[-\w]+$", description="The link's token.")
) -> None:
    """Take any link of yours back. It opens nothing from now on."""
    revoke(share=share_for_owner(request.user, share), now=timezone.now())


@router.post("/tournaments/{uuid:tournament}/rounds/{int:number}/clip", response={202: ClipOut}, **scoped("play"))
def make_clip(request: ApiRequest, tournament: UUID, number: int = Number) -> dict[str, Any]:
    """Have a clip of a battle made, in which A and B take turns. Asking twice is asking once."""
    battle = round_for_owner(request.user, tournament, number)
    address = request.get_host()[:100]
    clip = request_clip(battle=battle, signature=signature_of(battle), address=address, now=timezone.now())
    return _clip(clip, number)


@router.get("/tournaments/{uuid:tournament}/rounds/{int:number}/clip", response=ClipOut, **scoped("read"))
def get_clip(request: ApiRequest, tournament: UUID, number: int = Number) -> dict[str, Any]:
    """How far the clip of a battle has come. Ask until its state is no longer `queued`."""
    clip = Clip.objects.filter(battle=round_for_owner(request.user, tournament, number)).first()
    if clip is None:
        raise Http404
    return _clip(clip, number)


@router.get("/clips/{int:clip}/{part}", **scoped("read", sends="*/*"))
def clip_part(
    request: ApiRequest,
    clip: int = Path(ge=1, le=2**63 - 1),
    part: Literal["audio", "video", "picture"] = Path(...),
) -> HttpResponseBase:
    """A clip's sound or video, which understand byte ranges, or the picture to post with the sound."""
    row = clip_for_owner(request.user, clip)
    if part == "picture":
        tournament = row.battle.tournament
        png = battle_picture(tournament.song.title, row.signature, row.battle.number, tournament.n_rounds)
        return HttpResponse(png, content_type="image/png")
    file = getattr(row, part)
    if not file:
        raise Http404
    content_type, suffix = CONTENT_TYPES[part]
    name = f"which-mix-{clip}.{suffix}"
    return sound(request, file.path, content_type, etag=FilePath(file.path).name, download_name=name)


def share_url(request: ApiRequest, link: Share) -> str:
    """The page that a link opens."""
    return request.build_absolute_uri(reverse("social:shared", args=[link.token]))


def _link(request: ApiRequest, link: Share | None) -> dict[str, Any] | None:
    if link is None:
        return None
    return {"token": link.token, "url": share_url(request, link), "is_public": link.is_public, "name": link.name}


def _clip(clip: Clip, number: int) -> dict[str, Any]:
    parts = {"audio": clip.audio, "video": clip.video, "picture": True}
    is_ready = clip.state == Clip.State.READY
    urls = {
        f"{part}_url": reverse("api:clip_part", args=[clip.pk, part]) if is_ready and there else None
        for part, there in parts.items()
    }
    return {"id": clip.pk, "round": number, "state": clip.state, "reason": clip.reason, **urls}
