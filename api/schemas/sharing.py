"""Links and clips of what is one's own, and what others see behind a link."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Field, Schema

from api.schemas.tournaments import FighterOut


class NameIn(Schema):
    """The name under a link (empty: your username)."""

    name: str = Field("", max_length=40)


class ShareIn(NameIn):
    """Who may find a tournament, and the name under it (empty: your username)."""

    is_public: bool = False


class LinkOut(Schema):
    """A link that opens something; its token takes it back. Only whole tournaments can be public."""

    token: str
    url: str
    is_public: bool
    name: str


class ClipOut(Schema):
    """A battle as a short blind clip to post; `state` is queued, ready or failed.

    The addresses are null until it is ready. Where the arena has no ffmpeg, there is no video.
    """

    id: int
    round: int
    state: str
    reason: str
    audio_url: str | None
    video_url: str | None
    picture_url: str | None


class RoundLinkOut(Schema):
    """A round that can be heard, with its link and its clip if it has them."""

    round: int
    link: LinkOut | None
    clip: ClipOut | None


class MixLinkOut(Schema):
    """A mix that you heard, with its link if it has one."""

    mix: UUID
    mixer: str
    nickname: str
    link: LinkOut | None


class LinksOut(Schema):
    """Everything that is and can be shared of a tournament. Mixes are there once it is over."""

    whole: LinkOut | None
    rounds: list[RoundLinkOut]
    mixes: list[MixLinkOut]


class PublicOut(Schema):
    """A tournament that everybody may judge."""

    share: str
    url: str
    song_title: str
    by: str
    state: str
    n_rounds: int
    n_battles: int = Field(description="Rounds that can be heard so far.")
    n_votes: int
    shared_at: datetime


class SharedRoundOut(Schema):
    """A round behind a link, without a word on who fights in it."""

    round: int
    is_final: bool
    is_hearable: bool
    is_judged: bool = Field(description="By you.")
    n_votes: int


class SharedResultOut(Schema):
    """How a shared tournament ended."""

    mixer: str
    nickname: str
    deeds: list[str]


class BehindLinkOut(Schema):
    """What is behind a link. `result` is null until it is over and you have judged all of its rounds."""

    kind: str
    song_title: str
    by: str
    state: str
    n_rounds: int
    n_listeners: int = Field(description="People who have its pages open now.")
    rounds: list[SharedRoundOut]
    result: SharedResultOut | None


class CampOut(Schema):
    """How many said the same, the owner and guests among them."""

    choice: str
    n: int
    percent: int


class SharedRevealOut(Schema):
    """A shared battle that you have judged, under the letters that you heard: who was who, and what everybody said.

    `ballot` is the token for ABX tests; `owner_verdict` is empty as long as the owner has not voted.
    """

    ballot: str
    share: str
    song_title: str
    by: str
    round: int
    verdict: str
    choice: str
    confidence: int
    owner_verdict: str
    n_votes: int
    crowd: list[CampOut]
    sides: list[FighterOut]
