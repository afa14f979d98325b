import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CodedFrame, expectAccount } from "./accounting.ts";
import { decodeWarnings } from "./decode-check.ts";
import { type ExpectedStream, expectedPackets } from "./ffprobe.ts";
import { HlsViewer } from "./hls-viewer.ts";
import { decodePcm, expectSamePcm } from "./pcm.ts";
import type { RunningSluice } from "./sluice.ts";
import { WsViewer } from "./ws-viewer.ts";

/** One run of a publisher: it ends by itself. */
export type Run = {
  /** Resolves at its end; `beside` is a fresh path for the file the same run writes. */
  publish(url: string, beside: string): Promise<void>;
  /** What it sent: read after its end; by default from the file beside, with Debian's ffprobe. */
  expected?(beside: string): readonly ExpectedStream[];
  /** The same where its clock breaks: in parts, each with a constant offset in time. */
  expectedParts?(): readonly (readonly ExpectedStream[])[];
  /** The file beside begins earlier and ends later than what was sent: only the middle counts. */
  besideIsLonger?: boolean;
  /** The client itself may leave so much of its end unsent, in ms of media. */
  mayDropEnd?: number;
};

export type BroadcastOptions = {
  /** The publisher's runs, one after the other on the same streamPath. */
  readonly runs: readonly Run[];
  /** Which tracks viewers must get; by default every one that was published. */
  readonly mediaTypes?: readonly MediaType[];
  /** Open GOPs: a late viewer's first pictures refer to what it has not got. */
  readonly lateDecodes?: boolean;
  /** ms by which the file beside may round otherwise than what was sent; default 0. */
  readonly rounding?: number;
  /** Also over HLS: all that viewers must get (the default), or only this. */
  readonly hls?: boolean | readonly MediaType[];
  /** Frames last longer than parts may: those are over PART-TARGET, or short before that. */
  readonly longFrames?: boolean;
  /**
   * Sound is PCM or G.711, of so many channels, and comes as FLAC: what the first viewer decodes must
   * be what was published, value by value, and all viewers must get the same.
   */
  readonly pcmChannels?: number;
};

type MediaType = "video" | "audio";

/** What came through, all of it accounted for. */
export type BroadcastAccount = {
  /** Frames published in all runs, of each kind that was due. */
  readonly frames: { readonly [mediaType in MediaType]?: number };
  /** Frames of the viewer who came late. */
  readonly lateFrames: { readonly [mediaType in MediaType]?: number };
  /** The viewer who was there from the beginning. */
  readonly waiting: WsViewer;
};

/**
 * Frame accounting of a whole broadcast: a WebSocket viewer and an HLS viewer wait for it, another
 * WebSocket viewer joins in the middle of the first run, and the publisher comes back for each
 * further run. Throws with the first difference between what was published and what anyone got,
 * with every rule of HLS that was broken, and with what ffmpeg warns of.
 */
