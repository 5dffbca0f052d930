"""Addresses of the API and of its description."""

from django.urls import path

from api.arena_api import api
from api.docs import docs

urlpatterns = [
    path("docs", docs, name="api-docs"),
    path("", api.urls),
]
