import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createHttpPort } from "../../../server/endpoint/entry/http-port.ts";
import { closed, listen } from "../../../server/endpoint/entry/listen.ts";
import { Places } from "../../../server/endpoint/entry/places.ts";
import { Tunnel, type TunnelGuest } from "../../../server/endpoint/entry/tunnel.ts";
import { RepeatLog } from "../../../server/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordingLog } from "../../support/recording-log.ts";

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const LIMITS = {
  silence: 20_000,
  absence: 5_000,
  hold: 250,
  answer: 100_000,
  body: 1000,
  ahead: 3,
  gap: 2_000,
  head: 500,
  unread: 3000,
  idle: 20_000,
};

/** Who reads the requests: we, or Node where an ordinary one came first on the connection. */
type Reader = "the tunnel's own" | "Node's";

/** A tunnel whose RTMP clients get back what they send. */
async function stage({ sessions = 10, reader = "the tunnel's own" as Reader } = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const guests: TunnelGuest[] = [];
  let ids = 0;
  const tunnel = new Tunnel({
    adopt: (stream, guest) => {
      guests.push(guest);
      stream.on("error", () => {});
      stream.on("data", (bytes) => stream.write(bytes));
    },
    places: new Places({ all: sessions, perAddress: sessions }),
    newId: () => {
      ids += 1;
      return `session${ids}`;
    },
    clock,
    limits: LIMITS,
    repeats: new RepeatLog(log, clock),
  });
  const { server, closeConnections } = createHttpPort({
    app: (_request, response) => {
      response.writeHead(200, { "Content-Length": 7 });
      response.end("the app");
    },
    onUpgrade: () => false,
    tunnel,
    clock,
  });
  const port = await listen(server, 0, "127.0.0.1");
  closers.push(async () => {
    const gone = closed(server);
    closeConnections("all");
    await gone;
  });
  const dial = async (): Promise<Client> => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    closers.push(() => socket.destroy());
    socket.on("error", () => {});
    await once(socket, "connect");
    const client = new Client(socket);
    if (reader === "Node's") {
      client.get("/");
      await client.answer();
    }
    return client;
  };
  const codes = () => log.lines.map(({ fields }) => fields["code"]);
  return { clock, log, codes, guests, tunnel, dial };
}

type Answer = { readonly head: string; readonly status: number; readonly body: string };

