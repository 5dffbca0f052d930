"""The ablation trains what it says, without what it says, and judges it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mixing.mixers.cnn import CnnMixer
from mixing.training import ablation, fit
from mixing.training.ablation import WHOLE, WITHOUT, ablate, to_markdown
from tests.mixing.training.test_fit import TINY, make_data
from tests.mixing.training.test_mixbench import few_songs


def test_every_ingredient_is_left_out_once_and_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablation, "CnnMixer", lambda seed: CnnMixer(TINY, seed=seed))
    monkeypatch.setattr(fit, "BATCH_SONGS", 4)
    data, few = make_data(8), make_data(3)
    steps: list[str] = []
    bench = few_songs()
    rows = ablate(data, few, few, bench, tmp_path, n_steps=2, on_step=steps.append)
    assert [row.without for row in rows] == list(WITHOUT)
    assert steps == [name for name in WITHOUT for _ in range(2)]
    # Each training differs from the whole one.
    assert len({row.validation for row in rows}) == len(rows)
    again = ablate(data, few, few, bench, tmp_path, n_steps=2)
    assert again == rows
    table = to_markdown([replace(rows[0], without=WHOLE), rows[1]])
    assert table.count("\n") == 4
    assert "| variation of songs |" in table
