"""Addresses of the whole site."""

from django.contrib import admin
from django.urls import include, path

from mixarena.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", include("api.urls")),
    path("", include("accounts.urls")),
    path("", include("social.urls")),
    path("", include("tournaments.urls")),
]

handler400 = "mixarena.web.errors.bad_request"
handler403 = "mixarena.web.errors.permission_denied"
handler404 = "mixarena.web.errors.page_not_found"
handler429 = "mixarena.web.errors.too_many_requests"  # asked for by allauth
handler500 = "mixarena.web.errors.server_error"
