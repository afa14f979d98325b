import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { PlayerTrack } from "../../web/player/player-tracks.ts";
import { type CodedFrame, expectAccount } from "../support/accounting.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { interleave, onTrack } from "../support/constructed-tags.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { decodeWarnings } from "../support/decode-check.ts";
import { type ExpectedStream, expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile } from "../support/flv-file.ts";
import { HlsViewer } from "../support/hls-viewer.ts";
import { Line } from "../support/line.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { Broadcast, Screen } from "../support/screen.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

let server: RunningSluice;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-tracks-"));
  server = await startSluice();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

/** The ladder: two sizes of the picture, two languages. */
const HIGH: ClipOptions = { video: "h264", audio: "aac" };
const LOW: ClipOptions = {
  video: "h264",
  audio: "aac",
  ...{ width: 320, height: 180, bitrate: 200, sampleRate: 44_100, channels: 1, bFrames: 2 },
};

type Run = {
  publish(url: string): Promise<void>;
  /** What was published, in the order of the encoder's tracks of each kind. */
  expected(): readonly ExpectedStream[];
};

/** FFmpeg 8.1: a multitrack broadcast of two files. */
async function ffmpeg8(first: ClipOptions, second: ClipOptions, name: string): Promise<Run> {
  const [input, more] = [await counterClip(first), await counterClip(second)];
  const beside = join(folder, `${name}.flv`);
  return {
    publish: async (url) => {
      const publisher = publishWithFfmpeg8({ input, moreInputs: [more], url, beside });
      const { code } = await publisher.child.exited;
      if (code !== 0) throw new Error(`FFmpeg exited with ${code}\n${publisher.child.stderr()}`);
    },
    expected: () => expectedPackets(beside, "ffmpeg8"),
  };
}

/** Constructed: tags of two files, the second's with multitrack headers. */
async function constructed(first: ClipOptions, second: ClipOptions): Promise<Run> {
  const files = [await counterClip(first), await counterClip(second)] as const;
  return {
    publish: async (url) => {
      const publisher = await TagPublisher.open(url);
      await publisher.play(interleave(readFlvFile(files[0]), onTrack(readFlvFile(files[1]), 1)));
      await publisher.finish();
    },
    expected: () => files.flatMap((file) => expectedPackets(file)),
  };
}

const framesOf = (
  streams: readonly ExpectedStream[],
  mediaType: "video" | "audio",
  index: number,
): readonly CodedFrame[] =>
  streams.filter((stream) => stream.mediaType === mediaType)[index]?.frames ?? [];

const isOver = ({ state }: WsViewer): boolean => state !== "live" && state !== "waiting";

describe.concurrent("frame accounting of several tracks", () => {
  test.each([
    { name: "FFmpeg 8.1", make: () => ffmpeg8(HIGH, LOW, "ladder") },
    { name: "constructed", make: () => constructed(HIGH, LOW) },
  ])(
    "$name: over WebSocket with each selection",
    async ({ name, make }) => {
      const run = await make();
      const streamPath = `live/tracks-${name.length}`;
      const url = server.wsUrl(streamPath);
      const byDefault = new WsViewer(url);
      const everything = new WsViewer(`${url}?tracks=1,2,3,4`);
      const switching = new WsViewer(url);
      for (const viewer of [byDefault, everything, switching]) {
        await viewer.until("hello", ({ state }) => state === "waiting");
      }
      const published = run.publish(server.rtmpUrl(streamPath));
      const isUnderWay = (viewer: WsViewer) => viewer.coded("video").length > 45;
      await switching.until("a second and a half", isUnderWay);
      const idOf = (mediaType: "video" | "audio", index: number) =>
        switching.trackEver(mediaType, index)?.id ?? 0;
      const others = [idOf("video", 1), idOf("audio", 1)];
      const late = new WsViewer(`${url}?tracks=${others}`);
      switching.select(others);
      await published;
      const viewers = [byDefault, everything, switching, late];
      for (const viewer of viewers) await viewer.until("the end", isOver);

      const expected = run.expected();
      const account = async (
        who: string,
        viewer: WsViewer,
        mediaType: "video" | "audio",
        index: number,
        options: { joined?: "late"; left?: "early" } = {},
      ) => {
        const due = framesOf(expected, mediaType, index);
        const got = viewer.coded(mediaType, index);
        expectAccount(`${who}, track ${index}`, [due], got, { mediaType, ...options, atLeast: 20 });
        const [file, ...more] = viewer.files(viewer.trackEver(mediaType, index)?.id ?? 0);
        expect(more).toEqual([]);
        expect(await decodeWarnings(file ?? new Uint8Array(0))).toBe("");
      };
      for (const mediaType of ["video", "audio"] as const) {
        await account("by default", byDefault, mediaType, 0);
        expect(byDefault.coded(mediaType, 1)).toEqual([]);
        await account("everything", everything, mediaType, 0);
        await account("everything", everything, mediaType, 1);
        await account("late", late, mediaType, 1, { joined: "late" });
        expect(late.coded(mediaType, 0)).toEqual([]);
        await account("before the switch", switching, mediaType, 0, { left: "early" });
        await account("after the switch", switching, mediaType, 1, { joined: "late" });
      }
      // Nothing is missing in between: the first picture of the new follows the last of the old.
      const [before, after] = [switching.coded("video", 0), switching.coded("video", 1)];
      const step = (after[0]?.dts ?? 0) - (before.at(-1)?.dts ?? 0);
      expect(step).toBeLessThanOrEqual(100); // B-frames: 66 ms earlier decoded than shown
      expect(before.length).toBeGreaterThan(45);
      expect(switching.received("dropped")).toEqual([]);
      for (const viewer of viewers) await viewer.close();
    },
    60_000,
  );
});

