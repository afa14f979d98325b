import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  createSluice,
  type PlayQuestion,
  type Settings,
  SettingsError,
  type SluiceOptions,
} from "../server/sluice.ts";
import { makeCertificate } from "./support/certificate.ts";
import { TagPublisher } from "./support/rtmp-constructed.ts";

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: SluiceOptions, settings: Partial<Settings> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), "sluice-library-"));
  ends.push(() => rmSync(dataDir, { recursive: true }));
  const ports = { rtmpPort: 0, httpPort: 0, host: "127.0.0.1" };
  const sluice = createSluice({ ...ports, dataDir, ...settings }, options);
  const { rtmp, http, https } = await sluice.start();
  ends.push(() => sluice.stop());
  return { sluice, rtmp, http: `127.0.0.1:${http}`, https: `127.0.0.1:${https}` };
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

test("mayPlay is asked once for every way out over HTTP/2, too", async () => {
  const certificate = makeCertificate();
  ends.push(() => certificate.remove());
  const asked: PlayQuestion[] = [];
  const { https } = await start(
    {
      mayPlay: (question) => {
        asked.push(question);
        return false;
      },
    },
    { httpsPort: 0, tlsCert: certificate.cert, tlsKey: certificate.key },
  );
  const session = connect(`https://${https}`, { rejectUnauthorized: false });
  const resources = ["index.m3u8", "t1-x-1.m4s", "live.flv", "live.mp4", "poster.mp4"];
  for (const resource of resources) {
    const stream = session.request({ ":path": `/streams/live/shut/${resource}?ticket=1` });
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect([resource, headers[":status"]]).toEqual([resource, 403]);
    stream.close();
  }
  session.close();
  const question = { streamPath: "live/shut", query: { ticket: "1" }, transport: "http" };
  expect(asked).toEqual(resources.map(() => ({ ...question, address: "127.0.0.1" })));
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
