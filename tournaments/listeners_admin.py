"""Curation of listeners: the checks that they answered, and whether their votes count."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from tournaments.models import Check, ListenerVerdict
from tournaments.ratings.reliability import Value
from tournaments.services.verdicts import overrule

BY_ACTION = "Decided by a curator from the list of verdicts."


@admin.register(Check)
class CheckAdmin(admin.ModelAdmin):
    """Questions whose answer is known, and what was said; history."""

    list_display = ("answered_at", "listener", "kind", "choice", "confidence", "outcome")
    list_filter = ("kind", "outcome")
    search_fields = ("ballot__voter__username",)
    list_select_related = ("ballot__voter",)

    @admin.display(description="listener")
    def listener(self, check: Check) -> str:
        return check.ballot.voter.username

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VerdictForm(forms.ModelForm):
    """A curator's word on a listener."""

    class Meta:
        model = ListenerVerdict
        fields: ClassVar[Any] = ("listener", "value", "reason")


@admin.register(ListenerVerdict)
class ListenerVerdictAdmin(admin.ModelAdmin):
    """Verdicts are appended: a new one overrules, none is changed. The newest of a listener counts."""

    form = VerdictForm
    list_display = ("created_at", "listener", "value", "reason", "made_by", "evidence")
    list_filter = ("value", ("made_by", admin.EmptyFieldListFilter))
    search_fields = ("listener__username", "reason")
    list_select_related = ("listener", "made_by")
    autocomplete_fields = ("listener",)
    actions = ("count_again", "leave_out")

    @admin.action(description="Let the votes of these listeners count", permissions=["add"])
    def count_again(self, request: HttpRequest, queryset: QuerySet[ListenerVerdict]) -> None:
        self._decide(request, queryset, Value.INCLUDE)

    @admin.action(description="Leave out the votes of these listeners", permissions=["add"])
    def leave_out(self, request: HttpRequest, queryset: QuerySet[ListenerVerdict]) -> None:
        self._decide(request, queryset, Value.EXCLUDE)

    def save_model(
        self, request: HttpRequest, obj: ListenerVerdict, form: ModelForm[ListenerVerdict], change: bool
    ) -> None:
        if not isinstance(request.user, User):
            raise TypeError("curators are listeners")
        saved = overrule(
            listener=obj.listener, value=Value(obj.value), reason=obj.reason, by=request.user, now=timezone.now()
        )
        obj.pk = saved.pk

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _decide(self, request: HttpRequest, queryset: QuerySet[ListenerVerdict], value: Value) -> None:
        for listener in User.objects.filter(verdicts__in=queryset).distinct():
            overrule(listener=listener, value=value, reason=BY_ACTION, by=request.user, now=timezone.now())  # type: ignore[arg-type]
