"""The listener whose token it is, and listeners as others see them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Path, Query, Router

from accounts.models import Notice
from accounts.selectors import Shelf, cabinet, public_profile, tier_standing, unseen_notices
from accounts.services.credits import balance_of
from accounts.tiers import Standing
from api.paging import Page, Paging, page_of
from api.schemas.listeners import AchievementOut, ListenerOut, MeOut, NoticeOut, PersonOut
from api.tokens import ApiRequest, scoped
from tournaments.selectors.people import listeners, person_page

router = Router()


@router.get("/me", response=MeOut, **scoped("read"))
def me(request: ApiRequest) -> dict[str, Any]:
    """You: tier, free mixes, and what this token may do."""
    user = request.user
    return {
        "username": user.username,
        "joined_at": user.date_joined,
        "tier": _tier(tier_standing(user)),
        "free_mixes": balance_of(user.pk) if settings.CREDITS else None,
        "n_unseen_notices": unseen_notices(user).count(),
        "scopes": request.auth.scopes,
    }


@router.get("/me/achievements", response=list[AchievementOut], **scoped("read"))
def achievements(request: ApiRequest) -> list[dict[str, Any]]:
    """Every achievement: the earned ones first, then the nearest ones."""
    return [_achievement(shelf) for shelf in cabinet(request.user)]


@router.get("/me/notices", response=Page[NoticeOut], **scoped("read"))
def notices(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Your news, newest first. Reading them here leaves them unseen."""
    return page_of(Notice.objects.filter(user=request.user), paging, _notice)


@router.get("/people", response=list[ListenerOut], **scoped("read"))
def people(request: HttpRequest) -> list[dict[str, Any]]:
    """The board of listeners: those who let themselves be ranked, 100 at most."""
    return [
        {"place": line.place, "username": line.person.username, "tier": line.tier.slug, "n_votes": line.n_votes}
        for line in listeners()
    ]


@router.get("/people/{username}", response=PersonOut, **scoped("read"))
def person(request: ApiRequest, username: str = Path(max_length=150, pattern=r"^[\w.@+-]+$")) -> dict[str, Any]:
    """A public profile, or your own."""
    page = person_page(public_profile(username, visitor=request.user))
    return {
        "username": page.person.username,
        "tier": _tier(page.standing),
        "achievements": [_achievement(shelf) for shelf in page.trophies],
        "shared": [
            {
                "song_title": share.tournament.song.title,
                "url": request.build_absolute_uri(reverse("social:shared", args=[share.token])),
            }
            for share in page.shared
        ],
        "follows": [mixer.slug for mixer in page.follows],
    }


def _tier(standing: Standing) -> dict[str, Any]:
    return {
        "slug": standing.tier.slug,
        "name": standing.tier.name,
        "n_votes": standing.n_votes,
        "next_tier": standing.following.slug if standing.following else None,
        "n_missing": standing.n_missing,
    }


def _achievement(shelf: Shelf) -> dict[str, Any]:
    return {
        "slug": shelf.achievement.slug,
        "title": shelf.achievement.title,
        "text": shelf.achievement.text,
        "earned_at": shelf.earned_at,
        "n_done": shelf.n_done,
        "needed": shelf.achievement.needed,
        "evidence": list(shelf.evidence),
    }


def _notice(notice: Notice) -> NoticeOut:
    return NoticeOut(
        id=notice.pk,
        kind=notice.kind,
        title=notice.title,
        text=notice.text,
        url=notice.url,
        created_at=notice.created_at,
        is_seen=notice.seen_at is not None,
    )
