"""Curation of mixers; breedings are history and read-only."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from evolution.models import Breeding, GenreStrategy, Mixer, Parentage
from evolution.services import curation
from mixing.breeding.blend.strategies import STRATEGIES


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ParentageInline(admin.TabularInline):
    """A mixer's parents."""

    model = Parentage
    fk_name = "child"
    fields = ["parent", "role", "share"]
    readonly_fields = ["parent", "role", "share"]
    extra = 0
    can_delete = False
    verbose_name_plural = "parents"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


EDITABLE = ("name", "nickname", "description", "genres")
MEASURED = (
    "slug",
    "state",
    "retired_at",
    "is_champion",
    "architecture",
    "generation",
    "seed_rating",
    "specialities",
    "capabilities_table",
    "card_json",
    "offspring_list",
    "content_hash",
    "created_at",
)


@admin.register(Mixer)
class MixerAdmin(admin.ModelAdmin):
    """Texts may be edited; state changes through actions; everything measured is read-only."""

    list_display = [
        "nickname",
        "slug",
        "architecture",
        "generation",
        "state",
        "is_champion",
        "seed_rating",
        "created_at",
    ]
    list_filter = ["state", "is_champion", "architecture", "generation"]
    search_fields = ["nickname", "name", "slug"]
    actions = ["retire_mixers", "activate_mixers"]
    inlines = [ParentageInline]
    fields = [*EDITABLE, *MEASURED]
    readonly_fields = MEASURED

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="capabilities")
    def capabilities_table(self, mixer: Mixer) -> SafeString:
        """Scores in standard deviations of the champions."""
        return format_html_join("", "{}: {}<br>", ((k, f"{v:+.2f}") for k, v in mixer.capabilities.items()))

    @admin.display(description="training and metrics")
    def card_json(self, mixer: Mixer) -> SafeString:
        """The card as it was shipped."""
        return format_html("<pre>{}</pre>", json.dumps(mixer.card, indent=2))

    @admin.display(description="offspring")
    def offspring_list(self, mixer: Mixer) -> str:
        """Nicknames of its children."""
        return ", ".join(child.nickname for child in mixer.offspring.all()) or "none"

    @admin.action(description="Retire the selected mixers")
    def retire_mixers(self, request: HttpRequest, queryset: QuerySet[Mixer]) -> None:
        """They enter no new tournament; history stays."""
        n_changed = sum(curation.retire(mixer=mixer) for mixer in queryset)
        self.message_user(request, f"{n_changed} retired.", messages.SUCCESS)

    @admin.action(description="Activate the selected mixers")
    def activate_mixers(self, request: HttpRequest, queryset: QuerySet[Mixer]) -> None:
        """They may be drawn again."""
        n_changed = sum(curation.activate(mixer=mixer) for mixer in queryset)
        self.message_user(request, f"{n_changed} activated.", messages.SUCCESS)


@admin.register(Breeding)
class BreedingAdmin(ReadOnlyAdmin):
    """Every attempt, with its gate report."""

    list_display = ["pk", "loser", "winner", "state", "offspring", "confidence", "seconds", "created_at"]
    list_filter = ["state", "genre"]
    search_fields = ["key", "loser__nickname", "winner__nickname", "offspring__nickname"]
    list_select_related = ["loser", "winner", "offspring"]
    fields = [
        "key",
        "state",
        "reason",
        "loser",
        "winner",
        "offspring",
        "confidence",
        "rating_gap",
        "genre",
        "seed",
        "newborn_rating",
        "inheritance",
        "gate_report",
        "record_json",
        "attempts",
        "seconds",
        "created_at",
        "finished_at",
    ]

    @admin.display(description="inheritance from the winner")
    def inheritance(self, breeding: Breeding) -> SafeString:
        """Planned and realized share of each group."""
        planned = breeding.requested.get("groups", {})
        rows = ((group, f"{planned[group]:.2f}", _share(breeding.realized.get(group))) for group in planned)
        return format_html_join("", "{}: planned {}, realized {}<br>", rows)

    @admin.display(description="gate")
    def gate_report(self, breeding: Breeding) -> SafeString:
        """Every check with its value and limit."""
        checks = breeding.gate.get("checks", [])
        rows = (
            ("passed" if c["passed"] else "FAILED", c["name"], f"{c['value']:.4f}", f"{c['limit']:.4f}") for c in checks
        )
        return format_html_join("", "{}: {} {} (limit {})<br>", rows)

    @admin.display(description="record")
    def record_json(self, breeding: Breeding) -> SafeString:
        """What a replay needs."""
        return format_html("<pre>{}</pre>", json.dumps(breeding.record, indent=2))


@admin.register(GenreStrategy)
class GenreStrategyAdmin(admin.ModelAdmin):
    """Genres that blend in a way of their own."""

    list_display = ["genre", "strategy", "parameters"]
    fields = ["genre", "strategy", "parameters", "known_parameters"]
    readonly_fields = ["known_parameters"]

    @admin.display(description="What each strategy takes")
    def known_parameters(self, row: GenreStrategy | None) -> SafeString:
        """Every parameter with its meaning, range and default."""
        lines = (
            (strategy.name, name, p.meaning, p.low, p.high, p.default)
            for strategy in STRATEGIES.values()
            for name, p in strategy.parameters.items()
        )
        return format_html_join("", "<div>{}, {}: {}; {} to {}, {} where left out</div>", lines)


def _share(value: float | None) -> str:
    return "nothing to inherit" if value is None else f"{value:.2f}"
