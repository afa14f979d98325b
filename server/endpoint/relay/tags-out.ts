import type { DataEvent } from "../../live/live-observer.ts";
import { LiveSample } from "../../live/live-sample.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { type LiveTrack, ticksToMs } from "../../live/live-track.ts";
import { NO_BYTES } from "../../protocol/bytes/bytes.ts";
import { asItCame, configurationTag, type FlvBody, sampleTag } from "../../protocol/flv/muxer.ts";
import { FlvTagType } from "../../protocol/flv/tag.ts";
import { tagNeeds } from "../../protocol/flv/tag-needs.ts";
import type { Milliseconds, OpaqueFrame } from "../../protocol/media/sample.ts";
import { type MediaType, type TrackKey, trackKey } from "../../protocol/media/track.ts";
import {
  type Capabilities,
  canMultitrack,
  canRead,
  canReadModEx,
} from "../../protocol/rtmp/capabilities.ts";

/** What a live stream gives, in its order. */
export type Item = LiveSample | DataEvent | OpaqueFrame;

/** One message to a server. */
export type Outgoing = {
  readonly kind: "audio" | "video" | "data";
  /** 0 to 2^32 - 1 ms. */
  readonly timestamp: number;
  /** A few bytes, behind which the payload goes. */
  readonly head: Uint8Array;
  /** Not ours: the sample, or whatever it is. */
  readonly payload: Uint8Array;
};

/** AMF0 string `@setDataFrame`: tells a server to keep what follows, for those who come later. */
const SET_DATA_FRAME = Uint8Array.of(2, 0, 13, ...Buffer.from("@setDataFrame", "latin1"));
/** AMF0 strings `@clearDataFrame`, `onMetaData`: takes it back. */
const CLEAR_METADATA = Uint8Array.of(
  ...[2, 0, 15, ...Buffer.from("@clearDataFrame", "latin1")],
  ...[2, 0, 10, ...Buffer.from("onMetaData", "latin1")],
);

/**
 * Writes a live stream as the messages of one publisher, for one server: what that server cannot
 * read is left out. Each track begins with its configuration and, if it is video, at a sync sample.
 */
export class TagsOut {
  readonly #capabilities: Capabilities | "all" | undefined;
  /** Time 0 of the messages, on the live stream's timeline. */
  #base: Milliseconds | undefined;
  /** What the server is set up for, by track. */
  readonly #configured = new Map<number, LiveTrack>();
  /** Video that it can go on with. */
  readonly #begun = new Set<number | TrackKey>();
  /** Names of tracks that are left out. */
  readonly #leftOut = new Map<TrackKey, string>();

  /**
   * @param capabilities what the server said of itself; undefined: classic RTMP only; "all": it is
   *   taken to read everything, whatever it says
   * @param base where an earlier connection began
   */
  constructor(capabilities: Capabilities | "all" | undefined, base?: Milliseconds) {
    this.#capabilities = capabilities;
    this.#base = base;
  }

  get base(): Milliseconds | undefined {
    return this.#base;
  }

  /** Tracks that the server cannot read, for people. */
  get leftOut(): readonly string[] {
    return [...this.#leftOut.values()];
  }

  /** What a broadcast begins with: metadata, and the configurations of the tracks there are. */
  opening({ metadata, tracks }: LiveStream, at: Milliseconds | undefined): Outgoing[] {
    if (at !== undefined) this.#base ??= at;
    const configurations = tracks.flatMap((track) => this.#configure(track, at ?? 0));
    return metadata === undefined
      ? configurations
      : [this.#data(metadata.body, at ?? 0, true), ...configurations];
  }

  /** The messages of what comes next; none where it is left out. */
  take(item: Item): Outgoing[] {
    if (item instanceof LiveSample) return this.#sample(item);
    return "tag" in item ? this.#opaque(item) : this.#event(item);
  }

  #sample(sample: LiveSample): Outgoing[] {
    const { track, original, at, data, isSync, isDisposable } = sample;
    const { id } = track;
    if (sample.isVideo) {
      if (!isSync && !this.#begun.has(id)) return [];
      this.#begun.add(id);
    }
    const { mediaType } = track.track;
    if (original !== undefined) {
      if (original.length === 0) return []; // it came in another sample's tag
      return this.#write(asItCame(mediaType, original), at, track.track, original);
    }
    const before = this.#configured.get(id) === track ? [] : this.#configure(track, at);
    // `dts` may have been moved by a tick, or onto the count of samples: it is shown when it was due.
    const compositionOffset = sample.isVideo
      ? ticksToMs(track, sample.dts + sample.compositionOffset) - at
      : 0;
    const fields = { compositionOffset, isSync, isDisposable, data };
    const body = sampleTag(track.track, fields, "enhanced");
    if (body === undefined) return before;
    const message = this.#write(body, at, track.track, body.head, track.track.codecString);
    return before.length === 0 ? message : [...before, ...message];
  }

  #configure(track: LiveTrack, at: Milliseconds): Outgoing[] {
    this.#configured.set(track.id, track);
    const body = configurationTag(track.track, "enhanced");
    if (body === undefined) return [];
    return this.#write(body, at, track.track, body.head, track.track.codecString);
  }

  #opaque(frame: OpaqueFrame): Outgoing[] {
    const { mediaType, isSync, tag, dts } = frame;
    const key = trackKey(frame);
    if (mediaType === "video") {
      if (!isSync && !this.#begun.has(key)) return [];
      this.#begun.add(key);
    }
    return this.#write(asItCame(mediaType, tag), dts, frame, tag);
  }

  #event({ name, at, body }: DataEvent): Outgoing[] {
    if (body.length > 0) return [this.#data(body, at, name === "onMetaData")];
    if (name !== "onMetaData") return [];
    const timestamp = this.#time(at);
    return [{ kind: "data", timestamp, head: NO_BYTES, payload: CLEAR_METADATA }];
  }

  #data(body: Uint8Array, at: Milliseconds, isMetadata: boolean): Outgoing {
    const head = isMetadata ? SET_DATA_FRAME : NO_BYTES;
    return { kind: "data", timestamp: this.#time(at), head, payload: body };
  }

  /** @param header the body's first bytes: who can read it is told by them */
  #write(
    { typeId, head, data }: FlvBody,
    at: Milliseconds,
    track: { readonly mediaType: MediaType; readonly trackIndex: number },
    header: Uint8Array,
    codecString?: string,
  ): Outgoing[] {
    if (!this.#reads(track.mediaType, header)) {
      const { mediaType, trackIndex } = track;
      const name = [mediaType, String(trackIndex), codecString].filter(Boolean).join(" ");
      this.#leftOut.set(trackKey(track), name);
      return [];
    }
    this.#base ??= at;
    const kind = typeId === FlvTagType.Video ? "video" : "audio";
    return [{ kind, timestamp: this.#time(at), head, payload: data }];
  }

  #reads(mediaType: MediaType, header: Uint8Array): boolean {
    const capabilities = this.#capabilities;
    if (capabilities === "all") return true;
    const needs = tagNeeds(mediaType, header);
    if (needs === undefined) return true;
    const { fourCc, isMultitrack, hasModEx } = needs;
    return (
      (fourCc === undefined || canRead(capabilities, fourCc)) &&
      (!isMultitrack || canMultitrack(capabilities)) &&
      (!hasModEx || canReadModEx(capabilities))
    );
  }

  #time(at: Milliseconds): number {
    const time = Math.max(0, Math.round(at - (this.#base ?? at)));
    return time % 2 ** 32;
  }
}
