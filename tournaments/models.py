"""Songs, their mixes, tournaments and battles, ballots and votes, and the ledger that ratings are a function of."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from evolution.models import Mixer
from mixarena.jobs.leases import Leased
from mixing.audio.roles import ROLES
from mixing.genres import GENRES

GENRE_CHOICES = list(GENRES.items())
ROLE_CHOICES = [(role, role.capitalize()) for role in ROLES]


def new_token() -> str:
    """An unguessable name for a URL."""
    return secrets.token_urlsafe(24)


class Song(Leased):
    """An upload. Work on it: decoding, checking, features and highlight, which takes it to ready or refused."""

    class State(models.TextChoices):
        UPLOADED = "uploaded"
        READY = "ready"
        REFUSED = "refused", "not usable"
        FAILED = "failed"

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


class Tournament(models.Model):
    """3 to 10 battles on one song; the last is the final."""

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    class Kind(models.TextChoices):
        LISTENER = "listener"
        AUTOMATIC = "automatic", "automatic (votes by a rule from the command line)"

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
    share_token = models.CharField(max_length=40, null=True, blank=True, unique=True, help_text="Empty: private.")
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

    token = models.CharField(max_length=40, unique=True, default=new_token)
    battle = models.ForeignKey(Battle, on_delete=models.CASCADE, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ballots")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LISTENER)
    is_swapped = models.BooleanField(help_text="A is the battle's second mix.")
    starts_with = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")])
    state = models.CharField(max_length=10, choices=State.choices, default=State.ISSUED)
    heard = models.JSONField(default=dict, blank=True, help_text="Distinct segments heard a side, in seconds.")
    issued_at = models.DateTimeField()
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["battle", "voter"], condition=~Q(state__in=["expired", "voided"]), name="ballot_one_a_listener"
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


class LedgerCounter(models.Model):
    """One row: the number of the newest event. Locking it orders the ledger."""

    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="counter_is_one_row")]


class LedgerEvent(models.Model):
    """Something that ratings depend on; appended, never changed. Replay order is `number`."""

    class Kind(models.TextChoices):
        SEED = "seed", "a mixer was seeded"
        VOTE = "vote"
        BIRTH = "birth"

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    payload = models.JSONField()
    vote = models.OneToOneField(Vote, null=True, blank=True, on_delete=models.PROTECT, related_name="event")
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
