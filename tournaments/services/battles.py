"""Opening battles: both mixes are rendered, their cuts are matched, and they differ to the ear."""

from __future__ import annotations

import logging

from django.db.models import Q
from django.db.models.functions import Now

from tournaments.models import Battle, Mix, Preview, Tournament
from tournaments.services.previews import are_audibly_different, level_for, request_cut
from tournaments.services.tournaments import tell, void_battle

logger = logging.getLogger(__name__)

HIGHLIGHT = Preview.Region.HIGHLIGHT


def open_if_ready(battle_id: int) -> bool:
    """Open a battle whose mixes are rendered and cut at one level; ask for the cuts that are missing.

    A battle of two mixes that cannot be told apart, or of one that cannot be made, is voided, and the tournament goes
    on to another pair. Reads two files, so call it outside of transactions.

    Returns: whether the battle has been opened by this call.
    """
    battle = Battle.objects.select_related("tournament", "first__song", "second__song").get(pk=battle_id)
    if battle.state != Battle.State.PREPARING:
        return False
    mixes = (battle.first, battle.second)
    if any(mix.state == Mix.State.FAILED for mix in mixes):
        void_battle(battle_id)
        return False
    if any(mix.state != Mix.State.READY for mix in mixes):
        return False
    level_lufs = level_for(*(mix.highlight_lufs for mix in mixes if mix.highlight_lufs is not None))
    previews = [request_cut(mix=mix, region=HIGHLIGHT, level_lufs=level_lufs) for mix in mixes]
    if any(preview.state == Preview.State.QUEUED for preview in previews):
        return False
    if any(preview.state == Preview.State.FAILED for preview in previews) or not are_audibly_different(*previews):
        void_battle(battle_id)
        return False
    is_opened = bool(
        Battle.objects.filter(pk=battle_id, state=Battle.State.PREPARING).update(
            state=Battle.State.OPEN, level_lufs=level_lufs, opened_at=Now()
        )
    )
    if is_opened:
        logger.info("opened battle=%s tournament=%s", battle_id, battle.tournament_id)
        tell(battle.tournament)
    return is_opened


def open_waiting(mix_id: int) -> None:
    """After news of a mix: open the battles that waited for it, and let pages know that show it."""
    battles = Battle.objects.filter(Q(first=mix_id) | Q(second=mix_id), state=Battle.State.PREPARING)
    for battle_id in battles.values_list("pk", flat=True):
        open_if_ready(battle_id)
    for tournament in Tournament.objects.filter(state=Tournament.State.RUNNING, song__mixes=mix_id):
        tell(tournament)
