"""What is a listener's own: news, privacy, free mixes, friends, what votes changed, taste, and all of it as data."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router

from accounts.models import CreditEntry, User
from accounts.selectors import ReferralLine, own_referral, referral_lines
from accounts.services.notices import mark_seen
from accounts.services.privacy import set_privacy
from accounts.services.referrals import FRIEND_CREDITS, INVITER_CREDITS, NEEDED_VOTES
from api.paging import Page, Paging, page_of
from api.schemas.listeners import CastVoteOut, ChangesOut, CreditOut, LeanOut, PrivacyOut, ReferralsOut, SeenIn
from api.schemas.mixers import MixerOut
from api.tokens import ApiRequest, scoped
from evolution.models import Mixer
from tournaments.selectors.impact import VoteLine, impact, vote_lines, votes_of
from tournaments.selectors.own_data import own_data
from tournaments.selectors.preferences import leans
from tournaments.services.preferences import reset_taste

router = Router()


@router.post("/me/notices/seen", response={204: None}, **scoped("account"))
def see_notices(request: ApiRequest, seen: SeenIn) -> None:
    """Say that you have looked at your news up to one; the site then shows them no more as new."""
    mark_seen(user_id=request.user.pk, upto=seen.upto, now=timezone.now())


@router.get("/me/follows", response=Page[MixerOut], **scoped("read"))
def follows(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The mixers that you follow."""
    return page_of(Mixer.objects.filter(follows__user=request.user), paging, MixerOut.model_validate)


@router.get("/me/privacy", response=PrivacyOut, **scoped("account"))
def get_privacy(request: ApiRequest) -> User:
    """What others may see of you."""
    return request.user


@router.put("/me/privacy", response=PrivacyOut, **scoped("account"))
def change_privacy(request: ApiRequest, privacy: PrivacyOut) -> PrivacyOut:
    """Open or close your profile, and stand on the board of listeners or not."""
    set_privacy(user=request.user, is_public=privacy.is_public, is_ranked=privacy.is_ranked)
    return privacy


@router.get("/me/credits", response=Page[CreditOut], **scoped("account"))
def credits(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The ledger of your free mixes, newest first. There is none where tournaments cost nothing."""
    if not settings.CREDITS:
        raise Http404
    return page_of(CreditEntry.objects.filter(user=request.user), paging, CreditOut.model_validate)


@router.get("/me/referrals", response=ReferralsOut, **scoped("account"))
def referrals(request: ApiRequest) -> dict[str, Any]:
    """Your link, and everybody who came by it, newest first."""
    user, now = request.user, timezone.now()
    own = own_referral(user, now)
    return {
        "link": request.build_absolute_uri(reverse("accounts:join", args=[user.referral_code])),
        "needed_votes": NEEDED_VOTES,
        "inviter_credits": INVITER_CREDITS if settings.CREDITS else 0,
        "friend_credits": FRIEND_CREDITS if settings.CREDITS else 0,
        "invited_by": _friend(own, own.referral.inviter) if own else None,
        "friends": [_friend(line, line.referral.friend) for line in referral_lines(user, now)],
    }


@router.get("/me/changes", response=ChangesOut, **scoped("read"))
def changes(request: ApiRequest) -> Any:
    """What your votes changed, in numbers."""
    return impact(request.user)


@router.get("/me/votes", response=Page[CastVoteOut], **scoped("read"))
def votes(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Your votes, newest first: the ratings that each moved, and who was born of it."""
    page = page_of(votes_of(request.user), paging, lambda vote: vote)
    return page | {"items": [_vote(line) for line in vote_lines(page["items"])]}


@router.get("/me/taste", response=list[LeanOut], **scoped("read"))
def taste(request: ApiRequest) -> list[dict[str, Any]]:
    """Your taste as your votes tell it, the strongest leaning first; empty before five decided votes tell of one."""
    return [
        {
            "trait": lean.name,
            "value": lean.value,
            "low": lean.low,
            "high": lean.high,
            "n_votes": lean.n_votes,
            "is_clear": lean.is_clear,
        }
        for lean in leans(request.user)
    ]


@router.delete("/me/taste", response={204: None}, **scoped("account"))
def forget_taste(request: ApiRequest) -> None:
    """Let your taste start anew: only later votes tell of it. Everywhere else the earlier ones go on to count."""
    reset_taste(user=request.user, now=timezone.now())


@router.get("/me/data", response=dict[str, Any], **scoped("account"))
def data(request: ApiRequest) -> dict[str, Any]:
    """Everything that the arena knows of you, by subject, e-mail addresses included. Sound is not in it."""
    return own_data(request.user)


def _friend(line: ReferralLine, person: User) -> dict[str, Any]:
    return {
        "username": person.username,
        "state": line.referral.state,
        "reason": line.referral.reason,
        "waits_for": line.waits_for,
        "created_at": line.referral.created_at,
    }


def _vote(line: VoteLine) -> dict[str, Any]:
    battle, bred = line.vote.battle, line.breeding
    born = bred.offspring if bred else None
    return {
        "tournament": battle.tournament.public_id,
        "song_title": battle.tournament.song.title,
        "round": battle.number,
        "confidence": line.vote.confidence,
        "created_at": line.vote.created_at,
        "moved": [{"mixer": row.slug, "nickname": row.nickname, "change": row.change} for row in line.moved],
        "breeding": bred.state if bred else None,
        "offspring": {
            "mixer": born.slug,
            "nickname": born.nickname,
            "is_living": born.state == Mixer.State.ACTIVE,
            "rating": line.score,
        }
        if born
        else None,
    }
