import { PROCESSOR, type SoundCommand, type SoundReport } from "./messages.ts";
import { SoundRing } from "./sound-ring.ts";

/** Calls of `process` (128 frames each) from one report to the next: some 40 ms. */
const REPORT_EVERY = 16;

/** Plays what the page decodes. */
class SoundProcessor extends AudioWorkletProcessor {
  readonly #ring = new SoundRing(sampleRate);
  #isClosed = false;
  #calls = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#receive(data as SoundCommand);
  }

  override process(
    _inputs: readonly (readonly Float32Array[])[],
    [output]: readonly (readonly Float32Array[])[],
  ): boolean {
    if (this.#calls % REPORT_EVERY === 0) this.#report();
    this.#calls += 1;
    if (output !== undefined) this.#ring.read(output);
    return !this.#isClosed;
  }

  #receive(command: SoundCommand): void {
    switch (command.type) {
      case "block":
        this.#ring.push(command);
        return;
      case "target":
        this.#ring.hold(command.target, command.isNow);
        return;
      case "reset":
        this.#ring.reset();
        return;
      case "close":
        this.#isClosed = true;
    }
  }

  #report(): void {
    const { time, isPlaying, fill, speed, underruns, skips } = this.#ring;
    const report: SoundReport = {
      time,
      at: currentTime,
      isPlaying,
      fill,
      speed,
      underruns,
      skips,
    };
    this.port.postMessage(report);
  }
}

registerProcessor(PROCESSOR, SoundProcessor);
