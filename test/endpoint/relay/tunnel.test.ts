import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readRelayUrl } from "../../../server/endpoint/relay/relay-url.ts";
import { openTunnel } from "../../../server/endpoint/relay/tunnel.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server of the tunnel that answers as it is told; the last answer is given again and again. */
async function stage(answer: (path: string, body: Buffer) => Buffer | number) {
  const asked: string[] = [];
  const sockets = new Set<unknown>();
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    sockets.add(request.socket);
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    asked.push(`${request.method} ${request.url} ${body.toString("latin1")}`);
    const bytes = answer(request.url ?? "", body);
    if (typeof bytes === "number") response.writeHead(bytes).end();
    else response.writeHead(200, { "Content-Length": bytes.length }).end(bytes);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const tunnel = openTunnel(readRelayUrl(`rtmpt://127.0.0.1:${port}/a/b`), undefined);
  closers.push(() => {
    tunnel.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { tunnel, asked, sockets };
}

const OPEN = Buffer.from("abc\n");
const NOTHING = Buffer.from([1]);

test("the tunnel sends what is written, polls for what comes, and closes, on one connection", async () => {
  let idle = 0;
  const { tunnel, asked, sockets } = await stage((path) => {
    if (path === "/open/1") return OPEN;
    if (path.startsWith("/send")) return Buffer.from("\x01one");
    idle += 1;
    return idle === 3 ? Buffer.from("\x01two") : NOTHING;
  });
  tunnel.write("hello");
  let got = "";
  tunnel.on("data", (bytes: Buffer) => {
    got += bytes.toString("latin1");
    if (got === "onetwo") tunnel.end("bye");
  });
  await once(tunnel, "close");
  expect(got).toBe("onetwoone");
  const last = asked.length;
  expect(asked.slice(0, 3)).toEqual([
    "POST /open/1 \x00",
    "POST /send/abc/0 hello",
    "POST /idle/abc/1 \x00",
  ]);
  expect(asked.slice(-2)).toEqual([
    `POST /send/abc/${last - 3} bye`,
    `POST /close/abc/${last - 2} \x00`,
  ]);
  expect(sockets.size).toBe(1);
});

test("the tunnel puts together what is written while a request is under way", async () => {
  const { tunnel, asked } = await stage((path) => (path === "/open/1" ? OPEN : NOTHING));
  for (const piece of ["a", "b", "c"]) tunnel.write(piece);
  tunnel.end();
  tunnel.resume();
  await once(tunnel, "close");
  const sent = asked.filter((line) => line.includes("/send/"));
  expect(sent.map((line) => line.split(" ")[2]).join("")).toBe("abc");
  expect(sent.length).toBeLessThan(3);
});

test.each<[string, (path: string) => Buffer | number, RegExp]>([
  ["no session", () => Buffer.from("<html>\n"), /gave no session/],
  ["no tunnel", () => 404, /answered 404/],
  ["an end in the middle", (path) => (path === "/open/1" ? OPEN : 404), /answered 404/],
  [
    "too much at once",
    (path) => (path === "/open/1" ? OPEN : Buffer.alloc(2_000_000)),
    /sent more than/,
  ],
])("the tunnel fails on %s", async (_name, answer, message) => {
  const { tunnel } = await stage(answer);
  tunnel.resume();
  const [error] = await once(tunnel, "error");
  expect(error).toMatchObject({ code: "RELAY_TUNNEL", message: expect.stringMatching(message) });
});

test("the tunnel asks for no more than is taken from it", async () => {
  let asked = 0;
  const { tunnel } = await stage((path) => {
    if (path === "/open/1") return OPEN;
    asked += 1;
    return Buffer.alloc(100_000, 1);
  });
  tunnel.read(0);
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const before = asked;
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(before).toBeGreaterThan(0);
  expect(asked).toBe(before);
});

test("an answer that breaks off ends the tunnel", async () => {
  const server = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc\n");
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x01abc"));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const tunnel = openTunnel(readRelayUrl(`rtmpt://127.0.0.1:${port}/a/b`), undefined);
  closers.push(() => {
    tunnel.destroy();
    server.close();
  });
  tunnel.resume();
  const [error] = await once(tunnel, "error");
  expect(error).toMatchObject({ code: "RELAY_TUNNEL" });
});
