import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { type CodedFrame, expectAccount } from "../support/accounting.ts";
import { interleave, onTrack } from "../support/constructed-tags.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { decodeWarnings } from "../support/decode-check.ts";
import { type ExpectedStream, expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, shiftTags, type Tag } from "../support/flv-file.ts";
import { type DownloadedSegment, HlsViewer } from "../support/hls-viewer.ts";
import { Layout, multitrack } from "../support/multitrack-tags.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";
import { FFMPEG_8, fileOf, finished, TEST_CLIENT } from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SHORT } from "./seconds.ts";

// Several tracks of a kind in one broadcast, in every layout of Enhanced RTMP's multitrack messages.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-matrix-"));
  server = await startSluice();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const HIGH: ClipOptions = { video: "h264", audio: "aac", bFrames: 2 };
const LOW: ClipOptions = {
  ...{ ...HIGH, width: 320, height: 180, bitrate: 200, bFrames: 0, channels: 1 },
};
const LOWEST: ClipOptions = { ...LOW, width: 160, height: 90, bitrate: 100, sampleRate: 44_100 };
const HEVC: ClipOptions = { video: "hevc", audio: "opus", width: 320, height: 180 };
const AV1: ClipOptions = { video: "av1", audio: "flac", width: 320, height: 180 };

/** A broadcast that ends by itself, and what a viewer of all its tracks is to get. */
type Ladder = {
  publish(url: string): Promise<void>;
  /** In the order of the encoder's tracks of each kind. */
  expected(): readonly ExpectedStream[];
};

/** FFmpeg 8.1: one track a message from the second of a kind on. */
function ffmpeg8(clips: readonly ClipOptions[], name: string): Ladder {
  const beside = join(folder, `${name}.flv`);
  return {
    publish: async (url) => {
      const [input = "", ...moreInputs] = await Promise.all(clips.map(counterClip));
      await finished(
        publishWithFfmpeg8({ input, moreInputs, url, beside, seconds: SHORT, loops: 0 }),
      );
    },
    expected: () => expectedPackets(beside, "ffmpeg8"),
  };
}

/** A clip's tags as its encoder's muxer writes them, and its packets. */
async function capture(clip: ClipOptions): Promise<{ tags: Tag[]; streams: ExpectedStream[] }> {
  if (clip.video === "h264") {
    const path = await fileOf(clip, SHORT, folder);
    return { tags: readFlvFile(path), streams: expectedPackets(path) };
  }
  const input = await counterClip(clip);
  const beside = join(folder, `${clip.video}.flv`);
  const url = join(folder, `${clip.video}-unused.flv`);
  const rate = 0;
  await finished(publishWithFfmpeg8({ input, url, beside, seconds: SHORT, loops: 0, rate }));
  return { tags: readFlvFile(beside), streams: expectedPackets(beside, "ffmpeg8") };
}

async function constructed(
  clips: readonly ClipOptions[],
  write: (tracks: readonly (readonly Tag[])[]) => readonly Tag[],
): Promise<Ladder> {
  const captures: Awaited<ReturnType<typeof capture>>[] = [];
  for (const clip of clips) captures.push(await capture(clip));
  return {
    publish: async (url) => {
      const publisher = await TagPublisher.open(url);
      await publisher.play(write(captures.map(({ tags }) => startAtPicture(tags))));
      await publisher.finish();
    },
    expected: () => captures.flatMap(({ streams }) => streams),
  };
}

/** The same with the first picture at a time that all have: muxers begin with the sound's first. */
function startAtPicture(tags: readonly Tag[]): Tag[] {
  const first = tags.find(({ kind, payload }) => kind === "video" && isPicture(payload));
  return shiftTags(tags, 1000 - (first?.timestamp ?? 0));
}

const isPicture = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x80) === 0 ? second === 1 : [1, 3].includes(first & 15);

