"""Everything that the arena knows of one listener, for that listener to take along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet

from accounts.models import Activity, ApiToken, Award, CreditEntry, InvitationVisit, Notice, Referral
from evolution.models import Submission
from tournaments.models import AbxTest, AbxTrial, Check, Follow, ListenerVerdict, Song, Tournament, Vote

if TYPE_CHECKING:
    from accounts.models import User


def own_data(user: User) -> dict[str, Any]:
    """By subject, ready for JSON. Sound is not in it: uploads are the listener's own, mixes can be exported."""
    return {
        "account": {
            "username": user.username,
            "joined": user.date_joined,
            "last_login": user.last_login,
            "referral_code": user.referral_code,
            "public_profile": user.is_public,
            "on_the_boards": user.is_ranked,
            "addresses": _rows(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
            "sessions": _rows(UserSession.objects.filter(user=user), "ip", "user_agent", "data", "created_at"),
        },
        "songs": _rows(
            Song.objects.filter(owner=user).exclude(state=Song.State.DELETED).order_by("pk"),
            "public_id", "title", "genre", "container", "sample_rate", "channels", "duration_s", "n_stems",
            "created_at",
        ),
        "tournaments": _rows(
            Tournament.objects.filter(owner=user).order_by("pk"),
            "public_id", "song__title", "genre", "n_rounds", "state", "champion__mixer__slug", "taken__mixer__slug",
            "created_at", "finished_at",
        ),
        "votes": _rows(
            Vote.objects.filter(voter=user).order_by("pk"),
            "battle__tournament__public_id", "battle__number", "battle__first__mixer__slug",
            "battle__second__mixer__slug", "choice", "confidence", "ballot__is_swapped", "ballot__heard",
            "ballot__switches", "created_at",
        ),
        "activities": _rows(Activity.objects.filter(user=user), "kind", "facts", "happened_at"),
        "achievements": _rows(Award.objects.filter(user=user), "slug", "earned_at"),
        "free_mixes": _rows(
            CreditEntry.objects.filter(user=user).order_by("number"), "kind", "amount", "balance", "note", "created_at"
        ),
        "friends": _rows(Referral.objects.filter(inviter=user), "friend__username", "state", "created_at"),
        "visits_of_your_link": _rows(InvitationVisit.objects.filter(inviter=user), "at"),
        "news": _rows(Notice.objects.filter(user=user), "title", "text", "created_at"),
        "api_tokens": _rows(
            ApiToken.objects.filter(user=user),
            "name", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at",
        ),
        "submitted_mixers": _rows(
            Submission.objects.filter(author=user).order_by("pk"),
            "nickname", "card", "state", "reason", "mixer__slug", "created_at", "decided_at",
        ),
        "listening_checks": _rows(
            Check.objects.filter(ballot__voter=user, answered_at__isnull=False),
            "kind", "choice", "confidence", "outcome", "answered_at",
        ),
        "listening_verdicts": _rows(
            ListenerVerdict.objects.filter(listener=user), "value", "reason", "evidence", "created_at"
        ),
        # Of a test that is still running, what X is would be in it.
        "abx_trials": _rows(
            AbxTrial.objects.filter(test__vote__voter=user).exclude(test__state=AbxTest.State.RUNNING).order_by("pk"),
            "test", "test__state", "test__n_trials", "test__vote__battle__tournament__public_id",
            "test__vote__battle__number", "number", "x", "answer", "heard", "switches", "started_at", "answered_at",
        ),
        "follows": _rows(Follow.objects.filter(user=user), "mixer__slug", "created_at"),
    }  # fmt: skip


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(rows.values(*fields))
