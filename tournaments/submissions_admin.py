"""Curators decide on submitted mixers, through the same services as everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from evolution.models import Submission
from mixing.errors import MixArenaError
from tournaments.plain_words import gate_lines
from tournaments.services.community import approve, reject


class ReasonForm(forms.Form):
    """Why a mixer is turned away."""

    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Its author reads this: what is wrong, and what to change.",
    )


@admin.register(Submission)
class SubmissionAdmin(admin.ModelAdmin):
    """Every submission with its report; nothing is edited."""

    list_display = ("nickname", "author", "state", "created_at", "decided_at", "decided_by")
    list_filter = ("state",)
    search_fields = ("nickname", "author__username", "content_hash")
    list_select_related = ("author", "decided_by")
    actions = ("approve_submissions", "reject_submissions")
    fields = (
        "nickname", "author", "state", "reason", "checks", "measured", "card_text", "content_hash", "mixer", "attempts",
        "created_at", "decided_at", "decided_by",
    )  # fmt: skip
    readonly_fields = ("checks", "measured", "card_text")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Looking is not enough: whoever decides may change submissions."""
        return bool(request.user.has_perm("evolution.change_submission"))

    @admin.display(description="checks")
    def checks(self, submission: Submission) -> SafeString:
        """Every check with its figures."""
        lines = (
            ("passed" if c.is_passed else "FAILED", c.label, f" ({c.detail})" if c.detail else "")
            for c in gate_lines(submission.report)
        )
        return format_html_join("", "{}: {}{}<br>", lines)

    @admin.display(description="measured")
    def measured(self, submission: Submission) -> SafeString:
        """What the worker measured."""
        shown = {k: v for k, v in submission.report.get("measured", {}).items() if k != "style"}
        return format_html("<pre>{}</pre>", json.dumps(shown, indent=2))

    @admin.display(description="card")
    def card_text(self, submission: Submission) -> SafeString:
        """As it was sent."""
        return format_html("<pre>{}</pre>", submission.card)

    @admin.action(description="Approve the selected mixers", permissions=["decide"])
    def approve_submissions(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        """They enter the arena."""
        by, now = cast(User, request.user), timezone.now()
        self._each(request, queryset, "approved", lambda row: approve(submission=row, by=by, now=now))

    @admin.action(description="Reject the selected mixers, with a reason", permissions=["decide"])
    def reject_submissions(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        """Ask for the reason first."""
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            by, now, reason = cast(User, request.user), timezone.now(), form.cleaned_data["reason"]
            self._each(request, queryset, "rejected", lambda row: reject(submission=row, by=by, reason=reason, now=now))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Why are they turned away?",
            "opts": self.opts,
            "form": form,
            "submissions": queryset,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return render(request, "admin/evolution/reject.html", context, status=422 if form.errors else 200)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Submission],
        deed: str,
        decide: Callable[[Submission], object],
    ) -> None:
        """One that cannot be decided does not hold up the others."""
        n_done = 0
        for row in queryset:
            try:
                decide(row)
            except MixArenaError as error:
                self.message_user(request, f"{row.nickname}: {error.message}", messages.ERROR)
            else:
                n_done += 1
        if n_done:
            self.message_user(request, f"{n_done} {deed}.", messages.SUCCESS)