/** What a player of FFmpeg's finds: the variants with their streams, all told. */
async function probeHls(url: string) {
  const args = ["-v", "error", "-show_programs", "-show_streams", "-of", "json", url];
  const { stdout } = await promisify(execFile)("ffprobe", args, { timeout: 20_000 });
  const probe = JSON.parse(stdout) as {
    programs: { streams: { codec_type: string; width?: number; sample_rate?: string }[] }[];
  };
  return probe.programs.map(({ streams }) =>
    streams.map(({ width, sample_rate: rate }) => width ?? Number(rate)),
  );
}

describe.concurrent("HLS lists a ladder and its languages", () => {
  test.each([
    { name: "key frames together", low: LOW, aligned: true },
    { name: "key frames apart", low: { ...LOW, gop: 24 }, aligned: false },
  ])(
    "with $name: every frame of every rendition, at the same numbers",
    async ({ name, low, aligned }) => {
      const long = { seconds: 9 };
      const run = await ffmpeg8({ ...HIGH, ...long }, { ...low, ...long }, `hls-${name.length}`);
      const streamPath = `live/hls-${name.length}`;
      const url = server.httpUrl(`/streams/${streamPath}/index.m3u8`);
      const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
      const hls = new HlsViewer(url);
      await viewer.until("hello", ({ state }) => state === "waiting");
      const published = run.publish(server.rtmpUrl(streamPath));
      await hls.until(
        "a segment of each",
        ({ renditions }) =>
          renditions.length > 0 && renditions.every(({ segments }) => segments.length > 0),
      );
      const programs = await probeHls(url);
      await published;
      await viewer.until("the end", isOver);
      const expected = run.expected();
      const total = (mediaType: "video" | "audio", index: number) =>
        framesOf(expected, mediaType, index).length;
      for (const mediaType of ["video", "audio"] as const) {
        for (const index of [0, 1]) {
          const isWhole = () => hls.coded(mediaType, index).length >= total(mediaType, index);
          await hls.until("all frames", isWhole, 15_000).catch(() => {});
          const due = framesOf(expected, mediaType, index);
          const got = hls.coded(mediaType, index);
          expectAccount(`HLS, track ${index}`, [due], got, { mediaType, isInParts: true });
          for (const file of hls.files(mediaType, index))
            expect(await decodeWarnings(file)).toBe("");
        }
      }
      expect(hls.violations).toEqual([]);
      expect(hls.multivariant?.variants).toMatchObject([
        { resolution: "640x360", frameRate: 30, audioGroup: "audio" },
        { resolution: "320x180", frameRate: 30, audioGroup: "audio" },
      ]);
      const [high = 0, small = 0] =
        hls.multivariant?.variants.map(({ bandwidth }) => bandwidth) ?? [];
      expect(small).toBeLessThan(high);
      expect(hls.multivariant?.audio).toMatchObject([
        { isDefault: true, channels: "2" },
        { isDefault: false, channels: "1" },
      ]);
      // Each variant with all sound of its group, as ffprobe counts.
      const found = programs.map((streams) => streams.toSorted((a, b) => a - b));
      expect(found).toEqual([
        [640, 44_100, 48_000],
        [320, 44_100, 48_000],
      ]);

      const [first, second] = hls.ofKind("video").map(({ segments }) => segments);
      const facts = (segments: typeof first) =>
        segments?.map(({ mediaSequence, programDateTime, duration }) => ({
          mediaSequence,
          programDateTime,
          duration: Math.round(duration * 1000),
        }));
      if (aligned) {
        // The encoder's B-frames move decode times: not by a picture.
        expect(facts(second)?.map((one) => one.mediaSequence)).toEqual(
          facts(first)?.map((one) => one.mediaSequence),
        );
        for (const [index, one] of (first ?? []).entries()) {
          const other = second?.[index];
          const apart =
            Date.parse(other?.programDateTime ?? "") - Date.parse(one.programDateTime ?? "");
          expect(Math.abs(apart)).toBeLessThan(100);
        }
      }
      const begins = (second ?? []).map(({ samples }) => samples[0]?.isSync);
      expect(begins.every((isSync) => isSync === true)).toBe(true);
      await Promise.all([viewer.close(), hls.close()]);
    },
    60_000,
  );
});

