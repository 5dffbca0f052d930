"""Where the shipped champions lie."""

from pathlib import Path

MODELS = Path(__file__).parents[3] / "models"


def weights_of(slug: str) -> Path:
    """A champion's weights."""
    return MODELS / slug / "weights.safetensors"
