"""Mixers to take along: weights and card in one zip, which the folder `models/` of any arena takes as it is."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
import zipfile
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from evolution.models import Breeding, Mixer, Parentage
from mixing.mixers.card import MixerCard, to_toml
from mixing.mixers.weights_header import read_header

logger = logging.getLogger(__name__)

# A zip that nobody asked for in this time is deleted; asking again makes it again.
KEPT_FOR = timedelta(days=14)
# What the card of a community mixer says whose author has left.
GONE = "somebody who has left"
# Zips know no earlier date. The same mixer gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def bundle_of(mixer: Mixer) -> Path:
    """The zip of a mixer, made unless it is there. Raises FileNotFoundError where the weights are gone."""
    weights = Path(mixer.weights.path).read_bytes()
    card = to_toml(asdict(card_to_share(mixer, weights))).encode()
    folder = _folder()
    path = folder / f"{hashlib.sha256(weights + card).hexdigest()}.zip"
    if path.exists():
        os.utime(path)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part,
        zipfile.ZipFile(part, "w") as bundle,
    ):
        for name, content, method in (
            ("weights.safetensors", weights, zipfile.ZIP_STORED),
            ("card.toml", card, zipfile.ZIP_DEFLATED),
        ):
            bundle.writestr(zipfile.ZipInfo(f"{mixer.slug}/{name}", _DATE), content, method)
    Path(part.name).replace(path)
    return path


def card_to_share(mixer: Mixer, weights: bytes) -> MixerCard:
    """The whole card: what the registry knows, the licences of all that it learned from, and where it comes from."""
    metrics = dict(mixer.card.get("metrics", {}))
    birth = Breeding.objects.filter(offspring=mixer).first()
    if birth is not None:
        metrics["gate"] = {check["name"]: check["value"] for check in birth.gate.get("checks", [])}
    lineage = lineage_of(mixer)
    return MixerCard(
        name=mixer.name,
        slug=mixer.slug,
        nickname=mixer.nickname,
        architecture=mixer.architecture,
        rating=mixer.seed_rating,
        sha256=hashlib.sha256(weights).hexdigest(),
        content_hash=mixer.content_hash,
        description=mixer.description,
        generation=mixer.generation,
        parents=tuple(lineage.get(mixer.slug, {}).get("parents", {}).values()),
        genres=tuple(mixer.genres),
        specialities=tuple(mixer.specialities),
        config=read_header(io.BytesIO(weights), len(weights)).config,
        capabilities=_plain(mixer.capabilities),
        training=_plain(mixer.card.get("training", {})),
        metrics=_plain(metrics),
        author=_author(mixer),
        lineage=_plain(lineage),
    )


def _author(mixer: Mixer) -> str:
    if mixer.author is not None and mixer.author.is_active:
        return str(mixer.author.get_username())
    return "" if mixer.is_champion or mixer.generation else GONE


def lineage_of(mixer: Mixer) -> dict[str, Any]:
    """By slug, the mixer and all its ancestors that were bred: parents and shares by role. One query a generation."""
    lineage: dict[str, Any] = {}
    seen = {mixer.pk}
    generation = [mixer.pk]
    while generation:
        links = Parentage.objects.filter(child__in=generation).select_related("child", "parent").order_by("pk")
        generation = []
        for link in links:
            line = lineage.setdefault(
                link.child.slug,
                {"nickname": link.child.nickname, "generation": link.child.generation, "parents": {}, "shares": {}},
            )
            line["parents"][link.role] = link.parent.slug
            line["shares"][link.role] = link.share
            if link.parent_id not in seen:
                seen.add(link.parent_id)
                generation.append(link.parent_id)
    return lineage


def prune_downloads(*, now: datetime) -> int:
    """Delete the zips that nobody asked for lately; returns how many. Whoever is reading one reads it to its end."""
    n_pruned = 0
    for path in _folder().glob("*.*"):
        try:
            if path.stat().st_mtime < (now - KEPT_FOR).timestamp():
                path.unlink()
                n_pruned += 1
        except FileNotFoundError:
            continue
    if n_pruned:
        logger.info("pruned downloads=%s", n_pruned)
    return n_pruned


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "downloads"


def _plain(value: Any) -> Any:
    """Without what TOML cannot hold: entries of None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value if item is not None]
    return value
