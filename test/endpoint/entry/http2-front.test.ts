import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { type AddressInfo, connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Certificate } from "../../../server/endpoint/entry/certificate.ts";
import type { PlainHandler } from "../../../server/endpoint/entry/front.ts";
import { createHttpPort } from "../../../server/endpoint/entry/http-port.ts";
import { Http2Front } from "../../../server/endpoint/entry/http2-front.ts";
import { createHttpsPort, HTTPS_PROTOCOLS } from "../../../server/endpoint/entry/https-port.ts";
import { closed, listen } from "../../../server/endpoint/entry/listen.ts";
import { TlsTerminator } from "../../../server/endpoint/entry/tls.ts";
import { createAssets } from "../../../server/endpoint/http/assets.ts";
import { RepeatLog } from "../../../server/log.ts";
import { makeCertificate, type TestCertificate } from "../../support/certificate.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordingLog } from "../../support/recording-log.ts";

let files: TestCertificate;
beforeAll(() => {
  files = makeCertificate();
});
afterAll(() => files.remove());

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const LIMITS = {
  streams: 128,
  headerBytes: 16_384,
  headerFields: 100,
  unsent: 1_000_000_000,
  invalidFrames: 1000,
  rejectedStreams: 100,
  controlFrames: 20,
  resets: 20,
  idle: 20_000,
  silence: 10_000,
  closeTime: 2000,
};

type App = (request: IncomingMessage, response: ServerResponse) => void;
type StageOptions = {
  readonly app?: App;
  readonly handlers?: readonly PlainHandler[];
  /** Whom the server takes the peer for. */
  readonly peer?: string;
};

const HELLO: App = (_request, response) => response.end("the app");

/** An HTTPS port whose app and front are given. */
async function stage({ app = HELLO, handlers = [], peer }: StageOptions = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const repeats = new RepeatLog(log, clock);
  const http = createHttpPort({ app, onUpgrade: () => false, clock });
  await listen(http.server, 0, "127.0.0.1");
  const front = new Http2Front({
    front: { handlers, log },
    takeInner: http.takeInner,
    limits: LIMITS,
    clock,
    repeats,
  });
  const tls = new TlsTerminator({
    certificate: new Certificate(files),
    maxVersion: "TLSv1.3",
    alpn: HTTPS_PROTOCOLS,
    clock,
    handshakeTime: 10_000,
    repeats,
  });
  const take = (socket: Socket): void => {
    if (peer !== undefined) Object.defineProperty(socket, "remoteAddress", { value: peer });
    front.take(socket);
  };
  const https = createHttpsPort(http, { take }, tls);
  const port = await listen(https, 0, "127.0.0.1");
  closers.push(async () => {
    const gone = Promise.all([closed(https), closed(http.server)]);
    front.closeConnections("all");
    http.closeConnections("all");
    await gone;
  });
  const dialTls = async (protocols: string[]): Promise<TLSSocket> => {
    const where = { host: "127.0.0.1", port, rejectUnauthorized: false };
    const socket = connectTls({ ...where, ALPNProtocols: protocols });
    socket.on("error", () => {});
    closers.push(() => socket.destroy());
    await once(socket, "secureConnect");
    return socket;
  };
  const dial = async (options: object = {}): Promise<ClientHttp2Session> => {
    const socket = await dialTls(["h2"]);
    const session = connect("https://sluice.example:8443", {
      createConnection: () => socket,
      ...options,
    });
    session.on("error", () => {});
    closers.push(() => session.destroy());
    await once(session, "remoteSettings");
    return session;
  };
  return { clock, log, front, port, dial, dialTls };
}

type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

async function headersOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
  return headers;
}

async function finish(stream: ClientHttp2Stream): Promise<Answer> {
  const headers = await headersOf(stream);
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return { status: Number(headers[":status"]), headers, body: Buffer.concat(pieces) };
}

