import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createHttpPort } from "../../../server/endpoint/entry/http-port.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function stage() {
  const clock = new ManualClock();
  const { server, closeConnections } = createHttpPort({
    app: (_request, response) => response.end("the app"),
    onUpgrade: () => false,
    clock,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    closeConnections("all");
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, clock, dial: () => connect({ host: "127.0.0.1", port }) };
}

const upgradeTo = (protocol: string) =>
  `GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;

test.each(["h2c", "websocket"])(
  "an upgrade to %s that nobody takes is answered by the app, and the connection ends",
  async (protocol) => {
    const { dial } = await stage();
    const socket = dial();
    let got = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      got += text;
    });
    socket.write(upgradeTo(protocol));
    await once(socket, "close");
    expect(got).toMatch(/^HTTP\/1\.1 200 OK.*the app$/s);
  },
);

test("a client that resets its connection after an upgrade costs nobody else anything", async () => {
  const { dial, server } = await stage();
  for (let n = 0; n < 20; n += 1) {
    const socket = dial();
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(upgradeTo("websocket"));
    socket.resetAndDestroy();
  }
  const socket = dial();
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const [first] = (await once(socket, "data")) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1\.1 200/);
  expect(server.listening).toBe(true);
});

test("a client that says nothing is sent away", async () => {
  const { dial, clock } = await stage();
  const socket = dial();
  await once(socket, "connect");
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.pass(LIMITS.httpHeadersTime);
  await once(socket.resume(), "close");
});
