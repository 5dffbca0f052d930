"""MixBench passes the champions as shipped, and notices a mixer that does not listen."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command

from mixing.audio.features import MID_BANDS
from mixing.console.spec import BUS_GROUP_INDICES, NEUTRAL_BUS_VECTOR
from mixing.mixers.base import Mixer
from mixing.mixers.card import read_card
from mixing.mixers.ranges import neutral_logits
from mixing.mixers.zoo import content_hash, load_mixer, save_mixer
from mixing.training import feature_sets
from mixing.training.audio_bench import AudioReport
from mixing.training.bench_charts import draw_findings
from mixing.training.bench_tables import Findings, to_markdown, write_to_cards
from mixing.training.losses import Target
from mixing.training.mixbench import (
    BenchReport,
    BenchSet,
    bench_from_sets,
    intraclass_correlation,
    load_contestants,
    run_bench,
)
from mixing.training.probe import Interval, bootstrap, neutral_answers, outcome, repair_ratio
from mixing.training.stem_bench import judge_stems, load_stems
from mixing.training.styles import BOSS, STYLES, load_reference, save_reference
from mixing.training.ten_targets import NAMES, ten_target_errors

MODELS = Path(__file__).resolve().parents[3] / "models"
SLUG = "elite-warrior"


def champion() -> Mixer:
    return load_mixer(MODELS / SLUG / "weights.safetensors", read_card(MODELS / SLUG / "card.toml"))


def bench_of(mixer: Mixer) -> BenchReport:
    return run_bench({SLUG: (mixer, STYLES[3])}, bench_from_sets(), load_reference(MODELS))


def feed_other_songs(mixer: Mixer) -> Mixer:
    """Every song of a batch is answered with the settings of another one."""

    def roll(_module: torch.nn.Module, _inputs: object, settings: torch.Tensor) -> torch.Tensor:
        return settings.roll(1, dims=0)

    mixer.network.register_forward_hook(roll)
    return mixer


def make_constant(mixer: Mixer) -> Mixer:
    """Every head answers what it answers to nothing."""
    with torch.no_grad():
        for head in mixer.network.heads.values():
            head.get_parameter("2.weight").zero_()
    return mixer


def test_a_champion_as_shipped_passes() -> None:
    report = bench_of(champion())
    assert report.passed, report.results[0].failures
    assert report.results[0].repair.high < 1.0
    assert report.results[0].style_db.value < report.results[0].style_nothing_db.value


def test_a_champion_fed_another_songs_features_fails() -> None:
    report = bench_of(feed_other_songs(champion()))
    assert not report.passed
    assert any("shuffling" in failure for failure in report.results[0].failures)


def test_a_champion_with_constant_heads_fails() -> None:
    report = bench_of(make_constant(champion()))
    assert not report.passed
    assert any("differ too little" in failure for failure in report.results[0].failures)


def few_songs(n_songs: int = 6) -> BenchSet:
    """The first of the shipped ones."""
    return BenchSet(**{k: v if k == "source" else v[:n_songs] for k, v in vars(bench_from_sets()).items()})


def test_a_few_similar_songs_pass_a_champion_and_still_fail_a_constant_one() -> None:
    few = few_songs()
    reference = load_reference(MODELS)
    assert run_bench({SLUG: (champion(), STYLES[3])}, few, reference).passed
    report = run_bench({SLUG: (make_constant(champion()), STYLES[3])}, few, reference)
    assert any("differ too little" in failure for failure in report.results[0].failures)


def test_the_command_fails_with_a_constant_champion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mixing.mixers.card import write_card

    monkeypatch.chdir(tmp_path)
    mixer = make_constant(champion())
    sha256 = save_mixer(mixer, tmp_path / "zoo" / SLUG / "weights.safetensors", {})
    card = replace(
        read_card(MODELS / SLUG / "card.toml"), sha256=sha256, content_hash=content_hash(mixer.network.state_dict())
    )
    write_card(card, tmp_path / "zoo" / SLUG / "card.toml")
    save_reference(load_reference(MODELS), tmp_path / "zoo")
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("bench_mixers", models=tmp_path / "zoo", json=True, stdout=out)
    assert caught.value.returncode == 1
    assert json.loads(out.getvalue())["passed"] is False


def test_every_shipped_champion_is_whole_and_in_character() -> None:
    contestants = load_contestants(MODELS)
    assert set(contestants) == {style.slug for style in (*STYLES, BOSS)}
    for slug in contestants:
        card = read_card(MODELS / slug / "card.toml")
        assert card.generation == 0
        assert card.training["packages"]


def test_tables_and_cards_hold_what_was_measured(tmp_path: Path) -> None:
    report = bench_of(champion())
    found = Findings(report, [], judge_stems({SLUG: champion()}, load_stems()[:6]), None, None)
    text = to_markdown(found, with_shuffle=True)
    assert SLUG in text
    assert "shuffled" in text
    assert "equal-loudness sum" in text
    json.dumps(found.to_dict())
    (tmp_path / SLUG).mkdir()
    (tmp_path / SLUG / "card.toml").write_bytes((MODELS / SLUG / "card.toml").read_bytes())
    write_to_cards(tmp_path, found)
    metrics = read_card(tmp_path / SLUG / "card.toml").metrics
    assert metrics["repair_ratio"]["value"] == pytest.approx(report.results[0].repair.value, abs=1e-4)
    assert metrics["stem_level_lu"]["value"] == pytest.approx(found.stems[0].mixer.value, abs=1e-4)


def test_a_song_that_needs_nothing_gets_less_than_one_that_does() -> None:
    contestants = load_contestants(MODELS)
    report = run_bench(contestants, bench_from_sets(), load_reference(MODELS))
    for result in report.results:
        assert result.clean_movement_db.value < result.degraded_movement_db.value, result.slug


def test_ten_targets_are_0_where_they_are_met_and_know_their_ranges() -> None:
    stats = torch.from_numpy(feature_sets.load("probe").stats[:6])
    out = outcome(neutral_answers(6), stats.numpy())
    met = Target(
        mid_db=stats[:, MID_BANDS], width_db=out.width_db, spread_db=out.spread_db, loudness_lufs=out.loudness_lufs,
        drive_db=torch.zeros(6), mono_below_hz=torch.zeros(6), limiting_budget_db=0.0, max_gain_db=0.0,
        movement_weight=0.0, attack_ms=1.0, release_ms=1.0,
    )  # fmt: skip
    np.testing.assert_allclose(ten_target_errors(out, stats, met), 0.0, atol=1e-5)
    wider = replace(met, width_db=out.width_db + 1.8, loudness_lufs=out.loudness_lufs + 1.7)
    errors = ten_target_errors(out, stats, wider)
    named = dict(zip(NAMES, errors.mean(axis=0), strict=True))
    # What lies beyond a range is cut to it first.
    assert 0.05 < named["width"] <= 0.1001
    assert named["loudness"] == pytest.approx(0.1, abs=1e-3)
    assert named["gain"] == pytest.approx(1.7 / 48.0, abs=1e-3)
    assert named["low"] == named["reverb"] == 0.0


def test_icc_tells_songs_from_excerpts() -> None:
    rng = np.random.default_rng(0)
    by_song = np.repeat(rng.normal(size=(50, 1, 1)), 4, axis=1) + 0.1 * rng.normal(size=(50, 4, 1))
    by_excerpt = rng.normal(size=(50, 4, 1))
    constant = np.ones((50, 4, 1))
    both = intraclass_correlation(np.concatenate([by_song, by_excerpt, constant], axis=2))
    assert both[0] > 0.95
    assert abs(both[1]) < 0.15
    assert both[2] == 0.0


def test_doing_nothing_repairs_nothing() -> None:
    gate = feature_sets.load("gate")
    assert gate.degraded_stats is not None
    rows = [neutral_logits(NEUTRAL_BUS_VECTOR[list(indices)]) for indices in BUS_GROUP_INDICES.values()]
    assert sum(len(row) for row in rows) == 22
    neutral = np.tile(_neutral(), (len(gate.stats), 1))
    assert repair_ratio(neutral, neutral, gate.stats, gate.degraded_stats).value == pytest.approx(1.0)
    louder = neutral.copy()
    louder[:, -1] = 0.9
    louder[:, 1] = 0.8
    # The same equalizer and loudness on both twins is no repair either.
    assert repair_ratio(louder, louder, gate.stats, gate.degraded_stats).value == pytest.approx(1.0, abs=5e-3)


def _neutral() -> np.ndarray:
    from mixing.console.spec import NEUTRAL_BUS_VECTOR

    return NEUTRAL_BUS_VECTOR


def test_intervals_draw_whole_groups() -> None:
    values = np.array([0.0] * 10 + [1.0] * 10)
    by_song = bootstrap(lambda rows: float(values[rows].mean()), 20)
    by_work = bootstrap(lambda rows: float(values[rows].mean()), 20, groups=["a"] * 10 + ["b"] * 10)
    assert by_song.value == by_work.value == 0.5
    assert by_work.high - by_work.low > by_song.high - by_song.low


def test_charts_show_who_is_nearer(tmp_path: Path) -> None:
    near, far = Interval(0.5, 0.2, 0.9), Interval(-0.1, -0.4, 0.1)
    gains = {SLUG: {name: {"tone_db": found, "mr_stft": found} for name, found in (("rule", near), ("nothing", far))}}
    report = bench_of(champion())
    stems = judge_stems({SLUG: champion()}, load_stems()[:6])
    found = Findings(report, [], stems, AudioReport(gains, gains, n_songs=3, left_out={}), None)
    drawn = {path.name: path.read_text() for path in draw_findings(found, tmp_path / "new")}
    dots = {name: [float(x) for x in re.findall('<circle cx="([^"]+)"', svg)] for name, svg in drawn.items()}
    assert {name: len(xs) for name, xs in dots.items()} == {
        "mixbench-targets.svg": 3, "mixbench-stems.svg": 3, "mixbench-tone.svg": 2, "mixbench-mr-stft.svg": 2,
    }  # fmt: skip
    zero = float(re.findall(r'<line x1="([^"]+)"', drawn["mixbench-tone.svg"])[0])
    assert dots["mixbench-tone.svg"][0] > zero > dots["mixbench-tone.svg"][1]
    assert f"{SLUG}, rule" in drawn["mixbench-tone.svg"]
