"""Addresses of songs, tournaments, ballots, sound and mixers."""

from django.urls import path, re_path

from tournaments.views import albums, audio, battles, exports, home, mixers, people, recipes, songs, tournaments

app_name = "tournaments"
urlpatterns = [
    path("", home.home, name="home"),
    path("songs/", songs.song_list, name="songs"),
    path("songs/new/", songs.upload, name="upload"),
    path("songs/<uuid:public_id>/", songs.song, name="song"),
    path("songs/<uuid:public_id>/checks/", songs.song_checks, name="song-checks"),
    path("songs/<uuid:public_id>/analysis/", songs.song_analysis, name="song-analysis"),
    path("songs/<uuid:public_id>/stems/", songs.stems, name="stems"),
    path("songs/<uuid:public_id>/roles/", songs.roles, name="roles"),
    path("songs/<uuid:public_id>/start/", songs.start, name="start"),
    path("albums/", albums.album_list, name="albums"),
    path("albums/new/", albums.new_album, name="new-album"),
    path("albums/<uuid:public_id>/", albums.album, name="album"),
    path("albums/<uuid:public_id>/again/", albums.again, name="album-again"),
    path("albums/<uuid:public_id>/file/", albums.download, name="album-file"),
    path("tournaments/", tournaments.tournament_list, name="tournaments"),
    path("tournaments/<uuid:public_id>/", tournaments.tournament, name="tournament"),
    path("tournaments/<uuid:public_id>/live/", tournaments.live, name="live"),
    path("tournaments/<uuid:public_id>/battle/", battles.battle, name="battle"),
    path("tournaments/<uuid:public_id>/rounds/<int:number>/", tournaments.reveal_page, name="reveal"),
    path("tournaments/<uuid:public_id>/rounds/<int:number>/evolution/", tournaments.evolution_part, name="evolution"),
    path("tournaments/<uuid:public_id>/rounds/<int:number>/next/", tournaments.next_part, name="next"),
    path("tournaments/<uuid:public_id>/champion/", tournaments.choose_mix, name="choose-mix"),
    path("tournaments/<uuid:public_id>/share/", tournaments.share, name="share"),
    path("tournaments/<uuid:public_id>/mixes/<uuid:mix_id>/exports/", exports.make, name="make-export"),
    path("tournaments/<uuid:public_id>/mixes/<uuid:mix_id>/", recipes.recipe_page, name="recipe"),
    path("tournaments/<uuid:public_id>/mixes/<uuid:mix_id>/nudge/", recipes.nudge, name="nudge"),
    path("tournaments/<uuid:public_id>/mixes/<uuid:mix_id>/settings.json", exports.settings, name="mix-settings"),
    path("tournaments/<uuid:public_id>/exports/<int:pk>/", exports.export, name="export"),
    path("exports/<int:pk>/file/", audio.download, name="download"),
    path("ballots/<slug:token>/heard/", battles.heard, name="heard"),
    path("ballots/<slug:token>/vote/", battles.vote, name="vote"),
    re_path(r"^ballots/(?P<token>[-\w]+)/(?P<side>[ab])\.wav$", audio.ballot_audio, name="ballot-audio"),
    path("previews/<int:pk>.wav", audio.preview_audio, name="preview-audio"),
    path("mixers/", mixers.mixer_list, name="mixers"),
    path("mixers/<slug:slug>/", mixers.mixer, name="mixer"),
    path("mixers/<slug:slug>/follow/", people.follow, name="follow"),
    path("people/", people.people, name="people"),
    path("people/<str:username>/", people.person, name="person"),
]
