import type { Clock } from "../../live/clock.ts";
import { Lane, type LaneMessage } from "../../live/lane.ts";
import type { DataEvent } from "../../live/live-observer.ts";
import type { LiveSample } from "../../live/live-sample.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import {
  asItCame,
  canCarry,
  canPass,
  colourTag,
  configurationTag,
  type FlvBody,
  type FlvDialect,
  scriptDataTag,
} from "../../protocol/flv/muxer.ts";
import type { OpaqueFrame } from "../../protocol/media/sample.ts";
import { type MediaType, type TrackKey, trackKey } from "../../protocol/media/track.ts";
import type { Broadcast } from "../endless/endpoint.ts";
import type { Pipe } from "../endless/pipe.ts";
import { packOpening, packSamples, packTag, type TagForm, type TimedTag } from "./tag-form.ts";

/** What a viewer of FLV may choose by the URL's query. */
export type FlvChoice = {
  /** The first track of each kind, as every player reads it, or all of them as multitrack. */
  readonly tracks: "first" | "all";
  readonly dialect: FlvDialect;
  /** Whether colours of high dynamic range are told beside the pictures, too. */
  readonly hdr: boolean;
};

/** Whether a viewer who chose so gets a track. */
export const carries = ({ tracks, dialect }: FlvChoice, live: LiveTrack): boolean =>
  (tracks === "all" || live.track.trackIndex === 0) && canCarry(live.track, dialect);

/** FFmpeg takes onMetaData at any other time for a subtitle, and VLC waits for more of them. */
const METADATA_TIME = 0;

/** A lane of messages with one sample each: who gets which is for each viewer to say. */
const NO_BATCHING = { receivers: Number.POSITIVE_INFINITY, time: 0 };

/**
 * One live stream as FLV. Tags are made once for all viewers, at the live stream's own times: whatever
 * a viewer chose, it gets some of the same tags.
 */
export class FlvBroadcast implements Broadcast<FlvChoice, TagForm> {
  readonly #liveStream: LiveStream;
  readonly #lane: Lane<TagForm>;
  readonly #viewers = new Set<FlvViewer>();
  readonly #unobserve: () => void;

  constructor(liveStream: LiveStream, clock: Clock) {
    this.#liveStream = liveStream;
    this.#lane = new Lane(packSamples, NO_BATCHING, clock);
    this.#unobserve = liveStream.observe({
      sample: (sample) => this.#lane.push(sample),
      opaque: (frame) => this.#opaque(frame),
      data: (event) => this.#data(event),
      tracks: () => this.#tracks(),
      state: (state) => {
        // A publisher whose line was lost may be back; one that said goodbye, or is given up, not.
        if (state === "ended" || state === "waiting") this.#end();
      },
    });
  }

  join(choice: FlvChoice, pipe: Pipe<TagForm>): () => void {
    const viewer = new FlvViewer(choice, pipe);
    viewer.begin(this.#liveStream, this.#lane);
    this.#viewers.add(viewer);
    const leave = this.#lane.receive((message) => viewer.offer(message));
    return () => {
      leave();
      this.#viewers.delete(viewer);
    };
  }

  stop(): void {
    this.#unobserve();
  }

  #opaque(frame: OpaqueFrame): void {
    let form: TagForm | undefined;
    for (const viewer of this.#viewers) {
      if (!viewer.takesOpaque(frame)) continue;
      form ??= packTag(asItCame(frame.mediaType, frame.tag), frame.dts);
      viewer.pass(form);
    }
  }

  #data({ name, body, at }: DataEvent): void {
    if (body.length === 0) return; // what was taken back: FLV has no word for it
    const form = packTag(scriptDataTag(body), name === "onMetaData" ? METADATA_TIME : at);
    for (const viewer of this.#viewers) viewer.pass(form);
  }

  #tracks(): void {
    const trackIds = this.#liveStream.tracks.map(({ id }) => id);
    for (const viewer of this.#viewers) viewer.keep(trackIds);
  }

  #end(): void {
    for (const viewer of [...this.#viewers]) viewer.end();
  }
}

