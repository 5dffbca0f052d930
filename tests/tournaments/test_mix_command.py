"""`manage.py mix`: one file out, nothing kept, and every refusal in two sentences before any work."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pyloudnorm
import pytest
import soundfile
from django.core.management import call_command

from evolution.models import Mixer
from mixing.errors import MixArenaError
from tests.factories import make_mixer
from tests.services.processes import ROOT
from tests.settings import PROCESS_ENVIRONMENT
from tests.tournaments.sound import RATE, enter, music, write_music
from tournaments.models import Mix, Song

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mixer() -> Mixer:
    return enter("enhanced-enforcer")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_music(tmp_path / "song.wav")


def mix(song: Path, mixer: str, out: Path, *more: str) -> str:
    printed = io.StringIO()
    call_command("mix", str(song), "--mixer", mixer, "--out", str(out), *more, stdout=printed, stderr=io.StringIO())
    return printed.getvalue()


@pytest.mark.parametrize(
    ("name", "more", "kind"),
    [
        ("mix.wav", (), ("WAV", "PCM_24")),
        ("mix.WAV", ("--format", "wav16"), ("WAV", "PCM_16")),
        ("mix.flac", (), ("FLAC", "PCM_24")),
    ],
)
def test_a_song_is_mixed_and_measured(
    mixer: Mixer, song: Path, tmp_path: Path, name: str, more: tuple[str, ...], kind: tuple[str, str]
) -> None:
    out = tmp_path / "out" / name
    out.parent.mkdir()
    printed = mix(song, mixer.slug, out, *more)
    assert [path.name for path in out.parent.iterdir()] == [name]
    info = soundfile.info(out)
    assert (info.format, info.subtype) == kind
    assert (info.samplerate, info.frames) == (RATE, 16 * RATE)
    loudness_lufs = pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(soundfile.read(out)[0])
    assert f"{loudness_lufs:.1f} LUFS" in printed
    assert "dBTP" in printed


def test_nothing_but_the_file_is_kept_and_again_gives_the_same(mixer: Mixer, song: Path, tmp_path: Path) -> None:
    mix(song, mixer.slug, tmp_path / "a.wav")
    mix(song, mixer.slug, tmp_path / "b.wav")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert not Song.objects.exists()
    assert not Mix.objects.exists()


@pytest.mark.parametrize(
    ("slug", "out", "more", "words"),
    [
        ("nobody", "mix.wav", (), "enhanced-enforcer"),
        ("enhanced-enforcer", "mix.txt", (), ".wav"),
        ("enhanced-enforcer", "mix.mp3", ("--format", "flac"), "flac"),
        ("enhanced-enforcer", "no/such/folder/mix.wav", (), "folder"),
    ],
)
def test_a_wrong_wish_is_refused(
    mixer: Mixer, song: Path, tmp_path: Path, slug: str, out: str, more: tuple[str, ...], words: str
) -> None:
    with pytest.raises(MixArenaError, match=words):
        mix(song, slug, tmp_path / out, *more)
    assert not (tmp_path / out).exists()


def test_an_arena_without_mixers_says_how_to_get_some(song: Path, tmp_path: Path) -> None:
    with pytest.raises(MixArenaError, match="seed_champions"):
        mix(song, "elite-warrior", tmp_path / "mix.wav")


def test_a_mixer_without_weights_is_refused(song: Path, tmp_path: Path) -> None:
    with pytest.raises(MixArenaError, match="missing"):
        mix(song, make_mixer().slug, tmp_path / "mix.wav")


@pytest.mark.parametrize("name", ["letter.wav", "nowhere.wav"])
def test_a_bad_file_ends_with_two_sentences_and_status_2(mixer: Mixer, tmp_path: Path, name: str) -> None:
    (tmp_path / "letter.wav").write_text("Dear listener, this is no music. " * 50)
    out = tmp_path / "mix.wav"
    command = [sys.executable, "manage.py", "mix", str(tmp_path / name), "--mixer", mixer.slug, "--out", str(out)]
    result = subprocess.run(command, cwd=ROOT, env=PROCESS_ENVIRONMENT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert result.stderr.strip().splitlines()[-1].endswith(".")
    assert not out.exists()


def test_stems_become_one_song(mixer: Mixer, tmp_path: Path) -> None:
    stems = [str(write_music(tmp_path / f"{name}.wav", 8.0, seed=i)) for i, name in enumerate(("drums", "bass", "vox"))]
    out = tmp_path / "mix.wav"
    call_command("mix", *stems, "--stems", "--mixer", mixer.slug, "--out", str(out), stdout=io.StringIO())
    assert soundfile.info(out).channels == 2
    assert soundfile.info(out).frames == 8 * RATE
    with pytest.raises(MixArenaError, match="One file has no stems"):
        mix(Path(stems[0]), mixer.slug, out, "--stems")
    (tmp_path / "letter.wav").write_text("no music " * 100)
    with pytest.raises(MixArenaError, match=r"^letter.wav: "):
        call_command("mix", stems[0], str(tmp_path / "letter.wav"), "--stems", "--mixer", mixer.slug, "--out", str(out))


def test_an_album_has_one_loudness(mixer: Mixer, tmp_path: Path) -> None:
    songs = [write_music(tmp_path / "quiet.wav", 10.0, seed=1), tmp_path / "loud and spiky.wav"]
    spiky = music(10.0, seed=2) * 0.1
    spiky[:, :: RATE // 2] += 0.3
    soundfile.write(songs[1], spiky.T, RATE, subtype="FLOAT")
    out = tmp_path / "album"
    with pytest.raises(MixArenaError, match="is no folder"):
        call_command("mix", *map(str, songs), "--mixer", mixer.slug, "--out", str(out))
    out.mkdir()
    call_command("mix", *map(str, songs), "--mixer", mixer.slug, "--out", str(out), stdout=io.StringIO())
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    loudness = [meter.integrated_loudness(soundfile.read(out / song.name)[0]) for song in songs]
    assert loudness[0] == pytest.approx(loudness[1], abs=0.15)
    with pytest.raises(MixArenaError, match="overwrite"):
        call_command("mix", *map(str, songs), "--mixer", mixer.slug, "--out", str(tmp_path))
