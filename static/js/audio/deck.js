// Several recordings of the same music on one clock: all of them always run, and one of them is heard.
//
// Every source starts in the same call at the same moment of the audio clock, so a change between them moves gains and
// nothing else: not a sample is skipped or heard twice.

const FADE_S = 0.006;
// Between asking for a start and its moment; the clock must not have passed it.
const LEAD_S = 0.03;

let shared = null;

/** The page's audio context. It may only run after a gesture, so it is resumed on each play. */
function context() {
  shared ??= new AudioContext({ latencyHint: "interactive" });
  return shared;
}

export class Deck extends EventTarget {
  #buffers = [];
  #gains = [];
  #levels = [];
  #sources = [];
  #master;
  #startedAt = 0;
  #offset = 0;
  #isPlaying = false;
  #asks = 0;
  #isLooping = true;
  #selected = 0;
  #duration = 0;

  /** Fetch and decode. `gainsDb` bring the tracks to one loudness. */
  async load(urls, gainsDb, signal) {
    const audio = context();
    this.#buffers = await Promise.all(
      urls.map(async (url) => {
        const response = await fetch(url, { signal, credentials: "same-origin" });
        if (!response.ok) throw new Error(`the sound could not be fetched (${response.status})`);
        return audio.decodeAudioData(await response.arrayBuffer());
      }),
    );
    const lengths = new Set(this.#buffers.map((buffer) => buffer.length));
    if (lengths.size !== 1) throw new Error("the mixes differ in length");
    this.#duration = this.#buffers[0].duration;
    this.#levels = gainsDb.map((gainDb) => 10 ** (gainDb / 20));
    this.#master = audio.createGain();
    this.#master.connect(audio.destination);
    this.#gains = this.#buffers.map((_, i) => {
      const gain = audio.createGain();
      gain.gain.value = i === this.#selected ? this.#levels[i] : 0;
      gain.connect(this.#master);
      return gain;
    });
  }

  get isReady() {
    return this.#gains.length > 0;
  }

  get isPlaying() {
    return this.#isPlaying;
  }

  get isLooping() {
    return this.#isLooping;
  }

  get duration() {
    return this.#duration;
  }

  get selected() {
    return this.#selected;
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

  /** Seconds from the start of the region. */
  get position() {
    if (!this.#isPlaying) return this.#offset;
    const elapsed = this.#offset + Math.max(0, context().currentTime - this.#startedAt);
    return this.#isLooping ? elapsed % this.#duration : Math.min(elapsed, this.#duration);
  }

  async play() {
    if (!this.isReady || this.#isPlaying) return;
    this.#isPlaying = true;
    this.#startedAt = Infinity; // until its moment is known
    this.#changed();
    // Resuming takes a moment, in which pause and play may come again: only the last of them starts the sources.
    const asked = ++this.#asks;
    await context().resume();
    if (this.#isPlaying && asked === this.#asks) this.#launch();
  }

  pause() {
    if (!this.#isPlaying) return;
    this.#offset = this.position % this.#duration;
    this.#isPlaying = false;
    this.#halt();
    this.#changed();
  }

  toggle() {
    return this.#isPlaying ? this.pause() : this.play();
  }

  seek(seconds) {
    this.#offset = Math.min(Math.max(seconds, 0), Math.max(0, this.#duration - 0.05));
    if (this.#isPlaying && this.#sources.length > 0) {
      this.#halt();
      this.#launch();
    }
    this.#changed();
  }

  select(track) {
    if (track === this.#selected || !this.isReady) return;
    const now = context().currentTime;
    this.#selected = track;
    this.#gains.forEach((gain, i) => {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(gain.gain.value, now);
      gain.gain.linearRampToValueAtTime(i === track ? this.#levels[i] : 0, now + FADE_S);
    });
    this.#changed();
  }

  setLooping(isLooping) {
    if (this.#isPlaying) {
      // The clock forgets whole rounds before they stop meaning anything.
      this.#offset = this.position;
      this.#startedAt = context().currentTime;
    }
    this.#isLooping = isLooping;
    for (const source of this.#sources) source.loop = isLooping;
    this.#changed();
  }

  setVolume(volume) {
    // Ears hear ratios: the middle of the control is about half as loud.
    if (this.#master) this.#master.gain.value = volume ** 2;
  }

  close() {
    this.#isPlaying = false;
    this.#halt();
    this.#master?.disconnect();
    this.#buffers = [];
    this.#gains = [];
  }

  #launch() {
    const audio = context();
    this.#startedAt = audio.currentTime + LEAD_S;
    this.#sources = this.#buffers.map((buffer, i) => {
      const source = audio.createBufferSource();
      source.buffer = buffer;
      source.loop = this.#isLooping;
      source.connect(this.#gains[i]);
      source.start(this.#startedAt, this.#offset);
      return source;
    });
    const [first] = this.#sources;
    first.onended = () => {
      if (this.#sources[0] !== first) return;
      this.#isPlaying = false;
      this.#offset = 0;
      this.#sources = [];
      this.#changed();
    };
  }

  #halt() {
    const sources = this.#sources;
    this.#sources = [];
    for (const source of sources) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
