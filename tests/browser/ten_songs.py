"""Carries held-out songs through the site in a real browser and meters what a musician leaves with.

`python -m tests.browser.ten_songs` takes ten songs of the corpus' bench packages, or the files that are named. Three
rounds each; the preference is drawn, since nobody listens. Prints the table of docs/ten-songs.md.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import Page

from mixing.audio.loudness import integrated_lufs, loudness_range_lu
from mixing.training.corpus import read_manifest
from tests.annex_2 import true_peak_dbtp
from tests.browser.chromium import chromium
from tests.browser.own_arena import own_arena
from tests.browser.walk import PATIENT_MS, go_on, listen, sign_up, start, upload, vote
from tests.services.processes import ROOT

CORPUS = ROOT / "var" / "corpus"
N_SONGS, N_ROUNDS, SEED = 10, 3, 10
FRAME_S, RIDE_S, QUIET_DB = 0.1, 0.3, -30.0
Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Meters:
    """What a mix does to its song.

    Attributes:
        lufs, dbtp, range_lu: of song and mix.
        mono_lu: how much louder than the song's own the mix is in mono, at equal loudness in stereo.
        lows_db, presence_db, air_db: change of 40 to 150 Hz, 2 to 5 kHz and 8 to 16 kHz against 0.3 to 1.5 kHz.
        ride_db: change of gain within RIDE_S that only one frame in twenty exceeds.
    """

    lufs: tuple[float, float]
    dbtp: tuple[float, float]
    range_lu: tuple[float, float]
    mono_lu: float
    lows_db: float
    presence_db: float
    air_db: float
    ride_db: float

    @classmethod
    def of(cls, song: Audio, mix: Audio, rate: int) -> Meters:
        """Compare a mix with its song, both (2, frames) at one rate."""
        n = min(song.shape[1], mix.shape[1])
        sides = song[:, :n], mix[:, :n]
        lufs = integrated_lufs(sides[0], rate), integrated_lufs(sides[1], rate)
        mono = [integrated_lufs(np.repeat(side.mean(axis=0, keepdims=True), 2, axis=0), rate) for side in sides]
        bands = [_bands_db(side, rate) for side in sides]
        lows, presence, air = bands[1] - bands[0]
        return cls(
            lufs=lufs,
            dbtp=(true_peak_dbtp(sides[0]), true_peak_dbtp(sides[1])),
            range_lu=(loudness_range_lu(sides[0], rate), loudness_range_lu(sides[1], rate)),
            mono_lu=(mono[1] - lufs[1]) - (mono[0] - lufs[0]),
            lows_db=float(lows),
            presence_db=float(presence),
            air_db=float(air),
            ride_db=_ride_db(*sides, rate),
        )

    def row(self, name: str, mixer: str) -> str:
        """A row of the table."""
        (a, b), (p, q), (r, s) = self.lufs, self.dbtp, self.range_lu
        return (
            f"| {name} | {mixer} | {a:.1f} → {b:.1f} | {p:+.1f} → {q:+.1f} | {r:.1f} → {s:.1f} | {self.mono_lu:+.1f} "
            f"| {self.lows_db:+.1f} | {self.presence_db:+.1f} | {self.air_db:+.1f} | {self.ride_db:.1f} |"
        )


HEAD = """| song | mixer | LUFS | dBTP | range LU | mono LU | lows dB | presence dB | air dB | ride dB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    """Set an arena up, carry the songs through, and print a row each."""
    songs = [Path(name) for name in sys.argv[1:]] or held_out_songs()
    draw = random.Random(SEED)
    with own_arena() as (arena, folder), chromium() as browser:
        page = browser.new_context(accept_downloads=True).new_page()
        page.set_default_timeout(PATIENT_MS)
        sign_up(page, arena.url, "meter")
        print(HEAD, flush=True)
        for i, song in enumerate(songs):
            mix = folder / f"mix-{i}.wav"
            mixer = carry(page, arena.url, song, mix, draw)
            audio, rate = soundfile.read(song, dtype="float32", always_2d=True)
            mixed, mixed_rate = soundfile.read(mix, dtype="float32", always_2d=True)
            assert mixed_rate == rate
            print(Meters.of(audio.T, mixed.T, rate).row(song.stem, mixer), flush=True)


def held_out_songs() -> list[Path]:
    """Songs of different works, evenly over the bench packages."""
    by_work = {song.work: song for song in read_manifest(CORPUS / "manifest.json") if song.split == "bench"}
    works = sorted(by_work)
    chosen = np.unique(np.linspace(0, len(works) - 1, N_SONGS).astype(int))
    return [CORPUS / by_work[works[i]].path for i in chosen]


def carry(page: Page, url: str, song: Path, mix: Path, draw: random.Random) -> str:
    """From upload to download; returns the nickname of whoever mixed it."""
    upload(page, url, song)
    genre = page.get_by_label("Genre", exact=True)
    start(page, genre=genre.locator("option:checked").inner_text(), n_rounds=N_ROUNDS)
    for number in range(1, N_ROUNDS + 1):
        listen(page)
        vote(page, draw.choice("1245"))
        if number < N_ROUNDS:
            go_on(page)
    page.locator("[data-next]").click()
    mixer = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Make it as WAV, 24 bit").click()
    link = page.get_by_role("link", name="Download WAV, 24 bit")
    with page.expect_download(timeout=3 * PATIENT_MS) as download:
        link.click(timeout=3 * PATIENT_MS)
    download.value.save_as(mix)
    return mixer


def _bands_db(audio: Audio, rate: int) -> NDArray[np.float64]:
    """Lows, presence and air of the mid against its middle, dB."""
    mid = audio.mean(axis=0)
    power = np.square(np.abs(np.fft.rfft(mid)))
    hz = np.fft.rfftfreq(len(mid), 1.0 / rate)

    def db(low: float, high: float) -> float:
        return float(10.0 * np.log10(power[(hz >= low) & (hz < high)].sum() + 1e-12))

    return np.array([db(40, 150), db(2000, 5000), db(8000, 16_000)]) - db(300, 1500)


def _ride_db(song: Audio, mix: Audio, rate: int) -> float:
    frame = int(FRAME_S * rate)
    n = song.shape[1] // frame * frame

    def level(audio: Audio) -> NDArray[np.float64]:
        frames = np.square(audio[:, :n].astype(float)).mean(axis=0).reshape(-1, frame).mean(axis=1)
        return np.asarray(10.0 * np.log10(frames + 1e-9))

    own = level(song)
    gain, steps = level(mix) - own, round(RIDE_S / FRAME_S)
    loud = own > np.percentile(own, 95) + QUIET_DB
    both = loud[steps:] & loud[:-steps]
    return float(np.percentile(np.abs(gain[steps:] - gain[:-steps])[both], 95))


if __name__ == "__main__":
    main()
