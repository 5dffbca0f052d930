"""ABX tests: whether a listener tells the two mixes of a judged battle apart, without knowing which of them X is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tournaments.models.battles import Vote, new_token


class AbxTest(models.Model):
    """So many trials on the two sides of a battle, under the letters that their listener voted by."""

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        ABANDONED = "abandoned"

    LENGTHS = (8, 12, 16)

    vote = models.ForeignKey(Vote, on_delete=models.CASCADE, related_name="abx_tests")
    n_trials = models.PositiveSmallIntegerField(help_text="Fixed before the first.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "ABX test"
        constraints = [
            models.UniqueConstraint(fields=["vote"], condition=Q(state="running"), name="abx_one_at_a_time"),
            models.CheckConstraint(condition=Q(n_trials__in=(8, 12, 16)), name="abx_length"),
            models.CheckConstraint(
                condition=Q(state="running", ended_at=None) | (~Q(state="running") & Q(ended_at__isnull=False)),
                name="abx_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"ABX test in {self.n_trials} trials"


class AbxTrial(models.Model):
    """X, drawn when the test began, and what its listener said; an answer is never changed."""

    token = models.CharField(max_length=40, unique=True, default=new_token)
    test = models.ForeignKey(AbxTest, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveSmallIntegerField()
    x = models.CharField(max_length=1, help_text="Which side X is. A secret until the test is over.")
    answer = models.CharField(max_length=1, blank=True)
    heard = models.JSONField(default=dict, blank=True, help_text="Distinct segments heard of a, b and x, in seconds.")
    switches = models.JSONField(
        default=list, blank=True, help_text="Changes: seconds since the trial began, and what was heard from then on."
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="Empty: its turn has not come.")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        verbose_name = "ABX trial"
        constraints = [
            models.UniqueConstraint(fields=["test", "number"], name="abx_one_a_number"),
            models.UniqueConstraint(
                fields=["test"], condition=Q(answer="", started_at__isnull=False), name="abx_one_trial_open"
            ),
            models.CheckConstraint(condition=Q(x__in=("a", "b")), name="abx_x_is_a_side"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | Q(answer__in=("a", "b"), started_at__isnull=False, answered_at__isnull=False),
                name="abx_answered_whole",
            ),
        ]
