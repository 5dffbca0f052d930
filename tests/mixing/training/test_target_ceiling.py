"""A network that learns only the ten targets."""

from __future__ import annotations

from mixing.training.mixbench import bench_from_sets
from mixing.training.styles import STYLES
from mixing.training.target_ceiling import ceiling_table, learn_ten_targets
from tests.mixing.training.test_fit import make_data


def test_it_learns_its_songs_and_is_judged_on_others() -> None:
    rows = learn_ten_targets(make_data(8), bench_from_sets(), STYLES[0], seed=1, checkpoints=(20, 200))
    assert [row.n_steps for row in rows] == [20, 200]
    assert rows[1].learned < 0.5 * rows[0].learned
    for row in rows:
        assert row.held_out.low < row.held_out.value < row.held_out.high
    # Eight invented songs teach little about real ones.
    assert rows[1].held_out.value > rows[1].learned
    assert "| 200 |" in ceiling_table(rows)
