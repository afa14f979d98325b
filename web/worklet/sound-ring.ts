import type { SoundBlock } from "./messages.ts";

/** How sound is kept at its distance: seconds, and ratios. */
export const SOUND = {
  /** Held at most; more than that is not waited for. */
  capacity: 4,
  /** So much more than the target is skipped at once. */
  skip: 0.5,
  /** A hole up to this long is filled with silence; a longer one is jumped over. */
  longestHole: 1,
  /** Blocks whose times are off by less than this follow each other. */
  tolerance: 0.02,
  /** What is held is averaged over about so long, since it is a saw-tooth. */
  averaging: 0.4,
  /** Off by less than `settled` it plays as it is, off by more than `tolerated` it is corrected. */
  settled: 0.003,
  tolerated: 0.008,
  /** Speed per second that it is off, within `gentle`, and within `hasty` when it is `far` off. */
  gain: 0.5,
  gentle: 0.01,
  hasty: { slower: 0.03, faster: 0.05 },
  far: 0.1,
  /** It begins, and ends when it runs dry, within so many frames of the output. */
  fade: 96,
} as const;

/**
 * Sound between decoder and loudspeaker: holds `target` seconds by playing a little faster or slower
 * (by interpolation: pitch goes along), fills holes with silence, and begins anew when it ran dry. It
 * knows no clock: whoever reads sets the pace.
 */
export class SoundRing {
  /** Hz of the output. */
  readonly #outputRate: number;
  #rate = 0;
  #planes: Float32Array[] = [];
  #length = 0;
  /** Frames since the beginning, both of them. */
  #written = 0;
  #position = 0;
  /** Media times of frames: the last one that lies before a frame tells its time. */
  #anchors: { readonly frame: number; readonly time: number }[] = [];
  /** Until one is told, nothing begins. */
  #target: number = SOUND.capacity;
  #average: number | undefined;
  #speed = 1;
  #isPlaying = false;
  /** It ends here, and begins again once the target is there. */
  #pauses = false;
  #faded = 0;
  #underruns = 0;
  #skips = 0;

