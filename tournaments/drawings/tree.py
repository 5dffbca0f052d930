"""A family as a picture: generations are rows, children stand below their parents, lines are as wide as the share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tournaments.drawings.layers import NODE_WIDTH, Layers, lay_out

NODE_HEIGHT, GAP_Y = 52, 56
MARGIN = 8
# A longer label would leave its node.
MAX_LABEL = 20
MIN_LINE, MAX_LINE = 1.0, 7.0
PORT_APART = 10


@dataclass(frozen=True)
class Member:
    """A mixer in the family; `generation` says in which rows it may stand.

    Attributes:
        code, series: its strongest capability as two letters and as the number of its color; empty and 0 without one.
        title: everything that the node tells, in words.
    """

    key: int
    label: str
    note: str
    title: str
    url: str
    generation: int
    code: str = ""
    series: int = 0
    is_subject: bool = False
    is_retired: bool = False

    @property
    def short_label(self) -> str:
        return self.label if len(self.label) <= MAX_LABEL else self.label[: MAX_LABEL - 1].rstrip() + "…"


@dataclass(frozen=True)
class Bond:
    """Parent to child, with the share of the child that comes from this parent (clipped to 0..1 for drawing).

    Attributes:
        port: where the line reaches the child: -1 left, 0 in the middle, 1 right.
    """

    parent: int
    child: int
    share: float
    port: int


@dataclass(frozen=True)
class Line:
    """A placed bond."""

    path: str
    width: float
    title: str


@dataclass(frozen=True)
class Node:
    """A placed member with the lines from its parents."""

    member: Member
    x: int
    y: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class TreePicture:
    """A drawing in SVG units, nodes row by row.

    Attributes:
        center: the key of the member that a window on the drawing should show first; None without members.
    """

    width: int
    height: int
    nodes: tuple[Node, ...]
    center: int | None
    node_width: int = NODE_WIDTH
    node_height: int = NODE_HEIGHT


def draw_tree(members: Sequence[Member], bonds: Sequence[Bond]) -> TreePicture:
    """Draw a family. Raises ValueError for a child that is not of a later generation than its parent."""
    by_key = {member.key: member for member in members}
    layers = lay_out({m.key: m.generation for m in members}, [(bond.parent, bond.child) for bond in bonds])
    lines: dict[int, list[Line]] = {member.key: [] for member in members}
    for bond in sorted(bonds, key=lambda bond: (bond.child, bond.port, bond.parent)):
        lines[bond.child].append(_line(bond, layers, by_key))
    nodes = tuple(
        Node(by_key[key], MARGIN + middle - NODE_WIDTH // 2, _top(depth), tuple(lines[key]))
        for depth, row in enumerate(layers.middles)
        for key, middle in row.items()
        if layers.home[key] == depth
    )
    subject = next((member.key for member in members if member.is_subject), None)
    first_row = list(layers.middles[0]) if layers.middles else []
    return TreePicture(
        width=layers.width + 2 * MARGIN,
        height=max(_top(len(layers.middles)) - GAP_Y, 0) + MARGIN,
        nodes=nodes,
        center=subject if subject is not None or not first_row else first_row[len(first_row) // 2],
    )


def _top(depth: int) -> int:
    return MARGIN + depth * (NODE_HEIGHT + GAP_Y)


def _line(bond: Bond, layers: Layers, by_key: Mapping[int, Member]) -> Line:
    start, end = layers.home[bond.parent], layers.home[bond.child]
    # Down the parent's lanes, then to the child, where lines from several parents arrive beside each other.
    stops = [layers.middles[depth][bond.parent] for depth in range(start, end)]
    stops.append(layers.middles[end][bond.child] + PORT_APART * bond.port)
    path, straight = f"M{MARGIN + stops[0]} {_top(start) + NODE_HEIGHT}", 0
    for x, to_x in pairwise(stops):
        if x == to_x:
            straight += GAP_Y
        else:
            path += f"v{straight}" * (straight > 0) + f"c0 {GAP_Y // 2} {to_x - x} {GAP_Y // 2} {to_x - x} {GAP_Y}"
            straight = 0
        straight += NODE_HEIGHT
    # The last row that it would pass is the child's own.
    straight -= NODE_HEIGHT
    path += f"v{straight}" * (straight > 0)
    share = min(max(bond.share, 0.0), 1.0)
    return Line(
        path=path,
        width=round(MIN_LINE + share * (MAX_LINE - MIN_LINE), 1),
        title=f"{round(bond.share * 100)} % of {by_key[bond.child].label} comes from {by_key[bond.parent].label}",
    )
