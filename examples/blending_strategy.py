"""How a blending strategy is added: a module with a declaration and a function, tried out here on two champions.

    python examples/blending_strategy.py

To make it part of the arena:

1. move the function to mixing/breeding/blend/agreeing.py,
2. move the declaration into STRATEGIES of mixing/breeding/blend/strategies.py, with the paper that it comes from,
3. name the function in _FUNCTIONS of mixing/breeding/blend/weights.py,
4. run `manage.py makemigrations evolution -n agreeing`: the admin's choices have grown,
5. add its numbers to tests/mixing/breeding/test_blending.py and a line to docs/evolution.md.

A curator then gives it to a genre in the admin. Breeding calls it by its name, heals what it made and lets the gate
judge it, as with every other strategy; the record of each breeding names it with its parameters.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mixing.breeding.blend.strategies import Strategy, StrategyParameter
from mixing.breeding.blend.tensors import Weights, check_compatible, winner_share
from mixing.breeding.ratio import Ratios
from mixing.console.parameter import GROUPS

DECLARATION = Strategy(
    "agreeing",
    "an example",
    parameters={
        "agreement": StrategyParameter(0.0, 1.0, 0.5, "how far weights move whose signs the parents disagree about")
    },
)


def blend(parents: Sequence[Weights], ratios: Ratios, *, agreement: float) -> dict[str, torch.Tensor]:
    """Blend on a straight line where the parents' weights have the same sign, and less far elsewhere.

    Args:
        parents: loser and winner.
        ratios: the winner's share, for the trunk and for each group's head.
        agreement: 1 is plain linear blending; 0 leaves the loser's weight where the signs differ.
    Returns: exactly the loser's weights at the share 0, and exactly the winner's at the share 1.
    """
    loser, winner = parents
    child = {}
    for name, a in loser.items():
        b, share = winner[name], winner_share(name, ratios)
        if share == 1.0:
            child[name] = b.clone()
            continue
        agrees = torch.sign(a) == torch.sign(b)
        child[name] = torch.lerp(a, b, torch.where(agrees, share, share * agreement).to(a.dtype))
    return child


def main() -> int:
    """Blend two champions, and say how far the child went from the loser to the winner."""
    slugs = ("baseline-beast", "enhanced-enforcer")
    loser, winner = (load_file(ROOT / "models" / slug / "weights.safetensors") for slug in slugs)
    check_compatible([loser, winner])
    ratios = Ratios(base=0.5, groups=dict.fromkeys(GROUPS, 0.5))
    for agreement in (0.0, 0.5, 1.0):
        child = blend([loser, winner], ratios, **DECLARATION.checked({"agreement": agreement}))
        moved = sum(float((child[name] - a).norm() ** 2) for name, a in loser.items()) ** 0.5
        whole = sum(float((winner[name] - a).norm() ** 2) for name, a in loser.items()) ** 0.5
        print(f"agreement {agreement:g}: {100 * moved / whole:.1f} % of the way from {slugs[0]} to {slugs[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
