"""REAPER projects, read back by a parser of their own: structure, faders, pans, sends, files and plug-in states."""

from __future__ import annotations

import base64
import math
import shlex
import struct
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.console.cockos import octaves
from mixing.console.reaper import ReaperStem, reaper_project
from mixing.console.spec import BUS, REVERB, STRIP, BusSettings, MixSettings, ReverbSettings, StripSettings
from mixing.console.strip import pan_gains


@dataclass
class Block:
    """A nested part of a project: its words, its lines, its parts."""

    words: list[str]
    lines: list[str] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)

    def values(self, key: str) -> list[list[str]]:
        return [words(line)[1:] for line in self.lines if line.split(" ", 1)[0] == key]

    def named(self, key: str) -> list[Block]:
        return [part for part in self.parts if part.words[0] == key]


def words(line: str) -> list[str]:
    if line.startswith("|"):
        return [line]
    lexer = shlex.shlex(line.replace("`", "'"), posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    return list(lexer)


def parse(text: str) -> Block:
    root = Block([])
    stack = [root]
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("<"):
            block = Block(words(line[1:]))
            stack[-1].parts.append(block)
            stack.append(block)
        elif line == ">":
            stack.pop()
        else:
            stack[-1].lines.append(line)
    assert stack == [root]
    (project,) = root.parts
    assert project.words[0] == "REAPER_PROJECT"
    return project


def state(plug_in: Block) -> bytes:
    """The state of a plug-in, checked against the length in its header."""
    header = base64.b64decode(plug_in.lines[0])
    data = b"".join(base64.b64decode(line) for line in plug_in.lines[1:-1])
    assert struct.unpack("<I", header[-12:-8])[0] == len(data)
    assert int.from_bytes(header[:4], "little") == int(plug_in.words[5].partition("<")[0])
    return data


def eq_of(plug_in: Block) -> tuple[list[tuple[int, float, float, float]], float]:
    data = state(plug_in)
    size, n = struct.unpack("<ii", data[:8])
    bands = []
    for i in range(n):
        kind, is_on, hz, gain, width, _ = struct.unpack("<iidddb", data[8 + size * i : 8 + size * (i + 1)])
        assert is_on == 1
        bands.append((kind, hz, 20.0 * math.log10(gain), width))
    gain = struct.unpack("<d", data[8 + size * n + 8 : 8 + size * n + 16])[0]
    return bands, 20.0 * math.log10(gain)


def comp_of(plug_in: Block) -> tuple[float, float, float, float, float, float]:
    v = struct.unpack("<21f", state(plug_in)[8:])
    db = [20.0 * math.log10(v[i]) for i in (0, 11)]
    return db[0], 1.0 + 99.0 * v[1], 500.0 * v[2], 5000.0 * v[3], db[1], 24.0 * v[14]


def stem(name: str = "Drums", **changes: object) -> ReaperStem:
    return replace(ReaperStem(name, "stems/01.wav", 12.5, 2, -20.0), **changes)  # type: ignore[arg-type]


def project(stems: list[ReaperStem], given: MixSettings) -> Block:
    return parse(reaper_project(stems, given, title="Song", sample_rate=44_100, bus_lufs=-18.0, gain_db=3.5))


def plug_ins(owner: Block, chain: str) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for part in owner.named(chain)[0].parts if owner.named(chain) else []:
        found.setdefault(part.words[1].split()[1], []).append(part)
    return found


def positions(n: int) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(0.0, 1.0), min_size=n, max_size=n)


