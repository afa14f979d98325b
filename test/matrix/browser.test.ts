import { afterAll, beforeAll, test } from "vitest";
import { disturbOneDocument } from "../support/one-document.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;

beforeAll(async () => {
  server = await startSluice();
});

afterAll(() => server.stop());

test("one document outlives a refused WebSocket, a cut line, 30 s in the background and other codecs", async () => {
  await disturbOneDocument(server, { streamPath: "live/one", hiddenFor: 30_000 });
});
