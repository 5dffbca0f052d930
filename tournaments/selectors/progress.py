"""Work that somebody waits for: how far it has come, how long such work usually takes, and what stands before it.

All of it is read from the rows that the workers work on. Nothing here tells the two mixes of a battle apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from celery import current_app
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from evolution.models import Breeding
from mixarena.jobs.leases import MAX_ATTEMPTS, Leased
from mixarena.jobs.steps import Step
from tournaments.models import Battle, Mix, Song, Tournament
from tournaments.services.breedings import BREED
from tournaments.services.mixes import PLAN, RENDER
from tournaments.services.sweep import STEPS

N_RECENT = 20


@dataclass(frozen=True)
class Stage:
    """One of the stages that work goes through. Its state is done, now or ahead."""

    label: str
    state: str
    detail: str = ""


@dataclass(frozen=True)
class Progress:
    """Work that is under way.

    Attributes:
        n_ahead: jobs that its workers were asked for earlier and have not done; 0 once somebody is at it.
        estimate_s: what is left of it usually takes so long once it is begun; None where nothing was measured yet.
    """

    stages: tuple[Stage, ...]
    n_ahead: int
    estimate_s: int | None


def preparation(tournament: Tournament, battle: Battle | None) -> Progress:
    """How far the next two mixes have come; before there is a pair, the offspring that it waits for."""
    if battle is None:
        return _before_the_pair(tournament)
    mixes = (battle.first, battle.second)
    n_planned = sum(mix.state != Mix.State.QUEUED for mix in mixes)
    n_rendered = sum(mix.state == Mix.State.READY for mix in mixes)
    return Progress(
        stages=(
            _stage("Both mixers choose their settings", n_planned),
            _stage("The whole song is rendered with each", n_rendered, is_begun=n_planned > 0),
            Stage("Both are cut to the best part and matched in loudness", "now" if n_rendered == 2 else "ahead"),
        ),
        n_ahead=min((jobs_ahead(_step(mix), mix) for mix in mixes if mix.state != Mix.State.READY), default=0),
        estimate_s=rendering_s(tournament.song, n_mixes=2 - n_rendered),
    )


def birth(breeding: Breeding) -> Progress:
    """How far a breeding has come that nobody has finished."""
    n_ahead = jobs_ahead(BREED, breeding)
    is_begun = breeding.lease_expires_at is not None
    work = "Blending both networks, healing the offspring and testing it"
    return Progress(
        stages=(
            Stage("Vote counted", "done"),
            Stage(work if is_begun else "Waiting for its turn to be bred", "now"),
            Stage("Name, rating and first mix of your song", "ahead"),
        ),
        n_ahead=n_ahead,
        estimate_s=breeding_s(),
    )


def first_mix(mix: Mix) -> Progress:
    """How far an offspring's mix of the song has come, until it can be heard beside its parent's."""
    states = {
        Mix.State.QUEUED: ("now", "ahead", "ahead"),
        Mix.State.PLANNED: ("done", "now", "ahead"),
        Mix.State.READY: ("done", "done", "now"),
    }[Mix.State(mix.state)]
    labels = (
        "It chooses its settings for your song",
        "Its mix of your song is rendered",
        "It is cut beside its parent’s",
    )
    is_ready = mix.state == Mix.State.READY
    return Progress(
        stages=tuple(map(Stage, labels, states)),
        n_ahead=0 if is_ready else jobs_ahead(_step(mix), mix),
        estimate_s=rendering_s(mix.song, n_mixes=0 if is_ready else 1),
    )


def jobs_ahead(step: Step, row: Leased) -> int:
    """How many jobs the same workers were asked for before this one and have not done; 0 while it is worked on."""
    model = type(row)
    if model._default_manager.filter(pk=row.pk, lease_expires_at__gte=Now()).exists():
        return 0
    queue = _queue(step)
    return sum(
        other.model._default_manager.filter(
            other.ready, Q(state=other.state), queued_at__lt=row.queued_at, attempts__lt=MAX_ATTEMPTS
        ).count()
        for other in STEPS
        if _queue(other) == queue
    )


def rendering_s(song: Song, *, n_mixes: int) -> int | None:
    """How long so many mixes of a song usually take, in whole seconds; None where none was measured.

    By the recent ones, in proportion to the length of all stems together.
    """
    recent = (
        Mix.objects.filter(state=Mix.State.READY, report__render_s__isnull=False)
        .order_by("-pk")
        .values_list("report__render_s", "song__duration_s", "song__n_stems")[:N_RECENT]
    )
    paces = [seconds / (duration_s * n_stems) for seconds, duration_s, n_stems in recent]
    if not paces or n_mixes == 0:
        return None
    n_turns = math.ceil(n_mixes / settings.RENDER_PROCESSES)
    return math.ceil(median(paces) * song.duration_s * song.n_stems * n_turns)


def breeding_s() -> int | None:
    """How long a breeding usually takes, in whole seconds; None where none was measured."""
    recent = Breeding.objects.filter(seconds__isnull=False).order_by("-pk").values_list("seconds", flat=True)[:N_RECENT]
    measured = [seconds for seconds in recent if seconds is not None]
    return math.ceil(median(measured)) if measured else None


def _before_the_pair(tournament: Tournament) -> Progress:
    keys = Battle.objects.filter(tournament=tournament, state=Battle.State.DECIDED).values("key")
    breeding = Breeding.objects.filter(key__in=keys, state=Breeding.State.REQUESTED).order_by("pk").first()
    return Progress(
        stages=(
            Stage("The offspring that may fight now is being bred", "now" if breeding else "done"),
            Stage("Two mixes are made", "ahead" if breeding else "now"),
        ),
        n_ahead=jobs_ahead(BREED, breeding) if breeding else 0,
        estimate_s=breeding_s() if breeding else None,
    )


def _stage(label: str, n_done: int, *, is_begun: bool = True) -> Stage:
    if n_done == 2:
        return Stage(label, "done")
    return Stage(label, "now" if is_begun else "ahead", "1 of 2 done" if n_done else "")


def _step(mix: Mix) -> Step:
    return PLAN if mix.state == Mix.State.QUEUED else RENDER


def _queue(step: Step) -> str:
    return str(current_app.conf.task_routes[step.task]["queue"])
