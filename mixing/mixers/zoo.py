"""Mixers on disk: safetensors files that say themselves what they are. Nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mixing.errors import MixerFileError
from mixing.mixers.base import Mixer
from mixing.mixers.card import MixerCard
from mixing.mixers.cnn import CnnConfig, CnnMixer
from mixing.mixers.weights_header import WeightsHeader

MAX_FILE_BYTES = 64 * 1024 * 1024
STRIPS = "strips."
ARCHITECTURES: dict[str, type[Mixer]] = {CnnMixer.architecture: CnnMixer}
# Parents of one offspring are of one size, so whoever comes from outside has the champions'.
STANDARD_CONFIGS = {CnnMixer.architecture: CnnConfig().to_dict()}


def save_mixer(mixer: Mixer, path: Path, metadata: Mapping[str, str]) -> str:
    """Write a mixer's weights, architecture and configuration, atomically.

    Args:
        metadata: more entries for the file's header, such as a breeding record; the two above are added.
    Returns: SHA-256 of the file.
    """
    header = dict(metadata) | {
        "architecture": mixer.architecture,
        "config": json.dumps(mixer.config.to_dict(), sort_keys=True),
    }
    content = save({k: v.contiguous() for k, v in mixer.network.state_dict().items()}, metadata=header)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)
    return hashlib.sha256(content).hexdigest()


def load_mixer(path: Path, card: MixerCard | None = None) -> Mixer:
    """Read a mixer and check that it is whole.

    Args:
        card: where given, the file's architecture and both its hashes must be the card's.
    Raises: MixerFileError for a file that is missing, damaged, foreign, not finite, or not what the card describes.
    """
    metadata, tensors = read_weights(path)
    architecture = metadata.get("architecture", "")
    if architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise MixerFileError(
            f"{path.name} names the unknown architecture {architecture!r}. Known are: {known}.",
            code="unknown_architecture",
        )
    try:
        config = json.loads(metadata["config"])
    except (KeyError, json.JSONDecodeError) as error:
        raise MixerFileError(
            f"{path.name} holds no readable configuration. Export it again.", code="bad_config"
        ) from error
    if not isinstance(config, dict):
        raise MixerFileError(f"{path.name} holds no readable configuration. Export it again.", code="bad_config")
    mixer = ARCHITECTURES[architecture].from_config(config)
    expected = mixer.network.state_dict()
    if card is not None:
        _check_card(path, card, architecture, tensors)
    if not any(name.startswith(STRIPS) for name in tensors):
        # A mixer from before there were stems leaves them alone, as an untrained one does.
        tensors = {name: tensor for name, tensor in expected.items() if name.startswith(STRIPS)} | tensors
    check_tensors(expected, tensors, path.name)
    mixer.network.load_state_dict(tensors)
    mixer.network.eval()
    return mixer


def read_weights(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """A weights file's header and tensors, unchecked against any architecture. Raises MixerFileError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise MixerFileError(f"{path.name} is larger than a mixer can be. Choose another file.", code="too_large")
        with safe_open(str(path), framework="pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise MixerFileError(f"{path.name} is missing. Put the mixer's weights back.", code="missing") from error
    except (SafetensorError, OSError) as error:
        raise MixerFileError(f"{path.name} is no whole safetensors file. Fetch it again.", code="damaged") from error


def check_tensors(expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor], name: str) -> None:
    """Raise MixerFileError unless names, shapes and types agree and every value is finite."""
    if set(expected) != set(found):
        wrong = sorted(set(expected).symmetric_difference(found))
        raise MixerFileError(
            f"{name} has missing or unknown weights, first {wrong[0]}. Use a file of this architecture.",
            code="wrong_names",
        )
    for key, tensor in found.items():
        if tensor.shape != expected[key].shape or tensor.dtype != expected[key].dtype:
            raise MixerFileError(
                f"{name} has weights of another shape or type at {key}. Use a file of this architecture.",
                code="wrong_shapes",
            )
        if not bool(torch.isfinite(tensor).all()):
            raise MixerFileError(
                f"{name} holds values that are not numbers at {key}. Fetch it again.", code="not_finite"
            )


def check_header(header: WeightsHeader) -> None:
    """Raise MixerFileError unless a file is of the standard size, before any of its weights is read."""
    architecture = header.metadata.get("architecture", "")
    if architecture not in ARCHITECTURES:
        raise MixerFileError(
            f"The weights name the unknown architecture {architecture[:80]!r}. "
            f"Known are: {', '.join(sorted(ARCHITECTURES))}.",
            code="unknown_architecture",
        )
    standard = STANDARD_CONFIGS[architecture]
    if header.config != standard:
        raise MixerFileError(
            f"The network has other sizes than the arena's, which are {json.dumps(standard)}. "
            "Train one of these sizes, so that it can have offspring with the others.",
            code="bad_config",
        )
    expected = ARCHITECTURES[architecture].from_config(standard).network.state_dict()
    if not any(name.startswith(STRIPS) for name in header.tensors):
        expected = {name: tensor for name, tensor in expected.items() if not name.startswith(STRIPS)}
    if odd := sorted(set(expected).symmetric_difference(header.tensors)):
        raise MixerFileError(
            f"The weights file has missing or unknown weights, first {odd[0][:80]}. Use a file of this architecture.",
            code="wrong_names",
        )
    for name, (kind, shape) in header.tensors.items():
        if kind != "F32" or shape != tuple(expected[name].shape):
            raise MixerFileError(
                f"The weights file has {name} as {kind} {list(shape)}, and {list(expected[name].shape)} in F32 is "
                "expected. Use a file of this architecture.",
                code="wrong_shapes",
            )


def content_hash(state_dict: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over names, shapes, types and values in name order: what a mixer *is*, whatever its header says."""
    digest = hashlib.sha256()
    for name in sorted(state_dict):
        tensor = state_dict[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tuple(tensor.shape)}|{tensor.dtype}|".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_card(path: Path, card: MixerCard, architecture: str, tensors: Mapping[str, torch.Tensor]) -> None:
    if card.architecture != architecture:
        raise MixerFileError(
            f"The card of {card.slug} describes another architecture than its weights. Restore both files.",
            code="wrong_card",
        )
    if card.sha256 != file_sha256(path) or card.content_hash != content_hash(tensors):
        raise MixerFileError(
            f"The weights of {card.slug} are not the ones on its card. Restore both files.", code="wrong_hash"
        )
