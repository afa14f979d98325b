import type { Frame } from "../../server/protocol/wire/frame.ts";

/** Held at most: without a sync sample for so long, everything up to the next one is left out. */
const MOST = { frames: 4_096, bytes: 33_554_432 } as const;

/** A coded picture on its way to the decoder; times in seconds. */
export type CodedPicture = {
  readonly frame: Frame;
  readonly time: number;
  readonly isSync: boolean;
};

/** Coded pictures in decode order. It begins at a sync sample, always, or is what follows one. */
export class CodedQueue {
  #held: CodedPicture[] = [];
  #bytes = 0;
  #waitsForSync = true;

  get length(): number {
    return this.#held.length;
  }

  get first(): CodedPicture | undefined {
    return this.#held[0];
  }

  push(picture: CodedPicture): void {
    if (picture.isSync) this.#waitsForSync = false;
    if (this.#waitsForSync) return;
    this.#held.push(picture);
    this.#bytes += picture.frame.payload.length;
    if (this.#held.length <= MOST.frames && this.#bytes <= MOST.bytes) return;
    if (this.skipTo(Number.POSITIVE_INFINITY) === 0) this.clear();
  }

  /** Takes the first one out. */
  shift(): CodedPicture | undefined {
    const picture = this.#held.shift();
    if (picture !== undefined) this.#bytes -= picture.frame.payload.length;
    return picture;
  }

  /**
   * Leaves out what lies before the newest sync sample that is due: shown at `time` or before.
   *
   * @returns how many that were
   */
  skipTo(time: number): number {
    const isDue = (picture: CodedPicture) => picture.isSync && picture.time <= time;
    const index = this.#held.findLastIndex(isDue);
    return index > 0 ? this.#drop(index) : 0;
  }

  /** The decoder has nothing to go on from: all is left out up to the next sync sample. */
  restart(): void {
    const index = this.#held.findIndex(({ isSync }) => isSync);
    if (index < 0) this.clear();
    else this.#drop(index);
  }

  /** Another track, or another timeline: nothing of it is of use. */
  clear(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#waitsForSync = true;
  }

  #drop(pictures: number): number {
    this.#held.splice(0, pictures);
    this.#bytes = this.#held.reduce((sum, { frame }) => sum + frame.payload.length, 0);
    return pictures;
  }
}
