"""What a curator may do with a mixer."""

from __future__ import annotations

from django.utils import timezone

from evolution.models import Mixer


def retire(*, mixer: Mixer) -> bool:
    """Take a mixer out of future tournaments; its history stays. False when it was retired already."""
    changed = Mixer.objects.filter(pk=mixer.pk, state=Mixer.State.ACTIVE).update(
        state=Mixer.State.RETIRED, retired_at=timezone.now()
    )
    return bool(changed)


def activate(*, mixer: Mixer) -> bool:
    """Let a retired mixer battle again. False when it was active already, or its weights are gone."""
    changed = (
        Mixer.objects.filter(pk=mixer.pk, state=Mixer.State.RETIRED)
        .exclude(weights="")
        .update(state=Mixer.State.ACTIVE, retired_at=None)
    )
    return bool(changed)
