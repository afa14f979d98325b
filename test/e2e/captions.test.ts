import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeAmf0 } from "../../server/protocol/amf0/encode.ts";
import { AUTOPLAY, chromiumDriver, recordShown } from "../support/browser.ts";
import {
  Dtvcc,
  defineWindow,
  Line21,
  line21Triplets,
  script,
  text708,
  windows708,
  withCaptions,
} from "../support/captions.ts";
import { counterClip } from "../support/counter-clip.ts";
import { readFlvFile, type Tag, writeFlvFile } from "../support/flv-file.ts";
import { readMediaPlaylist } from "../support/hls-playlist.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

// Captions that this project's tests write, in real pictures, read by all who can read them.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-captions-"));
  server = await startSluice();
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

const POP_ON = "Pop-on, two rows:\nthe second one";

/** What is said, from which picture on. */
function captions() {
  const [cc1, cc2, cc3] = [new Line21(1), new Line21(2), new Line21(3)];
  const dtvcc = new Dtvcc();
  const rows = POP_ON.split("\n").map((text, index) => ({ row: 14 + index, indent: 4, text }));
  return script(
    [10, line21Triplets(0, cc1.popOn(...rows))],
    [70, line21Triplets(0, cc2.paintOn({ row: 1, text: "Paint-on" }))],
    [90, line21Triplets(0, [...cc1.erase(), ...cc2.erase()])],
    [20, line21Triplets(1, cc3.rollUp(2, "Roll-up, one"))],
    [50, line21Triplets(1, cc3.rollUp(2, "and two"))],
    [30, dtvcc.packet(1, [...defineWindow(), ...text708("Seven oh eight…")])],
    [40, dtvcc.packet(1, windows708(0x89, 0))],
    [100, dtvcc.packet(1, windows708(0x8a, 0))],
  );
}

async function clip(seconds: number, pictures = captions()): Promise<Tag[]> {
  const path = await counterClip({ video: "h264", audio: "aac", bFrames: 2, seconds });
  return withCaptions(readFlvFile(path), pictures);
}

const textData = (timestamp: number, text: string): Tag => ({
  ...{ kind: "data", timestamp },
  payload: encodeAmf0("onTextData", { type: "Text", text, language: "deu" }),
});

/** What a text track showed: the last text of each cue. */
const whatWasShown = (viewer: WsViewer, track: string): string[] => {
  const cues = viewer.received("cue").filter((cue) => cue.track === track);
  return [...new Map(cues.map(({ id, text }) => [id, text])).values()];
};

/** Segments or parts of a text track, read by their own times, put together where one goes on. */
async function readText(streamPath: string, track: string, kind: "segments" | "parts") {
  const at = (name: string) => server.httpUrl(`/streams/${streamPath}/${name}`);
  const playlist = readMediaPlaylist(await (await fetch(at(`text-${track}.m3u8`))).text());
  expect(playlist.violations).toEqual([]);
  const cues: { start: number; end: number; settings: string; text: string }[] = [];
  for (const { uri } of playlist[kind]) {
    const [head = "", ...blocks] = (await (await fetch(at(uri))).text()).trimEnd().split("\n\n");
    const base = Number(
      /^WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:(\d+),LOCAL:00:00:00.000$/.exec(head)?.[1],
    );
    for (const block of blocks) {
      const [times = "", ...text] = block.split("\n");
      const [start = 0, end = 0] = times.split(/ --> | /).map((time) => base / 90 + msOf(time));
      const settings = times.split(" ").slice(3).join(" ");
      const before = cues.at(-1);
      const isOne = before?.end === start && before.settings === settings;
      if (isOne && text.join("\n").startsWith(before.text)) {
        cues.splice(-1, 1, { ...before, end, text: text.join("\n") });
      } else cues.push({ start, end, settings, text: text.join("\n") });
    }
  }
  return cues;
}

const msOf = (time: string): number => {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return Math.round((hours * 3600 + minutes * 60 + seconds) * 1000);
};

test("captions of every kind reach WebSocket and HLS as they were sent, in time", async () => {
  const tags = await clip(5);
  const said = [textData(1000, "Guten Tag"), textData(2000, "")];
  const all = [...tags, ...said].sort((a, b) => a.timestamp - b.timestamp);
  const viewer = new WsViewer(server.wsUrl("live/captions"));
  await viewer.until("hello", ({ state }) => state === "waiting");
  /** ms of media between a cue's beginning and the newest picture that is there with it. */
  const delays: number[] = [];
  let seen = 0;
  const watching = viewer.until(
    "the end",
    ({ messages, frames, state }) => {
      for (const message of messages.slice(seen)) {
        if (message.type === "cue" && message.end === null) {
          delays.push((frames.at(-1)?.serverTime ?? 0) === 0 ? 0 : newest(viewer) - message.start);
        }
      }
      seen = messages.length;
      return state === "ended";
    },
    30_000,
  );
  const publisher = await TagPublisher.open(server.rtmpUrl("live/captions"));
  await publisher.play(all);
  await publisher.finish();
  await watching;
  expect(
    viewer
      .received("text-tracks")
      .at(-1)
      ?.tracks.map(({ id, name }) => `${id} ${name}`),
  ).toEqual([...["cc1 CC1", "cc2 CC2", "cc3 CC3", "service1 Service 1", "text-de German"]]);
  const shown = {
    cc1: [POP_ON],
    cc2: ["Paint-on"],
    cc3: ["Roll-up, one", "Roll-up, one\nand two"],
    service1: ["Seven oh eight…"],
    "text-de": ["Guten Tag"],
  };
  for (const [track, texts] of Object.entries(shown)) {
    expect([track, ...whatWasShown(viewer, track)]).toEqual([track, ...texts]);
    const cues = viewer.received("cue").filter((cue) => cue.track === track);
    const lives = [...new Map(cues.map((cue) => [cue.id, cue])).values()];
    for (const kind of ["segments", "parts"] as const) {
      const read = await readText("live/captions", track, kind);
      expect(read.map(({ text }) => text)).toEqual(texts);
      for (const [index, { start, end }] of read.entries()) {
        expect(Math.abs(start - (lives[index]?.start ?? 0))).toBeLessThan(1);
        // The last segment ends with what is decoded last, which is shown a little later.
        expect(Math.abs(end - (lives[index]?.end ?? 0))).toBeLessThan(100);
      }
    }
  }
  expect(delays.length).toBeGreaterThan(5);
  expect(Math.max(...delays)).toBeLessThan(1000);
}, 40_000);

