import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BadLineStage, LADDER } from "../support/bad-lines.ts";
import type { ClipOptions } from "../support/counter-clip.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// One document, never reloaded: the publisher returns with something else, on each transport.

let server: RunningSluice;
let stage: BadLineStage;

beforeAll(async () => {
  server = await startSluice();
});

afterEach(async () => {
  await stage.close();
});

afterAll(() => server.stop());

const [LARGE, SMALL] = LADDER;
const CHANGES: readonly { name: string; options: ClipOptions; width: number; codecs: string }[] = [
  { name: "another size", options: SMALL, width: 320, codecs: "avc1 mp4a" },
  {
    name: "other codecs",
    options: { video: "vp9", audio: "opus", width: 426, height: 240 },
    width: 426,
    codecs: "vp09 opus",
  },
  { name: "no sound", options: { ...LARGE, audio: "none" }, width: 640, codecs: "avc1" },
  { name: "sound again", options: LARGE, width: 640, codecs: "avc1 mp4a" },
];

/** The first picture of what came is there within this long, ms. */
const WITHIN = { websocket: 2_000, hls: 8_000 } as const;

test.each(["websocket", "hls"] as const)(
  "over %s: sizes, codecs and tracks come and go",
  async (transport) => {
    stage = await BadLineStage.open(server, `live/changes-${transport}`, [LARGE]);
    const { screen } = stage;
    await stage.settled();
    await stage.set("transport", transport);
    await stage.untilPlays({ transport, state: "live" });
    await screen.page.evaluate("window.neverReloaded = true");
    for (const [index, { name, options, width, codecs }] of CHANGES.entries()) {
      const first = (index + 1) * 10_000;
      await screen.forget();
      const came = await stage.republish([options], first);
      const isNew = (picture: { counter: number | undefined; width: number }) =>
        picture.counter !== undefined && picture.counter >= first && picture.width === width;
      await screen.untilPicture(name, isNew, 30_000);
      expect(performance.now() - came, name).toBeLessThan(WITHIN[transport]);
      await screen.forget();
      await screen.untilSteady(stage.broadcast, () => true, 30_000);
      const plays = ({ codecs: played }: { codecs: readonly string[] }) =>
        played.map((codec) => codec.split(".")[0]).join(" ") === codecs;
      await screen.untilStats(`${name}: ${codecs}`, plays, 12_000);
      expect(await screen.stats(), name).toMatchObject({ transport, state: "live" });
    }
    expect(await screen.page.evaluate("window.neverReloaded")).toBe(true);
  },
);
