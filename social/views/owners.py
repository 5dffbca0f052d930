"""Where owners say who may see what, and take links back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from social.forms import NameForm, Visibility, VisibilityForm
from social.selectors.owners import own_links
from tournaments.access import heard_mix_for_owner, round_for_owner, share_for_owner, tournament_for_owner
from tournaments.errors import InvalidShare
from tournaments.models import Share, Tournament
from tournaments.services.sharing import revoke, share_battle, share_mix, share_tournament
from tournaments.views.visitors import ListenerRequest, listener_required

SAVED = {
    Visibility.PRIVATE: "Saved: only you can see this tournament.",
    Visibility.LINK: "Saved: whoever has the link can judge this tournament.",
    Visibility.PUBLIC: "Saved: everybody can find this tournament under Listen.",
}
# What is wrong with a name is said at its field, all else at the head of the page.
_OF_THE_NAME = ("long_name", "reserved_name")


@dataclass(frozen=True)
class RefusedPart:
    """A link to a part that was not made: to which, the name that was typed for it, and why."""

    which: int | UUID
    name: str
    error: InvalidShare

    @property
    def at(self) -> int | UUID | None:
        """The part at whose field the error is said; None: it is no matter of the name."""
        return self.which if self.error.code in _OF_THE_NAME else None


@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Everything that is and can be shared of a tournament."""
    tournament = tournament_for_owner(request.user, public_id)
    if request.method != "POST":
        return _page(request, tournament)
    form = VisibilityForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data["visibility"]
        try:
            _share(tournament, chosen, form.cleaned_data["name"])
        except InvalidShare as error:
            form.add_error("name" if error.code in _OF_THE_NAME else None, error.message)
        else:
            messages.success(request, SAVED[chosen])
            return redirect("social:sharing", public_id)
    return _page(request, tournament, form=form)


@listener_required
@require_POST
def share_part(request: ListenerRequest, public_id: UUID, kind: str, which: str) -> HttpResponse:
    """Make a link to one battle (by its number) or one mix (by its id)."""
    tournament = tournament_for_owner(request.user, public_id)
    form = NameForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else request.POST.get("name", "")
    part = _part(kind, which)
    now = timezone.now()
    try:
        if isinstance(part, int):
            share_battle(battle=round_for_owner(request.user, public_id, part), name=name, now=now)
        else:
            share_mix(
                tournament=tournament, mix=heard_mix_for_owner(request.user, tournament, part), name=name, now=now
            )
    except InvalidShare as error:
        return _page(request, tournament, refused=RefusedPart(part, name, error))
    return redirect("social:sharing", public_id)


@listener_required
@require_POST
def take_back(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Take a link back."""
    revoke(share=share_for_owner(request.user, request.POST.get("token", "")), now=timezone.now())
    return redirect("social:sharing", public_id)


def _share(tournament: Tournament, chosen: str, name: str) -> None:
    """Open a whole tournament, or close it again. Raises InvalidShare."""
    now = timezone.now()
    known = own_links(tournament).whole
    if chosen != Visibility.PRIVATE:
        share_tournament(tournament=tournament, name=name, is_public=chosen == Visibility.PUBLIC, now=now)
    elif known is not None:
        revoke(share=known, now=now)


def _part(kind: str, which: str) -> int | UUID:
    """The number of a battle, or the id of a mix. Raises Http404."""
    try:
        if kind == Share.Kind.MIX:
            return UUID(which)
        if kind == Share.Kind.BATTLE and which.isdecimal():
            return int(which)
    except ValueError:
        pass
    raise Http404


def _page(
    request: ListenerRequest,
    tournament: Tournament,
    *,
    form: VisibilityForm | None = None,
    refused: RefusedPart | None = None,
) -> HttpResponse:
    """The page as it stands; with a form or a part that was refused, why, beside what was typed."""
    links = own_links(tournament)
    known = links.whole
    if form is None:
        visibility = Visibility.PRIVATE if known is None else Visibility.PUBLIC if known.is_public else Visibility.LINK
        form = VisibilityForm(initial={"visibility": visibility, "name": known.name if known else ""})
    context = {"tournament": tournament, "links": links, "form": form, "refused": refused}
    return render(request, "social/sharing.html", context, status=422 if form.is_bound or refused else 200)
