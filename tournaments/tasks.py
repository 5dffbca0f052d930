"""Background work by id: thin doors to the services, for Celery. Routes and limits stand in mixarena.celery."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tournaments.services import (
    albums,
    anchors,
    breedings,
    community,
    cuts,
    exports,
    mixes,
    official,
    rollups,
    songs,
    verdicts,
)
from tournaments.services import sweep as sweeping


@shared_task
def prepare_song(song_id: int) -> None:
    """Check a song and find its regions."""
    songs.prepare_song(song_id)


@shared_task
def analyze_song(analysis_id: int) -> None:
    """Measure a song for its page."""
    songs.analyze_song(analysis_id)


@shared_task
def plan_mix(mix_id: int) -> None:
    """Let a mixer choose its settings."""
    mixes.plan_mix(mix_id)


@shared_task
def render_mix(mix_id: int) -> None:
    """Render a mix and cut its previews."""
    cuts.render_mix(mix_id)


@shared_task
def cut_preview(preview_id: int) -> None:
    """Cut a preview at a level of its own."""
    cuts.cut_preview(preview_id)


@shared_task
def make_anchor(anchor_id: int) -> None:
    """Take the treble out of a preview."""
    anchors.make_anchor(anchor_id)


@shared_task
def make_export(export_id: int) -> None:
    """Write a mix as a file."""
    exports.make_export(export_id)


@shared_task
def plan_album(album_id: int) -> None:
    """Let a mixer choose the settings of an album's songs."""
    albums.plan_album(album_id)


@shared_task
def write_album(album_id: int) -> None:
    """Take an album one song further."""
    albums.write_album(album_id)


@shared_task
def breed(breeding_id: int) -> None:
    """Make an offspring."""
    breedings.breed(breeding_id)


@shared_task
def check_submission(submission_id: int) -> None:
    """Examine a mixer that somebody made."""
    community.check_submission(submission_id)


@shared_task
def compute_board() -> None:
    """Bring the official board up to date."""
    official.compute_board(now=timezone.now())


@shared_task
def roll_up() -> None:
    """Count the days that are missing or have changed, and look whether too many listeners are left out."""
    rollups.bring_up_to_date(now=timezone.now())
    verdicts.warn_of_exclusions(now=timezone.now())


@shared_task
def sweep() -> None:
    """Take up what was left behind."""
    sweeping.sweep()
