"""Background work by id: thin doors to the services, for Celery."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from social.services import clips


@shared_task
def make_clip(clip_id: int) -> None:
    """Write a clip."""
    clips.make_clip(clip_id)


@shared_task
def sweep_clips() -> None:
    """Take up clips that were left behind."""
    clips.sweep_clips(now=timezone.now())