describe("the player", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  });
  afterAll(async () => {
    await browser.close();
  });

  const FRAMES = 600; // 20 s

  /** Publishes a ladder in a loop. */
  async function publish(streamPath: string, second: ClipOptions): Promise<Broadcast> {
    const seconds = FRAMES / 30;
    const input = await counterClip({ ...HIGH, seconds });
    const more = await counterClip({ ...second, seconds });
    const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
    ends.push(() => viewer.close());
    await viewer.until("hello", ({ state }) => state !== undefined);
    const broadcast = new Broadcast(viewer, { frames: FRAMES, firstCounter: 0 });
    const url = server.rtmpUrl(streamPath);
    const publisher = publishWithFfmpeg8({ input, moreInputs: [more], url, loops: 0 });
    ends.push(() => publisher.stop());
    await viewer.until("media", ({ frames }) => frames.length > 0);
    return broadcast;
  }

  async function watch(url: string): Promise<Screen> {
    const context = await browser.newContext();
    ends.push(() => context.close());
    const page = await context.newPage();
    const screen = await Screen.of(page);
    await page.goto(url, { waitUntil: "commit" });
    return screen;
  }

  const tracksOf = (screen: Screen): Promise<readonly PlayerTrack[]> =>
    screen.page.evaluate("window.sluicePlayer.tracks");

  /** The codecs of what plays, by what the player says. */
  const playing = async (screen: Screen) => {
    const { codecs } = await screen.stats();
    return codecs.map((codec) => codec.split(".")[0]).join(" ");
  };

  test.each<{ name: string; second: ClipOptions; codecs: string }>([
    { name: "another size", second: LOW, codecs: "avc1 mp4a" },
    {
      name: "other codecs",
      second: { ...LOW, video: "vp9", audio: "opus", sampleRate: 48_000, bFrames: 0 },
      codecs: "vp09 opus",
    },
  ])(
    "takes the first of each kind, and switches to $name and back without a reload",
    async ({ second, codecs }) => {
      const streamPath = `live/player-${second.video}`;
      const broadcast = await publish(streamPath, second);
      const screen = await watch(server.httpUrl(`/watch/${streamPath}`));
      await screen.untilSteady(broadcast, (delay) => delay < 500);
      const tracks = await tracksOf(screen);
      expect(tracks.map(({ mediaType, isSelected }) => [mediaType, isSelected])).toEqual([
        ["video", true],
        ["video", false],
        ["audio", true],
        ["audio", false],
      ]);
      const ids = (selected: boolean) =>
        tracks.filter(({ isSelected }) => isSelected === selected).map(({ id }) => id);
      for (const [wanted, width, expected] of [
        [ids(false), 320, codecs],
        [ids(true), 640, "avc1 mp4a"],
      ] as const) {
        await screen.forget();
        await screen.page.evaluate(`window.sluicePlayer.selectTracks([${wanted}])`);
        await screen.untilPicture(`${width} pixels`, (picture) => picture.width === width);
        await screen.untilSteady(broadcast, (delay) => delay < 600);
        await eventually(expected, async () => (await playing(screen)) === expected);
      }
      expect(await screen.stats()).toMatchObject({ builds: 1, errors: 0, state: "live" });
    },
    90_000,
  );

  test.each<{ name: string; second: ClipOptions; codecs: string }>([
    { name: "another size", second: LOW, codecs: "avc1 mp4a" },
    {
      name: "another codec of sound",
      second: { ...LOW, audio: "opus", sampleRate: 48_000 },
      codecs: "avc1 opus",
    },
  ])(
    "over HLS: switches to $name, by hls.js",
    async ({ second, codecs }) => {
      const line = await Line.open(server.httpPort);
      ends.push(() => line.close());
      line.refuseWebSockets();
      const streamPath = `live/hls-player-${second.audio}`;
      await publish(streamPath, second);
      const screen = await watch(line.httpUrl(`/watch/${streamPath}`));
      await screen.untilPicture("a picture", ({ width }) => width > 0);
      await screen.untilStats(
        "HLS",
        ({ engine, state }) => engine === "hls.js" && state === "live",
      );
      const tracks = await tracksOf(screen);
      const wanted = [tracks[1], tracks[3]].map((track) => track?.id);
      await screen.forget();
      await screen.page.evaluate(`window.sluicePlayer.selectTracks([${wanted}])`);
      await screen.untilPicture("320 pixels", ({ width }) => width === 320, 40_000);
      const selected = async () => {
        const now = await tracksOf(screen);
        return (
          now
            .filter(({ isSelected }) => isSelected)
            .map(({ id }) => id)
            .join() === wanted.join()
        );
      };
      await eventually("the tracks chosen", selected);
      await eventually(codecs, async () => (await playing(screen)) === codecs);
      const time = await screen.page.evaluate<number>("window.sluicePlayer.video.currentTime");
      await eventually("it goes on", () =>
        screen.page.evaluate<boolean>(`window.sluicePlayer.video.currentTime > ${time + 3}`),
      );
      expect(await screen.stats()).toMatchObject({ engine: "hls.js", errors: 0 });
    },
    120_000,
  );
});