/** A client that reads answers as librtmp does: byte by byte, in order. */
class Client {
  readonly socket: Socket;
  readonly #answers: Answer[] = [];
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #buffer = "";

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.#buffer += text;
      for (;;) {
        const end = this.#buffer.indexOf("\r\n\r\n");
        const length = Number(/Content-Length: (\d+)/.exec(this.#buffer)?.[1] ?? Number.NaN);
        if (end < 0 || !(this.#buffer.length >= end + 4 + length)) return;
        const head = this.#buffer.slice(0, end);
        const body = this.#buffer.slice(end + 4, end + 4 + length);
        this.#buffer = this.#buffer.slice(end + 4 + length);
        const answer = { head, status: Number(head.slice(9, 12)), body };
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#answers.push(answer);
        else waiting(answer);
      }
    });
  }

  post(path: string, body = "\0"): void {
    this.socket.write(
      Buffer.from(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-type: application/x-fcs\r\nContent-length: ${body.length}\r\n\r\n${body}`,
        "latin1",
      ),
    );
  }

  get(path: string): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  answer(): Promise<Answer> {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async ask(path: string, body?: string): Promise<Answer> {
    this.post(path, body);
    return await this.answer();
  }
}

describe.each<Reader>(["the tunnel's own", "Node's"])("Tunnel, %s reader,", (reader) => {
  test("answers as librtmp's parser wants it, whole exchanges on one connection", async () => {
    const { dial, guests, clock } = await stage({ reader });
    const client = await dial();
    const opened = await client.ask("/open/1");
    expect(opened.body).toBe("session1\n");
    expect(guests).toEqual([{ address: "127.0.0.1", transport: "rtmpt", openedAt: clock.now() }]);
    const sent = await client.ask("/send/session1/0", "hello");
    expect(sent.body).toBe("\x01hello");
    for (const { head } of [opened, sent]) {
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(head).toContain("\r\nContent-Type: application/x-fcs\r\n");
      expect(head).toMatch(/\r\nContent-Length: [1-9]/);
      expect(head).toContain("\r\nConnection: Keep-Alive\r\n");
      expect(head).toContain("\r\nCache-Control: no-cache");
      expect(head).not.toMatch(/Transfer-Encoding/i);
    }
    expect((await client.ask("/close/session1/1")).body).toBe("\0");
    expect((await client.ask("/idle/session1/2")).status).toBe(404);
  });

  test("takes requests that are posted without waiting, and answers in order", async () => {
    const { dial } = await stage({ reader });
    const client = await dial();
    await client.ask("/open/1");
    for (const sequence of [0, 1, 2, 3]) client.post(`/send/session1/${sequence}`, `<${sequence}>`);
    for (const sequence of [0, 1, 2, 3]) {
      expect((await client.answer()).body).toBe(`\x01<${sequence}>`);
    }
  });

  test("carries one session on several connections, in the order of its numbers", async () => {
    const { dial } = await stage({ reader });
    const [one, other] = [await dial(), await dial()];
    await one.ask("/open/1");
    const idle = one.ask("/idle/session1/0");
    const third = other.ask("/send/session1/2", "third");
    const second = (await dial()).ask("/send/session1/1", "second");
    expect((await idle).body).toBe("\x01");
    expect([(await second).body, (await third).body]).toEqual(["\x01second", "\x01third"]);
  });

  test("holds idle until its time is over", async () => {
    const { dial, clock } = await stage({ reader });
    const client = await dial();
    await client.ask("/open/1");
    const idle = client.ask("/idle/session1/0");
    const pending = clock.pending;
    while (clock.pending === pending) await new Promise((resolve) => setImmediate(resolve));
    clock.pass(LIMITS.hold);
    expect((await idle).body).toBe("\x01");
  });

  test.each([
    ["/fcs/ident2", 404],
    ["/send/nobody/0", 404],
  ])("refuses %s, and the connection goes on", async (path, status) => {
    const { dial } = await stage({ reader });
    const client = await dial();
    expect((await client.ask(path)).status).toBe(status);
    expect((await client.ask("/open/1")).status).toBe(200);
  });

  test("leaves everything else to the app", async () => {
    const { dial } = await stage({ reader });
    const client = await dial();
    expect((await client.ask("/send/x")).body).toBe("the app");
  });

  test("gives the lost answer once more, and refuses a request that was replayed", async () => {
    const { dial, codes } = await stage({ reader });
    const client = await dial();
    await client.ask("/open/1");
    await client.ask("/send/session1/0", "a");
    const answer = await client.ask("/send/session1/1", "b");
    const again = await (await dial()).ask("/send/session1/1", "b");
    expect(again.body).toBe(answer.body);
    expect((await client.ask("/send/session1/0", "a")).status).toBe(409);
    expect(codes()).toEqual(["RTMPT_SEQUENCE"]);
    expect((await client.ask("/send/session1/2", "c")).body).toBe("\x01c");
  });

  test.each(["with its length", "without"])(
    "a body too large, %s, costs the session",
    async (how) => {
      const { dial, codes } = await stage({ reader });
      const client = await dial();
      await client.ask("/open/1");
      const body = "x".repeat(LIMITS.body + 1);
      if (how === "with its length") {
        client.post("/send/session1/0", body);
      } else {
        const head =
          "POST /send/session1/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.socket.write(`${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      }
      expect((await client.answer()).status).toBe(413);
      expect(codes()).toEqual(["RTMPT_BODY"]);
      expect((await (await dial()).ask("/idle/session1/1")).status).toBe(404);
    },
  );

  test("a body that breaks off costs the session", async () => {
    const { dial, codes } = await stage({ reader });
    const client = await dial();
    await client.ask("/open/1");
    client.socket.write(
      "POST /send/session1/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    );
    client.socket.end();
    await once(client.socket, "close");
    const other = await dial();
    while (codes().length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(codes()).toEqual(["RTMPT_BODY"]);
    expect((await other.ask("/idle/session1/1")).status).toBe(404);
  });

  test("one that came early and is lost with its connection does not keep its session waiting", async () => {
    const { dial, clock } = await stage({ reader });
    const [client, deserter] = [await dial(), await dial()];
    await client.ask("/open/1");
    await deserter.ask("/fcs/ident2");
    const pending = clock.pending;
    deserter.post("/send/session1/1", "second");
    while (clock.pending === pending) await new Promise((resolve) => setImmediate(resolve));
    deserter.socket.resetAndDestroy();
    await client.ask("/fcs/ident2"); // the reset may not have been seen yet
    await client.ask("/send/session1/0", "first");
    // What it brought may be here already; else it never comes, and the session is over.
    const { status } = await client.ask("/send/session1/2", "third");
    expect([200, 404]).toContain(status);
  });

  test("more sessions than allowed are refused, until one is over", async () => {
    const { dial, codes } = await stage({ sessions: 2, reader });
    const client = await dial();
    await client.ask("/open/1");
    await client.ask("/open/1");
    expect((await client.ask("/open/1")).status).toBe(503);
    expect(codes()).toEqual(["RTMPT_SESSIONS"]);
    await client.ask("/close/session2/0");
    expect((await client.ask("/open/1")).status).toBe(200);
  });

  test("a session without a request is over after its time", async () => {
    const { dial, clock, codes } = await stage({ reader });
    const client = await dial();
    await client.ask("/open/1");
    clock.pass(LIMITS.silence - 1);
    expect((await client.ask("/send/session1/0", "a")).status).toBe(200);
    clock.pass(LIMITS.silence);
    expect(codes()).toEqual(["RTMPT_SILENCE"]);
    expect((await client.ask("/send/session1/1", "b")).status).toBe(404);
  });

  test("a session whose connection has gone is over sooner", async () => {
    const { dial, clock, log } = await stage({ reader });
    const [client, deserter] = [await dial(), await dial()];
    await deserter.ask("/open/1");
    deserter.socket.resetAndDestroy();
    while (log.lines.length === 0) {
      await client.ask("/fcs/ident2"); // the reset may not have been seen yet
      clock.pass(LIMITS.absence);
    }
    expect(log.lines[0]?.message).toContain(`longer than ${LIMITS.absence} ms`);
    expect((await client.ask("/send/session1/0", "b")).status).toBe(404);
  });

  test("opens no session any more once it is closed", async () => {
    const { dial, tunnel } = await stage({ reader });
    const client = await dial();
    await client.ask("/open/1");
    tunnel.close();
    expect((await client.ask("/open/1")).status).toBe(503);
    expect((await client.ask("/send/session1/0", "a")).body).toBe("\x01a");
  });
});

describe("Tunnel", () => {
  test("takes what is asked however the line cuts it", async () => {
    const { dial } = await stage();
    const client = await dial();
    await client.ask("/open/1");
    const text = [0, 1, 2]
      .map((n) => `POST /send/session1/${n} HTTP/1.1\r\nContent-Length: 3\r\n\r\n<${n}>`)
      .join("");
    for (const letter of text) {
      client.socket.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const n of [0, 1, 2]) expect((await client.answer()).body).toBe(`\x01<${n}>`);
  });

  test("gives ordinary requests on its connection to the app, in their turn", async () => {
    const { dial, clock } = await stage();
    const client = await dial();
    await client.ask("/open/1");
    const pending = clock.pending;
    client.post("/send/session1/0", "a");
    client.post("/idle/session1/1");
    client.get("/behind/an/answer/that/is/held");
    client.post("/send/session1/2", "b");
    expect((await client.answer()).body).toBe("\x01a");
    while (clock.pending === pending) await new Promise((resolve) => setImmediate(resolve));
    clock.pass(LIMITS.hold);
    expect((await client.answer()).body).toBe("\x01");
    expect((await client.answer()).body).toBe("the app");
    expect((await client.answer()).body).toBe("\x01b");
    expect((await client.ask("/send/session1/3", "c")).body).toBe("\x01c");
  });

  test.each([
    ["a head without an end", `POST /open/1 HTTP/1.1\r\nX: ${"x".repeat(20_000)}`, 431],
    ["a head that is none", "POST /open/1 HTTP/1.1\r\nno header\r\n\r\n", 400],
    ["two lengths", "POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  ])("leaves %s to Node, which refuses it", async (_, text, status) => {
    const { dial } = await stage();
    const client = await dial();
    client.socket.write(text);
    const [answer] = (await once(client.socket, "data")) as [string];
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await once(client.socket, "close");
  });

  test("ends the connection where the client asks for that", async () => {
    const { dial } = await stage();
    const client = await dial();
    client.socket.write(
      "POST /open/1 HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\n\0",
    );
    expect((await client.answer()).status).toBe(200);
    await once(client.socket, "close");
  });
});
