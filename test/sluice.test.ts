import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  createSluice,
  type PlayQuestion,
  SettingsError,
  type SluiceOptions,
} from "../server/sluice.ts";
import { TagPublisher } from "./support/rtmp-constructed.ts";

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: SluiceOptions) {
  const dataDir = mkdtempSync(join(tmpdir(), "sluice-library-"));
  ends.push(() => rmSync(dataDir, { recursive: true }));
  const sluice = createSluice({ rtmpPort: 0, httpPort: 0, host: "127.0.0.1", dataDir }, options);
  const { rtmp, http } = await sluice.start();
  ends.push(() => sluice.stop());
  return { sluice, rtmp, http: `127.0.0.1:${http}` };
}

test("createSluice refuses settings as the command does", () => {
  expect(() => createSluice({ rtmpPort: -1 })).toThrow(SettingsError);
});

test("mayPlay is asked for every way out over HTTP, and its no is 403", async () => {
  const asked: PlayQuestion[] = [];
  const { http } = await start({
    mayPlay: (question) => {
      asked.push(question);
      return question.streamPath === "live/open";
    },
  });
  for (const resource of ["index.m3u8", "t1-x-1.m4s", "live.flv", "live.mp4"]) {
    const answer = await fetch(`http://${http}/streams/live/shut/${resource}?ticket=1`);
    expect([resource, answer.status]).toEqual([resource, 403]);
  }
  for (const resource of ["ws", "live.flv"]) {
    const socket = new WebSocket(`ws://${http}/streams/live/shut/${resource}`);
    const [error] = (await once(socket, "error")) as [Error];
    expect(error.message).toBe("Unexpected server response: 403");
  }
  expect(asked.map(({ transport }) => transport)).toEqual([
    ...["http", "http", "http", "http"],
    ...["websocket", "websocket"],
  ]);
  expect(asked[0]).toMatchObject({ streamPath: "live/shut", query: { ticket: "1" } });
  const open = new WebSocket(`ws://${http}/streams/live/open/ws`);
  await once(open, "open");
  open.terminate();
  expect((await fetch(`http://${http}/streams/live/open/index.m3u8`)).status).toBe(404);
});

test("mayPublish decides who publishes, and is told what the server would say", async () => {
  const asked: unknown[] = [];
  const { rtmp, sluice } = await start({
    mayPublish: ({ streamPath, key, allowed }) => {
      asked.push([streamPath, key, allowed]);
      return key === "mine";
    },
  });
  const published: string[] = [];
  sluice.on("publish", ({ streamPath }) => published.push(streamPath));
  const url = `rtmp://127.0.0.1:${rtmp}/live`;
  await expect(TagPublisher.open(`${url}/a`)).rejects.toThrow("NetStream.Publish.Denied");
  const publisher = await TagPublisher.open(`${url}/b?key=mine`);
  await publisher.finish();
  expect(asked).toEqual([
    ["live/a", undefined, true],
    ["live/b", "mine", true],
  ]);
  expect(published).toEqual(["live/b"]);
});
