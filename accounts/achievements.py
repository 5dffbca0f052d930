"""Achievements: a table of rules over activities. What earns one is a question to the ledger, never a counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Activity

Kind = Activity.Kind


@dataclass(frozen=True)
class Achievement:
    """One rule: so many activities of a kind, of which certain facts are true.

    Attributes:
        title, text: as the cabinet shows them.
        icon: of the sprite.
        kind: of the activities that count.
        needed: how many.
        where: conditions on their facts, as filters of a JSON field without the field's name.
        different: the fact that must differ between them; empty: any will do.
        credits: free mixes that come with it.
    """

    slug: str
    title: str
    text: str
    icon: str
    kind: Kind
    needed: int = 1
    where: Mapping[str, Any] = field(default_factory=dict)
    different: str = ""
    credits: int = 0


ACHIEVEMENTS = (
    Achievement("first-verdict", "First Verdict", "Judge your first battle.", "headphones", Kind.VOTED),
    Achievement("tournament-winner", "Tournament Winner", "Finish your first tournament.", "trophy", Kind.FINISHED),
    Achievement(
        "sharp-shooter",
        "Sharp Shooter",
        "Cast ten votes with more than 90 % confidence.",
        "target",
        Kind.VOTED,
        needed=10,
        where={"confidence__gt": 90},
        credits=1,
    ),
    Achievement(
        "evolution-master",
        "Evolution Master",
        "Five offspring of your votes pass the gate.",
        "dna",
        Kind.BRED,
        needed=5,
        credits=1,
    ),
    Achievement(
        "super-recruiter",
        "Super Recruiter",
        "Ten friends come by your link and stay.",
        "users",
        Kind.REFERRED,
        needed=10,
        credits=5,
    ),
    Achievement(
        "genre-explorer",
        "Genre Explorer",
        "Finish tournaments in five genres.",
        "compass",
        Kind.FINISHED,
        needed=5,
        different="genre",
        credits=2,
    ),
    Achievement(
        "proud-parent",
        "Proud Parent",
        "An offspring of one of your votes beats one of its parents.",
        "sprout",
        Kind.OUTGREW,
        credits=1,
    ),
    Achievement(
        "whole-story",
        "The Whole Story",
        "Hear all of both sides before you vote, in ten battles.",
        "ear",
        Kind.VOTED,
        needed=10,
        where={"heard_share__gte": 0.95},
    ),
    Achievement(
        "golden-patience",
        "Golden Patience",
        "Hear all of both sides before you vote, in fifty battles.",
        "hourglass",
        Kind.VOTED,
        needed=50,
        where={"heard_share__gte": 0.95},
        credits=2,
    ),
    Achievement(
        "back-and-forth",
        "Back and Forth",
        "Hear at least 15 seconds of each side before you vote, in 25 battles.",
        "repeat",
        Kind.VOTED,
        needed=25,
        where={"heard_least_s__gte": 15},
    ),
    Achievement(
        "honest-shrug",
        "Honest Shrug",
        "Say that you cannot tell, after hearing all of both sides.",
        "scale",
        Kind.VOTED,
        where={"choice": "tie", "heard_share__gte": 0.95},
    ),
    Achievement(
        "not-fooled",
        "Not Fooled",
        "Three times, hear that A and B were the very same sound.",
        "shield-check",
        Kind.JUDGED,
        needed=3,
        where={"check": "identical", "outcome": "passed"},
        credits=1,
    ),
    Achievement(
        "same-again",
        "Same Again",
        "Three times, choose the same mix again without knowing that you had heard it.",
        "history",
        Kind.JUDGED,
        needed=3,
        where={"check": "repeat", "outcome": "passed"},
        credits=1,
    ),
    Achievement(
        "treble-finder",
        "Treble Finder",
        "Three times, choose the side that still had its treble.",
        "audio-lines",
        Kind.JUDGED,
        needed=3,
        where={"check": "anchor", "outcome": "passed"},
    ),
    Achievement(
        "blind-trust",
        "Blind Trust",
        "Pass an ABX test: fewer than 5 % of guessers do as well.",
        "circle-check",
        Kind.ABX,
        where={"is_passed": True},
    ),
    Achievement(
        "abx-streak",
        "ABX Streak",
        "Pass three ABX tests in a row.",
        "flame",
        Kind.ABX,
        where={"streak__gte": 3},
    ),
    Achievement(
        "high-standards",
        "High Standards",
        "Reject both mixes of a battle.",
        "thumbs-down",
        Kind.VOTED,
        where={"choice": "neither"},
    ),
    Achievement(
        "shades-of-gray",
        "Shades of Gray",
        "Vote with ten different degrees of confidence.",
        "sliders-horizontal",
        Kind.VOTED,
        needed=10,
        where={"choice__in": ["first", "second"]},
        different="confidence",
    ),
    Achievement(
        "marathon",
        "Marathon",
        "Finish a tournament of ten rounds.",
        "flag",
        Kind.FINISHED,
        where={"n_rounds": 10},
        credits=1,
    ),
    Achievement(
        "stem-smith",
        "Stem Smith",
        "Finish a tournament on a song in stems.",
        "layers",
        Kind.FINISHED,
        where={"n_stems__gt": 1},
    ),
    Achievement(
        "new-blood",
        "New Blood",
        "Crown an offspring as champion.",
        "crown",
        Kind.FINISHED,
        where={"generation__gt": 0},
    ),
    Achievement(
        "own-breed",
        "Own Breed",
        "Crown an offspring that was bred from your own vote in the same tournament.",
        "sparkles",
        Kind.FINISHED,
        where={"is_own_offspring": True},
        credits=1,
    ),
    Achievement(
        "wide-shelf",
        "Wide Shelf",
        "Finish tournaments on ten different songs.",
        "library",
        Kind.FINISHED,
        needed=10,
        different="song",
        credits=2,
    ),
)
BY_SLUG = {achievement.slug: achievement for achievement in ACHIEVEMENTS}
