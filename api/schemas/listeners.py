"""Listeners, as others see them and as they see themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Field, Schema

from api.schemas.mixers import RatingOut


class TierOut(Schema):
    """How far a listener has come."""

    slug: str
    name: str
    n_votes: int
    next_tier: str | None
    n_missing: int


class MeOut(Schema):
    """The listener whose token it is. `free_mixes` is null where tournaments cost nothing."""

    username: str
    joined_at: datetime
    tier: TierOut
    free_mixes: int | None
    n_unseen_notices: int
    scopes: list[str]


class EvidenceOut(Schema):
    """What earned an achievement, and where on the site it can be looked at; only its owner is told."""

    label: str
    url: str


class AchievementOut(Schema):
    """An achievement, earned or on its way."""

    slug: str
    title: str
    text: str
    earned_at: datetime | None
    n_done: int
    needed: int
    evidence: list[EvidenceOut]


class NoticeOut(Schema):
    """A piece of news."""

    id: int
    kind: str
    title: str
    text: str
    url: str
    created_at: datetime
    is_seen: bool


class SeenIn(Schema):
    """The newest notice that was looked at; the older ones were, too."""

    upto: int = Field(ge=1, le=2**63 - 1)


class ListenerOut(Schema):
    """A place on the board of listeners."""

    place: int
    username: str
    tier: str
    n_votes: int


class SharedOut(Schema):
    """A public tournament."""

    song_title: str
    url: str


class PersonOut(Schema):
    """A public profile."""

    username: str
    tier: TierOut
    achievements: list[AchievementOut]
    shared: list[SharedOut]
    follows: list[str]


class PrivacyOut(Schema):
    """Whether others may open the profile, and whether it stands on the board of listeners."""

    is_public: bool
    is_ranked: bool


class CreditOut(Schema):
    """An entry of the ledger of free mixes; `balance` is the one after it."""

    number: int
    kind: str
    amount: int
    balance: int
    note: str
    created_at: datetime


class FriendOut(Schema):
    """Somebody who came by a link. `state` is pending, credited or refused; `reason` is why it was refused."""

    username: str
    state: str
    reason: str
    waits_for: str
    created_at: datetime


class ReferralsOut(Schema):
    """Your link, what a friend has to do, what each of you then gets, and who came; `invited_by` brought you here."""

    link: str
    needed_votes: int
    inviter_credits: int
    friend_credits: int
    invited_by: FriendOut | None
    friends: list[FriendOut]


class ChangesOut(Schema):
    """What your votes changed, in numbers: offspring born of them, those that live, and mixers bred from these."""

    n_votes: int
    n_born: int
    n_living: int
    n_descendants: int


class MovedOut(Schema):
    """By how much a vote moved a mixer's overall rating."""

    mixer: str
    nickname: str
    change: int


class OffspringOut(Schema):
    """Who was born of a vote. `rating` is null before it has fought."""

    mixer: str
    nickname: str
    is_living: bool
    rating: RatingOut | None


class CastVoteOut(Schema):
    """A vote of yours and what came of it. `breeding` is the state of the breeding; null where there was none."""

    tournament: UUID
    song_title: str
    round: int
    confidence: int
    created_at: datetime
    moved: list[MovedOut]
    breeding: str | None
    offspring: OffspringOut | None


class LeanOut(Schema):
    """Which way your votes lean in one trait, with its 95 % interval.

    The mean of the preferred mixer's trait minus the other's, weighted by confidence: measured traits in standard
    deviations of the champions, an architecture or a genre as 1 or 0.
    """

    trait: str
    value: float
    low: float
    high: float
    n_votes: int
    is_clear: bool
