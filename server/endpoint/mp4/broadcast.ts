import type { Clock } from "../../live/clock.ts";
import { Lane, type LaneMessage } from "../../live/lane.ts";
import type { LiveSample } from "../../live/live-sample.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import { initSegmentOf } from "../../protocol/isobmff/init-segment.ts";
import type { Broadcast } from "../endless/endpoint.ts";
import type { Pipe } from "../endless/pipe.ts";
import { chosenTracks, type Mp4Choice } from "./track-choice.ts";

/** A lane of messages with one sample each: who gets which is for each viewer to say. */
const NO_BATCHING = { receivers: Number.POSITIVE_INFINITY, time: 0 };

/** Where the number of a fragment stands in its head: behind moof's and mfhd's headers, and flags. */
const SEQUENCE_NUMBER_OFFSET = 20;

/**
 * Fragments, each with its number: within a file they count over all tracks (ISO/IEC 14496-12
 * §8.8.5), so it is not that of the track.
 */
export function packFragments(samples: readonly LiveSample[]): Buffer {
  let length = 0;
  for (const { fragmentHead, data } of samples) length += fragmentHead.length + data.length;
  const bytes = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const { fragmentHead, data, ordinal } of samples) {
    bytes.set(fragmentHead, offset);
    bytes.writeUInt32BE(ordinal % 2 ** 32, offset + SEQUENCE_NUMBER_OFFSET);
    bytes.set(data, offset + fragmentHead.length);
    offset += fragmentHead.length + data.length;
  }
  return bytes;
}

/**
 * One live stream as endless fragmented MP4. Fragments are made once for all viewers. A file cannot
 * tell of other tracks once it has begun: where those that a viewer would be given are others now,
 * its file ends, and it may ask for a new one.
 */
export class Mp4Broadcast implements Broadcast<Mp4Choice, Buffer> {
  readonly #liveStream: LiveStream;
  readonly #lane: Lane<Buffer>;
  readonly #viewers = new Set<Mp4Viewer>();
  readonly #unobserve: () => void;

  constructor(liveStream: LiveStream, clock: Clock) {
    this.#liveStream = liveStream;
    this.#lane = new Lane(packFragments, NO_BATCHING, clock);
    this.#unobserve = liveStream.observe({
      sample: (sample) => this.#lane.push(sample),
      tracks: () => {
        for (const viewer of [...this.#viewers]) viewer.announce(liveStream.tracks);
      },
      state: (state) => {
        // A publisher whose line was lost may be back; one that said goodbye, or is given up, not.
        if (state !== "ended" && state !== "waiting") return;
        for (const viewer of [...this.#viewers]) viewer.end();
      },
    });
  }

  join(choice: Mp4Choice, pipe: Pipe<Buffer>): () => void {
    const viewer = new Mp4Viewer(choice, pipe);
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
}

/** One viewer's file. */
class Mp4Viewer {
  readonly #choice: Mp4Choice;
  readonly #pipe: Pipe<Buffer>;
  /** The tracks in its init segment, by id. */
  readonly #tracks = new Map<number, LiveTrack>();

  constructor(choice: Mp4Choice, pipe: Pipe<Buffer>) {
    this.#choice = choice;
    this.#pipe = pipe;
  }

  begin(liveStream: LiveStream, lane: Lane<Buffer>): void {
    const tracks = chosenTracks(liveStream.tracks, this.#choice);
    for (const live of tracks) this.#tracks.set(live.id, live);
    const init = initSegmentOf(
      tracks.map(({ id, timescale, track, language }) => ({
        trackId: id,
        timescale,
        track,
        language,
      })),
    );
    const history = liveStream.history().filter((sample) => this.#wants(sample));
    this.#pipe.begin(Buffer.from(init.buffer), init.length, lane.history(history));
  }

  offer(message: LaneMessage<Buffer>): void {
    const [sample] = message.samples;
    if (sample !== undefined && this.#wants(sample)) this.#pipe.offer(message);
  }

  /** The tracks are these now: one that is silent may be back, any other change ends the file. */
  announce(tracks: readonly LiveTrack[]): void {
    this.#pipe.keep(tracks.map(({ id }) => id));
    const isOther = chosenTracks(tracks, this.#choice).some(
      (live) => this.#tracks.get(live.id) !== live && !this.#standsIn(live),
    );
    const isChanged = tracks.some(
      (live) => this.#tracks.has(live.id) && this.#tracks.get(live.id) !== live,
    );
    if (isOther || isChanged) this.end();
  }

  end(): void {
    this.#pipe.end();
  }

  /** Chosen only because the file's own track of this kind is silent. */
  #standsIn(live: LiveTrack): boolean {
    for (const { track } of this.#tracks.values()) {
      if (track.mediaType === live.track.mediaType) return !this.#tracks.has(live.id);
    }
    return false;
  }

  #wants({ track }: LiveSample): boolean {
    return this.#tracks.get(track.id) === track;
  }
}
