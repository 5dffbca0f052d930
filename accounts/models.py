"""Who listens and votes."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A listener. The project's own class from the first migration on, because it cannot be swapped in later."""
