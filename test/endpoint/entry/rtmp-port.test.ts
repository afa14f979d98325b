import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type SecureVersion, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { answerAstray } from "../../../server/endpoint/entry/astray.ts";
import { Certificate } from "../../../server/endpoint/entry/certificate.ts";
import { createHttpPort } from "../../../server/endpoint/entry/http-port.ts";
import { createHttpsPort } from "../../../server/endpoint/entry/https-port.ts";
import { closed, listen } from "../../../server/endpoint/entry/listen.ts";
import { Places } from "../../../server/endpoint/entry/places.ts";
import { type Arrival, RtmpPort } from "../../../server/endpoint/entry/rtmp-port.ts";
import { TlsTerminator } from "../../../server/endpoint/entry/tls.ts";
import { RepeatLog } from "../../../server/log.ts";
import { makeCertificate, type TestCertificate } from "../../support/certificate.ts";
import { hex } from "../../support/hex.ts";
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

const HANDSHAKE_TIME = 10_000;

/** A port whose RTMP clients get back what they send. */
async function stage({
  withTls = true,
  tlsOnly = false,
  all = 10,
  perAddress = 10,
  maxVersion = "TLSv1.2" as SecureVersion,
} = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const repeats = new RepeatLog(log, clock);
  const arrivals: Arrival[] = [];
  const http = createHttpPort({
    app: (_request, response) => response.end("the app"),
    onUpgrade: () => false,
    astray: answerAstray(() => ({ http: 8080, https: 8443 }), log),
    clock,
  });
  // Node looks after HTTP connections only where the server listens.
  await listen(http.server, 0, "127.0.0.1");
  const certificate = new Certificate(files);
  const tls = (version: SecureVersion, alpn: readonly string[] | undefined) =>
    new TlsTerminator({
      certificate,
      maxVersion: version,
      alpn,
      clock,
      handshakeTime: HANDSHAKE_TIME,
      repeats,
    });
  const tlsForRtmp = tls(maxVersion, undefined);
  const tlsForHttp = tls("TLSv1.3", ["http/1.1"]);
  const rtmp = new RtmpPort({
    adopt: (socket, arrival, bytes) => {
      arrivals.push(arrival);
      socket.write(bytes);
      socket.on("data", (more) => socket.write(more));
    },
    http,
    tls: withTls ? tlsForRtmp : undefined,
    tlsOnly,
    places: new Places({ all, perAddress }),
    clock,
    handshakeTime: HANDSHAKE_TIME,
    repeats,
    onError: (error) => {
      throw error;
    },
  });
  const https = createHttpsPort(http, { take: (socket) => socket.destroy() }, tlsForHttp);
  const port = await rtmp.listen(0, "127.0.0.1");
  const httpsPort = await listen(https, 0, "127.0.0.1");
  const close = async (): Promise<void> => {
    tlsForRtmp.close();
    tlsForHttp.close();
    const gone = Promise.all([rtmp.close(), closed(https), closed(http.server)]);
    http.closeConnections("all");
    await gone;
  };
  closers.push(close);
  const keep = <Kind extends Socket>(socket: Kind): Kind => {
    socket.on("error", () => {});
    closers.push(() => socket.destroy());
    return socket;
  };
  const dial = async (to = port): Promise<Socket> => {
    const socket = keep(connect({ host: "127.0.0.1", port: to }));
    await once(socket, "connect");
    return socket;
  };
  const dialTls = async (options: object = {}, to = port): Promise<TLSSocket> => {
    const with_ = { host: "127.0.0.1", port: to, rejectUnauthorized: false, ...options };
    const socket = keep(connectTls(with_)).setNoDelay(true);
    await once(socket, "secureConnect");
    return socket;
  };
  return { clock, log, arrivals, certificate, httpsPort, dial, dialTls, close };
}

/** What comes until so much of it has, or until the end. */
async function read(socket: Socket, length = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const sizeOf = () => pieces.reduce((sum, { length }) => sum + length, 0);
  return await new Promise((resolve) => {
    const look = (bytes: Buffer): void => {
      pieces.push(bytes);
      if (sizeOf() >= length) end();
    };
    const end = (): void => {
      socket.off("data", look);
      socket.off("close", end);
      resolve(Buffer.concat(pieces));
    };
    socket.on("data", look);
    socket.on("close", end);
  });
}

