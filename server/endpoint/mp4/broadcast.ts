import type { Clock } from "../../live/clock.ts";
import { Lane, LaneMessage } from "../../live/lane.ts";
import type { LiveSample } from "../../live/live-sample.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { type LiveTrack, ticksToMs } from "../../live/live-track.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { Broadcast } from "../endless/endpoint.ts";
import type { Pipe } from "../endless/pipe.ts";
import { type Mp4Form, packFragment, packInit } from "./fragment.ts";
import { chosenTracks, type Mp4Choice } from "./track-choice.ts";

/** Viewers of the same tracks: they get the same fragments. */
type Group = {
  readonly tracks: readonly LiveTrack[];
  readonly lane: Lane<Mp4Form>;
  readonly viewers: Set<{ readonly choice: Mp4Choice; readonly pipe: Pipe<Mp4Form> }>;
};

/** Samples of one fragment of the history: a lane does not gather more. */
const MAX_SAMPLES = 16;

/**
 * One live stream as endless fragmented MP4. A fragment has a picture and the sound that came since
 * the one before, which waits for it: VLC loses time with fragments of one sample. They are made once
 * for all viewers of the same tracks.
 *
 * A file cannot tell of other tracks once it has begun: where those that a viewer would be given are
 * others now, its file ends, and it may ask for a new one.
 */
export class Mp4Broadcast implements Broadcast<Mp4Choice, Mp4Form> {
  readonly #liveStream: LiveStream;
  readonly #clock: Clock;
  readonly #soundTime: Milliseconds;
  /** By the tracks' ids and configurations. */
  readonly #groups = new Map<string, Group>();
  readonly #unobserve: () => void;

  /** @param soundTime how long sound may wait for a picture */
  constructor(liveStream: LiveStream, clock: Clock, soundTime: Milliseconds) {
    this.#liveStream = liveStream;
    this.#clock = clock;
    this.#soundTime = soundTime;
    this.#unobserve = liveStream.observe({
      sample: (sample) => this.#push(sample),
      tracks: () => this.#announce(),
      state: (state) => {
        for (const { lane } of this.#groups.values()) lane.flush();
        // A publisher whose line was lost may be back; one that said goodbye, or is given up, not.
        if (state === "ended" || state === "waiting") this.#end();
      },
    });
  }

  join(choice: Mp4Choice, pipe: Pipe<Mp4Form>): () => void {
    const tracks = chosenTracks(this.#liveStream.tracks, choice);
    const key = tracks.map(({ id, configuration }) => `${id}.${configuration}`).join();
    const group = this.#groups.get(key) ?? this.#newGroup(tracks);
    this.#groups.set(key, group);
    const history = this.#liveStream.history().filter(({ track }) => has(tracks, track));
    const init = packInit(tracks, beginOf(history));
    const size = init.type === "init" ? init.bytes.length : 0;
    pipe.begin(init, size, inFragments(history));
    const viewer = { choice, pipe };
    group.viewers.add(viewer);
    const leave = group.lane.receive((message) => pipe.offer(message));
    return () => {
      leave();
      group.viewers.delete(viewer);
      if (group.viewers.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
    };
  }

  stop(): void {
    this.#unobserve();
    for (const { lane } of this.#groups.values()) lane.flush(); // its timer, too
  }

  #newGroup(tracks: readonly LiveTrack[]): Group {
    const batching = { receivers: 0, time: this.#soundTime };
    const lane = new Lane(packFragment, batching, this.#clock);
    return { tracks, lane, viewers: new Set() };
  }

  #push(sample: LiveSample): void {
    for (const { tracks, lane } of this.#groups.values()) {
      if (has(tracks, sample.track)) lane.push(sample);
    }
  }

  /** The tracks are others now: one that is silent may be back, any other change ends a file. */
  #announce(): void {
    const now = this.#liveStream.tracks;
    for (const { tracks, lane, viewers } of this.#groups.values()) {
      lane.flush();
      const isChanged = now.some((live) =>
        tracks.some(
          ({ id, configuration }) => id === live.id && configuration !== live.configuration,
        ),
      );
      for (const { choice, pipe } of [...viewers]) {
        pipe.keep(now.map(({ id }) => id));
        const hasNew = chosenTracks(now, choice).some((live) => !isIn(tracks, live));
        if (isChanged || hasNew) pipe.end();
      }
    }
  }

  #end(): void {
    for (const { viewers } of this.#groups.values()) {
      for (const { pipe } of [...viewers]) pipe.end();
    }
  }
}

/** Whether samples of this track go into a file of these: it may have got another name since. */
const has = (tracks: readonly LiveTrack[], live: LiveTrack): boolean =>
  tracks.some(({ id, configuration }) => id === live.id && configuration === live.configuration);

/** Whether a file of these tracks has this one, or one of its kind that is only silent now. */
const isIn = (tracks: readonly LiveTrack[], live: LiveTrack): boolean =>
  tracks.some(({ track }) => track.mediaType === live.track.mediaType);

/** The earliest moment: a track may have come later than another, with earlier samples. */
function beginOf(samples: readonly LiveSample[]): Milliseconds | undefined {
  let begin: Milliseconds | undefined;
  for (const { track, dts } of samples) {
    begin = Math.min(begin ?? Number.POSITIVE_INFINITY, ticksToMs(track, dts));
  }
  return begin;
}

/** A newcomer's history, gathered as the lane gathers what comes. */
function inFragments(samples: readonly LiveSample[]): LaneMessage<Mp4Form>[] {
  const messages: LaneMessage<Mp4Form>[] = [];
  let held: LiveSample[] = [];
  for (const sample of samples) {
    held.push(sample);
    if (!sample.isVideo && held.length < MAX_SAMPLES) continue;
    messages.push(new LaneMessage(held, packFragment));
    held = [];
  }
  if (held.length > 0) messages.push(new LaneMessage(held, packFragment));
  return messages;
}