@settings(max_examples=60, deadline=None)
@given(positions(len(STRIP)), positions(len(BUS)), positions(len(REVERB)), st.sampled_from([1, 2]))
def test_every_setting_comes_back(strip_at: list[float], bus_at: list[float], reverb_at: list[float], n: int) -> None:
    strip = StripSettings(**{p.name: p.from_normalized(x) for p, x in zip(STRIP, strip_at, strict=True)})
    bus = BusSettings(**{p.name: p.from_normalized(x) for p, x in zip(BUS, bus_at, strict=True)})
    reverb = ReverbSettings(**{p.name: p.from_normalized(x) for p, x in zip(REVERB, reverb_at, strict=True)})
    found = project([stem(channels=n), stem("Bass")], MixSettings(bus, reverb=reverb, strips=(strip, StripSettings())))
    track = found.named("TRACK")[0]
    volume, pan = (float(v) for v in track.values("VOLPAN")[0][:2])
    gains = (volume * min(1.0, 1.0 - pan), volume * min(1.0, 1.0 + pan))
    assert gains == pytest.approx(pan_gains(strip, n), abs=1e-9)

    chain = plug_ins(track, "FXCHAIN")
    bands = eq_of(chain["ReaEQ"][0])[0] if "ReaEQ" in chain else []
    wanted = [
        (4, strip.high_pass_hz, 0.0, 1.9, strip.high_pass_hz > 0.0),
        (0, strip.low_shelf_hz, strip.low_shelf_db, 1.9, strip.low_shelf_db != 0.0),
        (8, strip.low_peak_hz, strip.low_peak_db, octaves(strip.low_peak_q), strip.low_peak_db != 0.0),
        (8, strip.high_peak_hz, strip.high_peak_db, octaves(strip.high_peak_q), strip.high_peak_db != 0.0),
        (1, strip.high_shelf_hz, strip.high_shelf_db, 1.9, strip.high_shelf_db != 0.0),
    ]
    assert len(bands) == sum(band[4] for band in wanted)
    for band, expected in zip(bands, [b[:4] for b in wanted if b[4]], strict=True):
        assert band == pytest.approx(expected, abs=1e-6)
    if strip.ratio > 1.0:
        threshold, ratio, attack, release, makeup, knee = comp_of(chain["ReaComp"][0])
        assert threshold == pytest.approx(min(6.0, -20.0 + strip.threshold_db), abs=1e-3)
        assert (ratio, attack, release) == pytest.approx((strip.ratio, strip.attack_ms, strip.release_ms), rel=1e-4)
        assert makeup == pytest.approx(min(strip.makeup_db, 20.0 * math.log10(2.0)), abs=1e-3)
        assert knee == pytest.approx(6.0)

    master = plug_ins(found, "MASTERFXLIST")
    assert eq_of(master["ReaEQ"][-1])[1] == pytest.approx(3.5)
    assert struct.unpack("<dd", state(master["ReaLimit"][0])[8:24]) == (-1.0, -1.0)
    is_wet = strip.send_db > -math.inf and reverb.level_db > -math.inf
    assert len(found.named("TRACK")) == (3 if is_wet else 2)
    if is_wet:
        back = found.named("TRACK")[2]
        (receive,) = back.values("AUXRECV")
        assert receive[0] == "0"
        assert float(receive[2]) == pytest.approx(10.0 ** (strip.send_db / 20.0), rel=1e-9)
        values = struct.unpack("<8f", state(plug_ins(back, "FXCHAIN")["ReaVerbate"][0])[8:])
        assert values[0] == pytest.approx(10.0 ** (reverb.level_db / 20.0), rel=1e-6, abs=1e-30)
        assert 0.0 <= values[2] <= 1.0


def test_a_chunk_is_byte_for_byte_what_reaper_writes() -> None:
    """The header of ReaEQ, the one of ReaComp and the tail of ReaEQ as REAPER 7 wrote them (docs/reaper.md)."""
    strip = StripSettings(high_pass_hz=100.0, ratio=2.0, threshold_db=-3.0)
    found = project([stem(), stem()], MixSettings(strips=(strip, strip)))
    chain = plug_ins(found.named("TRACK")[0], "FXCHAIN")
    header = base64.b64decode(chain["ReaEQ"][0].lines[0])
    assert header[:48] == base64.b64decode("cWVlcu5e7f4CAAAAAQAAAAAAAAACAAAAAAAAAAIAAAABAAAAAAAAAAIAAAAAAAAA")
    assert chain["ReaEQ"][0].words[5] == "1919247729<56535472656571726561657100000000>"
    assert state(chain["ReaEQ"][0])[-16:] == base64.b64decode("AAAAAP0BAABcAQAAAgAAAA==")
    comp = chain["ReaComp"][0]
    assert comp.words[5] == "1919247213<5653547265636D726561636F6D700000>"
    assert comp.lines[0] == (
        "bWNlcu9e7f4EAAAAAQAAAAAAAAACAAAAAAAAAAQAAAAAAAAACAAAAAAAAAACAAAAAQAAAAAAAAACAAAAAAAAAFwAAAAAAAAAAAAQAA=="
    )


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_no_name_breaks_the_structure(name: str) -> None:
    found = project([stem(name), stem("B")], MixSettings(strips=(StripSettings(drive_db=3.0), StripSettings())))
    track = found.named("TRACK")[0]
    shown = " ".join(name.split())
    if not {'"', "'", "`", "\\"} & set(name):
        assert track.values("NAME")[0] == [shown]
    assert track.named("ITEM")[0].named("SOURCE")[0].values("FILE") == [["stems/01.wav"]]
    assert float(track.named("ITEM")[0].values("LENGTH")[0][0]) == 12.5


def test_a_single_file_has_one_plain_track() -> None:
    found = project([stem("Mix")], MixSettings(BusSettings(mid_peak_db=2.0, drive_db=4.0, width_db=1.0)))
    (track,) = found.named("TRACK")
    assert track.values("VOLPAN") == [["1", "0", "-1", "-1", "1"]]
    assert not track.named("FXCHAIN")
    notes = " ".join(found.named("NOTES")[0].lines)
    assert "4.0 dB of drive" in notes
    assert "sides +1.0 dB" in notes


def test_a_silent_stem_has_no_compressor() -> None:
    strip = StripSettings(ratio=4.0, threshold_db=-10.0)
    found = project([stem(loudness_lufs=None), stem()], MixSettings(strips=(strip, strip)))
    assert "ReaComp" not in plug_ins(found.named("TRACK")[0], "FXCHAIN")
    assert "ReaComp" in plug_ins(found.named("TRACK")[1], "FXCHAIN")
