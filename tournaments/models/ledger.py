"""The ledger, and the ratings that are a function of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evolution.models import Mixer
from tournaments.models.battles import Vote


class LedgerCounter(models.Model):
    """One row: the number of the newest event. Locking it orders the ledger."""

    value = models.PositiveBigIntegerField(default=0)
    is_stale = models.BooleanField(default=False, help_text="A verdict came; the ratings are to be rebuilt.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="counter_is_one_row")]


class LedgerEvent(models.Model):
    """Something that ratings depend on; appended, never changed. Replay order is `number`."""

    class Kind(models.TextChoices):
        SEED = "seed", "a mixer was seeded"
        VOTE = "vote"
        BIRTH = "birth"
        VERDICT = "verdict", "a vote is left out, or counts again"

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    payload = models.JSONField()
    vote = models.OneToOneField(Vote, null=True, blank=True, on_delete=models.PROTECT, related_name="event")
    is_excluded = models.BooleanField(default=False, help_text="What the newest verdict on this vote says.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]


class Rating(models.Model):
    """A mixer's live Elo, overall (empty genre) or in one genre. A pure function of the ledger."""

    mixer = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="ratings")
    genre = models.CharField(max_length=20, blank=True)
    rating = models.FloatField()
    variance = models.FloatField()
    n_votes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mixer", "genre"], name="rating_one_a_genre")]


class RatingChange(models.Model):
    """What one event did to one rating: the rating curve, and what the reveal shows."""

    event = models.ForeignKey(LedgerEvent, on_delete=models.CASCADE, related_name="changes")
    mixer = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="rating_changes")
    genre = models.CharField(max_length=20, blank=True)
    before = models.FloatField()
    after = models.FloatField()
    variance = models.FloatField(help_text="After the event.")

    class Meta:
        ordering = ["event_id", "pk"]
        constraints = [models.UniqueConstraint(fields=["event", "mixer", "genre"], name="change_one_a_rating")]


class BoardRun(models.Model):
    """One computation of the official board. The newest counts; earlier ones are kept without rows, as history."""

    upto = models.PositiveBigIntegerField(unique=True, help_text="Number of the newest event that it knows.")
    n_votes = models.PositiveIntegerField()
    n_rounds = models.PositiveIntegerField(help_text="Of the bootstrap.")
    side = models.JSONField(help_text="How many points being A helps: value, low, high.")
    tie = models.JSONField(help_text="Davidson's nu: value, low, high.")
    seconds = models.FloatField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-upto"]


class BoardRow(models.Model):
    """A mixer's official rating, overall (empty genre) or in one genre, with its 95 % interval."""

    run = models.ForeignKey(BoardRun, on_delete=models.CASCADE, related_name="rows")
    mixer = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="board_rows")
    genre = models.CharField(max_length=20, blank=True)
    rating = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    n_votes = models.PositiveIntegerField()
    n_battles = models.PositiveIntegerField()

    class Meta:
        ordering = ["-low", "mixer_id"]
        constraints = [models.UniqueConstraint(fields=["run", "mixer", "genre"], name="board_row_one_a_genre")]
