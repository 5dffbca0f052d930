"""Charts are whole SVG files that show every value where it belongs."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from mixing.training.charts import Bar, draw_curves, interval_chart, line_chart


def test_lines_go_from_corner_to_corner() -> None:
    svg = line_chart([("a & b", [0, 10], [1.0, 3.0]), ("c", [5], [2.0])], x_label="step", y_label="loss")
    ET.fromstring(svg)
    first, second = re.findall(r'points="([^"]+)"', svg)
    assert first == "60.0,280.0 570.0,20.0"
    assert second == "315.0,150.0"
    assert "a &amp; b" in svg


def test_intervals_lie_around_their_dots() -> None:
    svg = interval_chart([Bar("x", 0, 1.0, 0.5, 2.0), Bar("y", 1, -1.0, -2.0, -0.5)], unit="dB")
    ET.fromstring(svg)
    dots = [float(x) for x in re.findall(r'<circle cx="([^"]+)"', svg)]
    assert dots[0] > dots[1]
    assert 250.0 < min(dots) < max(dots) < 700.0


def test_curves_of_a_folder_become_one_chart(tmp_path: Path) -> None:
    rows = [{"step": 100, "train": 0.9, "validation": 1.0}, {"step": 200, "train": 0.5, "validation": 0.7}]
    (tmp_path / "trunk.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    (tmp_path / "strips-base.jsonl").write_text(json.dumps({"step": 100, "train": 2.0}) + "\n")
    svg = draw_curves(tmp_path).read_text()
    assert svg.count("<polyline") == 3
    assert "trunk, held out" in svg and "strips-base" in svg
