"""How reliable listeners are: what the judging queue gave them, checks among it, and whether their votes count."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mixarena.jobs.leases import Leased
from tournaments.models.battles import Ballot, Vote
from tournaments.models.mixes import Preview
from tournaments.ratings.reliability import CheckKind, Outcome, Value


class Anchor(Leased):
    """A preview without its treble, at the same loudness and of the same length: what every listener hears as worse."""

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    preview = models.OneToOneField(Preview, on_delete=models.CASCADE, related_name="anchor")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    file = models.FileField(upload_to="anchors/", blank=True)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField(default=timezone.now, help_text="When somebody was last given it.")


class Check(models.Model):
    """What a ballot of the kind `check` plays, and what its listener said. It moves no rating."""

    ballot = models.OneToOneField(Ballot, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in CheckKind])
    preview = models.ForeignKey(
        Preview, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Empty for a repeat."
    )
    anchor = models.ForeignKey(Anchor, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    repeats = models.ForeignKey(Vote, null=True, blank=True, on_delete=models.PROTECT, related_name="repeats")
    right = models.CharField(max_length=1, blank=True, help_text="The side that a sure answer should be for.")
    choice = models.CharField(max_length=10, blank=True, help_text="a, b, tie or neither, as heard.")
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True, choices=[(one.value, one.value) for one in Outcome])
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, outcome="", choice="", confidence=None)
                | (Q(answered_at__isnull=False, confidence__lte=100) & ~Q(outcome="") & ~Q(choice="")),
                name="check_answered_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} check"


class ListenerVerdict(models.Model):
    """Whether a listener's votes count; appended, never changed. The newest counts, and none means undecided."""

    listener = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="verdicts")
    value = models.CharField(max_length=10, choices=[(value.value, value.value) for value in Value])
    reason = models.CharField(max_length=200)
    evidence = models.JSONField(default=dict, blank=True, help_text="Right and wrong answers by kind, and the odds.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the rule.",
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.listener}: {self.value}"


class QueueItem(models.Model):
    """Something that the judging queue gave a listener; the newest is the one to be judged."""

    listener = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="queue_items")
    number = models.PositiveIntegerField(help_text="1 for the listener's first.")
    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="queue_items")
    is_passed_over = models.BooleanField(default=False, help_text="The listener asked for another one.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["listener", "number"], name="queue_one_a_number")]
