"""Listeners and their ledgers. All of it is history, written by services alone; free mixes are given with a reason."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.errors import InvalidDecision, InvalidGrant
from accounts.models import Activity, ApiToken, Award, CreditEntry, Referral, User
from accounts.passwords import on_new_password
from accounts.services.credits import balance_of, grant
from accounts.services.curation import decide_referral
from accounts.services.tokens import revoke_token


class GrantForm(forms.Form):
    """A gift, or a correction where the amount is negative. The key keeps a form sent twice from giving twice."""

    amount = forms.IntegerField(help_text="Free mixes; negative to take some back.")
    reason = forms.CharField(max_length=200)
    key = forms.CharField(widget=forms.HiddenInput)


class DecisionForm(forms.Form):
    """A curator's word on an invitation."""

    value = forms.ChoiceField(
        label="The invitation",
        choices=(("credited", "counts: both are paid"), ("refused", "does not count")),
        help_text="One that was refused can still count; what was paid is taken back by a grant below zero.",
    )
    reason = forms.CharField(max_length=200, help_text="Whoever invited reads it if the invitation does not count.")


class PasswordForm(AdminPasswordChangeForm):
    """Django's own. Sessions end by themselves, since they are signed with the password; API tokens do not."""

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit=commit)
            on_new_password(user)
        return user


class LedgerAdmin(admin.ModelAdmin):
    """Nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class ListenerAdmin(UserAdmin):
    """Django's own page of users, with what they have earned."""

    change_password_form = PasswordForm
    list_display = ("username", "email", "balance", "is_public", "is_ranked", "is_staff", "date_joined")
    readonly_fields: ClassVar[Any] = ("balance", "referral_code", "last_login", "date_joined")
    fieldsets: ClassVar[Any] = (
        *(UserAdmin.fieldsets or ()),
        ("Arena", {"fields": ("balance", "referral_code", "is_public", "is_ranked")}),
    )

    @admin.display(description="free mixes")
    def balance(self, user: User) -> SafeString:
        return format_html(
            '{} <a href="{}">give</a>', balance_of(user.pk), reverse("admin:accounts_user_grant", args=[user.pk])
        )

    def get_urls(self) -> list[URLPattern]:
        own = [path("<int:pk>/grant/", self.admin_site.admin_view(self.grant_page), name="accounts_user_grant")]
        return [*own, *super().get_urls()]

    def grant_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give free mixes to one listener."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        user = get_object_or_404(User, pk=pk)
        form = GrantForm(request.POST or None, initial={"key": uuid.uuid4().hex})
        if request.method == "POST" and form.is_valid():
            try:
                grant(user=user, by=request.user, now=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
            except InvalidGrant as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"{user} now has {balance_of(user.pk)} free mixes.")
                return redirect("admin:accounts_user_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Free mixes for {user}",
            "form": form,
            "opts": self.opts,
            "state": f"{balance_of(user.pk)} free mixes now.",
            "verb": "Give",
        }
        return render(request, "admin/accounts/form.html", context, status=422 if form.errors else 200)


@admin.register(CreditEntry)
class CreditEntryAdmin(LedgerAdmin):
    """The ledger of free mixes."""

    list_display = ("user", "number", "kind", "amount", "balance", "note", "granted_by", "created_at")
    list_filter = ("kind",)
    search_fields = ("user__username", "note", "key")
    list_select_related = ("user", "granted_by")


@admin.register(Activity)
class ActivityAdmin(LedgerAdmin):
    """What counted."""

    list_display = ("user", "kind", "key", "happened_at")
    list_filter = ("kind",)
    search_fields = ("user__username", "key")
    list_select_related = ("user",)


@admin.register(Award)
class AwardAdmin(LedgerAdmin):
    """Achievements earned."""

    list_display = ("user", "slug", "earned_at")
    list_filter = ("slug",)
    search_fields = ("user__username",)
    list_select_related = ("user",)


@admin.register(Referral)
class ReferralAdmin(LedgerAdmin):
    """Who invited whom. What the arena did not settle, or settled wrongly, a curator decides with a reason."""

    list_display = ("inviter", "friend", "state", "reason", "decided_by", "created_at", "credited_at", "decide")
    list_filter = ("state", ("decided_by", admin.EmptyFieldListFilter))
    search_fields = ("inviter__username", "friend__username")
    list_select_related = ("inviter", "friend", "decided_by")

    @admin.display(description="")
    def decide(self, referral: Referral) -> SafeString:
        if referral.state == Referral.State.CREDITED:
            return SafeString("")
        return format_html('<a href="{}">decide</a>', reverse("admin:accounts_referral_decide", args=[referral.pk]))

    def get_urls(self) -> list[URLPattern]:
        own = [path("<int:pk>/decide/", self.admin_site.admin_view(self.decide_page), name="accounts_referral_decide")]
        return [*own, *super().get_urls()]

    def decide_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let an invitation count, or refuse it."""
        if not request.user.has_perm("accounts.change_referral"):
            raise PermissionDenied
        referral = get_object_or_404(Referral.objects.select_related("inviter", "friend"), pk=pk)
        form = DecisionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                decide_referral(
                    referral=referral,
                    is_credited=form.cleaned_data["value"] == "credited",
                    reason=form.cleaned_data["reason"],
                    by=request.user,  # type: ignore[arg-type]
                    now=timezone.now(),
                )
            except InvalidDecision as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"The invitation of {referral.friend} is decided.")
                return redirect("admin:accounts_referral_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"{referral}",
            "form": form,
            "opts": self.opts,
            "state": f"It is {referral.get_state_display().lower()} now. {referral.reason}",
            "verb": "Decide",
        }
        return render(request, "admin/accounts/form.html", context, status=422 if form.errors else 200)


@admin.register(ApiToken)
class ApiTokenAdmin(LedgerAdmin):
    """Keys of programs. What they open can be closed here, and is not shown."""

    list_display = ("name", "user", "may", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "user__username")
    list_select_related = ("user",)
    fields = list_display
    readonly_fields = ("may",)
    actions = ("revoke_tokens",)

    @admin.display(description="may")
    def may(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Looking is not enough: whoever revokes may change tokens."""
        return bool(request.user.has_perm("accounts.change_apitoken"))

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Their programs are let in no more."""
        now = timezone.now()
        n_revoked = sum(revoke_token(user=row.user, pk=row.pk, now=now) for row in queryset)
        self.message_user(request, f"{n_revoked} revoked.", messages.SUCCESS)
