"""Where the members of a family stand: rows by generation, few crossings, nothing on top of anything else.

A parent with a child more than one row below gets a lane through the rows between: one a row, shared by all its lines,
so that no line runs behind a node. Rows are ordered by barycenters, then moved sideways towards their relatives by
isotonic regression. Sources: Sugiyama, Tagawa and Toda, IEEE Trans. SMC 11 (1981), 109-125; Barlow et al., Statistical
Inference under Order Restrictions (1972), pool adjacent violators.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

NODE_WIDTH, LANE_WIDTH, GAP = 176, 8, 16
# A generation with more members takes several rows; a wider drawing can hardly be read as one.
MAX_COLUMNS = 12
N_SWEEPS = 2
# Long lines are easier to follow where they run straight.
LANE_WEIGHT = 4.0


@dataclass(frozen=True)
class Layers:
    """Members and lanes by row.

    Attributes:
        home: the row in which each member stands, from 0.
        middles: for each row the middle of all in it by key, left to right, in whole units from 0; a key in a row below
            its home is a lane.
        width: from the leftmost edge to the rightmost.
    """

    home: Mapping[int, int]
    middles: tuple[Mapping[int, int], ...]
    width: int


@dataclass(frozen=True)
class _Graph:
    """Who has a line to whom in the row above and in the row below, by row and key; a lane stands for its parent."""

    home: Mapping[int, int]
    above: list[dict[int, list[int]]]
    below: list[dict[int, list[int]]]

    def near(self, depth: int, there: int) -> dict[int, list[int]]:
        return self.above[depth] if there < depth else self.below[depth]

    def widths(self, depth: int, row: Iterable[int]) -> list[int]:
        return [LANE_WIDTH if self.home[key] < depth else NODE_WIDTH for key in row]


def lay_out(generations: Mapping[int, int], bonds: Iterable[tuple[int, int]]) -> Layers:
    """Place every member; the same family always gets the same drawing, in whatever order it is told.

    Args:
        generations: by the member's key.
        bonds: parent and child.

    Raises: ValueError for a child that is not of a later generation than its parent.
    """
    parents: dict[int, list[int]] = {key: [] for key in sorted(generations, key=lambda k: (generations[k], k))}
    for parent, child in sorted(set(bonds)):
        if generations[parent] >= generations[child]:
            raise ValueError(f"{child} is not of a later generation than its parent {parent}")
        parents[child].append(parent)
    rows = _with_lanes(_dealt(generations, parents), parents)
    graph = _graph(rows, parents)
    return _settled(_uncrossed(rows, graph), graph)


def crossings(rows: Sequence[Sequence[int]], above: Sequence[Mapping[int, Sequence[int]]]) -> int:
    """How many pairs of lines cross between neighboring rows."""
    total = 0
    for depth, (upper, lower) in enumerate(pairwise(rows), start=1):
        index = {key: i for i, key in enumerate(upper)}
        passed: list[int] = []
        for key in lower:
            starts = [index[over] for over in above[depth][key]]
            total += sum(len(passed) - bisect_right(passed, start) for start in starts)
            for start in starts:
                insort(passed, start)
    return total


def nearest_apart(wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[int]) -> list[int]:
    """Positions nearest to the wanted ones (weighted least squares) that differ by at least as much as their offsets.

    Args:
        offsets: the tightest allowed arrangement, ascending.
    """
    blocks: list[tuple[float, float, int]] = []
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, mass, n = want - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, other_mass, other_n = blocks.pop()
            mean = (mean * mass + other * other_mass) / (mass + other_mass)
            mass, n = mass + other_mass, n + other_n
        blocks.append((mean, mass, n))
    levels = [round(mean) for mean, _, n in blocks for _ in range(n)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _dealt(generations: Mapping[int, int], parents: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Rows by generation, each in the order of its parents; wide generations are dealt out over several rows."""
    by_generation: dict[int, list[int]] = {}
    for key in parents:
        by_generation.setdefault(generations[key], []).append(key)
    rows: list[list[int]] = []
    place: dict[int, float] = {}
    for members in by_generation.values():
        members.sort(key=lambda key: _mean([place[parent] for parent in parents[key]], 0.5))
        place.update(_places(members))
        n_rows = -(-len(members) // MAX_COLUMNS)
        rows += [members[start::n_rows] for start in range(n_rows)]
    return rows


def _with_lanes(rows: Sequence[Sequence[int]], parents: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The same rows with a lane in every row between a parent and its lowest child, in the order of the row above."""
    last = {parent: depth for depth, row in enumerate(rows) for key in row for parent in parents[key]}
    filled: list[list[int]] = []
    over: list[int] = []
    for depth, row in enumerate(rows):
        place = _places(over)
        place |= {key: _mean([place[parent] for parent in parents[key]], 0.5) for key in row}
        lanes = [key for key in over if last.get(key, 0) > depth]
        over = sorted([*lanes, *row], key=place.__getitem__)
        filled.append(over)
    return filled


def _graph(rows: Sequence[Sequence[int]], parents: Mapping[int, Sequence[int]]) -> _Graph:
    home: dict[int, int] = {}
    for depth, row in enumerate(rows):
        for key in row:
            home.setdefault(key, depth)
    above = [{key: [key] if home[key] < depth else list(parents[key]) for key in row} for depth, row in enumerate(rows)]
    below: list[dict[int, list[int]]] = [{key: [] for key in row} for row in rows]
    for depth, links in enumerate(above):
        for key, overs in links.items():
            for over in overs:
                below[depth - 1][over].append(key)
    return _Graph(home, above, below)


def _uncrossed(rows: list[list[int]], graph: _Graph) -> list[list[int]]:
    """The best of several sweeps down and up, in which everything goes to the barycenter of its relatives."""
    best, fewest = rows, crossings(rows, graph.above)
    for _ in range(N_SWEEPS):
        rows = list(rows)
        for depth, there in _sweep(len(rows)):
            place, own, near = _places(rows[there]), _places(rows[depth]), graph.near(depth, there)
            center = {key: _mean([place[other] for other in near[key]], own[key]) for key in rows[depth]}
            rows[depth] = sorted(rows[depth], key=center.__getitem__)
        found = crossings(rows, graph.above)
        if found < fewest:
            best, fewest = rows, found
    return best


def _settled(rows: Sequence[Sequence[int]], graph: _Graph) -> Layers:
    """Move every row sideways towards its relatives; its order and its gaps stay."""
    widths = [graph.widths(depth, row) for depth, row in enumerate(rows)]
    offsets = [list(accumulate(((a + b) // 2 + GAP for a, b in pairwise(row)), initial=0)) for row in widths]
    middles = [
        {key: offset - tight[-1] // 2 for key, offset in zip(row, tight, strict=True)}
        for row, tight in zip(rows, offsets, strict=True)
    ]
    for _ in range(N_SWEEPS):
        for depth, there in _sweep(len(rows)):
            here, others, near = middles[depth], middles[there], graph.near(depth, there)
            wanted = [_mean([others[other] for other in near[key]], here[key]) for key in rows[depth]]
            weights = [LANE_WEIGHT if width == LANE_WIDTH else 1.0 for width in widths[depth]]
            middles[depth] = dict(zip(rows[depth], nearest_apart(wanted, weights, offsets[depth]), strict=True))
    edges = [
        (middle - width // 2, middle + width // 2)
        for row, across in zip(middles, widths, strict=True)
        for middle, width in zip(row.values(), across, strict=True)
    ]
    left, right = min((edge for edge, _ in edges), default=0), max((edge for _, edge in edges), default=0)
    return Layers(
        graph.home, tuple({key: middle - left for key, middle in row.items()} for row in middles), right - left
    )


def _sweep(n_rows: int) -> Iterator[tuple[int, int]]:
    """Each row beside the one that it follows: downwards, then back up."""
    yield from ((depth, depth - 1) for depth in range(1, n_rows))
    yield from ((depth, depth + 1) for depth in range(n_rows - 2, -1, -1))


def _places(row: Sequence[int]) -> dict[int, float]:
    return {key: (i + 0.5) / len(row) for i, key in enumerate(row)}


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