export async function accountForBroadcast(
  server: RunningSluice,
  streamPath: string,
  options: BroadcastOptions,
): Promise<BroadcastAccount> {
  const { runs, mediaTypes, lateDecodes = true, rounding = 0, hls: overHls = true } = options;
  const { pcmChannels } = options;
  const folder = mkdtempSync(join(tmpdir(), "sluice-beside-"));
  const waiting = new WsViewer(server.wsUrl(streamPath));
  const hls =
    overHls === false
      ? undefined
      : new HlsViewer(server.httpUrl(`/streams/${streamPath}/index.m3u8`));
  const isDueOverHls = (mediaType: MediaType) =>
    typeof overHls === "boolean" ? overHls : overHls.includes(mediaType);
  let late: WsViewer | undefined;
  try {
    await waiting.until("hello", (viewer) => viewer.state === "waiting");
    const published: (readonly ExpectedStream[])[] = [];
    for (const [index, run] of runs.entries()) {
      const beside = join(folder, `${index}.flv`);
      const before = waiting.frames.length;
      const codedBefore = { video: countOf(waiting, "video"), audio: countOf(waiting, "audio") };
      const ended = run.publish(server.rtmpUrl(streamPath), beside);
      if (index === 0) {
        // In the middle of a GOP, when there is a history to be given.
        const middle = "a second and a half of media";
        const reached = waiting.until(middle, (viewer) => duration(viewer) > 1500, 40_000);
        await Promise.race([reached, ended]); // an encoder that fails tells more than a time-out
        await reached;
        late = new WsViewer(server.wsUrl(streamPath));
      }
      await ended;
      await waiting.until("frames of this run", (viewer) => viewer.frames.length > before);
      await waiting.until("the end of this run", (viewer) => viewer.state !== "live");
      const parts = run.expectedParts?.();
      const expected = parts ?? [run.expected?.(beside) ?? expectedPackets(beside)];
      const cut =
        run.besideIsLonger === true
          ? expected.map((streams) => middleOf(streams, waiting, codedBefore))
          : expected.map((streams) =>
              withoutEnd(streams, waiting, codedBefore, run.mayDropEnd ?? 0),
            );
      published.push(...cut);
    }

    // Its last frames may still be on their way when the other one has all.
    await late?.until("the end", (viewer) => ends(viewer) >= runs.length);

    const due = mediaTypes ?? published[0]?.map(({ mediaType }) => mediaType) ?? [];
    const frames: { [mediaType in MediaType]?: number } = {};
    const lateFrames: { [mediaType in MediaType]?: number } = {};
    for (const mediaType of due) {
      let sequences: readonly (readonly CodedFrame[])[] = published.map(
        (streams) => streams.find((stream) => stream.mediaType === mediaType)?.frames ?? [],
      );
      if (mediaType === "audio" && pcmChannels !== undefined) {
        const sent = runs.flatMap((_, index) => [...decodePcm(join(folder, `${index}.flv`))]);
        const heard = filesOf(waiting, "audio").flatMap((file) => [...decodePcm(file)]);
        expectSamePcm(Int16Array.from(sent), Int16Array.from(heard), pcmChannels);
        sequences = withPayloadsOf(sequences, waiting.coded("audio"));
      }
      const total = sequences.flat().length;
      frames[mediaType] = total;
      expectAccount("WebSocket viewer from the beginning", sequences, waiting.coded(mediaType), {
        mediaType,
        rounding,
      });
      const lateCoded = late?.coded(mediaType) ?? [];
      lateFrames[mediaType] = lateCoded.length;
      expectAccount("late WebSocket viewer", sequences, lateCoded, {
        mediaType,
        joined: "late",
        rounding,
      });
      if (hls !== undefined && isDueOverHls(mediaType)) {
        // What is missing is told by the account, in more words than a timeout has.
        const whole = (viewer: HlsViewer) => viewer.coded(mediaType).length >= total;
        await hls.until("all frames", whole, 15_000).catch(() => {});
        if (hls.failure !== undefined) throw hls.failure;
        const inParts = { mediaType, rounding, isInParts: true };
        expectAccount("HLS viewer", sequences, hls.coded(mediaType), inParts);
        await expectDecodes("HLS viewer", mediaType, hls.files(mediaType));
      }
      await expectDecodes("WebSocket viewer", mediaType, filesOf(waiting, mediaType));
      if (lateDecodes && late !== undefined) {
        await expectDecodes("late WebSocket viewer", mediaType, filesOf(late, mediaType));
      }
    }
    const violations = (hls?.violations ?? []).filter(
      (violation) => !(options.longFrames === true && ABOUT_PART_LENGTH.test(violation)),
    );
    if (violations.length > 0) throw new Error(`HLS:\n${[...new Set(violations)].join("\n")}`);
    return { frames, lateFrames, waiting };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${streamPath}: ${why}\n\nServer's log:\n${server.logs().slice(-3000)}`);
  } finally {
    await Promise.allSettled([waiting.close(), late?.close(), hls?.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

const ABOUT_PART_LENGTH = /is over PART-TARGET|is shorter than it may be/;

const ends = (viewer: WsViewer): number =>
  [...viewer.received("hello"), ...viewer.received("state")].filter(
    ({ state }) => state === "ended" || state === "reconnecting",
  ).length;

const countOf = (viewer: WsViewer, mediaType: MediaType): number => viewer.coded(mediaType).length;

/**
 * The part of a longer recording in which lies what a viewer got of this run: from its first frame
 * on, as many. Whether they are the same is for the account to say.
 */
function middleOf(
  streams: readonly ExpectedStream[],
  viewer: WsViewer,
  before: { readonly [mediaType in MediaType]: number },
): ExpectedStream[] {
  return streams.map((stream) => {
    const received = viewer.coded(stream.mediaType).slice(before[stream.mediaType]);
    const begins = (from: number) =>
      received.slice(0, 10).every(({ hash }, index) => stream.frames[from + index]?.hash === hash);
    const from = stream.frames.findIndex((_, index) => begins(index));
    const frames: readonly CodedFrame[] =
      from < 0 ? stream.frames : stream.frames.slice(from, from + received.length);
    return { ...stream, frames };
  });
}

/** What a viewer got of this run, if no more than `ms` is missing behind it; else all. */
function withoutEnd(
  streams: readonly ExpectedStream[],
  viewer: WsViewer,
  before: { readonly [mediaType in MediaType]: number },
  ms: number,
): readonly ExpectedStream[] {
  if (ms === 0) return streams;
  return streams.map((stream) => {
    const count = countOf(viewer, stream.mediaType) - before[stream.mediaType];
    const missing = (stream.frames.at(-1)?.dts ?? 0) - (stream.frames[count - 1]?.dts ?? 0);
    return missing > ms ? stream : { ...stream, frames: stream.frames.slice(0, count) };
  });
}

/** The times of what was published, with the payloads of what was received in its place. */
function withPayloadsOf(
  sequences: readonly (readonly CodedFrame[])[],
  received: readonly CodedFrame[],
): CodedFrame[][] {
  let next = 0;
  return sequences.map((frames) =>
    frames.flatMap((frame) => {
      const got = received[next];
      next += 1;
      // A last message of less than FLAC takes for a frame gives none.
      return got === undefined ? [] : [{ ...frame, size: got.size, hash: got.hash }];
    }),
  );
}

/** ms of media that came, by the longest track. */
function duration(viewer: WsViewer): number {
  return Math.max(
    0,
    ...viewer.tracks.map(({ id, timescale }) => {
      const fragments = viewer.fragments(id);
      const span = (fragments.at(-1)?.dts ?? 0) - (fragments[0]?.dts ?? 0);
      return (span / timescale) * 1000;
    }),
  );
}

function filesOf(viewer: WsViewer, mediaType: "video" | "audio"): Uint8Array[] {
  const track = viewer.trackEver(mediaType);
  return track === undefined ? [] : viewer.files(track.id);
}

async function expectDecodes(
  viewer: string,
  mediaType: string,
  files: readonly Uint8Array[],
): Promise<void> {
  if (files.length === 0) throw new Error(`${viewer}, ${mediaType}: nothing to decode`);
  for (const [index, file] of files.entries()) {
    const warnings = await decodeWarnings(file);
    if (warnings === "") continue;
    throw new Error(`${viewer}, ${mediaType}: ffmpeg warns of file ${index + 1}\n${warnings}`);
  }
}