/** Resolves when a line of the log has this code. */
async function logged(log: { lines: { fields: Record<string, unknown> }[] }, code: string) {
  for (let turn = 0; turn < 5000; turn += 1) {
    if (log.lines.some(({ fields }) => fields["code"] === code)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${code} was not logged`);
}

/** What a client begins TLS with. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const line = new Duplex({
      write: (bytes: Buffer, _encoding, done) => {
        resolve(bytes);
        done();
      },
      read() {},
    });
    closers.push(() => client.destroy());
    const client = connectTls({ socket: line });
    client.on("error", () => {});
  });
}

const WEB_REQUEST = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

describe("RtmpPort tells by the first byte, even alone", () => {
  test.each(["03", "06", "08", "09", "00"])("RTMP, %s", async (byte) => {
    const { dial, arrivals, clock } = await stage();
    const socket = await dial();
    socket.write(Buffer.from(byte, "hex"));
    expect(await read(socket, 1)).toEqual(Buffer.from(byte, "hex"));
    expect(arrivals).toEqual([{ address: "127.0.0.1", transport: "rtmp", openedAt: clock.now() }]);
    socket.write("more");
    expect((await read(socket, 4)).toString()).toBe("more");
  });

  test("TLS, and RTMP inside", async () => {
    const { dialTls, arrivals } = await stage();
    const socket = await dialTls();
    socket.write(hex`03`);
    expect(await read(socket, 1)).toEqual(Buffer.from([3]));
    expect(arrivals).toMatchObject([{ address: "127.0.0.1", transport: "rtmps" }]);
    const large = Buffer.alloc(300_000, 7);
    socket.write(large);
    expect((await read(socket, large.length)).equals(large)).toBe(true);
  });

  test("TLS whose greeting comes byte by byte", async () => {
    const { dial, arrivals } = await stage();
    const raw = await dial();
    const slow = new Duplex({
      write(bytes: Buffer, _encoding, done) {
        for (const byte of bytes) raw.write(Buffer.of(byte));
        done();
      },
      read() {},
    });
    raw.setNoDelay(true).on("data", (bytes) => slow.push(bytes));
    const socket = connectTls({ socket: slow, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    socket.write(hex`03`);
    expect(await read(socket, 1)).toEqual(Buffer.from([3]));
    expect(arrivals).toMatchObject([{ transport: "rtmps" }]);
    socket.destroy();
  });

  test.each(["plain", "TLS"])(
    "HTTP, %s: an ordinary request is told the right port",
    async (how) => {
      const { dial, dialTls, arrivals, log } = await stage();
      const socket = how === "plain" ? await dial() : await dialTls();
      socket.write(WEB_REQUEST);
      expect((await read(socket)).toString()).toMatch(/^HTTP\/1\.1 404 .*port 8080.*port 8443/s);
      expect(arrivals).toEqual([]);
      expect(log.lines.map(({ level }) => level)).toEqual(["debug"]);
    },
  );

  test("HTTP, where its one letter is all there is for a while", async () => {
    const { dial } = await stage();
    const socket = await dial();
    socket.setNoDelay(true);
    for (const letter of WEB_REQUEST) socket.write(letter);
    expect((await read(socket)).toString()).toMatch(/^HTTP\/1\.1 404 /);
  });

  test("an upgrade to WebSocket is an ordinary request here", async () => {
    const { dial } = await stage();
    const socket = await dial();
    socket.write(
      WEB_REQUEST.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    );
    expect((await read(socket)).toString()).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("RtmpPort refuses", () => {
  test.each<[string, Parameters<typeof stage>[0], Uint8Array, RegExp]>([
    ["garbage", {}, hex`ff ff ff ff`, /something that is not RTMP/],
    ["TLS without a certificate", { withTls: false }, hex`16 03 01`, /TLS, which is not set up/],
    ["plain RTMP where only TLS is taken", { tlsOnly: true }, hex`03`, /no TLS/],
    ["plain HTTP where only TLS is taken", { tlsOnly: true }, Buffer.from(WEB_REQUEST), /no TLS/],
    ["garbage where only TLS is taken", { tlsOnly: true }, hex`ff`, /something that is not RTMP/],
  ])("%s", async (_, options, bytes, message) => {
    const { dial, log, arrivals } = await stage(options);
    const socket = await dial();
    socket.write(bytes);
    expect(await read(socket)).toHaveLength(0);
    expect(log.lines).toEqual([
      {
        level: "warn",
        message: expect.stringMatching(message),
        fields: { code: "RTMP_PORT_SPEECH", address: "127.0.0.1" },
      },
    ]);
    expect(arrivals).toEqual([]);
  });

  test.each<[string, Uint8Array]>([
    ["garbage", hex`ff`],
    ["TLS once more", hex`16 03 01`],
  ])("%s inside TLS", async (_, bytes) => {
    const { dialTls, log } = await stage();
    const socket = await dialTls();
    socket.write(bytes);
    await read(socket);
    await logged(log, "RTMP_PORT_SPEECH");
  });

  test("more connections than allowed, and takes another when one has left", async () => {
    const { dial, dialTls, log } = await stage({ all: 2 });
    const first = await dial();
    const second = await dialTls();
    const third = await dial();
    await once(third, "close");
    await logged(log, "RTMP_CONNECTIONS");
    expect(first.closed || second.closed).toBe(false);
    second.destroy();
    first.write(hex`03`);
    await read(first, 1);
    const fourth = await dial();
    fourth.write(hex`03`);
    expect(await read(fourth, 1)).toHaveLength(1);
  });

  test("nobody for the sake of web requests, which have places of their own", async () => {
    const { dial, dialTls, log } = await stage({ all: 1 });
    for (const open of [dial, dialTls, dial]) {
      const socket = await open();
      socket.write("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"); // it stays
      await read(socket, 10);
    }
    expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_CONNECTIONS")).toBe(false);
  });
});

describe("RtmpPort does not wait for ever", () => {
  test("for a first word, with or without TLS", async () => {
    const { dial, dialTls, clock, log } = await stage();
    const plain = await dial();
    const inside = await dialTls();
    const ends = [once(plain, "close"), once(inside, "close")];
    plain.resume();
    inside.resume();
    while (clock.pending < 2) await new Promise((resolve) => setImmediate(resolve));
    clock.pass(HANDSHAKE_TIME);
    await Promise.all(ends);
    await logged(log, "RTMP_HANDSHAKE_TIME");
  });

  test("for a TLS handshake that stalls", async () => {
    const { dial, clock, log } = await stage();
    const socket = await dial();
    socket.write(await clientHello());
    await once(socket, "data");
    const end = once(socket, "close");
    clock.pass(HANDSHAKE_TIME);
    await end;
    await logged(log, "TLS_HANDSHAKE_TIME");
    expect(clock.pending).toBe(1); // the log's own: nothing of the connection is left
  });

  test("and closing it ends those in the middle of a TLS handshake", async () => {
    const { dial, close } = await stage();
    const socket = await dial();
    socket.write(await clientHello());
    await once(socket, "data");
    const end = once(socket, "close");
    await close();
    await end;
  });
});

describe("TLS", () => {
  test.each(["RTMP", "HTTPS"])("is not renegotiated on the port for %s", async (door) => {
    const { dialTls, httpsPort } = await stage();
    const port = door === "RTMP" ? undefined : httpsPort;
    await expect(renegotiate(await dialTls({ maxVersion: "TLSv1.2" }, port))).rejects.toThrow();
  });

  test("with RTMP is 1.2 at most, forward secret and authenticated, unless 1.3 is allowed", async () => {
    const { dialTls, dial, log } = await stage();
    const socket = await dialTls();
    expect(socket.getProtocol()).toBe("TLSv1.2");
    expect(socket.getCipher().name).toMatch(/^ECDHE-ECDSA-.*(GCM|POLY1305)/);
    await expect(dialTls({ minVersion: "TLSv1.3" })).rejects.toThrow(/alert/);
    await expect(dialTls({ ciphers: "ECDHE-ECDSA-AES128-SHA256" })).rejects.toThrow(/alert/);
    await logged(log, "TLS_HANDSHAKE");
    (await dial()).destroy(); // nothing to be told
    const modern = await stage({ maxVersion: "TLSv1.3" });
    expect((await modern.dialTls()).getProtocol()).toBe("TLSv1.3");
  });

  test("with HTTP is up to 1.3, and everything of the HTTP port is inside", async () => {
    const { dialTls, httpsPort } = await stage();
    const socket = await dialTls({ ALPNProtocols: ["h2", "http/1.1"] }, httpsPort);
    expect(socket.getProtocol()).toBe("TLSv1.3");
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.write(WEB_REQUEST);
    expect((await read(socket, 100)).toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("that is none is told of, and costs nobody else", async () => {
    const { dial, dialTls, httpsPort, log } = await stage();
    const socket = await dial(httpsPort);
    socket.write(WEB_REQUEST);
    await read(socket);
    await logged(log, "TLS_HANDSHAKE");
    expect(log.lines[0]?.message).toMatch(/speaks HTTP without TLS/);
    await dialTls({}, httpsPort);
  });

  test("shows the certificate that the files hold now", async () => {
    const { dialTls, certificate, clock, log } = await stage();
    const subject = async () => (await dialTls()).getPeerCertificate().subject.CN;
    expect(await subject()).toBe("localhost");
    const renewed = makeCertificate("renewed");
    const changed = new Promise<unknown>((resolve) => certificate.onChange(resolve));
    certificate.follow({ clock, every: 1000, log });
    copyFileSync(renewed.cert, files.cert);
    copyFileSync(renewed.key, files.key);
    renewed.remove();
    clock.pass(1000);
    await changed;
    certificate.close();
    expect(await subject()).toBe("renewed");
    await expect(renegotiate(await dialTls())).rejects.toThrow();
  });
});

/** Begins another handshake on a connection. @throws Error where the server takes no part in it */
function renegotiate(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    socket.renegotiate({ rejectUnauthorized: false }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