const ask = (
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> => finish(session.request({ ":path": path, ...headers }));

/** Resolves when it is closed, with an error or without. */
const isClosed = (one: ClientHttp2Session | ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => one.once("close", resolve));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what the app answers", () => {
  test("it is asked as over HTTP/1.1: address, host, cookies, and TLS", async () => {
    const seen: object[] = [];
    const { dial } = await stage({
      peer: "203.0.113.7",
      app: ({ method, url, headers, socket, httpVersion }, response) => {
        const { remoteAddress, remotePort } = socket;
        const encrypted = "encrypted" in socket && socket.encrypted;
        const { host, cookie, te } = headers;
        seen.push({ method, url, host, cookie, te, remoteAddress, encrypted, httpVersion });
        response.setHeader("Connection", "x-private, close");
        response.setHeader("X-Private", "1");
        response.setHeader("Set-Cookie", ["a=1", "b=2"]);
        response.end(String(remotePort));
      },
    });
    const session = await dial();
    const answer = await ask(session, "/watch/live/show?x=1", {
      cookie: ["a=1", "b=2"],
      te: "trailers",
    });
    expect(seen).toEqual([
      {
        method: "GET",
        url: "/watch/live/show?x=1",
        host: "sluice.example:8443",
        cookie: "a=1; b=2",
        te: undefined,
        remoteAddress: "203.0.113.7",
        encrypted: true,
        httpVersion: "1.1",
      },
    ]);
    expect(answer.body.toString()).toBe(String(session.socket.localPort));
    expect(answer.headers).toMatchObject({ ":status": 200, "set-cookie": ["a=1", "b=2"] });
    expect(Object.keys(answer.headers)).not.toEqual(
      expect.arrayContaining(["connection", "x-private", "keep-alive", "transfer-encoding"]),
    );
  });

  test("bodies, HEAD, 204 and interim answers", async () => {
    const { dial } = await stage({
      app: (request, response) => {
        if (request.method === "HEAD") response.setHeader("Content-Length", 7).end();
        else if (request.method === "DELETE") response.writeHead(204).end();
        else {
          response.writeEarlyHints({ link: "</x.js>; rel=preload" });
          request.pipe(response);
        }
      },
    });
    const session = await dial();
    const head = await ask(session, "/", { ":method": "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "7", 0]);
    expect((await ask(session, "/", { ":method": "DELETE" })).status).toBe(204);
    const post = session.request({ ":method": "POST", ":path": "/", expect: "100-continue" });
    const interim: (number | undefined)[] = [];
    post.on("headers", (headers) => interim.push(headers[":status"]));
    const body = Buffer.alloc(1_000_000, "body");
    post.end(body);
    expect((await finish(post)).body.equals(body)).toBe(true);
    expect(interim).toEqual([100, 103]);
  });

  test("an answer that begins is sent, whatever follows later", async () => {
    let say: (text: string) => void = () => {};
    const { dial } = await stage({
      app: (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.flushHeaders();
        say = (text) => response.write(text);
      },
    });
    const stream = (await dial()).request({ ":path": "/api/v1/events" });
    expect((await headersOf(stream))["content-type"]).toBe("text/event-stream");
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      say(event);
      const [bytes] = (await once(stream, "data")) as [Buffer];
      expect(bytes.toString()).toBe(event);
    }
    stream.close();
  });

  test("an answer without end waits for who does not read, and ends with who leaves", async () => {
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    let isGone = false;
    const { dial } = await stage({
      app: (_request, response) => {
        const more = (): void => {
          while (!isGone && written < 100_000_000 && response.write(chunk)) written += chunk.length;
        };
        response.on("drain", more);
        response.on("close", () => {
          isGone = true;
        });
        more();
      },
    });
    const session = await dial();
    const slow = session.request({ ":path": "/streams/live/show/live.flv" });
    await headersOf(slow);
    slow.pause();
    let before = -1;
    while (written !== before) {
      before = written;
      for (let n = 0; n < 50; n += 1) await turn();
    }
    expect(written).toBeLessThan(1_000_000);
    // Nobody else on the session waits for it.
    slow.close(constants.NGHTTP2_CANCEL);
    while (!isGone) await turn();
    expect(session.destroyed).toBe(false);
  });

  test("an answer that breaks off breaks off here too, and costs no other request", async () => {
    const { dial } = await stage({
      app: (request, response) => {
        if (request.url === "/broken") {
          response.write("half");
          setImmediate(() => response.destroy());
        } else {
          response.end("whole");
        }
      },
    });
    const session = await dial();
    const broken = session.request({ ":path": "/broken" });
    broken.resume();
    const [error] = (await once(broken, "error")) as [Error];
    expect(error.message).toContain("NGHTTP2_INTERNAL_ERROR");
    expect((await ask(session, "/")).body.toString()).toBe("whole");
  });

  test("an answer that comes before the request is whole ends it", async () => {
    const { dial } = await stage({
      app: (_request, response) => {
        response.writeHead(413, { Connection: "close" }).end("too long");
      },
    });
    const stream = (await dial()).request({ ":method": "POST", ":path": "/" });
    stream.write(Buffer.alloc(1000));
    expect((await finish(stream)).status).toBe(413);
    if (!stream.closed) await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  test("who gives up in order, its body unread, is gone: nothing is left to answer", async () => {
    const answers: ServerResponse[] = [];
    const { dial } = await stage({ app: (_request, response) => answers.push(response) });
    const session = await dial();
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => {});
    stream.write(Buffer.alloc(1_000_000)); // more than fits in between
    const wire = session.socket;
    for (let sent = -1; answers.length === 0 || wire.bytesWritten - sent > 100; ) {
      sent = wire.bytesWritten;
      await new Promise((resolve) => session.ping(resolve));
      await new Promise((resolve) => session.ping(resolve));
    }
    const [response] = answers;
    const gone = response === undefined ? undefined : once(response, "close");
    stream.close(constants.NGHTTP2_NO_ERROR);
    await gone;
    response?.end("too late");
  });

  test("CONNECT is refused", async () => {
    const session = await (await stage()).dial();
    const stream = session.request({ ":method": "CONNECT", ":authority": "127.0.0.1:25" });
    expect((await headersOf(stream))[":status"]).toBe(405);
  });
});

describe("what is answered at once", () => {
  const own: PlainHandler = (request, response, next) => {
    if (request.url === "/broken") throw new Error("a fault");
    if (request.url !== "/own") return next();
    response.writeHead(200, { "X-Peer": String(request.socket.remoteAddress) });
    response.end(`${request.headers.host} ${request.httpVersion}`);
  };

  test("a handler answers, or passes on to the app", async () => {
    const { dial } = await stage({ handlers: [own], peer: "203.0.113.7" });
    const session = await dial();
    const answer = await ask(session, "/own");
    expect(answer.body.toString()).toBe("sluice.example:8443 2.0");
    expect(answer.headers["x-peer"]).toBe("203.0.113.7");
    expect((await ask(session, "/else")).body.toString()).toBe("the app");
  });

  test("a handler that fails costs its request, with a line in the log", async () => {
    const { dial, log } = await stage({ handlers: [own] });
    const session = await dial();
    expect((await ask(session, "/broken")).status).toBe(500);
    expect((await ask(session, "/own")).status).toBe(200);
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  test("an answer of which nothing is taken is ended, and gives its place back", async () => {
    const gone: string[] = [];
    const { dial } = await stage({
      handlers: [
        (request, response) => {
          response.once("close", () => gone.push(request.url ?? ""));
          response.setTimeout(30, () => response.destroy());
          response.writeHead(200);
          response.end(Buffer.alloc(10_000_000));
        },
      ],
    });
    const stream = (await dial()).request({ ":path": "/slow" });
    stream.on("error", () => {});
    await headersOf(stream);
    stream.pause();
    await isClosed(stream);
    expect(gone).toEqual(["/slow"]);
  });

  test("128 requests wait at once on one session, and are answered together", async () => {
    const waiting: (() => void)[] = [];
    const { dial } = await stage({
      handlers: [(_request, response) => waiting.push(() => response.end("part"))],
    });
    const session = await dial();
    const answers = Array.from({ length: 128 }, (_, n) => ask(session, `/${n}`));
    while (waiting.length < 128) await turn();
    for (const answer of waiting) answer();
    for (const { body } of await Promise.all(answers)) expect(body.toString()).toBe("part");
  });

  test("large answers to many requests at once arrive whole with a reader that is slow", async () => {
    const body = Buffer.alloc(2_000_000, "segment");
    const { dial } = await stage({ handlers: [(_request, response) => response.end(body)] });
    const session = await dial();
    const answers = Array.from({ length: 60 }, (_, n) => ask(session, `/${n}`));
    for (const answer of await Promise.all(answers)) expect(answer.body.equals(body)).toBe(true);
  });
});

describe("assets", () => {
  let publicDir: string;
  const big = Buffer.alloc(300_000, "js");
  beforeAll(() => {
    publicDir = mkdtempSync(join(tmpdir(), "sluice-assets-"));
    for (const folder of ["build/assets", "assets"])
      mkdirSync(join(publicDir, folder), { recursive: true });
    writeFileSync(join(publicDir, "build/assets", "chunk-hls-AETAVX4A.js"), big);
    writeFileSync(join(publicDir, "assets", "icon.svg"), "<svg/>");
  });
  afterAll(() => rmSync(publicDir, { recursive: true }));

  test.each([
    { path: "/assets/chunk-hls-AETAVX4A.js" },
    { path: "/assets/icon.svg?1" },
    { path: "/assets/icon.svg", headers: { range: "bytes=1-3" } },
    { path: "/assets/icon.svg", headers: { range: "bytes=99-" } },
    { path: "/assets/icon.svg", method: "HEAD" },
    { path: "/assets/%2e%2e/secret" },
    { path: "/assets/none.js" },
    { path: "/else" },
  ])("$method $path $headers is the same over HTTP/2 as over HTTP/1.1", async (wanted) => {
    const { path, method = "GET", headers = {} } = wanted;
    const assets = createAssets(publicDir);
    const app: App = (request, response) =>
      assets(request, response, (error) => {
        response.statusCode = error === undefined ? 404 : 416;
        response.end();
      });
    const { dial } = await stage({ handlers: [assets], app });
    const two = await ask(await dial(), path, { ":method": method, ...headers });
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const request = httpRequest({ port, path, method, headers, agent: false }).end();
    const [one] = (await once(request, "response")) as [IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of one) pieces.push(piece);
    expect([two.status, two.body.toString()]).toEqual([
      one.statusCode,
      Buffer.concat(pieces).toString(),
    ]);
    for (const name of ["content-type", "cache-control", "etag", "content-range"]) {
      if ((one.statusCode ?? 0) < 400) expect(two.headers[name]).toEqual(one.headers[name]);
    }
  });

  test("many at once raise no warning", async () => {
    const warned: Error[] = [];
    const note = (warning: Error): void => void warned.push(warning);
    process.on("warning", note);
    closers.push(() => process.off("warning", note));
    const { dial } = await stage({ handlers: [createAssets(publicDir)] });
    const session = await dial();
    const answers = Array.from({ length: 40 }, () => ask(session, "/assets/chunk-hls-AETAVX4A.js"));
    for (const { body } of await Promise.all(answers)) expect(body.length).toBe(big.length);
    await turn();
    expect(warned).toEqual([]);
  });
});

describe("sessions", () => {
  test("HTTP/1.1 goes on beside it, for who wants that or asks for nothing", async () => {
    const { dialTls } = await stage();
    for (const protocols of [["http/1.1"], []]) {
      const socket = await dialTls(protocols);
      socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      const [first] = (await once(socket, "data")) as [Buffer];
      expect(first.toString()).toMatch(/^HTTP\/1\.1 200/);
    }
    expect((await dialTls(["h2", "http/1.1"])).alpnProtocol).toBe("h2");
  });

  test("one without requests is ended after a while, politely; one with a request goes on", async () => {
    const { dial, clock } = await stage({ handlers: [() => {}] });
    const [idle, busy] = [await dial(), await dial()];
    const stream = busy.request({ ":path": "/held" });
    stream.on("error", () => {});
    // A ping that is answered has come behind the request.
    await new Promise((resolve) => busy.ping(resolve));
    clock.pass(LIMITS.idle);
    const [code] = (await once(idle, "goaway")) as [number];
    expect(code).toBe(constants.NGHTTP2_NO_ERROR);
    await once(idle, "close");
    expect(busy.destroyed).toBe(false);
  });

  test("one that says nothing is ended", async () => {
    const { dialTls, clock, front } = await stage();
    const socket = await dialTls(["h2"]);
    while (front.sessions === 0) await turn();
    clock.pass(LIMITS.idle);
    clock.pass(LIMITS.closeTime);
    await once(socket.resume(), "close");
    expect(front.sessions).toBe(0);
  });

  test("a goodbye waits for answers that are under way, but not for ever", async () => {
    const answers = new Map<string, () => void>();
    const { dial, clock, front } = await stage({
      handlers: [(request, response) => answers.set(request.url ?? "", () => response.end("late"))],
    });
    const [patient, stuck] = [await dial(), await dial()];
    const answer = ask(patient, "/soon");
    const held = stuck.request({ ":path": "/never" });
    held.on("error", () => {});
    while (answers.size < 2) await turn();
    front.closeConnections("idle");
    await once(patient, "goaway");
    answers.get("/soon")?.();
    expect((await answer).body.toString()).toBe("late");
    if (!patient.destroyed) await isClosed(patient);
    clock.pass(LIMITS.closeTime);
    if (!stuck.destroyed) await isClosed(stuck);
    while (front.sessions > 0) await turn();
  });

  const floods: {
    readonly name: string;
    flood(session: ClientHttp2Session): void;
  }[] = [
    {
      name: "requests begun and given up (CVE-2023-44487)",
      flood: (session) => {
        for (let n = 0; n <= LIMITS.resets; n += 1) {
          const stream = session.request({ ":path": "/" });
          stream.on("error", () => {});
          setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
        }
      },
    },
    {
      name: "pings",
      flood: (session) => {
        const again = (): void => {
          if (!session.destroyed) session.ping(again);
        };
        for (let n = 0; n < 8; n += 1) again();
      },
    },
    {
      name: "settings",
      flood: (session) => {
        let left = LIMITS.controlFrames + 1;
        const again = (): void => {
          left -= 1;
          if (left > 0 && !session.destroyed) session.settings({ initialWindowSize: left }, again);
        };
        again();
      },
    },
  ];
  test.each(floods)("a flood of $name ends the session alone, with one line", async ({ flood }) => {
    const { dial, log } = await stage({ handlers: [() => {}] });
    const [bad, other] = [await dial(), await dial()];
    flood(bad);
    await isClosed(bad);
    expect(other.destroyed).toBe(false);
    const lines = log.lines.filter(({ fields }) => fields?.["code"] === "HTTP2_SESSION");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields?.["address"]).toBe("127.0.0.1");
    await new Promise((resolve) => other.ping(resolve));
  });

  test("requests given up now and then are nobody's fault", async () => {
    const { dial, clock, log } = await stage({ handlers: [() => {}] });
    const session = await dial();
    for (let second = 0; second < 4; second += 1) {
      const streams = Array.from({ length: LIMITS.resets - 1 }, () => {
        const stream = session.request({ ":path": "/" });
        stream.on("error", () => {});
        return stream;
      });
      await new Promise((resolve) => session.ping(resolve));
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
      await new Promise((resolve) => session.ping(resolve));
      clock.pass(1000);
    }
    expect(session.destroyed).toBe(false);
    expect(log.lines.filter(({ level }) => level === "warn")).toEqual([]);
  });

  test("more requests at once than there are places are refused, the others go on", async () => {
    let asked = 0;
    const { dial } = await stage({
      handlers: [
        () => {
          asked += 1;
        },
      ],
    });
    const session = await dial();
    expect(session.remoteSettings.maxConcurrentStreams).toBe(LIMITS.streams);
    for (let n = 0; n < LIMITS.streams + 20; n += 1) {
      session.request({ ":path": "/" }).on("error", () => {});
    }
    await new Promise((resolve) => session.ping(resolve));
    expect(asked).toBe(LIMITS.streams);
  });

  test.each([
    { what: "long header fields", headers: { "x-long": "x".repeat(20_000) } },
    {
      what: "many header fields",
      headers: Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`x-${n}`, "1"])),
    },
  ])("a request with $what is refused", async ({ headers }) => {
    let asked = 0;
    const { dial } = await stage({
      handlers: [
        (_request, response) => {
          asked += 1;
          response.end();
        },
      ],
    });
    const session = await dial();
    const stream = session.request({ ":path": "/", ...headers });
    await expect(finish(stream)).rejects.toThrow();
    expect(asked).toBe(0);
    expect((await ask(session, "/")).status).toBe(200);
  });

  test("nonsense instead of HTTP/2 ends the connection, with one line", async () => {
    const { dialTls, dial, log } = await stage();
    const other = await dial();
    const socket = await dialTls(["h2"]);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket.resume(), "close");
    const lines = log.lines.filter(({ level }) => level === "warn");
    expect(lines.map(({ fields }) => fields?.["code"])).toEqual(["HTTP2_SESSION"]);
    expect((await ask(other, "/")).status).toBe(200);
  });

  test("a peer that resets its connection in the middle costs nobody anything", async () => {
    const { dial, dialTls, port } = await stage();
    for (let n = 0; n < 10; n += 1) {
      const raw = connectPlain({ host: "127.0.0.1", port });
      await once(raw, "connect");
      const socket = connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
      socket.on("error", () => {});
      await once(socket, "secureConnect");
      const session = connect("https://x", { createConnection: () => socket });
      session.on("error", () => {});
      session.request({ ":path": "/" }).on("error", () => {});
      await once(session, "remoteSettings");
      raw.resetAndDestroy();
    }
    await dialTls(["h2"]);
    expect((await ask(await dial(), "/")).status).toBe(200);
  });
});
