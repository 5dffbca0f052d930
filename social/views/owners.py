"""Where owners say who may see what, and take links back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from social.forms import NameForm, Visibility, VisibilityForm
from social.selectors.owners import own_links
from tournaments.access import heard_mix_for_owner, round_for_owner, share_for_owner, tournament_for_owner
from tournaments.models import Share
from tournaments.services.sharing import revoke, share_battle, share_mix, share_tournament
from tournaments.views.visitors import ListenerRequest, listener_required

SAVED = {
    Visibility.PRIVATE: "Saved: only you can see this tournament.",
    Visibility.LINK: "Saved: whoever has the link can judge this tournament.",
    Visibility.PUBLIC: "Saved: everybody can find this tournament under Listen.",
}


@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Everything that is and can be shared of a tournament."""
    tournament = tournament_for_owner(request.user, public_id)
    links = own_links(tournament)
    known = links.whole
    visibility = Visibility.PRIVATE if known is None else Visibility.PUBLIC if known.is_public else Visibility.LINK
    form = VisibilityForm(request.POST or None, initial={"visibility": visibility, "name": known.name if known else ""})
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        chosen = form.cleaned_data["visibility"]
        if chosen != Visibility.PRIVATE:
            is_public = chosen == Visibility.PUBLIC
            share_tournament(tournament=tournament, name=form.cleaned_data["name"], is_public=is_public, now=now)
        elif known is not None:
            revoke(share=known, now=now)
        messages.success(request, SAVED[chosen])
        return redirect("social:sharing", public_id)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "social/sharing.html", {"tournament": tournament, "links": links, "form": form}, status=status
    )


@listener_required
@require_POST
def share_part(request: ListenerRequest, public_id: UUID, kind: str, which: str) -> HttpResponse:
    """Make a link to one battle (by its number) or one mix (by its id)."""
    tournament = tournament_for_owner(request.user, public_id)
    form = NameForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else request.POST.get("name", "")
    now = timezone.now()
    if kind == Share.Kind.BATTLE and which.isdecimal():
        share_battle(battle=round_for_owner(request.user, public_id, int(which)), name=name, now=now)
    elif kind == Share.Kind.MIX:
        try:
            mix_id = UUID(which)
        except ValueError:
            raise Http404 from None
        share_mix(tournament=tournament, mix=heard_mix_for_owner(request.user, tournament, mix_id), name=name, now=now)
    else:
        raise Http404
    return redirect("social:sharing", public_id)


@listener_required
@require_POST
def take_back(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Take a link back."""
    revoke(share=share_for_owner(request.user, request.POST.get("token", "")), now=timezone.now())
    return redirect("social:sharing", public_id)
