import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { answerInFront, type PlainHandler } from "../../../server/endpoint/entry/front.ts";
import { recordingLog } from "../../support/recording-log.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function stage(...handlers: PlainHandler[]) {
  const log = recordingLog();
  const listener: RequestListener = (request, response) =>
    answerInFront({ handlers, log }, request, response, () => response.end("the app"));
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { log, get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`) };
}

/** Answers one path, and passes on every other. */
const only =
  (path: string): PlainHandler =>
  (request, response, next) => {
    if (request.url === path) response.end(path);
    else next();
  };

test("answerInFront asks the handlers in order, and the rest gets what none of them answers", async () => {
  const { get } = await stage(only("/one"), only("/two"));
  for (const [path, answer] of [
    ["/one", "/one"],
    ["/two", "/two"],
    ["/three", "the app"],
  ] as const) {
    expect(await (await get(path)).text()).toBe(answer);
  }
});

test.each([
  { what: "throws", status: 500, lines: 1, error: new Error("a fault") },
  {
    what: "passes on an error of the client's",
    status: 416,
    lines: 0,
    error: Object.assign(new Error("no such bytes"), { status: 416 }),
  },
])("a handler that $what costs its request alone", async ({ what, status, lines, error }) => {
  const { get, log } = await stage((request, response, next) => {
    if (request.url !== "/bad") return next();
    response.setHeader("Content-Range", "bytes */9");
    if (what === "throws") throw error;
    next(error);
  });
  const answer = await get("/bad");
  expect([answer.status, await answer.text()]).toEqual([status, ""]);
  expect(answer.headers.get("content-range")).toBeNull();
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(lines);
  expect((await get("/good")).status).toBe(200);
});

test("a handler that fails when it has begun to answer ends its connection", async () => {
  const { get } = await stage((_request, response) => {
    response.writeHead(200);
    throw new Error("a fault");
  });
  await expect(get("/").then((answer) => answer.text())).rejects.toThrow();
});
