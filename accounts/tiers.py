"""Tiers: how far a listener has come, by the number of battles judged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tier:
    """A rank.

    Attributes:
        from_votes: the number of judged battles that it begins with.
        bonus: free mixes, paid once on promotion to it.
    """

    slug: str
    name: str
    from_votes: int
    bonus: int


TIERS = (
    Tier("rookie", "Rookie", 0, 0),
    Tier("amateur", "Amateur", 11, 1),
    Tier("professional", "Professional", 51, 3),
    Tier("expert", "Expert", 201, 5),
    Tier("legend", "Legend", 501, 10),
)


@dataclass(frozen=True)
class Standing:
    """Where a listener stands.

    Attributes:
        following: the next tier; None for the highest.
        n_missing: votes to it.
        share: of the way through the present tier, 0 to 1.
    """

    tier: Tier
    n_votes: int
    following: Tier | None
    n_missing: int
    share: float


def tier_of(n_votes: int) -> Tier:
    """The tier of somebody who has judged so many battles."""
    return next(tier for tier in reversed(TIERS) if n_votes >= tier.from_votes)


def standing(n_votes: int) -> Standing:
    """The tier with the way to the next one."""
    tier = tier_of(n_votes)
    following = next((other for other in TIERS if other.from_votes > n_votes), None)
    if following is None:
        return Standing(tier, n_votes, None, 0, 1.0)
    share = (n_votes - tier.from_votes) / (following.from_votes - tier.from_votes)
    return Standing(tier, n_votes, following, following.from_votes - n_votes, share)
