"""The Celery application: how background work is sent, spread over queues, and run.

The truth about unfinished work is in the database; a message is only the hint that a worker may look. What the broker
loses, the sweep sends again.
"""

from __future__ import annotations

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mixarena.settings")

from django.conf import settings

from mixarena.worker import install

NEURAL_TASKS = ("prepare_song", "analyze_song", "plan_mix", "plan_album", "breed", "check_submission")
RENDER_TASKS = ("render_mix", "cut_preview", "make_anchor", "make_export", "write_album", "compute_board", "roll_up")
SWEEP = "tournaments.tasks.sweep"
SWEEP_EVERY_S = 10.0
BOARD_EVERY_S = 300.0
ROLL_UP_EVERY_S = 3600.0
CLIPS = "social.tasks.sweep_clips"
CLIPS_EVERY_S = 20.0


def broker_url(redis_url: str) -> str:
    """The broker's address as kombu spells it: a Unix socket has another scheme there."""
    return redis_url.replace("unix:", "redis+socket:", 1) if redis_url.startswith("unix:") else redis_url


# It fears that pickled messages are run as root. Messages here are JSON, and workers do what the database says.
warnings.filterwarnings("ignore", message="You.re running the worker with superuser privileges")

app = Celery("mixarena")
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL) or "redis://127.0.0.1:6379/0",
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 3600, "socket_connect_timeout": 2},
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_serializer="json",
    accept_content=["json"],
    task_soft_time_limit=900,
    task_time_limit=960,
    task_default_queue="render",
    task_routes={
        **{f"tournaments.tasks.{name}": {"queue": "neural"} for name in NEURAL_TASKS},
        **{f"tournaments.tasks.{name}": {"queue": "render"} for name in RENDER_TASKS},
        "social.tasks.make_clip": {"queue": "render"},
        SWEEP: {"queue": "sweep"},
        CLIPS: {"queue": "sweep"},
    },
    worker_prefetch_multiplier=1,
    worker_proc_alive_timeout=120,
    worker_max_tasks_per_child=200,
    # CUDA's own libraries take gigabytes of a worker that renders previews on a GPU.
    worker_max_memory_per_child=8_000_000 if settings.PREVIEW_CONSOLE == "torch" else 1_200_000,
    worker_hijack_root_logger=False,
    # A sweep that found no worker in time is replaced by the next one, so they never pile up.
    beat_schedule={
        "sweep": {"task": SWEEP, "schedule": SWEEP_EVERY_S, "options": {"expires": SWEEP_EVERY_S}},
        "clips": {"task": CLIPS, "schedule": CLIPS_EVERY_S, "options": {"expires": CLIPS_EVERY_S}},
        "board": {
            "task": "tournaments.tasks.compute_board",
            "schedule": BOARD_EVERY_S,
            "options": {"expires": BOARD_EVERY_S},
        },
        "roll-up": {
            "task": "tournaments.tasks.roll_up",
            "schedule": ROLL_UP_EVERY_S,
            "options": {"expires": ROLL_UP_EVERY_S},
        },
    },
    timezone="UTC",
)
app.autodiscover_tasks()
install(app, SWEEP, SWEEP_EVERY_S)
