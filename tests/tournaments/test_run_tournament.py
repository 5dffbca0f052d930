"""Whole tournaments from the command line: real mixers, real renderings, real breedings, no server."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile
from django.core.management import call_command

from evolution.models import Breeding, Mixer
from mixing.errors import BreedingError, MixArenaError
from tests.factories import make_user
from tests.services.processes import Arena
from tests.tournaments.sound import enter_champions
from tournaments.models import Ballot, Battle, LedgerEvent, Mix, Preview, Song, Tournament
from tournaments.services.ledger import differences_from_replay

pytestmark = pytest.mark.django_db(transaction=True)

RATE = 22_050
SONG_S = 9.0


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Nine seconds with a beat, a chord, and a bright and a dull half, in 16 bit stereo."""
    generator = np.random.default_rng(5)
    time_s = np.arange(int(RATE * SONG_S)) / RATE
    chord = sum(np.sin(2 * np.pi * hz * time_s + phase) for phase, hz in enumerate((110, 220, 277, 330)))
    beat = generator.standard_normal(time_s.size) * np.exp(-30 * (time_s % 0.5))
    hiss = generator.standard_normal((2, time_s.size)) * np.where(time_s < SONG_S / 2, 0.02, 0.002)
    audio = 0.08 * chord + 0.15 * beat + hiss + 0.03 * np.stack([chord, -chord]) * np.sin(time_s)
    path = tmp_path / "my song.wav"
    soundfile.write(path, audio.T, RATE, subtype="PCM_16")
    return path


@pytest.fixture
def champions() -> None:
    enter_champions()


