"""The strategies by name, with the parameters that each declares: what a genre may choose, and what a record names.

Free of numeric libraries, so that the admin can check a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mixing.errors import BreedingError

# The parameter that says how much a third parent gives.
GUEST_SHARE = "guest_share"


@dataclass(frozen=True)
class StrategyParameter:
    """A number that a strategy takes: its range and what it is where nobody chose."""

    low: float
    high: float
    default: float
    meaning: str


@dataclass(frozen=True)
class Strategy:
    """A way to blend.

    Attributes:
        needs_base: takes the founders' average as the keyword `base`.
        needs_guest: takes a third parent.
        source: paper.
    """

    name: str
    source: str
    needs_base: bool = False
    needs_guest: bool = False
    parameters: dict[str, StrategyParameter] = field(default_factory=dict)

    def checked(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters, the defaults where none is given. Raises BreedingError for unknown or impossible ones."""
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            raise BreedingError(
                f"The strategy {self.name} has no parameter {unknown[0]!r}. It knows: "
                f"{', '.join(sorted(self.parameters)) or 'none'}.",
                code="bad_strategy",
            )
        values = {}
        for name, parameter in self.parameters.items():
            value = given.get(name, parameter.default)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise BreedingError(f"The parameter {name} is no number. Give a number.", code="bad_strategy")
            if not parameter.low <= value <= parameter.high:
                raise BreedingError(
                    f"The parameter {name} of {self.name} is {value}. "
                    f"Give a number from {parameter.low} to {parameter.high}.",
                    code="bad_strategy",
                )
            values[name] = float(value)
        return values


_GUEST = StrategyParameter(0.05, 0.4, 0.2, "share of the guest in everything")
_SCALE = StrategyParameter(0.5, 1.5, 1.0, "scale of what was learned beyond the founders' average")
STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("linear", "Wortsman et al. 2022"),
        Strategy("slerp", "Shoemake 1985"),
        Strategy(
            "task_arithmetic",
            "Ilharco et al. 2023",
            needs_base=True,
            parameters={"scale": _SCALE},
        ),
        Strategy(
            "ties",
            "Yadav et al. 2023",
            needs_base=True,
            needs_guest=True,
            parameters={
                "density": StrategyParameter(0.05, 1.0, 0.5, "share of each tensor's changes that is kept"),
                "scale": _SCALE,
                GUEST_SHARE: _GUEST,
            },
        ),
    )
}
DEFAULT = "linear"


def strategy_named(name: str) -> Strategy:
    """The strategy. Raises BreedingError for an unknown name."""
    if name not in STRATEGIES:
        raise BreedingError(
            f"There is no strategy {name!r}. Choose one of {', '.join(STRATEGIES)}.", code="bad_strategy"
        )
    return STRATEGIES[name]