/** One viewer's share of the tags. */
class FlvViewer {
  readonly #choice: FlvChoice;
  readonly #pipe: Pipe<TagForm>;
  /** The configuration that this viewer's player is set up for, by track. */
  readonly #configured = new Map<number, number>();
  /** Tracks of which it has a picture to go on from. */
  readonly #opaqueVideo = new Set<TrackKey>();

  constructor(choice: FlvChoice, pipe: Pipe<TagForm>) {
    this.#choice = choice;
    this.#pipe = pipe;
  }

  /** Sends what an FLV stream begins with, and the history. */
  begin(liveStream: LiveStream, lane: Lane<TagForm>): void {
    const history = liveStream.history().filter((sample) => this.#wants(sample));
    const tags: TimedTag[] = [];
    const at = history[0]?.at ?? 0;
    const { metadataBody } = liveStream;
    if (metadataBody.length > 0)
      tags.push({ body: scriptDataTag(metadataBody), at: METADATA_TIME });
    for (const sample of history) {
      for (const body of this.#configure(sample)) tags.push({ body, at });
    }
    const opening = packOpening(this.#kinds(liveStream, history), tags);
    this.#pipe.begin(opening, opening.bytes.length, lane.history(history));
  }

  offer(message: LaneMessage<TagForm>): void {
    const [sample] = message.samples;
    if (sample === undefined || !this.#wants(sample)) return;
    for (const body of this.#configure(sample)) {
      const form = packTag(body, sample.at);
      this.#pipe.insert(form, form.bytes.length);
    }
    this.#pipe.offer(message);
  }

  /** Whether it is to get what is passed on unopened: pictures from one on that can begin. */
  takesOpaque(frame: OpaqueFrame): boolean {
    const { mediaType, trackIndex, tag } = frame;
    const { tracks, dialect } = this.#choice;
    if (tracks === "first" && trackIndex !== 0) return false;
    if (!canPass(mediaType, tag, dialect)) return false;
    if (mediaType === "audio") return this.#pipe.hasRoomFor(tag.length);
    const key = trackKey(frame);
    if (!this.#pipe.hasRoomFor(tag.length)) this.#opaqueVideo.delete(key);
    else if (frame.isSync) this.#opaqueVideo.add(key);
    return this.#opaqueVideo.has(key);
  }

  /** Something that no player waits for: left out where the viewer is far behind. */
  pass(form: TagForm): void {
    const size = form.bytes.length;
    if (this.#pipe.hasRoomFor(size)) this.#pipe.insert(form, size);
  }

  keep(trackIds: readonly number[]): void {
    this.#pipe.keep(trackIds);
  }

  end(): void {
    this.#pipe.end();
  }

  #wants(sample: LiveSample): boolean {
    const { track, original } = sample;
    if (original === undefined) return carries(this.#choice, track);
    const { tracks, dialect } = this.#choice;
    const isChosen = tracks === "all" || track.track.trackIndex === 0;
    return isChosen && canPass(track.track.mediaType, original, dialect);
  }

  /** @returns what goes before a sample, where it is the first of its track's configuration */
  #configure({ track, original }: LiveSample): FlvBody[] {
    const { id, configuration } = track;
    if (original !== undefined || this.#configured.get(id) === configuration) return [];
    this.#configured.set(id, configuration);
    const colour = this.#choice.hdr ? colourTag(track.track, "enhanced") : undefined;
    const sequenceStart = configurationTag(track.track, "enhanced");
    return [colour, sequenceStart].filter((body) => body !== undefined);
  }

  /** What the FLV header promises: players wait for what is promised. */
  #kinds(
    { tracks, unplayable }: LiveStream,
    history: readonly LiveSample[],
  ): { audio: boolean; video: boolean } {
    const kinds = new Set<MediaType>();
    for (const { track } of history) kinds.add(track.track.mediaType);
    for (const live of tracks) {
      if (carries(this.#choice, live)) kinds.add(live.track.mediaType);
    }
    // Whether what nobody plays is passed on shows with its first frame, and players take what comes
    // without a promise; yet an FLV of nothing at all is none to some.
    if (kinds.size === 0) for (const { mediaType } of unplayable) kinds.add(mediaType);
    return { audio: kinds.has("audio"), video: kinds.has("video") };
  }
}
