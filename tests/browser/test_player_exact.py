"""What the player's graph puts out, sample by sample, while somebody changes tracks, loops and jumps."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.browser.chromium import chromium
from tests.browser.static_site import URL, serve

GAINS_DB = (0.0, -6.0)
LENGTH_S = 1.2
FADE_S = 0.005
# Gains and products are single precision in the browser: a few steps of 2**-24, near a full scale of 1.
TOLERANCE = 4e-7

# Listens behind all gains, on the audio thread itself: it sees every block.
TAP = """
registerProcessor("tap", class extends AudioWorkletProcessor {
  process([input]) {
    this.port.postMessage({ frame: currentFrame, samples: input.map((channel) => channel.slice()) });
    return true;
  }
});
"""
# The graph alone, faster than in real time: nothing can come late.
GRAPH = """async ([gainsDb, rate]) => {
  const { Take } = await import("/static/js/audio/take.js");
  const audio = new OfflineAudioContext(2, rate, rate);
  const load = async (url) => audio.decodeAudioData(await (await fetch(url)).arrayBuffer());
  const buffers = await Promise.all(["/a.wav", "/b.wav"].map(load));
  const levels = gainsDb.map((db) => 10 ** (db / 20));
  const runs = [
    { frame: 1001, offset: 300, loop: [200, 9011], heard: 0 },
    { frame: 30_007, offset: 17, loop: [0, buffers[0].length], heard: 1 },
  ];
  const [one, other] = runs.map(
    ({ frame, ...options }) => new Take(audio, buffers, levels, audio.destination, { startFrame: frame, ...options }),
  );
  // The third change comes sooner than the fade before it has ended.
  const asked = [[one, 1, 5003], [one, 0, 12_000], [one, 1, 12_050], [other, 0, 33_333]];
  const switches = asked.map(([take, track, frame]) => ({ track, frame: take.hear(track, frame) }));
  one.stop(runs[1].frame);
  const rendered = await audio.startRendering();
  const text = (array) => btoa(Array.from(new Uint8Array(array.buffer), (byte) => String.fromCharCode(byte)).join(""));
  const channels = (buffer) => [0, 1].map((channel) => text(buffer.getChannelData(channel)));
  return { first: 0, end: rate, runs, switches, decoded: buffers.map(channels), sound: channels(rendered) };
}"""
SESSION = """async ([gainsDb, tapScript]) => {
  const { Deck } = await import("/static/js/audio/deck.js");
  const deck = new Deck();
  await deck.load(["/a.wav", "/b.wav"], gainsDb);
  const audio = deck.output.context;
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([tapScript], { type: "text/javascript" })));
  const tap = new AudioWorkletNode(audio, "tap", { channelCount: 2, channelCountMode: "explicit" });
  const blocks = [], runs = [], switches = [];
  tap.port.onmessage = ({ data }) => blocks.push(data);
  deck.output.connect(tap);
  deck.addEventListener("start", ({ detail }) => runs.push({ ...detail, heard: deck.selected }));
  deck.addEventListener("switch", ({ detail }) => switches.push(detail));
  const pass = (ms) => new Promise((done) => setTimeout(done, ms));

  await deck.play();
  await pass(250);
  deck.select(1);
  await pass(150);
  deck.select(0);
  deck.select(1);  // sooner than the fade before it has ended
  await pass(150);
  deck.select(0);
  await pass(1000);  // past the end, into the loop
  deck.setLoop(0.2, 0.9);
  await pass(200);
  deck.select(1);
  await pass(900);
  deck.seek(0.5);
  await pass(150);
  const end = Math.floor(audio.currentTime * audio.sampleRate);
  deck.pause();
  await pass(100);

  blocks.sort((x, y) => x.frame - y.frame);
  const first = blocks[0].frame;
  const sound = [0, 1].map(() => new Float32Array(blocks.at(-1).frame + 128 - first));
  for (const { frame, samples } of blocks) samples.forEach((channel, c) => sound[c].set(channel, frame - first));
  const text = (array) => {
    const bytes = new Uint8Array(array.buffer);
    let all = "";
    for (let i = 0; i < bytes.length; i += 0x8000) all += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(all);
  };
  const decoded = [0, 1].map((track) => [0, 1].map((channel) => text(deck.samples(track, channel).slice())));
  return { first, end, runs, switches, decoded, sound: sound.map(text) };
}"""


def noise(rate: int, seed: int) -> NDArray[np.int16]:
    """Stereo that is different at every sample, so that a shift by one cannot hide: (frames, 2)."""
    return np.random.default_rng(seed).integers(-16_000, 16_000, (round(LENGTH_S * rate), 2), dtype=np.int16)


def wav(samples: NDArray[np.int16], rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def samples_of(channels: list[str]) -> NDArray[np.float32]:
    """Single precision as it came from the page: (frames, channels)."""
    return np.stack([np.frombuffer(base64.b64decode(text), dtype=np.float32) for text in channels], axis=1)


def rising(frames: NDArray[np.int64], begin: int, rate: int) -> NDArray[np.float64]:
    """A raised cosine from 0 to 1, by its formula."""
    n_frames = int(FADE_S * rate + 0.5)
    share = np.clip((frames - begin) / n_frames, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * share))


def expected(session: dict[str, Any], tracks: list[NDArray[np.float64]], rate: int) -> NDArray[np.float64]:
    """What should come out from the first run to the end: (frames, 2)."""
    runs, frames = session["runs"], np.arange(session["runs"][0]["frame"], session["end"])
    out = np.zeros((frames.size, 2))
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        envelope = rising(frames, run["frame"], rate)
        if following is not None:
            envelope = envelope - rising(frames, following["frame"], rate)
        start, end = run["loop"]
        at = run["offset"] + frames - run["frame"]
        at = np.where(at < end, np.maximum(at, 0), start + (at - end) % (end - start))
        shares = [np.full(frames.size, float(i == run["heard"])) for i in range(2)]
        for switch in session["switches"]:
            if switch["frame"] >= run["frame"] and (following is None or switch["frame"] < following["frame"]):
                up = rising(frames, switch["frame"], rate)
                shares[switch["track"]] += up
                shares[1 - switch["track"]] -= up
        for track, share, gain_db in zip(tracks, shares, GAINS_DB, strict=True):
            out += track[at] * (envelope * share * 10.0 ** (gain_db / 20.0))[:, None]
    return out


def compared(session: dict[str, Any], rate: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """What came out from the first run to the end, and what should have: (frames, 2) each."""
    decoded = [samples_of(track).astype(np.float64) for track in session["decoded"]]
    start, end = session["runs"][0]["frame"] - session["first"], session["end"] - session["first"]
    return samples_of(session["sound"])[start:end], expected(session, decoded, rate)


def test_every_sample_is_the_one_that_was_asked_for() -> None:
    with chromium() as browser:
        page = browser.new_page()
        serve(page, {"/": ("text/html", b"<!doctype html>")})
        page.goto(URL)
        rate = round(page.evaluate("new AudioContext().sampleRate"))
        tracks = [noise(rate, seed) for seed in (1, 2)]
        sounds = {f"/{name}.wav": ("audio/wav", wav(t, rate)) for name, t in zip("ab", tracks, strict=True)}
        page.unroute_all()
        serve(page, sounds)
        graph = page.evaluate(GRAPH, [list(GAINS_DB), rate])
        session = page.evaluate(SESSION, [list(GAINS_DB), TAP])

    heard, wanted = compared(graph, rate)
    np.testing.assert_allclose(heard, wanted, rtol=0.0, atol=TOLERANCE)
    # The comparison can tell: one sample later it fails.
    assert np.abs(heard[1:] - wanted[:-1]).max() > 0.1

    heard, wanted = compared(session, rate)
    whole, moved = [0, tracks[0].shape[0]], [round(0.2 * rate), round(0.9 * rate)]
    assert [run["loop"] for run in session["runs"]] == [whole, moved, moved]
    assert session["runs"][2]["offset"] == round(0.5 * rate)
    assert [switch["track"] for switch in session["switches"]] == [1, 0, 1, 0, 1]
    assert heard.shape[0] > 2.5 * rate
    # On a machine that stalls a fade may begin late, and nothing else may happen.
    fades = [event["frame"] - session["runs"][0]["frame"] for event in (*session["runs"], *session["switches"])]
    is_fading = np.zeros(heard.shape[0], dtype=bool)
    for begin in fades:
        is_fading[begin : begin + 6 * round(FADE_S * rate)] = True
    np.testing.assert_allclose(heard[~is_fading], wanted[~is_fading], rtol=0.0, atol=TOLERANCE)
    for track, pcm in zip(session["decoded"], tracks, strict=True):
        # Every frame of the file at its own place; browsers may divide by 32767.
        np.testing.assert_allclose(samples_of(track), pcm / 32_768.0, rtol=0.0, atol=1.0 / 32_768.0)
