"""Daily roll-ups: what pages of numbers read instead of a million votes.

Nothing here is a source. Every row is counted from the ledger and from the rows that say what happened, by
tournaments.services.rollups, and can be thrown away and counted again. Days and weeks are those of UTC.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evolution.models import Mixer


class RollupMark(models.Model):
    """One row: how far the roll-ups know the ledger. Every write counts, so that of two at once one begins anew."""

    upto = models.PositiveBigIntegerField(default=0, help_text="Number of the newest event that is counted.")
    n_writes = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="rollup_mark_is_one_row")]


class DailyMixer(models.Model):
    """Counting votes of listeners on a mixer in one day, overall (empty genre) or in one genre.

    A mixer has an overall row on every day on which it has one in a genre.
    """

    day = models.DateField()
    mixer = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="days")
    genre = models.CharField(max_length=20, blank=True)
    n_wins = models.PositiveIntegerField(default=0)
    n_losses = models.PositiveIntegerField(default=0)
    n_ties = models.PositiveIntegerField(default=0)
    n_neither = models.PositiveIntegerField(default=0)
    rating = models.FloatField(null=True, blank=True, help_text="After the day's newest event that moved it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "mixer", "genre"], name="daily_mixer_once")]
        indexes = [models.Index(fields=["genre", "day"], name="daily_mixer_genre")]

    def __str__(self) -> str:
        return f"{self.mixer_id} on {self.day}"


class DailyListener(models.Model):
    """What one listener did in one day. `confidence` has ten bins, 0 to 9 % up to 90 to 100 %, of all but `neither`."""

    day = models.DateField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="days")
    n_votes = models.PositiveIntegerField(default=0)
    n_ties = models.PositiveIntegerField(default=0)
    n_neither = models.PositiveIntegerField(default=0)
    confidence = models.JSONField(default=list)
    mixers = models.JSONField(default=dict, help_text="Wins, losses, ties and neither, by the mixer's id.")
    n_started = models.PositiveIntegerField(default=0, help_text="Tournaments.")
    n_finished = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="daily_listener_once")]
        indexes = [models.Index(fields=["day"], name="daily_listener_day")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"


class DailyArena(models.Model):
    """Everything that is counted once a day for the whole arena; the names are those of rollups.EMPTY."""

    day = models.DateField(primary_key=True)
    counters = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return str(self.day)


class WeeklyCohort(models.Model):
    """Of those who signed up in one week (its Monday): how many did something that counts in another."""

    cohort = models.DateField()
    week = models.DateField()
    n_active = models.PositiveIntegerField()

    class Meta:
        ordering = ["cohort", "week"]
        constraints = [models.UniqueConstraint(fields=["cohort", "week"], name="cohort_once_a_week")]

    def __str__(self) -> str:
        return f"{self.cohort} in {self.week}"
