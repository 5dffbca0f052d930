"""Proof that a breeding was real: everything on record is measured again from the weights files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evolution.models import Breeding, Mixer
from mixing.errors import BreedingError

# How far a share measured again may lie from the one on record.
SHARE_TOLERANCE = 0.1


@dataclass(frozen=True)
class Finding:
    """One thing that was checked, and what came of it."""

    name: str
    passed: bool
    detail: str


def verify_breeding(breeding_id: int) -> list[Finding]:
    """Load the three weights files of a birth and check hash, inheritance, originality and replay.

    Raises: BreedingError where there is no such breeding or nothing was born; MixerFileError for unreadable weights.
    """
    # Torch stays out of the web process.
    from mixing.breeding.breed import measure_inheritance
    from mixing.breeding.gate import COPY_DISTANCE, load_gate_set
    from mixing.breeding.outputs import one_thread, rms_distance
    from mixing.mixers.zoo import content_hash, load_mixer
    from mixing.training.probe import answers

    breeding, born = _birth(breeding_id)
    if not born.weights:
        raise BreedingError(
            f"{born} has retired without offspring, and its weights were dropped. "
            "Its record can still be replayed with replay_breeding.",
            code="gone",
        )
    loser, winner, child = (Path(m.weights.path) for m in (breeding.loser, breeding.winner, born))
    offspring = load_mixer(child)
    own_hash = content_hash(offspring.network.state_dict())
    findings = [
        Finding("hash", own_hash == born.content_hash == breeding.record["hash"], own_hash),
    ]
    for group, share in measure_inheritance(child, loser, winner).items():
        stored = breeding.realized[group]
        close = share is stored is None or (
            share is not None and stored is not None and abs(share - stored) <= SHARE_TOLERANCE
        )
        told = [f"{x:.3f}" if x is not None else "nothing to inherit" for x in (share, stored)]
        findings.append(Finding(f"inheritance of {group}", close, f"measured {told[0]}, on record {told[1]}"))

    gate_set = load_gate_set()
    with one_thread():
        own = answers(offspring, gate_set.clean.log_mel, gate_set.clean.stats)
        others = Mixer.objects.filter(state=Mixer.State.ACTIVE) | Mixer.objects.filter(
            pk__in=[breeding.loser_id, breeding.winner_id]
        )
        for other in others.exclude(pk=born.pk).distinct():
            theirs = answers(load_mixer(Path(other.weights.path)), gate_set.clean.log_mel, gate_set.clean.stats)
            distance = rms_distance(own, theirs)
            findings.append(
                Finding(f"no copy of {other.slug}", distance >= COPY_DISTANCE, f"rms distance {distance:.4f}")
            )
    again = replay_breeding(breeding_id)[0]
    findings.append(Finding("replay", again == own_hash, again))
    return findings


def replay_breeding(breeding_id: int) -> tuple[str, str]:
    """Make an offspring again from its record and its parents' weights.

    Returns: the content hash of what came out, and the one on record.
    Raises: BreedingError where there is no such breeding, nothing was born, or a parent is no longer there.
    """
    from mixing.breeding.breed import replay

    breeding, born = _birth(breeding_id)
    record = breeding.record
    hashes = [record["loser"], record["winner"], record.get("guest"), *record.get("founders", [])]
    known = {m.content_hash: Path(m.weights.path) for m in Mixer.objects.filter(content_hash__in=hashes) if m.weights}
    missing = [digest for digest in hashes if digest is not None and digest not in known]
    if missing:
        raise BreedingError(
            f"The mixer with the weights {missing[0][:12]} is no longer here. Restore it from a backup.", code="gone"
        )
    again = replay(
        record,
        known[record["loser"]],
        known[record["winner"]],
        guest=known.get(record.get("guest")),
        founders=[known[digest] for digest in record.get("founders", [])],
    )
    return again, born.content_hash


def _birth(breeding_id: int) -> tuple[Breeding, Mixer]:
    breeding = Breeding.objects.select_related("loser", "winner", "offspring").filter(pk=breeding_id).first()
    if breeding is None:
        raise BreedingError(f"There is no breeding {breeding_id}. Look the number up in the admin.", code="unknown")
    if breeding.offspring is None:
        raise BreedingError(
            f"Breeding {breeding_id} is {breeding.get_state_display()} and has no offspring. Choose one that was born.",
            code="not_born",
        )
    return breeding, breeding.offspring