@pytest.fixture
def barren(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is born: breeding takes most of a tournament's time, and not every test is about it."""

    def refuse(*_: object, **__: object) -> None:
        raise BreedingError("These two cannot be bred.", code="barren")

    monkeypatch.setattr("tournaments.services.breedings.compute_breeding", refuse)


def run(song: Path, out: Path, *options: str) -> dict[str, Any]:
    stdout = StringIO()
    call_command("run_tournament", str(song), "--out", str(out), "--json", *options, stdout=stdout)
    result: dict[str, Any] = json.loads(stdout.getvalue())
    return result


@pytest.mark.usefixtures("champions")
def test_a_tournament_ends_with_the_mix_that_it_promises(song: Path, tmp_path: Path) -> None:
    owner, n_rounds = make_user("ann"), 7
    out = tmp_path / "mix.wav"
    result = run(song, out, "--rounds", str(n_rounds), "--seed", "1", "--choose", "brighter", "--user", "ann")

    tournament = Tournament.objects.get()
    assert (tournament.owner, tournament.kind, tournament.state) == (owner, "automatic", "finished")
    rounds = result["rounds"]
    assert [line["number"] for line in rounds] == list(range(1, n_rounds + 1))
    for line, battle in zip(rounds, Battle.objects.filter(state="decided"), strict=True):
        assert line["pair"] == [battle.first.mixer.slug, battle.second.mixer.slug]
        brighter = "first" if (battle.first.centroid_hz or 0) > (battle.second.centroid_hz or 0) else "second"
        assert line["vote"] == brighter
        assert set(line["ratings"]) == set(line["pair"])
        assert Breeding.objects.get(pk=line["breeding"]).key == battle.key
    assert Breeding.objects.filter(state=Breeding.State.REQUESTED).count() == 0
    final = rounds[-1]
    grown_up = [line["offspring"] for line in rounds[:-2] if line["offspring"]]
    assert grown_up, "somebody was born in time to fight"
    assert set(grown_up) & {slug for line in rounds for slug in line["pair"]}
    assert result["champion"] == final["pair"][["first", "second"].index(final["vote"])]

    assert set(Ballot.objects.values_list("kind", flat=True)) == {"automatic"}
    events = LedgerEvent.objects.filter(kind="vote")
    assert {event.payload["ballot"] for event in events} == {"automatic"}
    assert differences_from_replay() == []

    audio, rate = soundfile.read(out)
    assert rate == RATE
    assert soundfile.info(out).subtype == "PCM_24"
    loudness_lufs = pyloudnorm.Meter(rate).integrated_loudness(audio)
    assert loudness_lufs == pytest.approx(result["loudness_lufs"], abs=0.1)
    assert loudness_lufs == pytest.approx(result["target_lufs"], abs=0.1)
    assert result["true_peak_dbtp"] <= -1.0

    # What was judged is what was written, at a gain.
    row = Song.objects.get()
    preview = Preview.objects.filter(mix=tournament.champion, region=Preview.Region.HIGHLIGHT).earliest("pk")
    heard, _ = soundfile.read(preview.file.path)
    start = round((row.highlight_start_s or 0) * rate)
    written = audio[start : start + len(heard)]
    gain_lin = np.vdot(heard, written) / np.vdot(heard, heard)
    residue_db = 10 * np.log10(np.mean((written - gain_lin * heard) ** 2) / np.mean(written**2))
    assert residue_db < -60


@pytest.mark.usefixtures("champions", "barren")
def test_each_rule_votes_and_crowns_by_its_own_measure_and_every_run_has_battles_of_its_own(
    song: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mix.flac"
    rules: dict[str, Callable[[Mix], float]] = {
        "first": lambda mix: 0.0,
        "quieter": lambda mix: -(mix.report or {})["effective_lufs"],
        "brighter": lambda mix: mix.centroid_hz or 0.0,
    }
    keys: list[str] = []
    for rule in rules:
        result = run(song, out, "--rounds", "3", "--choose", rule, "--seed", "2")
        votes = [line["vote"] for line in result["rounds"]]
        battles = Battle.objects.filter(tournament=Tournament.objects.latest("pk")).order_by("number")
        wanted = {
            name: ["first" if measure(battle.first) >= measure(battle.second) else "second" for battle in battles]
            for name, measure in rules.items()
        }
        assert [name for name in rules if wanted[name] == votes] == [rule], (
            "and no other: take a seed that tells them apart"
        )
        assert result["champion"] == getattr(battles[2], votes[2]).mixer.slug
        keys += [battle.key for battle in battles]
    assert len(set(keys)) == 3 * len(rules)
    assert soundfile.info(out).format == "FLAC"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--rounds", "2"], "bad_rounds"),
        (["--rounds", "11"], "bad_rounds"),
        (["--seed", "-1"], "bad_seed"),
        (["--user", "nobody at all"], "no_user"),
        (["--out", "mix.ogg"], "bad_format"),
        (["--out", "no/such/folder/mix.wav"], "no_folder"),
    ],
)
def test_bad_values_are_refused(song: Path, tmp_path: Path, options: list[str], code: str) -> None:
    with pytest.raises(MixArenaError) as refusal:
        call_command("run_tournament", str(song), "--out", str(tmp_path / "mix.wav"), *options)
    assert refusal.value.code == code
    assert not (tmp_path / "mix.wav").exists()


@pytest.mark.parametrize("name", ["missing.wav", "text.wav"])
def test_a_file_that_is_no_music_is_refused_in_two_sentences(arena: Arena, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.wav").write_text("This is no music. " * 5000)
    done = arena.manage("run_tournament", str(tmp_path / name), "--out", str(tmp_path / "mix.wav"))
    assert done.returncode == 2
    assert done.stdout == ""
    message = done.stderr.strip().splitlines()[-1]
    assert message.count(". ") == 1
    assert "Traceback" not in done.stderr
    assert not Mixer.objects.exists()


@pytest.mark.usefixtures("champions", "barren")
def test_several_files_are_the_stems_of_one_song(song: Path, tmp_path: Path) -> None:
    audio, rate = soundfile.read(song)
    stems = [tmp_path / f"{name}.wav" for name in ("Drums", "Keys")]
    soundfile.write(stems[0], audio[:, 0], rate)
    soundfile.write(stems[1], 0.5 * audio, rate)
    stdout = StringIO()
    call_command("run_tournament", *map(str, stems), "--out", str(tmp_path / "mix.wav"), "--json", stdout=stdout)
    result = json.loads(stdout.getvalue())
    assert [stem.role for stem in Song.objects.get(n_stems=2).stems.all()] == ["drums", "keys"]
    mixed, _ = soundfile.read(tmp_path / "mix.wav")
    assert mixed.shape == (round(RATE * SONG_S), 2)
    assert result["loudness_lufs"] == pytest.approx(result["target_lufs"], abs=0.1)
