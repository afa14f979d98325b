import { LiveSample } from "../../live/live-sample.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import type { Log } from "../../log.ts";
import type { FlvBody } from "../../protocol/flv/muxer.ts";
import { type TagNeeds, tagNeeds } from "../../protocol/flv/tag-needs.ts";
import type { MediaType } from "../../protocol/media/track.ts";
import {
  type Capabilities,
  CapsEx,
  canMultitrack,
  canRead,
  canReadModEx,
} from "../../protocol/rtmp/capabilities.ts";
import { type PlayItem, tagBody } from "./play-item.ts";

/** What everybody can be asked to read by `?enhanced=1`. */
const EVERYTHING: Capabilities = {
  fourCcList: ["*"],
  capsEx: CapsEx.Multitrack | CapsEx.ModEx | CapsEx.TimestampNanoOffset,
};

/**
 * What a player can read: what it said in connect, unless the name it plays says otherwise.
 * FFmpeg reads Enhanced RTMP since 6.1, but names codecs only where it is told to
 * (`-rtmp_enhanced_codecs`), and its flashVer is the same as ever.
 */
export function capabilitiesOf(
  capabilities: Capabilities | undefined,
  query: { readonly [name: string]: string },
): Capabilities | undefined {
  const { enhanced } = query;
  if (enhanced === "1") return EVERYTHING;
  return enhanced === "0" ? undefined : capabilities;
}

/** What one player can read of a broadcast; what it cannot is told once for each track. */
export class PlayReader {
  readonly #capabilities: Capabilities | undefined;
  readonly #log: Log;
  readonly #readable = new WeakMap<LiveTrack, boolean>();
  readonly #toldLeftOut = new Set<number>();

  constructor(capabilities: Capabilities | undefined, log: Log) {
    this.#capabilities = capabilities;
    this.#log = log;
  }

  /** Whether it can be sent this. */
  reads(item: PlayItem): boolean {
    if (!(item instanceof LiveSample)) {
      const { mediaType, track, body } = item;
      return mediaType === undefined || this.readsTag(track.id, mediaType, body);
    }
    const { track } = item;
    const known = this.#readable.get(track);
    if (known !== undefined) return known;
    const body = tagBody(item);
    const reads = body !== undefined && this.readsTag(track.id, track.track.mediaType, body);
    this.#readable.set(track, reads);
    return reads;
  }

  /** The same of any tag of a track. */
  readsTag(trackId: number, mediaType: MediaType, { head, data }: FlvBody): boolean {
    const needs = tagNeeds(mediaType, head.length > 0 ? head : data);
    if (needs === undefined || satisfies(this.#capabilities, needs)) return true;
    if (this.#toldLeftOut.has(trackId)) return false;
    this.#toldLeftOut.add(trackId);
    const { fourCc = "command frames", isMultitrack } = needs;
    const what = isMultitrack ? `${fourCc}, on another track than the first` : fourCc;
    const message = `a player is not sent ${mediaType} (${what}): it did not say that it reads it; with ?enhanced=1 behind the name it gets it all the same`;
    this.#log.info(message, { code: "PLAY_LEFT_OUT" });
    return false;
  }
}

function satisfies(capabilities: Capabilities | undefined, needs: TagNeeds): boolean {
  if (needs.isMultitrack && !canMultitrack(capabilities)) return false;
  if (needs.hasModEx && !canReadModEx(capabilities)) return false;
  if (needs.fourCc === undefined) return capabilities !== undefined;
  return canRead(capabilities, needs.fourCc);
}
