"""Addresses of what listeners earn, and of their profiles."""

from django.urls import path

from accounts import token_pages, views

app_name = "accounts"
urlpatterns = [
    path("me/", views.progress, name="progress"),
    path("me/cabinet/", views.cabinet_page, name="cabinet"),
    path("me/credits/", views.credit_page, name="credits"),
    path("me/friends/", views.referrals, name="referrals"),
    path("me/notices/", views.notices, name="notices"),
    path("me/notices/seen/", views.seen, name="seen"),
    path("me/privacy/", views.privacy, name="privacy"),
    path("me/tokens/", token_pages.tokens, name="tokens"),
    path("me/tokens/<int:pk>/revoke/", token_pages.revoke, name="revoke-token"),
    path("join/<slug:code>/", views.join, name="join"),
    path("join/<slug:code>/visit/", views.visit, name="visit"),
]
