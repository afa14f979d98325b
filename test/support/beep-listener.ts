/** Samples of one look, and from one look to the next. */
const LOOK = 480;
const STEP = 120;

/** A beep is at least so loud (amplitude), and its end is quieter than that by half. */
const LOUD = 0.01;

/** Finds the beginnings of beeps of one tone in sound as it comes (mono, whole numbers of 16 bits). */
export class BeepListener {
  readonly #rate: number;
  readonly #weights: readonly (readonly [number, number])[];
  readonly #onBeep: (ago: number) => void;
  #waiting = new Int16Array(0);
  #wasLoud = true; // what is on when we come is no beginning

  /** @param tone,rate Hz @param onBeep takes how long ago it began, ms before the end of what was pushed */
  constructor({ tone, rate }: { tone: number; rate: number }, onBeep: (ago: number) => void) {
    this.#rate = rate;
    this.#onBeep = onBeep;
    const step = (2 * Math.PI * tone) / rate;
    this.#weights = Array.from({ length: LOOK }, (_, index) => {
      const window = (1 - Math.cos((2 * Math.PI * index) / LOOK)) / LOOK; // Hann
      return [window * Math.cos(step * index), window * Math.sin(step * index)] as const;
    });
  }

  push(samples: Int16Array): void {
    const sound = new Int16Array(this.#waiting.length + samples.length);
    sound.set(this.#waiting);
    sound.set(samples, this.#waiting.length);
    let from = 0;
    for (; from + LOOK <= sound.length; from += STEP) {
      let [real, imaginary] = [0, 0];
      for (const [index, [cosine, sine]] of this.#weights.entries()) {
        const sample = (sound[from + index] ?? 0) / 32_768;
        real += sample * cosine;
        imaginary += sample * sine;
      }
      const loudness = 2 * Math.hypot(real, imaginary);
      const isLoud = loudness > (this.#wasLoud ? LOUD / 2 : LOUD);
      // The look sees it when it reaches its middle, about.
      const begins = from + LOOK * 0.6;
      if (isLoud && !this.#wasLoud) this.#onBeep(((sound.length - begins) / this.#rate) * 1_000);
      this.#wasLoud = isLoud;
    }
    this.#waiting = sound.slice(from);
  }
}