async function account(
  { task }: TestContext,
  { client, published, ...more }: Pick<Row, "client" | "published" | "constructed">,
  ladder: Ladder,
): Promise<void> {
  const row = { table: "tracks", client, published, ...more } as const;
  task.meta.row = row;
  const streamPath = `live/${`${client} ${published}`.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const everything = Array.from({ length: 16 }, (_, index) => index + 1).join();
  const url = `${server.wsUrl(streamPath)}?tracks=${everything}`;
  const waiting = new WsViewer(url);
  const hls = new HlsViewer(server.httpUrl(`/streams/${streamPath}/index.m3u8`));
  try {
    await waiting.until("hello", ({ state }) => state === "waiting");
    const published = ladder.publish(server.rtmpUrl(streamPath));
    const underWay = waiting.until("a second", (viewer) => viewer.coded("video").length > 40);
    await Promise.race([underWay, published]);
    const late = new WsViewer(url);
    await published;
    for (const viewer of [waiting, late]) {
      await viewer.until("the end", ({ state }) => state !== "live" && state !== "waiting");
    }
    const told: string[] = [];
    const seen = { video: 0, audio: 0 };
    for (const { mediaType, codec, frames } of ladder.expected()) {
      const index = seen[mediaType];
      seen[mediaType] += 1;
      const lateFrames = late.coded(mediaType, index);
      const name = `${mediaType} ${index}`;
      expectAccount(`waiting, ${name}`, [frames], waiting.coded(mediaType, index), { mediaType });
      expectAccount(`late, ${name}`, [frames], lateFrames, { mediaType, joined: "late" });
      // In a list of renditions each has its own place.
      const place = (viewer: HlsViewer) =>
        Math.max(
          0,
          viewer.ofKind(mediaType).findIndex(({ segments }) => startsWith(segments, frames)),
        );
      const isWhole = () => hls.coded(mediaType, place(hls)).length >= frames.length;
      await hls.until("all frames", isWhole, 15_000).catch(() => {});
      expectAccount(`HLS, ${name}`, [frames], hls.coded(mediaType, place(hls)), {
        mediaType,
        isInParts: true,
      });
      for (const file of hls.files(mediaType, place(hls)))
        expect(await decodeWarnings(file)).toBe("");
      for (const viewer of [waiting, late]) {
        const { id = 0 } = viewer.trackEver(mediaType, index) ?? {};
        for (const file of viewer.files(id)) expect(await decodeWarnings(file)).toBe("");
      }
      told.push(`${codec}: ${frames.length} (late: ${lateFrames.length})`);
    }
    await late.close();
    const violations = [...new Set(hls.violations)];
    if (violations.length > 0) throw new Error(`HLS: ${violations.join("; ")}`);
    task.meta.row = { ...row, account: told.join(", ") };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${streamPath}: ${why}\n\nServer's log:\n${server.logs().slice(-3000)}`);
  } finally {
    await Promise.allSettled([waiting.close(), hls.close()]);
  }
}

const startsWith = (
  segments: readonly DownloadedSegment[],
  [due]: readonly CodedFrame[],
): boolean => segments[0]?.samples[0]?.hash === due?.hash;

describe.concurrent("FFmpeg 8", () => {
  test.for<[string, readonly ClipOptions[]]>([
    ["H.264 in three sizes, AAC three times", [HIGH, LOW, LOWEST]],
    ["H.264, HEVC and AV1, AAC, Opus and FLAC", [HIGH, HEVC, AV1]],
  ])("%s", async ([what, clips], context) => {
    const ladder = ffmpeg8(clips, `${clips.length}-${clips[1]?.video}`);
    const published = `${what}: one track a message from the second on`;
    await account(context, { client: FFMPEG_8, published }, ladder);
  });
});

describe.concurrent("constructed", () => {
  const row = (published: string) => ({ client: TEST_CLIENT, published, constructed: true });

  test("classic headers for the first, one track a message for the second (OBS)", async (context) => {
    const ladder = await constructed([HIGH, LOW], ([first = [], second = []]) =>
      interleave(first, onTrack(second, 1)),
    );
    const published =
      "H.264 in two sizes, AAC twice: classic headers for the first, one track a message for the second, as OBS does";
    await account(context, row(published), ladder);
  });

  test.for<[string, keyof typeof Layout, readonly ClipOptions[]]>([
    ["H.264 in three sizes, AAC three times", "OneTrack", [HIGH, LOW, LOWEST]],
    ["H.264 in three sizes, AAC three times", "ManyTracks", [HIGH, LOW, LOWEST]],
    ["H.264 in three sizes, AAC three times", "ManyTracksManyCodecs", [HIGH, LOW, LOWEST]],
    ["H.264 and HEVC, AAC and Opus", "ManyTracksManyCodecs", [HIGH, HEVC]],
    ["H.264 and AV1, AAC and FLAC", "ManyTracksManyCodecs", [HIGH, AV1]],
  ])("%s, %s", async ([what, layout, clips], context) => {
    const ladder = await constructed(clips, (tracks) => {
      const messages = multitrack(tracks, Layout[layout]);
      const saved = tracks.flat().length - messages.length;
      if (layout !== "OneTrack") expect(saved).toBeGreaterThan(30);
      return messages;
    });
    await account(context, row(`${what}: ${LAYOUTS[layout]}`), ladder);
  });
});

const LAYOUTS: { readonly [layout in keyof typeof Layout]: string } = {
  OneTrack: "one track a message, all of them (OneTrack)",
  ManyTracks: "tracks of one codec in a message (ManyTracks)",
  ManyTracksManyCodecs: "tracks of any codec in a message (ManyTracksManyCodecs)",
};
