"""Taking one's data along, deleting a song, and leaving."""

from __future__ import annotations

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tournaments.access import song_for_owner
from tournaments.selectors.own_data import own_data
from tournaments.services import departures
from tournaments.views.visitors import ListenerRequest, listener_required


@listener_required
@require_safe
def data(request: ListenerRequest) -> HttpResponse:
    """What one can do with one's data."""
    return render(request, "tournaments/data.html")


@listener_required
@never_cache
@require_safe
def export(request: ListenerRequest) -> HttpResponse:
    """Everything that is known of the listener, as one file."""
    response = JsonResponse(own_data(request.user), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="mixarena-data.json"'
    return response


@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_song(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Ask, then delete a song."""
    song = song_for_owner(request.user, public_id)
    if request.method != "POST":
        return render(request, "tournaments/song_delete.html", {"song": song})
    departures.delete_song(song=song, now=timezone.now())
    messages.success(request, f"{song.title} is deleted, with everything that was made from it.")
    return redirect("tournaments:songs")


@listener_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: ListenerRequest) -> HttpResponse:
    """Ask, then delete the account. Whoever is not sure to be its owner gives the password first."""
    if request.method != "POST":
        return render(request, "tournaments/leave.html")
    choice = request.POST.get("votes")
    if choice not in ("keep", "withdraw"):
        raise BadRequest("votes is neither keep nor withdraw")
    user = request.user
    logout(request)
    departures.delete_account(user=user, keeps_votes=choice == "keep", now=timezone.now())
    messages.success(request, "Your account is deleted. Thank you for listening.")
    return redirect("tournaments:home")
