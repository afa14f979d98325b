import { once } from "node:events";
import { createServer, request } from "node:http";
import { expect, test } from "vitest";
import { InnerSocket } from "../../../server/endpoint/entry/http2-inner-socket.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const ENDS = { remoteAddress: "203.0.113.7", remotePort: 4711, localPort: 443 };

function pair() {
  const clock = new ManualClock();
  return { clock, ...InnerSocket.pair(ENDS, clock) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("InnerSocket has the real peer's address at the server's end, and is in TLS", () => {
  const { server } = pair();
  expect(server).toMatchObject({ ...ENDS, encrypted: true });
});

test("InnerSocket hands over bytes in order, and waits for a reader", async () => {
  const { server, client } = pair();
  let taken = 0;
  for (let n = 0; n < 100; n += 1) server.write(Buffer.alloc(10_000, n), () => (taken += 1));
  server.end();
  await turn();
  expect(taken).toBeLessThan(10);
  const pieces: Buffer[] = [];
  for await (const piece of client) pieces.push(piece as Buffer);
  const all = Buffer.concat(pieces);
  expect(all.length).toBe(1_000_000);
  expect(all.every((byte, at) => byte === Math.floor(at / 10_000))).toBe(true);
  expect(taken).toBe(100);
});

test("InnerSocket: who breaks off at one end is gone at the other", async () => {
  const { server, client } = pair();
  client.write("GET");
  client.destroy();
  if (!server.closed) await once(server, "close");
  expect(server.destroyed).toBe(true);
});

test("InnerSocket: who ends in order is read to the end", async () => {
  const { server, client } = pair();
  server.write(Buffer.alloc(100_000));
  server.destroySoon();
  let length = 0;
  for await (const piece of client) length += (piece as Buffer).length;
  expect(length).toBe(100_000);
});

test("InnerSocket: a write to somebody who is gone fails, also one that waits", async () => {
  const { server, client } = pair();
  const written = new Promise((resolve) => server.write(Buffer.alloc(1_000_000), resolve));
  const failed = once(server, "close");
  client.destroy();
  await written;
  await failed;
  expect(server.write("more")).toBe(false);
});

test("InnerSocket says when nothing moved for as long as was asked", () => {
  const { server, client, clock } = pair();
  let timeouts = 0;
  server.setTimeout(1000, () => (timeouts += 1));
  clock.pass(900);
  server.write("moved");
  client.read();
  clock.pass(900);
  expect(timeouts).toBe(0);
  clock.pass(100);
  expect(timeouts).toBe(1);
  server.setTimeout(0);
  clock.pass(10_000);
  expect(clock.pending).toBe(0);
  server.destroy();
});

test("InnerSocket carries Node's HTTP, whose time limit ends an exchange that stands still", async () => {
  const { server, client, clock } = pair();
  const http = createServer(() => {});
  http.timeout = 20_000;
  http.emit("connection", server);
  const asked = request({ createConnection: () => client, path: "/" });
  asked.end();
  const failed = once(asked, "error");
  await once(http, "request");
  clock.pass(20_000);
  await failed;
  expect(clock.pending).toBe(0);
});
