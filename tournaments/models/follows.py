"""Whom listeners follow, and since when their votes tell of their taste."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from evolution.models import Mixer


class Follow(models.Model):
    """A listener wants to hear when a mixer wins, breeds or retires."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows")
    mixer = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="follows")
    is_retirement_told = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "mixer"], name="follow_once")]

    def __str__(self) -> str:
        return f"{self.user} follows {self.mixer}"


class TasteReset(models.Model):
    """A listener's taste starts anew: earlier votes say nothing of it any more. Everywhere else they go on to count."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taste_reset")
    at = models.DateTimeField()
