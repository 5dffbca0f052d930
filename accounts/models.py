"""Who listens and votes, and what they earn by it: activities, free mixes, achievements, referrals and notices."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


def new_referral_code() -> str:
    """Short enough to be read out, long enough not to be guessed."""
    return secrets.token_hex(5)


class User(AbstractUser):
    """A listener. The project's own class from the first migration on, because it cannot be swapped in later."""

    referral_code = models.CharField(max_length=20, unique=True, default=new_referral_code, editable=False)
    is_public = models.BooleanField("public profile", default=True, help_text="Others may open the profile.")
    is_ranked = models.BooleanField("on the boards", default=True, help_text="Appears on the boards of listeners.")
    is_guest = models.BooleanField(
        "guest", default=False, help_text="Judges shared battles without an account; cannot log in."
    )
    earns = models.BooleanField(
        default=True, editable=False, help_text="Off while a verdict leaves the votes out: judging pays nothing."
    )

    if TYPE_CHECKING:
        credit_entries: RelatedManager[CreditEntry]


class DepartedName(models.Model):
    """The name of an account that was deleted, as a keyed hash: nobody signs up with it again."""

    digest = models.CharField(max_length=64, unique=True, help_text="HMAC-SHA-256 of the name, whatever its case.")


class Activity(models.Model):
    """Something that a listener did and that counts; appended, never changed. `key` names it once for ever."""

    class Kind(models.TextChoices):
        VOTED = "voted"
        FINISHED = "finished", "finished a tournament"
        BRED = "bred", "an offspring of a vote passed the gate"
        OUTGREW = "outgrew", "an offspring of a vote beat a parent"
        VERIFIED = "verified", "verified an e-mail address"
        REFERRED = "referred", "a friend has come to stay"
        JUDGED = "judged", "judged something of the queue"
        ABX = "abx", "finished an ABX test"

    # What earns nothing while a verdict leaves the votes out.
    BY_JUDGING = (Kind.VOTED, Kind.JUDGED)

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=80)
    facts = models.JSONField(default=dict, blank=True, help_text="What rules ask for, and where to look at it.")
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "activities"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="activity_once")]
        indexes = [models.Index(fields=["user", "kind"], name="activity_of_user")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"


class CreditEntry(models.Model):
    """Free mixes that came or went; appended, never changed.

    Entries of a user are numbered, and each carries the balance after it: two that are written at the same moment
    collide, and none can lead below zero.
    """

    class Kind(models.TextChoices):
        WELCOME = "welcome", "welcome"
        PROMOTION = "promotion", "promotion to a higher tier"
        ACHIEVEMENT = "achievement"
        REFERRAL = "referral", "a friend you invited"
        INVITED = "invited", "you were invited"
        JUDGING = "judging", "judging for others"
        TOURNAMENT = "tournament", "a tournament"
        REFUND = "refund", "a tournament that failed"
        GRANT = "grant", "a gift of the arena"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="credit_entries")
    number = models.PositiveIntegerField(help_text="1 for the user's first entry.")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=80, help_text="What it is for; paid once.")
    amount = models.IntegerField()
    balance = models.PositiveIntegerField(help_text="After this entry.")
    note = models.CharField(max_length=200, blank=True)
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "credit entries"
        constraints = [
            models.UniqueConstraint(fields=["user", "number"], name="credit_one_a_number"),
            models.UniqueConstraint(fields=["user", "kind", "key"], name="credit_paid_once"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="credit_never_negative"),
            models.CheckConstraint(condition=~Q(amount=0), name="credit_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d}, {self.get_kind_display()}"


class Award(models.Model):
    """An achievement that somebody has earned, with the activities that earned it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="awards")
    slug = models.CharField(max_length=40)
    activities: models.ManyToManyField[Activity, Activity] = models.ManyToManyField(Activity, related_name="awards")
    earned_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "slug"], name="award_once")]

    def __str__(self) -> str:
        return self.slug


class Referral(models.Model):
    """A friend who came by somebody's link."""

    class State(models.TextChoices):
        PENDING = "pending"
        CREDITED = "credited"
        REFUSED = "refused"

    inviter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="referrals")
    friend = models.OneToOneField(User, on_delete=models.CASCADE, related_name="referred_by")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was refused, or a curator's words.")
    decided_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The curator, where the arena did not decide by itself.",
    )
    created_at = models.DateTimeField()
    credited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(inviter=models.F("friend")), name="referral_not_oneself")]

    def __str__(self) -> str:
        return f"{self.inviter} invited {self.friend}"


class InvitationVisit(models.Model):
    """A browser that opened somebody's link; appended, never changed. It says nothing of whose browser it is."""

    inviter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitation_visits")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["at"], name="invitation_visit_moment")]


class Notice(models.Model):
    """News for one listener: a toast when it is new, a line of the list afterwards."""

    class Kind(models.TextChoices):
        PROMOTION = "promotion"
        ACHIEVEMENT = "achievement"
        CREDITS = "credits"
        REFERRAL = "referral"
        MIXER = "mixer", "a mixer that is followed"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=300, blank=True, help_text="Where to look at it, on this site.")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["user"], condition=Q(seen_at=None), name="notice_unseen")]

    def __str__(self) -> str:
        return self.title


class ApiToken(models.Model):
    """A key for programs that act for a listener. The token itself is shown once and never stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    scopes = models.JSONField(default=list, help_text="What it may do.")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To about a minute.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name
