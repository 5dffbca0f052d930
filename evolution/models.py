"""The registry of mixers, their lineage, and every attempt to breed one."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from mixarena.jobs.leases import Leased
from mixing.breeding.blend.strategies import STRATEGIES
from mixing.errors import BreedingError
from mixing.genres import GENRES


class Mixer(models.Model):
    """A mixer that can battle, or once could."""

    class State(models.TextChoices):
        ACTIVE = "active"
        RETIRED = "retired"

    class Architecture(models.TextChoices):
        CNN = "cnn", "CNN"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    nickname = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    architecture = models.CharField(max_length=20, choices=Architecture.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    is_champion = models.BooleanField(default=False, help_text="A founding mixer; never retired by the arena itself.")
    generation = models.PositiveIntegerField(default=0)
    parents: models.ManyToManyField[Mixer, Parentage] = models.ManyToManyField(
        "self", through="Parentage", symmetrical=False, related_name="offspring"
    )
    genres = models.JSONField(default=list, blank=True)
    specialities = models.JSONField(default=list, blank=True)
    capabilities = models.JSONField(default=dict, blank=True, help_text="Measured on the probe set, by name.")
    style = models.JSONField(
        default=list, blank=True, help_text="Mean normalized settings on the heal set; empty where never measured."
    )
    card = models.JSONField(default=dict, blank=True, help_text="Training data, licences and metrics, as shipped.")
    weights = models.FileField(
        upload_to="mixers/", blank=True, help_text="Empty for a retired mixer that left no offspring."
    )
    content_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 over the weights themselves.")
    seed_rating = models.FloatField(help_text="A prior, not a result.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="authored_mixers",
        help_text="Who gave it to the arena; nobody for the founders and those bred here.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["generation", "pk"]

    def __str__(self) -> str:
        return self.nickname


class Parentage(models.Model):
    """An edge of the lineage."""

    class Role(models.TextChoices):
        LOSER = "loser"
        WINNER = "winner"
        GUEST = "guest", "guest, where a strategy takes a third parent"

    child = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="parentages")
    parent = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="offspring_links")
    role = models.CharField(max_length=10, choices=Role.choices)
    share = models.FloatField(help_text="Realized inheritance from this parent, averaged over the groups.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["child", "role"], name="parentage_one_parent_a_role"),
            models.CheckConstraint(condition=~Q(child=models.F("parent")), name="parentage_not_itself"),
        ]


class Breeding(Leased):
    """One attempt to make the loser of a battle learn from the winner."""

    class State(models.TextChoices):
        REQUESTED = "requested"
        BORN = "born"
        REJECTED = "rejected", "rejected by the gate"
        FAILED = "failed"

    key = models.CharField(max_length=80, unique=True, help_text="The battle it comes from; opaque to this app.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    loser = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="breedings_as_loser")
    winner = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="breedings_as_winner")
    confidence = models.FloatField(help_text="0 to 1.")
    rating_gap = models.FloatField(help_text="The winner's live rating minus the loser's, after the vote.")
    seed = models.BigIntegerField(validators=[MinValueValidator(0)])
    genre = models.CharField(max_length=20)
    newborn_rating = models.FloatField(help_text="The rating an offspring starts with.")
    requested = models.JSONField(default=dict, blank=True, help_text="Ratio towards the winner, base and per group.")
    realized = models.JSONField(default=dict, blank=True, help_text="Measured inheritance per group.")
    gate = models.JSONField(default=dict, blank=True)
    record = models.JSONField(default=dict, blank=True, help_text="Everything a replay needs.")
    reason = models.TextField(blank=True, help_text="Why it was rejected or failed.")
    offspring = models.OneToOneField(Mixer, null=True, blank=True, on_delete=models.PROTECT, related_name="birth")
    seconds = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="breeding_confidence"),
            models.CheckConstraint(condition=~Q(loser=models.F("winner")), name="breeding_two_parents"),
            models.CheckConstraint(
                condition=Q(state="born", offspring__isnull=False) | (~Q(state="born") & Q(offspring__isnull=True)),
                name="breeding_born_has_offspring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loser} learns from {self.winner}"


class Submission(Leased):
    """A mixer that somebody made and offers to the arena: checked by a worker, then decided by a curator."""

    class State(models.TextChoices):
        CHECKING = "checking", "being checked"
        WAITING = "waiting", "waiting for a curator"
        APPROVED = "approved"
        REJECTED = "rejected"
        FAILED = "failed", "could not be checked"

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    nickname = models.CharField(max_length=80, help_text="As on its card.")
    card = models.TextField(help_text="TOML, as it was sent.")
    weights = models.FileField(
        upload_to="submissions/",
        blank=True,
        help_text="As sent while it is checked, then written anew; empty once decided.",
    )
    content_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the weights, once checked.")
    report = models.JSONField(default=dict, blank=True, help_text="Every check, and what was measured.")
    reason = models.TextField(blank=True, help_text="Why it was rejected or could not be checked.")
    mixer = models.OneToOneField(Mixer, null=True, blank=True, on_delete=models.PROTECT, related_name="submission")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="approved", mixer__isnull=False) | (~Q(state="approved") & Q(mixer__isnull=True)),
                name="submission_approved_has_mixer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nickname}, {self.get_state_display()}"


class GenreStrategy(models.Model):
    """How mixers are blended after battles over songs of one genre; genres without one use the default."""

    genre = models.CharField(max_length=20, unique=True, choices=GENRES)
    strategy = models.CharField(
        max_length=20, choices=[(name, f"{name} ({s.source})") for name, s in STRATEGIES.items()]
    )
    parameters = models.JSONField(
        default=dict, blank=True, help_text='By name, such as {"scale": 1.2}; what is left out has its default.'
    )

    class Meta:
        ordering = ["genre"]
        verbose_name_plural = "genre strategies"

    def __str__(self) -> str:
        return f"{self.get_genre_display()}: {self.strategy}"

    def clean(self) -> None:
        """Refuse parameters that the strategy does not take."""
        if self.strategy not in STRATEGIES:
            return
        if not isinstance(self.parameters, dict):
            raise ValidationError({"parameters": 'Give parameters by name, such as {"scale": 1.2}.'})
        try:
            STRATEGIES[self.strategy].checked(self.parameters)
        except BreedingError as error:
            raise ValidationError({"parameters": error.message}) from error
