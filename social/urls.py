"""Addresses that anybody with the link may open, the list of what is public, and where owners make links."""

from django.urls import path

from social.views import clips, live, owners, pages, pictures, queue, sounds

app_name = "social"
urlpatterns = [
    path("listen/", pages.feed, name="feed"),
    path("judge/", queue.judge, name="judge"),
    path("judge/<int:number>/", queue.judged, name="judged"),
    path("judge/<slug:token>/vote/", queue.vote, name="judge-vote"),
    path("judge/<slug:token>/another/", queue.another, name="judge-another"),
    path("s/<str:token>/", pages.shared, name="shared"),
    path("s/<str:token>/picture.png", pictures.picture, name="picture"),
    path("s/<str:token>/visit/", pages.visit, name="visit"),
    path("s/<str:token>/look/", pages.look, name="look"),
    path("s/<str:token>/rounds/<int:number>/", pages.battle, name="battle"),
    path("s/<str:token>/rounds/<int:number>/judge/", pages.begin, name="begin"),
    path("s/<str:token>/rounds/<int:number>/vote/<slug:ballot>/", pages.vote, name="vote"),
    path("s/<str:token>/live/", live.live, name="live"),
    path("s/<str:token>/rounds/<int:number>/pulse/", live.pulse_part, name="pulse"),
    path("s/<str:token>/rounds/<int:number>/crowd/", live.crowd_part, name="crowd"),
    path("s/<str:token>/sound/<int:pk>.wav", sounds.sound, name="sound"),
    path("tournaments/<uuid:public_id>/audience/", live.audience_part, name="audience"),
    path("tournaments/<uuid:public_id>/audience/<int:number>/", live.owner_crowd_part, name="owner-crowd"),
    path("tournaments/<uuid:public_id>/sharing/", owners.sharing, name="sharing"),
    path("tournaments/<uuid:public_id>/sharing/clips/<int:number>/", clips.clip, name="clip"),
    path("clips/<int:pk>/picture.png", clips.clip_picture, name="clip-picture"),
    path("clips/<int:pk>/<str:kind>/", clips.clip_file, name="clip-file"),
    path("tournaments/<uuid:public_id>/sharing/<str:kind>/<str:which>/", owners.share_part, name="share-part"),
    path("tournaments/<uuid:public_id>/sharing/revoke/", owners.take_back, name="revoke"),
]
