"""Zips of stems: what is taken, in which order, and what is refused with which sentence."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
import soundfile

from mixing.audio.archive import is_zip, natural_order, unpack_stems
from mixing.errors import AudioError
from tests.signals import sine


def wav(seconds: float = 0.05) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, sine(440.0, seconds, rate=8000).T, 8000, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def zipped(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "upload"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(path: Path, folder: Path, **limits: int) -> AudioError:
    with pytest.raises(AudioError) as refusal:
        unpack_stems(path, folder, **limits)
    assert list(folder.iterdir()) == []
    return refusal.value


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_sound_is_taken_in_natural_order_and_the_rest_left_out(tmp_path: Path, out: Path) -> None:
    members = {
        "Song/10 Keys.wav": wav(), "Song/2 Bass.WAV": wav(), "Song/1 Kick.wav": wav(), "Song/notes.txt": b"hello",
        "__MACOSX/Song/._2 Bass.wav": b"x", "Song/.hidden.wav": b"x", "Song/cover.png": b"x", "Song/": b"",
    }  # fmt: skip
    path = zipped(tmp_path, members)
    assert is_zip(path)
    found = unpack_stems(path, out)
    assert [stem.name for stem in found] == ["1 Kick", "2 Bass", "10 Keys"]
    assert all(stem.path.read_bytes() == wav() for stem in found)
    assert sorted(p.name for p in out.iterdir()) == ["00", "01", "02"]


def test_names_that_are_alike_are_told_apart(tmp_path: Path, out: Path) -> None:
    found = unpack_stems(zipped(tmp_path, {"a/Lead.wav": wav(), "b/Lead.wav": wav(), "b/Lead.flac": wav()}), out)
    assert [stem.name for stem in found] == ["Lead", "Lead (2)", "Lead (3)"]


@pytest.mark.parametrize("name", ["../evil.wav", "/etc/evil.wav", "C:/evil.wav", "a/../../evil.wav"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, out: Path, name: str) -> None:
    assert refused(zipped(tmp_path, {"ok.wav": wav(), name: wav()}), out).code == "zip_path"
    assert not (tmp_path / "evil.wav").exists()


def test_backslashes_are_refused(tmp_path: Path, out: Path) -> None:
    path = zipped(tmp_path, {"a-evil.wav": wav()})
    path.write_bytes(path.read_bytes().replace(b"a-evil.wav", b"a\\evil.wav"))
    assert refused(path, out).code == "zip_path"


def test_links_are_refused(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "upload"
    link = zipfile.ZipInfo("link.wav")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refused(path, out).code == "zip_path"


def test_an_encrypted_zip_is_refused(tmp_path: Path, out: Path) -> None:
    path = zipped(tmp_path, {"a.wav": wav()})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path, out).code == "zip_encrypted"


def test_a_bomb_is_refused_by_what_comes_out(tmp_path: Path, out: Path) -> None:
    bomb = wav() + bytes(80 * 2**20)
    assert refused(zipped(tmp_path, {"bomb.wav": bomb}), out).code == "zip_bomb"
    assert refused(zipped(tmp_path, {"a.wav": wav(2.0), "b.wav": wav(2.0)}), out, max_bytes=40_000).code == "zip_bomb"


def test_so_are_a_thousand_members(tmp_path: Path, out: Path) -> None:
    assert refused(zipped(tmp_path, {f"{i}.txt": b"" for i in range(1001)}), out).code == "zip_bomb"


def test_other_things_that_are_no_stems(tmp_path: Path, out: Path) -> None:
    assert refused(zipped(tmp_path, {f"{i}.wav": wav() for i in range(33)}), out).code == "too_many_stems"
    assert refused(zipped(tmp_path, {"inner.zip": b"PK", "a.wav": wav()}), out).code == "zip_nested"
    assert refused(zipped(tmp_path, {"readme.txt": b"x"}), out).code == "no_stems"
    error = refused(zipped(tmp_path, {"a.wav": wav(), "b.wav": b"not sound at all"}), out)
    assert error.code == "unsupported_type"
    assert "b.wav" in error.message


@pytest.mark.parametrize("cut", [30, 300])
def test_a_damaged_zip_is_refused(tmp_path: Path, out: Path, cut: int) -> None:
    path = zipped(tmp_path, {"a.wav": wav(1.0)})
    path.write_bytes(path.read_bytes()[:-cut])
    assert refused(path, out).code == "bad_zip"


def test_a_changed_byte_is_found(tmp_path: Path, out: Path) -> None:
    path = zipped(tmp_path, {"a.wav": wav(1.0)})
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    assert refused(path, out).code == "bad_zip"


def test_natural_order() -> None:
    names = ["Track 10", "track 2", "Track 1", "a"]
    assert sorted(names, key=natural_order) == ["a", "Track 1", "track 2", "Track 10"]
