"""Songs of several stems: taken in, refused with a sentence, prepared, mixed, and taken home."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from mixarena.jobs.queue import local_jobs
from mixing.console.spec import MixSettings
from mixing.errors import AudioError
from tests.factories import make_ballot, make_battle, make_song, make_tournament, make_user, make_vote
from tests.tournaments.sound import RATE, enter, music
from tournaments.errors import InvalidTournament
from tournaments.models import Analysis, Mix, Song, Stem
from tournaments.services.exports import formats_of, request_export
from tournaments.services.stems import set_roles
from tournaments.services.uploads import add_upload, common_title

pytestmark = pytest.mark.django_db(transaction=True)


def wav(audio: np.ndarray, rate: int = RATE, format: str = "WAV", subtype: str | None = "FLOAT") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.T, rate, format=format, subtype=subtype)
    return buffer.getvalue()


def band(duration_s: float = 8.0) -> dict[str, np.ndarray]:
    t = np.arange(round(duration_s * RATE)) / RATE
    bass = 0.3 * np.sin(2 * np.pi * 55.0 * t) * (0.6 + 0.4 * np.cos(2 * np.pi * t))
    lead = 0.1 * np.sin(2 * np.pi * 660.0 * t) * (np.floor(t) % 2)
    return {
        "01 Drums": music(duration_s, seed=3),
        "02 Bass": bass[None].astype(np.float32),
        "03 Lead Vox": lead[None].astype(np.float32),
        "04 Empty": np.zeros((2, t.size), dtype=np.float32),
    }


def files(stems: dict[str, bytes]) -> list[tuple[SimpleUploadedFile, str]]:
    return [(SimpleUploadedFile(f"{name}.wav", content), f"{name}.wav") for name, content in stems.items()]


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def prepared(sent: list[tuple[SimpleUploadedFile, str]], owner: User | None = None, title: str = "") -> Song:
    with local_jobs() as jobs:
        song = add_upload(owner=owner or make_user(), files=sent, title=title)
        jobs.drain()
    song.refresh_from_db()
    return song


def test_stems_are_summed_and_their_roles_guessed() -> None:
    stems = band()
    song = prepared(files({name: wav(audio) for name, audio in stems.items()}), title="Night")
    assert song.state == Song.State.READY, song.refusal
    assert (song.title, song.n_stems, song.channels, song.sample_rate) == ("Night", 4, 2, RATE)
    found, rate = soundfile.read(song.file.path)
    assert rate == RATE
    np.testing.assert_allclose(found.T, sum(np.broadcast_to(s, (2, s.shape[1])) for s in stems.values()), atol=1e-6)
    rows = list(song.stems.values_list("name", "role", "is_silent", "channels"))
    assert rows == [
        ("01 Drums", "drums", False, 2), ("02 Bass", "bass", False, 1), ("03 Lead Vox", "vocals", False, 1),
        ("04 Empty", "other", True, 2),
    ]  # fmt: skip
    assert song.analysis.state == Analysis.State.READY
    assert song.genre_guess


def test_a_zip_with_other_rates_lengths_and_formats_is_brought_together() -> None:
    stems = band()
    content = zipped(
        {
            "Song/10 keys.flac": wav(music(9.0, rate=44_100), 44_100, "FLAC", "PCM_24"),
            "Song/2 bass.wav": wav(stems["02 Bass"]),
            "Song/1 drums.ogg": wav(stems["01 Drums"], RATE, "OGG", "VORBIS"),
            "__MACOSX/Song/._1 drums.wav": b"junk", "Song/readme.txt": b"hello", "Song/.DS_Store": b"junk",
        }
    )  # fmt: skip
    song = prepared([(SimpleUploadedFile("My Song.zip", content), "My Song.zip")])
    assert song.state == Song.State.READY, song.refusal
    assert (song.title, song.n_stems, song.sample_rate) == ("My Song", 3, RATE)
    assert song.duration_s == pytest.approx(9.0, abs=0.01)
    assert [stem.name for stem in song.stems.all()] == ["1 drums", "2 bass", "10 keys"]


def test_a_zip_with_one_file_is_a_song() -> None:
    content = zipped({"mix.wav": wav(music(8.0))})
    song = prepared([(SimpleUploadedFile("x.zip", content), "x.zip")])
    assert (song.n_stems, song.state, song.stems.count()) == (1, Song.State.READY, 0)


@pytest.mark.parametrize(
    ("stems", "word", "code"),
    [
        ({f"s{i}": b"x" for i in range(33)}, "33 stems", "too_many_stems"),
        ({"a": wav(music(8.0)), "b": b"no sound at all" * 40}, "b: ", "unsupported_type"),
        ({"a": wav(music(2.0)), "b": wav(music(1.0))}, "longest stem", "too_short"),
        ({"a": wav(music(8.0)), "b": zipped({"c.wav": wav(music(8.0))})}, "zip among", "zip_nested"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_stays(
    stems: dict[str, bytes], word: str, code: str, settings: object
) -> None:
    with local_jobs(), pytest.raises(AudioError) as refusal:
        add_upload(owner=make_user(), files=files(stems))
    assert refusal.value.code == code
    assert word in refusal.value.message
    assert not Song.objects.exists()
    folder = Path(settings.MEDIA_ROOT) / "songs"  # type: ignore[attr-defined]
    assert not folder.exists() or not [p for p in folder.iterdir() if p.stat().st_size < 700_000 and p.is_dir()]


@pytest.mark.parametrize("broken", ["nan", "silent"])
def test_a_stem_that_turns_out_broken_is_named(broken: str) -> None:
    audio = music(8.0)
    if broken == "nan":
        audio[0, 500] = np.nan
        sent = {"good": wav(music(8.0)), "bad take": wav(audio)}
    else:
        sent = {"a": wav(np.zeros((1, 8 * RATE))), "b": wav(np.zeros((2, 8 * RATE)))}
    song = prepared(files(sent))
    assert song.state == Song.State.REFUSED
    assert song.refusal.startswith("bad take: " if broken == "nan" else "All stems are silent")


def test_faults_of_stems_and_between_them_are_said(client: Client) -> None:
    drums = music(8.0, seed=3)
    late = np.concatenate([np.zeros((2, 221), dtype=np.float32), drums[:, :-221]], axis=1)
    dead = drums * np.array([[1.0], [0.0]], dtype=np.float32)
    other = music(8.0, seed=9)
    owner = make_user()
    song = prepared(files({"close": wav(drums), "far": wav(late), "guitar": wav(other), "flat": wav(-other)}), owner)
    messages = " ".join(fault["message"] for fault in song.analysis.result["faults"])
    assert "far comes 10.0 ms after close" in messages
    assert "guitar and flat hold the same sound with opposite polarity" in messages
    client.force_login(owner)
    assert "far comes 10.0 ms after close" in client.get(f"/songs/{song.public_id}/").content.decode()
    song = prepared(files({"one": wav(dead), "two": wav(other)}))
    assert song.analysis.result["faults"][0]["message"].startswith("one: The right channel is")


def test_titles_come_from_what_the_names_share() -> None:
    assert common_title(["Night Drive - Bass", "Night Drive - Drums"]) == "Night Drive"
    assert common_title(["Bass", "Drums"]) == "Untitled"


def test_stems_are_mixed_by_champions_and_taken_home(tmp_path: Path) -> None:
    mixers = [enter("baseline-beast"), enter("enhanced-enforcer")]
    stems = band()
    song = prepared(files({name: wav(audio) for name, audio in stems.items()}))
    mixes = list(song.mixes.order_by("pk"))
    assert [mix.state for mix in mixes] == [Mix.State.READY] * 2, [mix.reason for mix in mixes]
    settings = [MixSettings.from_dict(mix.console_settings or {}) for mix in mixes]
    assert all(len(chosen.strips) == 4 for chosen in settings)
    assert settings[0].strips != settings[1].strips
    report = mixes[0].report or {}
    assert [strip["is_silent"] for strip in report["strips"]] == [False, False, False, True]
    assert len(mixers) == 2

    with local_jobs() as jobs:
        bundles = {f: request_export(mix=mixes[1], format=f) for f in ("stems", "reaper", "wav32f", "opus")}
        jobs.drain()
    for export in bundles.values():
        export.refresh_from_db()
        assert export.state == "ready", export.reason
    with zipfile.ZipFile(bundles["stems"].file.path) as bundle:
        names = bundle.namelist()
        sounds = [soundfile.read(io.BytesIO(bundle.read(n)))[0] for n in names if n.endswith(".wav")]
        assert json.loads(bundle.read("settings.json"))["stems"] == list(stems)
    assert [n for n in names if n.endswith(".wav")][:4] == [f"{i:02d} {name}.wav" for i, name in enumerate(stems, 1)]
    assert names[-1] == "reverb.wav"
    # What the stems add up to is what went into the mix bus: neutral bus settings give it up to a gain.
    from mixing.console.renderer import render_stems
    from tournaments.services.materials import material_of

    neutral = MixSettings(strips=settings[1].strips, reverb=settings[1].reverb)
    parts: list[np.ndarray] = []
    plain = render_stems(material_of(song).sources, neutral, lambda block: parts.append(block.copy()))
    if plain.max_limiting_db == 0.0:
        mixed = np.concatenate(parts, axis=1)
        np.testing.assert_allclose(sum(sounds).T * 10.0 ** (plain.gain_db / 20.0), mixed, atol=1e-4)
    with zipfile.ZipFile(bundles["reaper"].file.path) as bundle:
        (project,) = [n for n in bundle.namelist() if n.endswith(".rpp")]
        text = bundle.read(project).decode()
        assert text.startswith("<REAPER_PROJECT")
        for i, name in enumerate(stems, 1):
            assert f'FILE "stems/{i:02d} {name}.wav"' in text
            back = soundfile.read(io.BytesIO(bundle.read(f"stems/{i:02d} {name}.wav")), always_2d=True)[0]
            np.testing.assert_array_equal(back.T, stems[name])
    assert (bundles["opus"].true_peak_dbtp or 0.0) <= -1.0
    assert soundfile.info(bundles["wav32f"].file.path).subtype == "FLOAT"


def test_a_single_file_has_no_stems_to_take_home() -> None:
    mix = Mix.objects.create(song=make_song(), mixer=enter("elite-warrior"))
    assert "stems" not in formats_of(mix)
    assert "reaper" in formats_of(mix)


def test_the_owner_corrects_roles_until_a_tournament_begins(client: Client) -> None:
    enter("baseline-beast")
    owner = make_user()
    song = prepared(files({name: wav(audio) for name, audio in band().items()}), owner)
    before = MixSettings.from_dict(song.mixes.get().console_settings or {})
    client.force_login(owner)
    body = client.get(f"/songs/{song.public_id}/").content.decode()
    assert "02 Bass" in body
    assert 'name="role-1"' in body
    assert "silent: kept" in body
    with local_jobs() as jobs:
        answer = client.post(f"/songs/{song.public_id}/roles/", {"role-1": "vocals"}, headers={"hx-request": "true"})
        jobs.drain()
    assert answer.status_code == 200
    assert "Saved." in answer.content.decode()
    assert list(song.stems.values_list("role", flat=True)) == ["drums", "vocals", "vocals", "other"]
    after = MixSettings.from_dict(song.mixes.get().console_settings or {})
    assert after.strips[1].high_pass_hz > before.strips[1].high_pass_hz
    assert client.post(f"/songs/{song.public_id}/roles/", {"role-1": "cowbells"}).status_code == 422
    client.force_login(make_user())
    assert client.post(f"/songs/{song.public_id}/roles/", {"role-1": "bass"}).status_code == 404
    make_tournament(owner=owner, song=song)
    with pytest.raises(InvalidTournament):
        set_roles(song=song, roles={1: "bass"})


def test_a_script_sends_several_files_at_once(client: Client) -> None:
    client.force_login(make_user())
    sent = [SimpleUploadedFile(f"{name}.wav", wav(audio)) for name, audio in band().items()]
    with local_jobs():
        answer = client.post("/songs/new/", {"file": sent, "title": "Sent"}, headers={"accept": "application/json"})
    assert answer.status_code == 201
    assert list(Stem.objects.values_list("name", flat=True)) == list(band())
    assert Song.objects.get().title == "Sent"


def test_settings_are_had_as_json_by_their_owner_alone(client: Client) -> None:
    owner = make_user()
    tournament = make_tournament(owner=owner)
    battle = make_battle(tournament=tournament)
    make_vote(ballot=make_ballot(battle=battle))
    tournament.champion = tournament.taken = battle.first
    tournament.state = "finished"
    tournament.save()
    address = f"/tournaments/{tournament.public_id}/mixes/{battle.first.public_id}/settings.json"
    client.force_login(owner)
    answer = client.get(address)
    assert MixSettings.from_dict(json.loads(answer.content)["settings"]) == MixSettings()
    assert "attachment" in answer["Content-Disposition"]
    client.force_login(make_user())
    assert client.get(address).status_code == 404
