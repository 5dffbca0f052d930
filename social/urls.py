"""Addresses that anybody with the link may open, the list of what is public, and where owners make links."""

from django.urls import path

from social.views import owners, pages, sounds

app_name = "social"
urlpatterns = [
    path("listen/", pages.feed, name="feed"),
    path("s/<str:token>/", pages.shared, name="shared"),
    path("s/<str:token>/visit/", pages.visit, name="visit"),
    path("s/<str:token>/look/", pages.look, name="look"),
    path("s/<str:token>/rounds/<int:number>/", pages.battle, name="battle"),
    path("s/<str:token>/rounds/<int:number>/judge/", pages.judge, name="judge"),
    path("s/<str:token>/rounds/<int:number>/vote/<slug:ballot>/", pages.vote, name="vote"),
    path("s/<str:token>/sound/<int:pk>.wav", sounds.sound, name="sound"),
    path("tournaments/<uuid:public_id>/sharing/", owners.sharing, name="sharing"),
    path("tournaments/<uuid:public_id>/sharing/<str:kind>/<str:which>/", owners.share_part, name="share-part"),
    path("tournaments/<uuid:public_id>/sharing/revoke/", owners.take_back, name="revoke"),
]
