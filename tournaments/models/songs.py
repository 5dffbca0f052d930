"""Songs, their stems and what was found out about them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from mixarena.jobs.leases import Leased
from mixing.audio.roles import ROLES
from mixing.genres import GENRES

GENRE_CHOICES = list(GENRES.items())
ROLE_CHOICES = [(role, role.capitalize()) for role in ROLES]


class Song(Leased):
    """An upload. Work on it: decoding, checking, features and highlight, which takes it to ready or refused."""

    class State(models.TextChoices):
        UPLOADED = "uploaded"
        READY = "ready"
        REFUSED = "refused", "not usable"
        FAILED = "failed"
        DELETED = "deleted"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="songs"
    )
    is_demo = models.BooleanField(default=False, help_text="Shipped with the arena; everybody may battle on it.")
    title = models.CharField(max_length=200)
    file = models.FileField(
        upload_to="songs/", blank=True, help_text="Of a song of several stems: their sum, made when it is checked."
    )
    n_stems = models.PositiveSmallIntegerField(default=1, help_text="1: a mix, which is mastered.")
    content_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file, or of the stems.")
    container = models.CharField(max_length=20)
    sample_rate = models.PositiveIntegerField(help_text="Hz")
    channels = models.PositiveSmallIntegerField()
    duration_s = models.FloatField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    refusal = models.TextField(blank=True, help_text="What is wrong with the file and what to do.")
    genre = models.CharField(max_length=20, blank=True, choices=GENRE_CHOICES, help_text="Confirmed by the owner.")
    genre_guess = models.CharField(max_length=20, blank=True, choices=GENRE_CHOICES)
    genre_confidence = models.FloatField(null=True, blank=True, help_text="0 to 1")
    highlight_start_s = models.FloatField(null=True, blank=True)
    highlight_end_s = models.FloatField(null=True, blank=True)
    excerpt_start_s = models.FloatField(null=True, blank=True, help_text="Another excerpt, for before and after.")
    excerpt_end_s = models.FloatField(null=True, blank=True)
    n_over_full_scale = models.PositiveIntegerField(default=0)
    peaks = models.JSONField(null=True, blank=True, help_text="Waveform minima and maxima, -127 to 127.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title


class Stem(models.Model):
    """One track of a song of several. What is found out about it stands here when the song is ready."""

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="stems")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    file = models.FileField(upload_to="songs/")
    container = models.CharField(max_length=20)
    sample_rate = models.PositiveIntegerField(help_text="Hz")
    channels = models.PositiveSmallIntegerField()
    duration_s = models.FloatField()
    content_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")
    role = models.CharField(max_length=12, blank=True, choices=ROLE_CHOICES)
    role_confidence = models.FloatField(default=0.0, help_text="Of the guess, 0 to 1; 1 when its owner chose it.")
    is_silent = models.BooleanField(default=False)
    n_over_full_scale = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["song", "position"], name="stem_one_a_position")]

    def __str__(self) -> str:
        return self.name


class Analysis(Leased):
    """What can be said of a song: measurements, and guesses with their confidence. Never holds up a battle."""

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    song = models.OneToOneField(Song, on_delete=models.CASCADE, related_name="analysis")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    result = models.JSONField(default=dict, blank=True)
