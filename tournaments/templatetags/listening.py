"""Where the pages of other apps show how reliable listeners are."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from accounts.models import User
from tournaments.selectors.listening import is_left_out_by_curator, listening
from tournaments.services.verdicts import Exclusions, exclusions

register = template.Library()


@register.inclusion_tag("tournaments/_listening.html")
def own_listening(user: User) -> dict[str, Any]:
    """The listener's own reliability."""
    return {"listening": listening(user)}


@register.simple_tag
def left_out_by_curator(user: User) -> bool:
    """Whether a curator, and not the rule, leaves the votes of a listener out."""
    return is_left_out_by_curator(user)


@register.simple_tag
def exclusions_now() -> Exclusions:
    """For curators: how many listeners are left out."""
    return exclusions(now=timezone.now())
