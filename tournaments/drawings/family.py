"""A family as a picture: generations are rows, a child stands below its parents, edges are as wide as the share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NODE_WIDTH, NODE_HEIGHT = 168, 52
GAP_X, GAP_Y = 24, 64
MARGIN = 8
N_SWEEPS = 4
MIN_EDGE, MAX_EDGE = 1.5, 8.0


@dataclass(frozen=True)
class Member:
    """A mixer in the family; `generation` says which row it stands in."""

    key: int
    label: str
    note: str
    url: str
    generation: int
    is_subject: bool = False
    is_retired: bool = False


@dataclass(frozen=True)
class Bond:
    """Parent to child, with the share of what the child realized from this parent (clipped to 0..1 for drawing)."""

    parent: int
    child: int
    share: float
    is_winner: bool


@dataclass(frozen=True)
class Node:
    """A placed member."""

    member: Member
    x: float
    y: float
    width: int
    height: int
    middle_x: float
    label_y: float
    note_y: float


@dataclass(frozen=True)
class Edge:
    """A placed bond."""

    path: str
    width: float
    is_winner: bool
    title: str


@dataclass(frozen=True)
class FamilyPicture:
    """A drawing in SVG units."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw_family(members: Sequence[Member], bonds: Sequence[Bond]) -> FamilyPicture:
    """Place members in rows by generation and order each row by the mean position of its relatives (barycentre)."""
    rows = _ordered_rows(members, bonds)
    columns = max((len(row) for row in rows), default=0)
    width = MARGIN * 2 + columns * NODE_WIDTH + max(0, columns - 1) * GAP_X
    height = MARGIN * 2 + len(rows) * NODE_HEIGHT + max(0, len(rows) - 1) * GAP_Y
    nodes: dict[int, Node] = {}
    for depth, row in enumerate(rows):
        row_width = len(row) * NODE_WIDTH + (len(row) - 1) * GAP_X
        y = MARGIN + depth * (NODE_HEIGHT + GAP_Y)
        for i, member in enumerate(row):
            x = (width - row_width) / 2 + i * (NODE_WIDTH + GAP_X)
            nodes[member.key] = Node(
                member=member,
                x=x,
                y=y,
                width=NODE_WIDTH,
                height=NODE_HEIGHT,
                middle_x=x + NODE_WIDTH / 2,
                label_y=y + NODE_HEIGHT * 0.43,
                note_y=y + NODE_HEIGHT * 0.78,
            )
    labels = {member.key: member.label for member in members}
    edges = tuple(_edge(bond, nodes, labels) for bond in bonds if bond.parent in nodes and bond.child in nodes)
    return FamilyPicture(width, height, tuple(nodes.values()), edges)


def _ordered_rows(members: Sequence[Member], bonds: Sequence[Bond]) -> list[list[Member]]:
    generations = sorted({member.generation for member in members})
    rows = [[m for m in members if m.generation == g] for g in generations]
    relatives: dict[int, list[int]] = {member.key: [] for member in members}
    for bond in bonds:
        if bond.parent in relatives and bond.child in relatives:
            relatives[bond.parent].append(bond.child)
            relatives[bond.child].append(bond.parent)
    position = _positions(rows)
    for _ in range(N_SWEEPS):
        for row in rows:
            # Members without relatives keep their place; ties keep their order, so that the picture never flickers.
            row.sort(key=lambda m: _barycentre(relatives[m.key], position, position[m.key]))
            position.update(_positions([row]))
    return rows


def _positions(rows: list[list[Member]]) -> dict[int, float]:
    return {member.key: (i + 0.5) / len(row) for row in rows for i, member in enumerate(row)}


def _barycentre(relatives: Sequence[int], position: Mapping[int, float], own: float) -> float:
    return sum(position[key] for key in relatives) / len(relatives) if relatives else own


def _edge(bond: Bond, nodes: Mapping[int, Node], labels: Mapping[int, str]) -> Edge:
    parent, child = nodes[bond.parent], nodes[bond.child]
    x1, y1 = parent.middle_x, parent.y + parent.height
    # The two parents' edges arrive beside each other, the learner's on the left.
    x2, y2 = child.middle_x + (10 if bond.is_winner else -10), child.y
    bend = (y2 - y1) / 2
    share = min(max(bond.share, 0.0), 1.0)
    return Edge(
        path=f"M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}",
        width=round(MIN_EDGE + share * (MAX_EDGE - MIN_EDGE), 1),
        is_winner=bond.is_winner,
        title=f"{round(bond.share * 100)} % of {labels[bond.child]} comes from {labels[bond.parent]}",
    )
