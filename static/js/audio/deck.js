// Several recordings of the same music on one clock: all of them always run, and one of them is heard.
//
//   const deck = new Deck();
//   await deck.load(urls, gainsDb, signal);   any number of tracks, equally long; each is decoded once
//   deck.play(); deck.pause(); deck.toggle();
//   deck.select(1);                           another track at the same sample: gains move, nothing else
//   deck.seek(4.2);                           seconds from the start of the recordings; inside the loop while it is on
//   deck.setLoop(2, 8); deck.setLooping(true); at least MIN_LOOP_S long, snapped to whole frames
//   deck.setVolume(0.9);                      0 to 1, one for all tracks; a change of track leaves it alone
//   deck.close();                             when its part of the page goes
//
// State: isReady, isPlaying, isLooping, selected, position, duration, loop. Events: "change" (any of them but position),
// "jump" (just before the position leaves its line: read it once more), "switch" with {track, frame} (the frame of the
// context where its fade begins; playing only), "start" with {frame, offset, loop} (the same for a run, with the frame of the
// recordings that it begins at), "trouble" with {text} (what the listener should know of the device).
// `output` is the node behind all gains: what a meter or a test should look at.

import { Take } from "./take.js";
import { watch } from "./trouble.js";

export const MIN_LOOP_S = 0.5;
// Between asking for a start or a change and its moment; the clock must not have passed it.
const START_LEAD_S = 0.05;
const SWITCH_LEAD_S = 0.02;
const VOLUME_TIME_S = 0.01;
// A context that cannot run, in Firefox where no device plays, says nothing: it resumes for ever.
const RESUME_MS = 4000;
// A start that took the page longer may have come too late for some of its sources: it is made again.
const LATE_MS = 25;

let shared = null;

/** The page's audio context. It may only run after a gesture, so it is resumed on each play. */
function context() {
  if (shared) return shared;
  // Otherwise the mute switch of an iPhone silences Web Audio.
  if (navigator.audioSession) navigator.audioSession.type = "playback";
  shared = new AudioContext({ latencyHint: "interactive" });
  return shared;
}

/** Whether a context runs, at the latest after RESUME_MS. */
function resumed(audio) {
  const isLate = new Promise((done) => setTimeout(done, RESUME_MS, false));
  return Promise.race([audio.resume().then(() => true, () => false), isLate]);
}

export class Deck extends EventTarget {
  #buffers = [];
  #levels = [];
  #master = null;
  #take = null;
  #offset = 0;
  #isPlaying = false;
  #asks = 0;
  #isLooping = true;
  #loop = [0, 0];
  #selected = 0;
  #unwatch = null;
  #readAt = 0;

