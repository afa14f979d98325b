import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  BadLineStage,
  blockAndAllow,
  expectSeamless,
  LADDER,
  untilWidth,
} from "../support/bad-lines.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;
let stage: BadLineStage | undefined;

beforeAll(async () => {
  server = await startSluice();
});

afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

afterAll(async () => {
  await server.stop();
});

test("a proxy ends the WebSocket and takes none: HLS goes on from the same picture, and hands back", async () => {
  stage = await BadLineStage.open(server, "live/blocked");
  expectSeamless(await blockAndAllow(stage, 404));
  const { line, screen } = stage;

  // Asked for, no WebSocket is opened for HLS.
  const before = line.webSockets;
  await stage.set("transport", "hls");
  await stage.untilPlays({ transport: "hls", reason: "asked" });
  await screen.page.evaluate("dispatchEvent(new Event('online'))");
  await screen.untilSteady(stage.broadcast);
  expect(line.webSockets).toBe(before);
  await stage.set("transport", "websocket");
  await stage.untilPlays({ transport: "websocket" });
  expect(line.webSockets).toBe(before + 1);

  // A reset line is back at once, as it was.
  await stage.settled();
  line.reset();
  await stage.untilDelay((delay) => delay < 500, 5_000);
  expect(await screen.stats()).toMatchObject({ transport: "websocket", errors: 0 });
});

test("a ladder: smaller where the line carries less", async () => {
  stage = await BadLineStage.open(server, "live/ladder", LADDER);
  await stage.settled();
  expect(
    await stage.screen.page.evaluate("sluicePlayer.qualities.map((one) => one.width)"),
  ).toEqual([640, 320]);
  stage.line.shape({ bandwidth: 600_000 });
  await untilWidth(stage, 320, 15_000);
  await stage.untilDelay((delay) => delay < 2_000);
  expect(await stage.screen.stats()).toMatchObject({ transport: "websocket" });
});
