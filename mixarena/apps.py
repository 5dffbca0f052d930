"""The project as an app: it owns the commands that run the arena."""

from django.apps import AppConfig


class MixArenaConfig(AppConfig):
    """Loads the Celery application, so that every task and every sender agrees on it."""

    name = "mixarena"
    verbose_name = "MixArena"

    def ready(self) -> None:
        from mixarena import celery  # noqa: F401  (settings are complete only now)
