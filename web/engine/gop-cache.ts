import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import { type Frame, FrameFlag } from "../../server/protocol/wire/frame.ts";

/** A GOP larger than this is not kept: a new MediaSource then waits for the next sync sample. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_FRAMES = 8_192;

/** Without picture, this many seconds of sound are enough to begin with. */
const SOUND_ALONE = 1;

/** Sound kept from before the sync sample, seconds. */
const SOUND_BEFORE = 0.1;

type Held = { readonly frame: Frame; readonly shownAt: number };

/** What has arrived since the last sync sample: a new MediaSource can begin with it at once. */
export class GopCache {
  #held: Held[] = [];
  #bytes = 0;
  #isBroken = false;

  /** In order of arrival; empty where nothing can be begun with. */
  get frames(): readonly Frame[] {
    return this.#isBroken ? [] : this.#held.map(({ frame }) => frame);
  }

  /** @param video the track that pictures come from, if any is played */
  push(frame: Frame, track: AnnouncedTrack, video: AnnouncedTrack | undefined): void {
    const shownAt = (frame.dts + frame.compositionOffset) / track.timescale;
    if (frame.trackId === video?.id) {
      if ((frame.flags & FrameFlag.Sync) !== 0) {
        const from = shownAt - SOUND_BEFORE;
        this.#keep((held) => held.frame.trackId !== frame.trackId && held.shownAt >= from);
        this.#isBroken = false;
      }
    } else if (video === undefined && this.#held.length % 64 === 63) {
      this.#keep((held) => held.shownAt >= shownAt - SOUND_ALONE);
    }
    if (this.#isBroken) return;
    this.#held.push({ frame, shownAt });
    this.#bytes += frame.payload.length;
    if (this.#bytes <= MAX_BYTES && this.#held.length <= MAX_FRAMES) return;
    this.clear();
    this.#isBroken = true;
  }

  /** A track begins anew (another configuration): what is held of it is of no use. */
  forget(trackId: number): void {
    this.#keep((held) => held.frame.trackId !== trackId);
  }

  clear(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#isBroken = false;
  }

  #keep(isKept: (held: Held) => boolean): void {
    this.#held = this.#held.filter(isKept);
    this.#bytes = this.#held.reduce((sum, { frame }) => sum + frame.payload.length, 0);
  }
}