  /** Fetch and decode. `gainsDb` bring the tracks to one loudness. */
  async load(urls, gainsDb, signal) {
    const audio = context();
    const buffers = await Promise.all(
      urls.map(async (url) => {
        const response = await fetch(url, { signal, credentials: "same-origin" });
        if (!response.ok) throw new Error(`the sound could not be fetched (${response.status})`);
        return audio.decodeAudioData(await response.arrayBuffer());
      }),
    );
    if (new Set(buffers.map((buffer) => buffer.length)).size !== 1) throw new Error("the mixes differ in length");
    signal?.throwIfAborted();
    this.#buffers = buffers;
    this.#loop = [0, buffers[0].length];
    this.#levels = gainsDb.map((gainDb) => 10 ** (gainDb / 20));
    this.#master = audio.createGain();
    this.#master.connect(audio.destination);
    this.#unwatch = watch(audio, {
      isPlaying: () => this.#take !== null,
      onTrouble: (text) => this.#tell(text),
      onStop: () => this.pause(),
    });
  }

  get isReady() {
    return this.#buffers.length > 0;
  }

  get isPlaying() {
    return this.#isPlaying;
  }

  get isLooping() {
    return this.#isLooping;
  }

  get selected() {
    return this.#selected;
  }

  /** Seconds of a track. */
  get duration() {
    return this.isReady ? this.#buffers[0].duration : 0;
  }

  /** Start and end of the loop, seconds. */
  get loop() {
    return this.#loop.map((frame) => frame / context().sampleRate);
  }

  /** Seconds from the start of the recordings. */
  get position() {
    return this.#frame / context().sampleRate;
  }

  get output() {
    return this.#master;
  }

  /** Frames, channels and rate of every track as decoded. */
  get shapes() {
    return this.#buffers.map((buffer) => ({
      frames: buffer.length,
      channels: buffer.numberOfChannels,
      rate: buffer.sampleRate,
    }));
  }

  /** The decoded sound of a track; for meters and tests. */
  samples(track, channel = 0) {
    return this.#buffers[track].getChannelData(channel);
  }

  async play() {
    if (!this.isReady || this.#isPlaying) return;
    this.#isPlaying = true;
    this.#changed();
    // Resuming takes a moment, in which pause and play may come again: only the last of them starts the sources.
    const asked = ++this.#asks;
    const isRunning = await resumed(context());
    if (!this.#isPlaying || asked !== this.#asks) return;
    if (isRunning) this.#launch(this.#offset, this.#soon(START_LEAD_S));
    else {
      this.pause();
      this.#tell("The browser cannot play now. Check speakers or headphones, end a call that goes on, then press play again.");
    }
  }

  pause() {
    if (!this.#isPlaying) return;
    this.#jump();
    this.#offset = this.#frame % this.#buffers[0].length;
    this.#isPlaying = false;
    this.#halt(this.#soon(SWITCH_LEAD_S));
    this.#changed();
  }

  toggle() {
    return this.#isPlaying ? this.pause() : this.play();
  }

  seek(seconds) {
    if (!this.isReady) return;
    this.#jump();
    this.#move(Math.round(seconds * context().sampleRate));
  }

  select(track) {
    if (track === this.#selected || !this.isReady) return;
    this.#selected = track;
    if (this.#take) {
      const frame = this.#take.hear(track, this.#soon(SWITCH_LEAD_S));
      this.dispatchEvent(new CustomEvent("switch", { detail: { track, frame } }));
    }
    this.#changed();
  }

  setLooping(isLooping) {
    this.#jump();
    this.#isLooping = isLooping;
    this.#move(null);
  }

  setLoop(startS, endS) {
    if (!this.isReady) return;
    const { sampleRate } = context();
    const { length } = this.#buffers[0];
    const least = Math.min(length, Math.round(MIN_LOOP_S * sampleRate));
    const start = Math.min(Math.max(Math.round(startS * sampleRate), 0), length - least);
    this.#jump();
    this.#loop = [start, Math.min(Math.max(Math.round(endS * sampleRate), start + least), length)];
    this.#move(null);
  }

  setVolume(volume) {
    // Ears hear ratios: the middle of the control is about half as loud.
    this.#master?.gain.setTargetAtTime(volume ** 2, context().currentTime, VOLUME_TIME_S);
  }

  close() {
    this.#isPlaying = false;
    this.#halt(0);
    this.#unwatch?.();
    this.#master?.disconnect();
    this.#buffers = [];
  }

  get #frame() {
    if (!this.#take) return this.#offset;
    const audio = context();
    return this.#take.positionAt(Math.round(audio.currentTime * audio.sampleRate));
  }

  /** The first frame of the context that is certainly still to come when the audio thread hears of it. */
  #soon(leadS) {
    const audio = context();
    this.#readAt = performance.now();
    return Math.ceil((audio.currentTime + Math.max(leadS, audio.baseLatency || 0)) * audio.sampleRate);
  }

  /** Go on from a frame of the recordings, or with null from where the music is. */
  #move(target) {
    const frame = this.#soon(START_LEAD_S);
    const last = Math.max(0, this.duration * context().sampleRate - 1);
    const offset = target ?? this.#take?.positionAt(frame) ?? this.#offset;
    this.#offset = this.#inside(Math.min(Math.max(offset, 0), last));
    if (this.#take) {
      this.#halt(frame);
      this.#launch(this.#offset, frame);
    }
    this.#changed();
  }

  #inside(offset) {
    const [start, end] = this.#loop;
    return this.#isLooping && (offset < start || offset >= end) ? start : offset;
  }

  #launch(from, startFrame) {
    const offset = this.#inside(from);
    const loop = this.#isLooping ? this.#loop : null;
    const options = { startFrame, offset, loop, heard: this.#selected };
    const take = new Take(context(), this.#buffers, this.#levels, this.#master, options);
    if (performance.now() - this.#readAt > LATE_MS) {
      take.cancel();
      this.#launch(from, this.#soon(START_LEAD_S));
      return;
    }
    this.#take = take;
    this.dispatchEvent(new CustomEvent("start", { detail: { frame: startFrame, offset, loop } }));
    take.onend = () => {
      if (this.#take !== take) return;
      this.#jump();
      this.#take = null;
      this.#isPlaying = false;
      this.#offset = this.#inside(0);
      this.#changed();
    };
  }

  /** End the take by fading it out from a frame of the context; at once where it makes no sound. */
  #halt(frame) {
    const audio = context();
    const take = this.#take;
    this.#take = null;
    if (!take) return;
    if (audio.state !== "running" || take.startFrame > audio.currentTime * audio.sampleRate) take.cancel();
    else take.stop(Math.max(frame, this.#soon(0)));
  }

  #tell(text) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: { text } }));
  }

  #jump() {
    this.dispatchEvent(new Event("jump"));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
