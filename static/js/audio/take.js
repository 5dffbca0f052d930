// One uninterrupted run of several recordings on one clock: the audio graph, and nothing of the page.
//
//   source 0 -> gain 0 --\
//   source 1 -> gain 1 ---> envelope -> destination
//
// All sources start at one frame of the context, at one frame of the recordings, with one loop. None of that changes while
// the take runs: a loop that moved under running sources could reach them in different blocks and part them for ever. What
// changes is gains. Another place or another loop is another take, into which this one fades.

export const FADE_S = 0.005;

/** A raised cosine between two gains, one value a frame, both ends included: `frames` + 1 values. */
export function raisedCosine(from, to, frames) {
  return Float32Array.from({ length: frames + 1 }, (_, i) => to + (from - to) * (0.5 + 0.5 * Math.cos((Math.PI * i) / frames)));
}

export class Take {
  #audio;
  #levels;
  #startFrame;
  #offset;
  #loop;
  #length;
  #gains;
  #sources;
  #envelope;
  #heard;
  #fadeFrames;
  #freeFrame;

  /**
   * @param audio context whose rate is that of the buffers.
   * @param buffers AudioBuffers of equal length.
   * @param levels a linear gain for each.
   * @param destination node that gets the sound.
   * @param options.startFrame frame of the context at which the run begins, not yet passed.
   * @param options.offset frame of the recordings that is heard first.
   * @param options.loop [first frame, frame after the last], around `offset`; null plays to the end.
   * @param options.heard index of the recording that is heard.
   */
  constructor(audio, buffers, levels, destination, { startFrame, offset, loop, heard }) {
    this.#audio = audio;
    this.#levels = levels;
    this.#startFrame = startFrame;
    this.#offset = offset;
    this.#loop = loop;
    this.#length = buffers[0].length;
    this.#heard = heard;
    this.#fadeFrames = Math.round(FADE_S * audio.sampleRate);
    this.#freeFrame = startFrame;
    this.#envelope = audio.createGain();
    this.#envelope.gain.value = 0;
    this.#envelope.connect(destination);
    this.#fade(this.#envelope, 0, 1, startFrame);
    this.#gains = levels.map((level, i) => {
      const gain = audio.createGain();
      gain.gain.value = i === heard ? level : 0;
      gain.connect(this.#envelope);
      return gain;
    });
    this.#sources = buffers.map((buffer, i) => {
      const source = audio.createBufferSource();
      source.buffer = buffer;
      if (loop) {
        source.loop = true;
        [source.loopStart, source.loopEnd] = loop.map((frame) => frame / audio.sampleRate);
      }
      source.connect(this.#gains[i]);
      source.start(startFrame / audio.sampleRate, offset / audio.sampleRate);
      return source;
    });
  }

  /** Called once when the recordings are over. */
  set onend(handler) {
    this.#sources[0].onended = handler;
  }

  /** The frame of the recordings that sounds at a frame of the context. */
  positionAt(frame) {
    const at = this.#offset + Math.max(0, frame - this.#startFrame);
    if (!this.#loop) return Math.min(at, this.#length);
    const [start, end] = this.#loop;
    return at < end ? at : start + ((at - end) % (end - start));
  }

  /**
   * Fade to another recording, not before a frame of the context that is still to come. A fade that runs already is left
   * to its end. Returns the first frame of the fade.
   */
  hear(track, frame) {
    const begin = Math.max(frame, this.#freeFrame);
    this.#fade(this.#gains[this.#heard], this.#levels[this.#heard], 0, begin);
    this.#fade(this.#gains[track], 0, this.#levels[track], begin);
    this.#heard = track;
    this.#freeFrame = begin + this.#fadeFrames + 1;
    return begin;
  }

  /** Fade out from a frame of the context that is still to come, and let go of everything. */
  stop(frame) {
    const begin = Math.max(frame, this.#startFrame + this.#fadeFrames + 1);
    this.#fade(this.#envelope, 1, 0, begin);
    for (const source of this.#sources) source.stop((begin + this.#fadeFrames + 1) / this.#audio.sampleRate);
    this.#sources[0].onended = () => this.#envelope.disconnect();
  }

  /** End at once; for a take that has not begun. */
  cancel() {
    this.#sources[0].onended = null;
    for (const source of this.#sources) source.stop();
    this.#envelope.disconnect();
  }

  get startFrame() {
    return this.#startFrame;
  }

  #fade(node, from, to, frame) {
    const { sampleRate } = this.#audio;
    node.gain.setValueCurveAtTime(raisedCosine(from, to, this.#fadeFrames), frame / sampleRate, this.#fadeFrames / sampleRate);
  }
}
