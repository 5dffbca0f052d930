"""Tournaments and their battles, ballots and votes."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from evolution.models import Mixer
from tournaments.models.mixes import Mix
from tournaments.models.songs import GENRE_CHOICES, Song


def new_token() -> str:
    """An unguessable name for a URL."""
    return secrets.token_urlsafe(24)


class Tournament(models.Model):
    """3 to 10 battles on one song; the last is the final."""

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    class Kind(models.TextChoices):
        LISTENER = "listener"
        AUTOMATIC = "automatic", "automatic (votes by a rule from the command line)"
        SHOWCASE = "showcase", "showcase (demo battles, judged by an audience alone)"

    MIN_ROUNDS = 3
    MAX_ROUNDS = 10
    DEFAULT_ROUNDS = 5

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tournaments")
    song = models.ForeignKey(Song, on_delete=models.PROTECT, related_name="tournaments")
    genre = models.CharField(max_length=20, choices=GENRE_CHOICES)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LISTENER)
    n_rounds = models.PositiveSmallIntegerField(default=DEFAULT_ROUNDS)
    seed = models.BigIntegerField(help_text="Draws of pairs, sides and breedings derive from it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    champion = models.ForeignKey(Mix, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken = models.ForeignKey(
        Mix,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The mix that the owner takes home; the champion's until another one is chosen.",
    )
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(n_rounds__gte=3, n_rounds__lte=10), name="tournament_rounds"),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(champion__isnull=False, taken__isnull=False),
                name="tournament_finished_has_champion",
            ),
        ]

    def __str__(self) -> str:
        return f"Tournament on {self.song}"


class Entrant(models.Model):
    """A mixer in the field of a tournament: drawn when it starts, or born in it."""

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="entrants")
    mixer = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="entries")
    from_round = models.PositiveSmallIntegerField(default=1, help_text="The first round that it may fight in.")

    class Meta:
        ordering = ["from_round", "mixer_id"]
        constraints = [models.UniqueConstraint(fields=["tournament", "mixer"], name="entrant_once_a_tournament")]


class Battle(models.Model):
    """Two mixes head to head. First and second are the stored order; which of them is A stands on the ballot."""

    class State(models.TextChoices):
        PREPARING = "preparing"
        OPEN = "open"
        DECIDED = "decided"
        VOIDED = "voided"

    # With both sides cut, so that they can be listened to.
    HEARABLE = (State.OPEN, State.DECIDED)

    key = models.CharField(max_length=80, unique=True, help_text="Names this battle to breeding.")
    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="battles")
    number = models.PositiveSmallIntegerField()
    first = models.ForeignKey(Mix, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Mix, on_delete=models.PROTECT, related_name="+")
    is_final = models.BooleanField(default=False)
    is_rematch = models.BooleanField(default=False)
    pair_probability = models.FloatField(help_text="With which this pair was drawn.")
    level_lufs = models.FloatField(null=True, blank=True, help_text="Loudness that both previews are matched to.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREPARING)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tournament", "number"], condition=~Q(state="voided"), name="battle_one_a_round"
            ),
            models.CheckConstraint(condition=~Q(first=models.F("second")), name="battle_two_mixes"),
        ]

    def __str__(self) -> str:
        return f"Round {self.number}"


class Ballot(models.Model):
    """A listener's right to judge one battle."""

    class State(models.TextChoices):
        ISSUED = "issued"
        LISTENING = "listening"
        ELIGIBLE = "eligible"
        COMMITTED = "committed"
        EXPIRED = "expired"
        VOIDED = "voided"

    class Kind(models.TextChoices):
        LISTENER = "listener"
        AUTOMATIC = "automatic"
        AUDIENCE = "audience", "audience (somebody else's tournament)"
        CHECK = "check", "check (of the listener; no vote)"

    # By somebody who listened: what ratings and tastes are made of.
    BY_EAR = (Kind.LISTENER, Kind.AUDIENCE)

    token = models.CharField(max_length=40, unique=True, default=new_token)
    battle = models.ForeignKey(Battle, on_delete=models.CASCADE, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ballots")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LISTENER)
    is_swapped = models.BooleanField(help_text="A is the battle's second mix.")
    starts_with = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")])
    share = models.ForeignKey(
        "Share", null=True, blank=True, on_delete=models.SET_NULL, related_name="ballots", help_text="Of an audience."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.ISSUED)
    heard = models.JSONField(default=dict, blank=True, help_text="Distinct segments heard a side, in seconds.")
    switches = models.JSONField(
        default=list, blank=True, help_text="Changes between the sides: seconds since the first play, and the side."
    )
    issued_at = models.DateTimeField()
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["battle", "voter"],
                condition=~Q(state__in=["expired", "voided"]) & ~Q(kind="check"),
                name="ballot_one_a_listener",
            ),
        ]


class Vote(models.Model):
    """A committed judgement; never changed."""

    class Choice(models.TextChoices):
        FIRST = "first"
        SECOND = "second"
        TIE = "tie"
        NEITHER = "neither", "neither is acceptable"

    ballot = models.OneToOneField(Ballot, on_delete=models.PROTECT, related_name="vote")
    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="votes")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="votes")
    choice = models.CharField(max_length=10, choices=Choice.choices)
    confidence = models.PositiveSmallIntegerField(help_text="0 to 100 %")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["battle", "voter"], name="vote_one_a_listener"),
            models.CheckConstraint(condition=Q(confidence__lte=100), name="vote_confidence"),
        ]
        indexes = [models.Index(fields=["created_at"], name="vote_moment")]