const newest = (viewer: WsViewer): number => {
  const { id = 0, timescale = 1 } = viewer.track("video") ?? {};
  return ((viewer.frames.findLast(({ trackId }) => trackId === id)?.dts ?? 0) * 1000) / timescale;
};

test("FFmpeg reads the same captions of CC1 in the pictures as we do", async () => {
  const path = join(folder, "captions.flv");
  const rows = POP_ON.split("\n").map((text, index) => ({ row: 14 + index, indent: 4, text }));
  const cc1 = new Line21(1);
  const pairs = [...cc1.popOn(...rows), ...cc1.erase()];
  writeFlvFile(path, await clip(5, script([10, line21Triplets(0, pairs)])));
  const filter = `movie=${path}[out0+subcc]`;
  const args = ["-v", "error", "-f", "lavfi", "-i", filter, "-map", "s", "-f", "srt", "-"];
  const srt = execFileSync("ffmpeg", args, { encoding: "utf8" });
  const [, times = "", ...text] = srt.trim().split("\n\n")[0]?.split("\n") ?? [];
  const words = text.join("\n").replace(/<[^>]*>|\{[^}]*\}|\\h/g, "");
  expect(words.split("\n").map((line) => line.trim())).toEqual(POP_ON.split("\n"));
  expect(times).toMatch(/^00:00:0\d/);
});

test("hls.js in low latency shows captions with their pictures", async () => {
  const tags = await clip(8, captionsForLong());
  const browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  try {
    const publisher = await TagPublisher.open(server.rtmpUrl("live/shown"));
    const playing = publisher.play(tags);
    const page = await browser.newPage();
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve("hls.js") });
    await until(async () => {
      const index = await fetch(server.httpUrl("/streams/live/shown/index.m3u8"));
      return (await index.text()).includes("text-cc1.m3u8");
    });
    await page.evaluate(watchCaptions, server.httpUrl("/streams/live/shown/index.m3u8"));
    const stop = await recordShown(page);
    await playing;
    await publisher.finish();
    const pictures = await stop();
    const { cues, errors } = await page.evaluate<Watched>("window.__captions");
    expect(errors).toEqual([]);
    const texts = [...new Set(cues.map(({ text }) => text))];
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) expect(text).toMatch(/^Caption from picture \d+$/);
    // What was on the screen when the text came: a picture of its time.
    for (const text of texts.slice(1)) {
      const from = Number(/\d+$/.exec(text)?.[0]);
      const at = cues.find((cue) => cue.text === text)?.at ?? 0;
      const picture = pictures.findLast((one) => one.at <= at)?.counter ?? -1;
      expect(Math.abs(picture - from), text).toBeLessThan(12);
    }
  } finally {
    await browser.close();
  }
}, 60_000);

/** Each says with which picture it is shown. */
function captionsForLong() {
  const cc1 = new Line21(1);
  const lists = Array.from(
    { length: 11 },
    (_, index): [number, ReturnType<typeof line21Triplets>] => {
      const from = 30 * (index + 1);
      const pairs = cc1.popOn({ row: 15, text: `Caption from picture ${from}` });
      return [from - pairs.length + 2, line21Triplets(0, pairs)]; // it is shown with the first of the last two
    },
  );
  return script(...lists);
}

type Watched = { readonly cues: { text: string; at: number }[]; readonly errors: string[] };

/** Runs in the page: plays with hls.js, and notes each cue when it becomes active. */
function watchCaptions(url: string): void {
  const watched: Watched = { cues: [], errors: [] };
  Object.assign(window, { __captions: watched });
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  // biome-ignore lint/suspicious/noExplicitAny: the library is there as a global
  const { Hls } = window as any;
  const hls = new Hls({ lowLatencyMode: true, enableCEA708Captions: false });
  hls.on(Hls.Events.ERROR, (_: unknown, { details }: { details: string }) => {
    // So it calls what it gives up by itself.
    if (details !== Hls.ErrorDetails.INTERNAL_ABORTED) watched.errors.push(details);
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play());
  const choose = () => {
    hls.subtitleTrack = 0;
    for (const track of video.textTracks) {
      track.addEventListener("cuechange", () => {
        for (const cue of track.activeCues ?? []) {
          const { text } = cue as VTTCue;
          watched.cues.push({ text, at: performance.timeOrigin + performance.now() });
        }
      });
    }
  };
  video.addEventListener("playing", choose, { once: true });
  hls.loadSource(url);
  hls.attachMedia(video);
}

async function until(holds: () => Promise<boolean>, timeout = 15_000): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > timeout) throw new Error("It did not come");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
