"""Addresses that anybody with the link may open."""

from django.urls import path

from social import views

app_name = "social"
urlpatterns = [
    path("s/<str:token>/", views.result, name="result"),
    path("s/<str:token>/sound/<int:pk>.wav", views.sound, name="sound"),
]
