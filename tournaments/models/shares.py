"""What owners show to others: a tournament, a battle or a mix, by a link that they can take back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mixarena.jobs.leases import Leased
from tournaments.models.battles import Battle, Tournament, new_token
from tournaments.models.mixes import Mix


class Share(models.Model):
    """A link to something of a tournament. One that was taken back stays as a row and opens nothing."""

    class Kind(models.TextChoices):
        TOURNAMENT = "tournament"
        BATTLE = "battle"
        MIX = "mix"

    token = models.CharField(max_length=40, unique=True, default=new_token)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="shares")
    battle = models.ForeignKey(Battle, null=True, blank=True, on_delete=models.CASCADE, related_name="shares")
    mix = models.ForeignKey(Mix, null=True, blank=True, on_delete=models.CASCADE, related_name="shares")
    name = models.CharField(max_length=40, blank=True, help_text="Shown for the owner; empty: signed by username.")
    is_public = models.BooleanField(default=False, help_text="Listed for everybody; otherwise only by the link.")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tournament"], condition=Q(kind="tournament", revoked_at=None), name="share_one_a_tournament"
            ),
            models.UniqueConstraint(
                fields=["battle"], condition=Q(kind="battle", revoked_at=None), name="share_one_a_battle"
            ),
            models.UniqueConstraint(
                fields=["tournament", "mix"], condition=Q(kind="mix", revoked_at=None), name="share_one_a_mix"
            ),
            models.CheckConstraint(
                condition=Q(kind="tournament", battle=None, mix=None)
                | Q(kind="battle", battle__isnull=False, mix=None)
                | Q(kind="mix", battle=None, mix__isnull=False),
                name="share_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(is_public=False) | Q(kind="tournament"), name="share_public_tournament"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.tournament}"

    @property
    def signature(self) -> str:
        """The name that stands under it."""
        return self.name or self.tournament.owner.username


class ShareEvent(models.Model):
    """Somebody came by a link, or signed up after it; appended, never changed. Votes stand on their ballots."""

    class Kind(models.TextChoices):
        VISIT = "visit"
        SIGNUP = "signup", "sign-up"

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["at"], name="share_event_moment")]


class Look(models.Model):
    """A listener or guest was shown who is who in a tournament instead of judging it."""

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="looks")
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="looks")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tournament", "viewer"], name="look_once")]


class Clip(Leased):
    """A battle as a short blind A/B clip to post: sound, and a video where the machine can make one."""

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    battle = models.OneToOneField(Battle, on_delete=models.CASCADE, related_name="clip")
    is_swapped = models.BooleanField(help_text="A is the battle's second mix.")
    signature = models.CharField(max_length=150, help_text="Who shares it, as it stands in the pictures.")
    address = models.CharField(max_length=100, help_text="Where to vote, as it stands on the end card.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    audio = models.FileField(upload_to="clips/", blank=True)
    video = models.FileField(upload_to="clips/", blank=True)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField(default=timezone.now, help_text="When somebody last asked for it.")

    def __str__(self) -> str:
        return f"Clip of {self.battle}"