  constructor(outputRate: number) {
    this.#outputRate = outputRate;
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  /** Media seconds a second. */
  get speed(): number {
    return this.#isPlaying ? this.#speed : 1;
  }

  get underruns(): number {
    return this.#underruns;
  }

  get skips(): number {
    return this.#skips;
  }

  /** Seconds of media that are held. */
  get fill(): number {
    return this.#rate === 0 ? 0 : (this.#written - this.#position) / this.#rate;
  }

  /** Media time of what is read next, seconds; 0 before there is anything. */
  get time(): number {
    const anchor = this.#anchors.findLast(({ frame }) => frame <= this.#position);
    return anchor === undefined ? 0 : anchor.time + (this.#position - anchor.frame) / this.#rate;
  }

  /** @param target seconds to hold @param isNow at once: what is too much is skipped, what lacks waited for */
  hold(target: number, isNow = false): void {
    this.#target = Math.min(target, SOUND.capacity - SOUND.skip);
    if (!isNow || !this.#isPlaying) return;
    const off = this.fill - this.#target;
    if (off > SOUND.far) this.#land();
    this.#pauses = off < -SOUND.skip;
  }

  /** Takes what was decoded, in order. */
  push(block: SoundBlock): void {
    const frames = block.planes[0]?.length ?? 0;
    if (frames === 0) return;
    if (block.rate !== this.#rate || block.planes.length !== this.#planes.length) this.#fit(block);
    const last = this.#anchors.at(-1);
    const expected =
      last === undefined ? block.time : last.time + (this.#written - last.frame) / this.#rate;
    const off = block.time - expected;
    let from = 0;
    if (last === undefined || off > SOUND.longestHole || off < -SOUND.longestHole) {
      this.#anchors.push({ frame: this.#written, time: block.time });
    } else if (off > SOUND.tolerance) {
      this.#write(undefined, 0, Math.round(off * this.#rate));
    } else if (off < -SOUND.tolerance) {
      from = Math.min(frames, Math.round(-off * this.#rate));
    }
    this.#write(block.planes, from, frames);
    while ((this.#anchors[1]?.frame ?? Number.POSITIVE_INFINITY) <= this.#position) {
      this.#anchors.shift();
    }
  }

  /** Throws away what is held. */
  reset(): void {
    this.#position = this.#written;
    this.#anchors = [];
    this.#average = undefined;
    this.#isPlaying = false;
    this.#pauses = false;
  }

  /** Fills `output` (one array a channel, all as long): with silence where there is nothing. */
  read(output: readonly Float32Array[]): void {
    const frames = output[0]?.length ?? 0;
    for (const channel of output) channel.fill(0);
    if (this.#rate === 0) return;
    if (!this.#isPlaying) {
      if (this.fill < this.#target || this.fill === 0) return;
      this.#isPlaying = true;
      this.#faded = 0;
      this.#speed = 1;
      this.#land();
    }
    this.#steer(frames / this.#outputRate);
    const step = (this.#rate / this.#outputRate) * this.#speed;
    // The frames around the last one that is read must be there.
    const readable = Math.floor((this.#written - 2 - this.#position) / step);
    const count = Math.max(0, Math.min(frames, readable));
    for (let channel = 0; channel < output.length; channel += 1) {
      const plane = this.#planes[Math.min(channel, this.#planes.length - 1)];
      const target = output[channel];
      if (plane !== undefined && target !== undefined) this.#copy(plane, target, count, step);
    }
    this.#position += count * step;
    this.#fade(output, count, this.#pauses || count < frames);
    if (count === frames && !this.#pauses) return;
    if (count < frames) this.#underruns += 1;
    this.#isPlaying = false;
    this.#pauses = false;
    this.#average = undefined;
  }

  #copy(plane: Float32Array, target: Float32Array, count: number, step: number): void {
    const length = this.#length;
    let position = this.#position;
    for (let index = 0; index < count; index += 1) {
      const whole = Math.floor(position);
      const part = position - whole;
      const b = plane[whole % length] ?? 0;
      if (part === 0) {
        target[index] = b;
      } else {
        // Cubic Hermite spline: sound keeps its heights, unlike on straight lines.
        const a = plane[(whole + length - 1) % length] ?? 0;
        const c = plane[(whole + 1) % length] ?? 0;
        const d = plane[(whole + 2) % length] ?? 0;
        const slope = (c - a) / 2;
        const bend = b - c;
        const sum = slope + bend;
        const next = sum + bend + (d - b) / 2;
        target[index] = ((next * part - sum - next) * part + slope) * part + b;
      }
      position += step;
    }
  }

  /** Silence and sound meet without a click. */
  #fade(output: readonly Float32Array[], count: number, ends: boolean): void {
    if (this.#faded < SOUND.fade) {
      for (const channel of output) {
        for (let index = 0; index < count; index += 1) {
          const gain = Math.min(1, (this.#faded + index) / SOUND.fade);
          channel[index] = (channel[index] ?? 0) * gain;
        }
      }
      this.#faded += count;
    }
    if (!ends) return;
    const length = Math.min(count, SOUND.fade);
    for (const channel of output) {
      for (let left = 0; left < length; left += 1) {
        const index = count - 1 - left;
        channel[index] = ((channel[index] ?? 0) * left) / length;
      }
    }
  }

  #steer(seconds: number): void {
    const { fill } = this;
    const before = this.#average ?? fill;
    this.#average = before + (fill - before) * Math.min(1, seconds / SOUND.averaging);
    const off = this.#average - this.#target;
    if (fill - this.#target > SOUND.skip) {
      this.#land();
      this.#skips += 1;
      return;
    }
    const isCorrected = this.#speed !== 1;
    if (Math.abs(off) < (isCorrected ? SOUND.settled : SOUND.tolerated)) {
      this.#speed = 1;
      // Whole frames again: they are copied, and nothing is interpolated.
      if (isCorrected) this.#position = Math.round(this.#position);
      return;
    }
    const isFar = Math.abs(off) > SOUND.far;
    const slowest = isFar ? SOUND.hasty.slower : SOUND.gentle;
    const fastest = isFar ? SOUND.hasty.faster : SOUND.gentle;
    this.#speed = 1 + Math.max(-slowest, Math.min(fastest, off * SOUND.gain));
  }

  /** Goes where the target is. */
  #land(): void {
    const spare = Math.floor((this.fill - this.#target) * this.#rate);
    if (spare <= SOUND.tolerance * this.#rate) return;
    this.#position = Math.floor(this.#position) + spare;
    this.#average = undefined;
    this.#faded = 0;
  }

  #write(planes: readonly Float32Array[] | undefined, from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      const at = (this.#written + index - from) % this.#length;
      for (let channel = 0; channel < this.#planes.length; channel += 1) {
        const plane = this.#planes[channel];
        if (plane !== undefined) plane[at] = planes?.[channel]?.[index] ?? 0;
      }
    }
    this.#written += Math.max(0, to - from);
    // What was overwritten is gone.
    const oldest = this.#written - this.#length + 1;
    if (this.#position < oldest) this.#position = oldest;
  }

  /** Another format: what is held of the one before is not played any more. */
  #fit({ rate, planes }: SoundBlock): void {
    this.#rate = rate;
    this.#length = Math.ceil(SOUND.capacity * rate);
    this.#planes = planes.map(() => new Float32Array(this.#length));
    this.#written = 0;
    this.#position = 0;
    this.reset();
  }
}
