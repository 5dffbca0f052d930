"""Mixes of songs, and the files that are cut and written from them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from evolution.models import Mixer
from mixarena.jobs.leases import Leased
from tournaments.models.songs import Song


class Mix(Leased):
    """One song mixed by one mixer: settings from features, and a rendering that is measured and cut into previews."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting for settings"
        PLANNED = "planned", "waiting to be rendered"
        READY = "ready"
        FAILED = "failed"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="mixes")
    mixer = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="mixes")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    console_settings = models.JSONField(null=True, blank=True)
    report = models.JSONField(null=True, blank=True, help_text="The renderer's own measurements.")
    highlight_lufs = models.FloatField(null=True, blank=True, help_text="Loudness of the highlight as delivered.")
    excerpt_lufs = models.FloatField(null=True, blank=True)
    centroid_hz = models.FloatField(null=True, blank=True, help_text="Spectral centroid of the highlight.")
    reason = models.TextField(blank=True)
    nudged_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="nudged",
        help_text="Empty: the mixer's own.",
    )
    nudge = models.JSONField(null=True, blank=True, help_text="What its owner changed.")
    reference = models.FileField(
        upload_to="songs/", blank=True, help_text="Of a version on its way: a recording to come near to, then deleted."
    )
    reference_name = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "mixes"
        constraints = [
            models.UniqueConstraint(
                fields=["song", "mixer"], condition=Q(nudged_from=None), name="mix_one_a_song_and_mixer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.song} by {self.mixer}"


class Preview(Leased):
    """A cut of a full mix (or of the upload itself), attenuated to a stated loudness, as 16-bit WAV."""

    class Region(models.TextChoices):
        HIGHLIGHT = "highlight"
        EXCERPT = "excerpt"

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="previews")
    mix = models.ForeignKey(
        Mix, null=True, blank=True, on_delete=models.CASCADE, related_name="previews", help_text="Empty: the upload."
    )
    region = models.CharField(max_length=10, choices=Region.choices)
    level_lufs = models.FloatField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    file = models.FileField(upload_to="previews/", blank=True)
    measures = models.JSONField(default=dict, blank=True, help_text="Of the sound in the file; for after the vote.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mix", "region", "level_lufs"], name="preview_one_a_cut"),
            models.UniqueConstraint(
                fields=["song", "region", "level_lufs"], condition=Q(mix=None), name="preview_one_a_song_cut"
            ),
        ]


class Export(Leased):
    """A full-length mix in one file format, rendered when somebody asks for it."""

    class Format(models.TextChoices):
        WAV = "wav24", "WAV, 24 bit"
        WAV16 = "wav16", "WAV, 16 bit"
        WAV32 = "wav32f", "WAV, 32 bit float"
        FLAC = "flac", "FLAC, 24 bit"
        MP3 = "mp3", "MP3"
        OPUS = "opus", "Opus"
        STEMS = "stems", "Processed stems, zip"
        REAPER = "reaper", "REAPER project, zip"

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    mix = models.ForeignKey(Mix, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=10, choices=Format.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    file = models.FileField(upload_to="exports/", blank=True)
    loudness_lufs = models.FloatField(null=True, blank=True, help_text="Measured on the file as delivered.")
    true_peak_dbtp = models.FloatField(null=True, blank=True, help_text="Measured on the file as delivered.")
    trim_db = models.FloatField(default=0.0, help_text="How much a lossy file had to be lowered.")
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField(default=timezone.now, help_text="When somebody last asked for it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mix", "format"], name="export_one_a_format")]


class Album(Leased):
    """Several songs of one owner, mixed by one mixer to one loudness and related tones, as a zip of files."""

    MIN_SONGS = 2
    MAX_SONGS = 20

    class State(models.TextChoices):
        QUEUED = "queued"
        PLANNED = "planned"
        READY = "ready"
        FAILED = "failed"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="albums")
    mixer = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="albums")
    title = models.CharField(max_length=120)
    format = models.CharField(max_length=10, choices=Export.Format.choices, default=Export.Format.WAV)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    is_levelled = models.BooleanField(default=False, help_text="The songs were brought to the quietest one.")
    file = models.FileField(upload_to="albums/", blank=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    requested_at = models.DateTimeField(default=timezone.now, help_text="When somebody last asked for it.")

    def __str__(self) -> str:
        return f"{self.title} by {self.mixer}"


class AlbumTrack(models.Model):
    """A song of an album; measured once its file is written."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="tracks")
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="album_tracks")
    position = models.PositiveSmallIntegerField()
    console_settings = models.JSONField(null=True, blank=True)
    loudness_lufs = models.FloatField(null=True, blank=True, help_text="Measured on the file as delivered.")
    true_peak_dbtp = models.FloatField(null=True, blank=True, help_text="Measured on the file as delivered.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["album", "position"], name="album_one_a_position"),
            models.UniqueConstraint(fields=["album", "song"], name="album_song_once"),
        ]
