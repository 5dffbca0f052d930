"""Mixers that listeners make, and mixers to take along."""

from __future__ import annotations

from pathlib import Path

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from evolution.models import Mixer, Submission
from evolution.services.downloads import bundle_of
from evolution.services.submitted_cards import EXAMPLE
from mixarena.web.ranges import file_response
from mixing.errors import MixArenaError
from tournaments.forms import SubmissionForm
from tournaments.selectors.submissions import submissions_of
from tournaments.services.community import submit as submit_mixer
from tournaments.views.visitors import ListenerRequest, listener_required


@vary_on_headers("HX-Request")
@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: ListenerRequest) -> HttpResponse:
    """The form, and how far one's own submissions have come; only the latter where htmx asks."""
    if request.method != "POST":
        return _page(request, SubmissionForm(), status=200)
    form = SubmissionForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            submit_mixer(
                author=request.user,
                weights=form.cleaned_data["weights"],
                card=form.cleaned_data["card"],
                now=timezone.now(),
            )
        except MixArenaError as error:
            form.add_error(None, error.message)
        else:
            return redirect("tournaments:submit-mixer")
    return _page(request, form, status=422)


async def download(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A mixer's weights and card as a zip; mixers belong to everybody."""
    path = await sync_to_async(bundle_or_404)(slug)
    return await file_response(
        request, path, "application/zip", etag=path.stem[:32], download_name=f"mixarena-{slug}.zip"
    )


def bundle_or_404(slug: str) -> Path:
    """The zip of a mixer that still has weights. Raises Http404."""
    mixer = get_object_or_404(Mixer.objects.select_related("author").exclude(weights=""), slug=slug)
    try:
        return bundle_of(mixer)
    except FileNotFoundError as error:
        raise Http404 from error


def _page(request: ListenerRequest, form: SubmissionForm, *, status: int) -> HttpResponse:
    lines = submissions_of(request.user)
    context = {
        "form": form,
        "lines": lines,
        "is_checking": any(line.submission.state == Submission.State.CHECKING for line in lines),
        "max_mb": settings.MAX_MIXER_MB,
        "example": EXAMPLE,
    }
    is_part = request.htmx and request.method != "POST"
    template = "tournaments/_submissions.html" if is_part else "tournaments/submit_mixer.html"
    return render(request, template, context, status=status)
