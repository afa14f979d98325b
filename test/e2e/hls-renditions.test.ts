import { afterAll, beforeAll, expect, test } from "vitest";
import { ROUND } from "../support/counter-clip.ts";
import type { DrivenBrowser } from "../support/driven-browser.ts";
import { putOnAir } from "../support/on-air.ts";
import { openBrowser } from "../support/open-browser.ts";
import { type PlayerPages, servePlayerPages } from "../support/player-pages.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// What hls.js by itself would play nothing of, or not all: Chromium without HEVC and AC-3.

let server: RunningSluice;
let pages: PlayerPages;
let browser: DrivenBrowser;

beforeAll(async () => {
  server = await startSluice();
  pages = await servePlayerPages(server.httpUrl("/"));
  browser = await openBrowser("chromium", { autoplay: true });
});

afterAll(async () => {
  await browser.close();
  await pages.close();
  await server.stop();
});

test.each([
  { name: "H.264 and MP3", video: "h264", audio: "mp3", plays: ["avc1", "mp3"], left: [] },
  { name: "H.264 beside AC-3", video: "h264", audio: "ac3", plays: ["avc1"], left: ["ac-3"] },
  { name: "AAC beside HEVC", video: "hevc", audio: "aac", plays: ["mp4a"], left: ["hvc1"] },
] as const)("over HLS, $name plays", async ({ video, audio, plays, left }) => {
  const streamPath = `live/${video}-${audio}`;
  const clip = { video, audio, seconds: ROUND, isRound: true } as const;
  const onAir = await putOnAir(server, streamPath, clip);
  const page = await browser.newPage();
  const src = server.httpUrl(`/streams/${streamPath}`);
  await page.goto(pages.url([{ src, autoplay: "", transport: "hls" }]));
  type Seen = { state: string; codecs: string[]; left: string[]; builds: number; time: number };
  const look = () =>
    page.evaluate<Seen | undefined>(`(() => {
      const { player, currentTime: time } = document.querySelector("sluice-player");
      if (player === undefined) return undefined;
      const { state, codecs, builds } = player.stats();
      const left = player.left.unsupported.map(({ codec }) => codec);
      return { state, codecs, left, builds, time };
    })()`);
  await eventually("the player", async () => (await look())?.state === "live", 20_000);
  const began = (await look())?.time ?? 0;
  await page.evaluate("window.hearPage()");
  // Longer than it takes to look at the playlist again.
  await eventually("four seconds", async () => ((await look())?.time ?? 0) > began + 4, 20_000);
  const seen = await look();
  const family = (codec: string) => codec.split(".")[0];
  expect(seen).toMatchObject({ state: "live", builds: 1 });
  expect(seen?.codecs.map(family)).toEqual(plays);
  expect(seen?.left.map(family)).toEqual(left);
  const beeps = await page.evaluate<number>("window.pageRecord().beeps.length");
  if (audio !== "ac3") expect(beeps).toBeGreaterThan(1);
  await page.close();
  await onAir.end();
});
