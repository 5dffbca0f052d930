"""Looking at songs, tournaments and everything that was judged; all of it is history and written by services alone."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tournaments import listeners_admin as listeners_admin
from tournaments import submissions_admin as submissions_admin
from tournaments.models import (
    Album,
    AlbumTrack,
    Ballot,
    Battle,
    Entrant,
    Export,
    LedgerEvent,
    Mix,
    Rating,
    Share,
    Song,
    Stem,
    Tournament,
    Vote,
)  # fmt: skip
from tournaments.services.sharing import revoke


class ReadOnly:
    """Nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Rows(ReadOnly, admin.TabularInline):
    """Rows that belong to the one above."""

    extra = 0
    show_change_link = True
    fields: ClassVar[Any] = ()


class MixRows(Rows):
    model = Mix
    fields = ("mixer", "state", "highlight_lufs", "centroid_hz", "reason")


class StemRows(Rows):
    model = Stem
    fields = ("position", "name", "role", "role_confidence", "container", "sample_rate", "channels", "is_silent")
    show_change_link = False


class EntrantRows(Rows):
    model = Entrant
    fields = ("mixer", "from_round")


class BattleRows(Rows):
    model = Battle
    fields = ("number", "first", "second", "state", "is_rematch", "pair_probability", "level_lufs")


class BallotRows(Rows):
    model = Ballot
    fields = ("voter", "kind", "state", "is_swapped", "starts_with", "issued_at", "committed_at")


class ExportRows(Rows):
    model = Export
    fields = ("format", "state", "loudness_lufs", "true_peak_dbtp", "trim_db")


class History(ReadOnly, admin.ModelAdmin):
    """A table to look at."""

    list_per_page = 50
    show_full_result_count = False


@admin.register(Song)
class SongAdmin(History):
    list_display = (
        "title",
        "owner",
        "state",
        "n_stems",
        "container",
        "sample_rate",
        "duration_s",
        "genre",
        "created_at",
    )
    list_filter = ("state", "is_demo", "genre", "container")
    search_fields = ("title", "owner__username", "content_hash")
    list_select_related = ("owner",)
    exclude = ("peaks",)
    inlines = (StemRows, MixRows)


class AlbumTrackRows(Rows):
    model = AlbumTrack
    fields = ("position", "song", "loudness_lufs", "true_peak_dbtp")


@admin.register(Album)
class AlbumAdmin(History):
    list_display = ("title", "owner", "mixer", "format", "state", "created_at")
    list_filter = ("state", "format")
    search_fields = ("title", "owner__username")
    list_select_related = ("owner", "mixer")
    inlines = (AlbumTrackRows,)


@admin.register(Mix)
class MixAdmin(History):
    list_display = ("song", "mixer", "nudged_from", "state", "highlight_lufs", "centroid_hz", "created_at")
    list_filter = ("state",)
    search_fields = ("song__title", "mixer__nickname")
    list_select_related = ("song", "mixer", "nudged_from__song", "nudged_from__mixer")
    exclude = ("console_settings", "report")
    readonly_fields = ("settings_json", "report_json")
    inlines = (ExportRows,)

    @admin.display(description="settings")
    def settings_json(self, mix: Mix) -> SafeString:
        return _pretty(mix.console_settings)

    @admin.display(description="report")
    def report_json(self, mix: Mix) -> SafeString:
        return _pretty(mix.report)


@admin.register(Tournament)
class TournamentAdmin(History):
    list_display = ("song", "owner", "kind", "state", "genre", "n_rounds", "champion", "created_at")
    list_filter = ("state", "kind", "genre")
    search_fields = ("song__title", "owner__username", "public_id")
    list_select_related = ("song", "owner", "champion__mixer")
    inlines = (EntrantRows, BattleRows)


@admin.register(Battle)
class BattleAdmin(History):
    list_display = ("key", "number", "first", "second", "state", "decided_at")
    list_filter = ("state", "is_final", "is_rematch")
    search_fields = ("key", "tournament__song__title")
    list_select_related = ("first__mixer", "first__song", "second__mixer", "second__song")
    inlines = (BallotRows,)


@admin.register(Ballot)
class BallotAdmin(History):
    list_display = ("battle", "voter", "kind", "state", "issued_at", "committed_at")
    list_filter = ("state", "kind")
    search_fields = ("voter__username", "battle__key")
    list_select_related = ("battle", "voter")


@admin.register(Vote)
class VoteAdmin(History):
    list_display = ("created_at", "voter", "battle", "choice", "confidence", "ballot_kind")
    list_filter = ("choice", "ballot__kind")
    search_fields = ("voter__username", "battle__key")
    list_select_related = ("voter", "battle", "ballot")

    @admin.display(description="kind")
    def ballot_kind(self, vote: Vote) -> str:
        return vote.ballot.get_kind_display()


@admin.register(Share)
class ShareAdmin(History):
    """Links; what should not be public can be taken back."""

    list_display = ("created_at", "kind", "tournament", "signature", "is_public", "revoked_at")
    list_filter = ("is_public", "kind")
    search_fields = ("token", "name", "tournament__owner__username", "tournament__song__title")
    list_select_related = ("tournament__song", "tournament__owner")
    actions = ("take_back",)

    @admin.action(description="Take these links back")
    def take_back(self, request: HttpRequest, queryset: QuerySet[Share]) -> None:
        n = sum(revoke(share=share, now=timezone.now()) for share in queryset.filter(revoked_at=None))
        self.message_user(request, f"{n} link{pluralize(n)} taken back.")


@admin.register(LedgerEvent)
class LedgerEventAdmin(History):
    list_display = ("number", "kind", "created_at", "vote")
    list_filter = ("kind",)
    list_select_related = ("vote",)


@admin.register(Rating)
class RatingAdmin(History):
    list_display = ("mixer", "genre", "rating", "variance", "n_votes")
    list_filter = ("genre",)
    search_fields = ("mixer__nickname",)
    list_select_related = ("mixer",)


def _pretty(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2))
