"""The drawing of a family: readable whatever the family looks like."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tournaments.drawings.layers import GAP, LANE_WIDTH, MAX_COLUMNS, NODE_WIDTH, lay_out, nearest_apart
from tournaments.drawings.tree import Bond, Line, Member, Node, draw_tree

Family = tuple[list[Member], list[Bond]]


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Up to forty mixers; each is a founder, or has two or three earlier ones as parents."""
    generations: list[int] = []
    bonds = []
    for key in range(draw(st.integers(0, 40))):
        n_parents = draw(st.sampled_from([0, 2, 2, 3])) if key >= 3 else 0
        parents = draw(st.permutations(range(key)))[:n_parents]
        bonds += [Bond(parent, key, draw(st.floats(-0.5, 1.5)), i - 1) for i, parent in enumerate(parents)]
        generations.append(1 + max((generations[parent] for parent in parents), default=-1))
    return [member(key, generation) for key, generation in enumerate(generations)], bonds


def member(key: int, generation: int) -> Member:
    return Member(key, f"Mixer {key}", "note", "title", f"/mixers/{key}/", generation)


def points(line: Line) -> list[tuple[int, int]]:
    """Where a path begins, ends, and changes from straight to bent."""
    (start,) = re.findall(r"M(-?\d+) (-?\d+)", line.path)
    x, y = map(int, start)
    found = [(x, y)]
    for down, dx, dy in re.findall(r"v(\d+)|c0 \d+ -?\d+ \d+ (-?\d+) (\d+)", line.path):
        x, y = x + int(dx or 0), y + int(down or dy)
        found.append((x, y))
    return found


@settings(max_examples=60, deadline=None)
@given(families())
def test_nodes_never_overlap_and_stay_in_the_picture(family: Family) -> None:
    picture = draw_tree(*family)
    assert sorted(node.member.key for node in picture.nodes) == [m.key for m in family[0]]
    for one, two in pairwise(sorted(picture.nodes, key=lambda node: (node.y, node.x))):
        assert two.y >= one.y + picture.node_height or (two.y == one.y and two.x >= one.x + picture.node_width + GAP)
    for node in picture.nodes:
        assert 0 <= node.x <= picture.width - picture.node_width
        assert 0 <= node.y <= picture.height - picture.node_height


@settings(max_examples=60, deadline=None)
@given(families())
def test_lines_go_down_from_parent_to_child_and_pass_beside_all_others(family: Family) -> None:
    members, bonds = family
    picture = draw_tree(members, bonds)
    nodes = {node.member.key: node for node in picture.nodes}
    middle = picture.node_width // 2
    for node in picture.nodes:
        own = sorted((b for b in bonds if b.child == node.member.key), key=lambda b: (b.port, b.parent))
        assert len(node.lines) == len(own)
        for bond, line in zip(own, node.lines, strict=True):
            parent = nodes[bond.parent]
            way = points(line)
            assert way[0] == (parent.x + middle, parent.y + picture.node_height)
            assert abs(way[-1][0] - node.x - middle) <= middle and way[-1][1] == node.y
            assert all(above[1] < below[1] for above, below in pairwise(way))
            assert not any(
                runs_through(other, way, picture.node_width, picture.node_height) for other in nodes.values()
            )


def runs_through(node: Node, way: list[tuple[int, int]], width: int, height: int) -> bool:
    """Whether a straight stretch of a line crosses the node; bent ones lie between two rows."""
    return any(
        x == to_x and node.x < x < node.x + width and y < node.y + height and to_y > node.y
        for (x, y), (to_x, to_y) in pairwise(way)
    )


@settings(max_examples=30, deadline=None)
@given(families(), st.randoms(use_true_random=False))
def test_the_same_family_is_drawn_the_same_in_whatever_order_it_is_told(family: Family, shuffle: random.Random) -> None:
    members, bonds = family
    drawn = draw_tree(members, bonds)
    told = shuffle.sample(members, len(members)), shuffle.sample(bonds, len(bonds))
    assert draw_tree(*told) == drawn


def test_lines_are_wider_the_more_was_inherited() -> None:
    members = [member(1, 0), member(2, 0), member(3, 1)]
    picture = draw_tree(members, [Bond(1, 3, 0.2, -1), Bond(2, 3, 0.8, 1)])
    (child,) = (node for node in picture.nodes if node.lines)
    assert child.lines[0].width < child.lines[1].width
    assert [line.title for line in child.lines] == [
        "20 % of Mixer 3 comes from Mixer 1",
        "80 % of Mixer 3 comes from Mixer 2",
    ]


def test_crossed_parents_are_put_in_order() -> None:
    """Two couples, told crosswise: each child ends below its own parents."""
    generations = {1: 0, 2: 0, 3: 0, 4: 0, 5: 1, 6: 1}
    bonds = [(1, 5), (3, 5), (2, 6), (4, 6)]
    row, below = lay_out(generations, bonds).middles
    order, children = list(row), list(below)
    couples = [set(order[:2]), set(order[2:])]
    assert couples == [{p for p, c in bonds if c == child} for child in children]


def test_a_wide_generation_takes_several_rows() -> None:
    layers = lay_out(dict.fromkeys(range(3 * MAX_COLUMNS), 0), [])
    assert [len(row) for row in layers.middles] == [MAX_COLUMNS] * 3
    assert layers.width == MAX_COLUMNS * NODE_WIDTH + (MAX_COLUMNS - 1) * GAP


def test_a_long_line_gets_a_lane() -> None:
    layers = lay_out({1: 0, 2: 0, 3: 1, 4: 2}, [(1, 3), (2, 3), (3, 4), (1, 4)])
    assert set(layers.middles[1]) == {1, 3}
    assert abs(layers.middles[1][1] - layers.middles[1][3]) >= (NODE_WIDTH + LANE_WIDTH) // 2 + GAP


def test_a_child_of_its_own_generation_is_refused() -> None:
    with pytest.raises(ValueError, match="2 is not of a later generation"):
        lay_out({1: 1, 2: 1}, [(1, 2)])


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.sampled_from([1.0, 4.0]), st.integers(1, 200)), min_size=1))
def test_positions_keep_their_distance_and_balance(rows: list[tuple[float, float, int]]) -> None:
    wanted, weights, apart = zip(*rows, strict=True)
    offsets = np.cumsum(apart).tolist()
    found = nearest_apart(wanted, weights, offsets)
    assert all(b - a >= d - c for (a, b), (c, d) in zip(pairwise(found), pairwise(offsets), strict=True))
    # Least squares leaves the weighted mean where it was, up to rounding to whole units.
    assert np.average(found, weights=weights) == pytest.approx(np.average(wanted, weights=weights), abs=0.5 + 1e-6)
