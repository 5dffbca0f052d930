"""Breedings: requested after a decided vote, computed by a worker, registered in one transaction."""

from __future__ import annotations

import json
import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from evolution.models import Breeding, Mixer, Parentage
from evolution.services.strategies import guest_for, strategy_of
from mixarena.jobs.leases import Lease
from mixing.breeding.blend.strategies import GUEST_SHARE
from mixing.errors import BreedingError

if TYPE_CHECKING:
    from mixing.breeding.breed import BreedingResult
    from mixing.breeding.taste import TastePosterior

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of a breeding, ready to be written.

    Attributes:
        fields: new values of the Breeding row.
        offspring: an unsaved Mixer whose weights already lie in storage; None where the gate rejected it.
        shares: by role, adding up to 1; realized ones of loser and winner, averaged over the groups.
        guest: the third parent, where the strategy takes one.
    """

    fields: dict[str, Any]
    offspring: Mixer | None
    shares: dict[str, float]
    guest: Mixer | None = None


def request_breeding(
    *,
    key: str,
    loser: Mixer,
    winner: Mixer,
    confidence: float,
    rating_gap: float,
    seed: int,
    genre: str,
    newborn_rating: float,
) -> Breeding:
    """Ask for an offspring; the same key again gives the same breeding.

    Args:
        key: names the battle; opaque here.
        confidence: of the vote, 0 to 1.
        rating_gap: the winner's live rating minus the loser's, after the vote.
        seed: non-negative.
        newborn_rating: what an offspring starts with.
    """
    breeding, _ = Breeding.objects.get_or_create(
        key=key,
        defaults={
            "loser": loser,
            "winner": winner,
            "confidence": confidence,
            "rating_gap": rating_gap,
            "seed": seed,
            "genre": genre,
            "newborn_rating": newborn_rating,
        },
    )
    return breeding


def compute_breeding(breeding: Breeding, *, taste: TastePosterior) -> Outcome:
    """Do the work: seconds of it, without writing to the database. The caller holds the lease.

    Args:
        taste: of the breeding's genre, which the offspring takes a small step towards.
    Raises: BreedingError or MixerFileError where the parents cannot be bred.
    """
    # Torch and numba stay out of the web process.
    from mixing.breeding.breed import BreedingRequest, breed
    from mixing.breeding.ratio import plan_ratios

    started = time.monotonic()
    loser, winner = breeding.loser, breeding.winner
    living = Mixer.objects.filter(state=Mixer.State.ACTIVE)
    strategy, parameters = strategy_of(breeding.genre)
    guest = guest_for(loser=loser, winner=winner, genre=breeding.genre) if strategy.needs_guest else None
    ratios = plan_ratios(
        confidence=breeding.confidence,
        rating_gap=breeding.rating_gap,
        loser_capabilities=loser.capabilities,
        winner_capabilities=winner.capabilities,
    )
    result = breed(
        BreedingRequest(
            loser=Path(loser.weights.path),
            winner=Path(winner.weights.path),
            ratios=ratios,
            seed=breeding.seed,
            living=tuple(Path(mixer.weights.path) for mixer in living),
            strategy=strategy.name,
            parameters=parameters,
            guest=Path(guest.weights.path) if guest else None,
            founders=tuple(Path(mixer.weights.path) for mixer in founders()) if strategy.needs_base else (),
            taste=taste,
        )
    )
    fields: dict[str, Any] = {
        "requested": ratios.to_dict(),
        "realized": result.realized,
        "gate": result.gate.to_dict(),
        "record": result.record,
    }
    offspring = _make_offspring(breeding, result, guest) if result.offspring is not None else None
    if offspring is None:
        fields |= {"state": Breeding.State.REJECTED, "reason": result.gate.reason}
    else:
        fields |= {"state": Breeding.State.BORN}
    seconds = time.monotonic() - started
    logger.info("bred breeding=%s state=%s seconds=%.1f", breeding.pk, fields["state"], seconds)
    return Outcome(fields=fields | {"seconds": seconds}, offspring=offspring, shares=_shares(result), guest=guest)


def register(*, breeding: Breeding, lease: Lease, outcome: Outcome) -> Mixer | None:
    """Write an outcome inside the caller's transaction.

    Returns: the offspring, or None where there is none.
    Raises: BreedingError if the lease was lost meanwhile: somebody else is at it, and nothing may be written.
    """
    offspring = outcome.offspring
    if offspring is not None:
        offspring.slug = _free_slug(offspring.slug)
        offspring.save(force_insert=True)
        parents = {"loser": breeding.loser, "winner": breeding.winner}
        if outcome.guest is not None:
            parents["guest"] = outcome.guest
        for role, share in outcome.shares.items():
            Parentage.objects.create(child=offspring, parent=parents[role], role=role, share=share)
    if not lease.finish(**outcome.fields, offspring=offspring, finished_at=timezone.now()):
        raise BreedingError("Another worker has taken over this breeding. Its result counts.", code="lease_lost")
    return offspring


def founders() -> list[Mixer]:
    """The living champions, whose average is the base of some strategies; in one order."""
    return list(Mixer.objects.filter(state=Mixer.State.ACTIVE, is_champion=True).order_by("content_hash"))


def _shares(result: BreedingResult) -> dict[str, float]:
    """By role: the winner's realized share of what is not the guest's, which is as planned."""
    realized = [share for share in result.realized.values() if share is not None]
    winner = sum(realized) / len(realized) if realized else 0.5
    guest = result.record["parameters"].get(GUEST_SHARE, 0.0)
    shares = {"loser": (1.0 - guest) * (1.0 - winner), "winner": (1.0 - guest) * winner}
    return shares | ({"guest": guest} if guest else {})


def _make_offspring(breeding: Breeding, result: BreedingResult, guest: Mixer | None) -> Mixer:
    from mixing.breeding.names import name_offspring
    from mixing.breeding.profile import measure_profile, specialities_of
    from mixing.mixers.zoo import save_mixer

    assert result.offspring is not None  # noqa: S101 - narrows the type; the caller has checked
    loser, winner = breeding.loser, breeding.winner
    parents = [loser, winner, *([guest] if guest else [])]
    profile = measure_profile(result.offspring)
    capabilities = {name: interval.value for name, interval in profile.items()}
    generation = max(parent.generation for parent in parents) + 1
    nickname = name_offspring(
        child=capabilities,
        loser=loser.capabilities,
        winner=winner.capabilities,
        loser_nickname=loser.nickname,
        winner_nickname=winner.nickname,
        generation=generation,
    )
    specialities = specialities_of(capabilities)
    inherited = {name for parent in parents for name in parent.specialities}
    card = {
        "metrics": {"capability_intervals": {name: [i.low, i.high] for name, i in profile.items()}},
        "training": {"packages": _packages(*parents), "bred_from": [parent.slug for parent in parents]},
        "specialities": {
            "kept": [name for name in specialities if name in inherited],
            "emerged": [name for name in specialities if name not in inherited],
            "lost": sorted(inherited - set(specialities)),
        },
    }
    slug = f"{nickname.lower().replace(' ', '-')}-{result.hash[:6]}"
    metadata = {
        "name": nickname,
        "generation": str(generation),
        "parents": json.dumps([parent.slug for parent in parents]),
        "breeding": json.dumps(result.record, sort_keys=True),
        "gate": json.dumps(result.gate.to_dict(), sort_keys=True),
        "capabilities": json.dumps(capabilities, sort_keys=True),
        "card": json.dumps(card, sort_keys=True),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save_mixer(result.offspring, path, metadata)
        # A retry writes the very same bytes, so the name may be taken already.
        name = f"mixers/{result.hash}.safetensors"
        default_storage.delete(name)
        stored = default_storage.save(name, ContentFile(path.read_bytes()))
    return Mixer(
        slug=slug,
        name=nickname,
        nickname=nickname,
        description=f"{loser.nickname} after learning from {winner.nickname}.",
        architecture=result.offspring.architecture,
        generation=generation,
        genres=[genre for genre in loser.genres if genre in winner.genres] or [breeding.genre],
        specialities=specialities,
        capabilities=capabilities,
        style=result.style.tolist(),
        card=card,
        weights=stored,
        content_hash=result.hash,
        seed_rating=breeding.newborn_rating,
    )


def _packages(*parents: Mixer) -> dict[str, list[str]]:
    """What the parents were trained on, with every licence: an offspring owes what they owe."""
    merged: dict[str, set[str]] = {}
    for parent in parents:
        for package, licences in parent.card["training"].get("packages", {}).items():
            merged.setdefault(package, set()).update(licences)
    return {package: sorted(licences) for package, licences in sorted(merged.items())}


def _free_slug(slug: str) -> str:
    taken = Mixer.objects.filter(slug=slug).exists()
    return f"{slug}-{Mixer.objects.count()}" if taken else slug
