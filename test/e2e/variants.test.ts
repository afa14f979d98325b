import { readFileSync } from "node:fs";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { hex } from "../support/hex.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { publishWithCurl } from "../support/other-publishers.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

// Every way in, by clients that know it; a few seconds each, and not a frame is missing.

let server: RunningSluice;
let certificate: TestCertificate;
let ca: string;
let clip: string;

beforeAll(async () => {
  certificate = makeCertificate();
  ca = readFileSync(certificate.cert, "utf8");
  const tls = ["--tls-cert", certificate.cert, "--tls-key", certificate.key];
  const ports = ["--rtmps-port", "0", "--https-port", "0"];
  server = await startSluice([...tls, ...ports, "--log-format", "json"]);
  clip = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
});

afterAll(async () => {
  await server.stop();
  certificate.remove();
});

const SECONDS = 3;

type Scheme = "rtmps" | "rtmpt" | "rtmpts";
type Port = "rtmp" | "rtmps" | "http" | "https";

const portOf = (port: Port): number => server[`${port}Port`] ?? 0;
const name = (scheme: Scheme, port: Port, client: string) => `live/${scheme}-${port}-${client}`;
/** No way in but plain RTMP does without the key. */
const urlOf = (scheme: Scheme, port: Port, streamPath: string) =>
  `${scheme}://127.0.0.1:${portOf(port)}/${streamPath}?key=${server.publishKey}`;

async function finished({ child }: Publisher): Promise<void> {
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`The publisher exited with ${code}\n${child.stderr()}`);
}

const ffmpeg = (url: string): Run => ({
  publish: (_, beside) =>
    finished(publishWithFfmpeg({ input: clip, url, beside, seconds: SECONDS })),
});

const ffmpeg8 = (url: string): Run => ({
  publish: (_, beside) =>
    finished(publishWithFfmpeg8({ input: clip, url, beside, seconds: SECONDS })),
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
});

/** What FFmpeg has not sent when it closes the tunnel it drops. */
const dropping = (scheme: Scheme, run: Run): Run =>
  scheme === "rtmps" ? run : { ...run, mayDropEnd: 500 };

describe.concurrent("publishing", { timeout: 60_000 }, () => {
  test.each<[Scheme, Port]>([
    ["rtmps", "rtmps"],
    ["rtmps", "rtmp"],
    ["rtmpt", "http"],
    ["rtmpt", "rtmp"],
    ["rtmpts", "https"],
    ["rtmpts", "rtmps"],
    ["rtmpts", "rtmp"],
  ])("ffmpeg 5.1: %s on the %s port", async (scheme, port) => {
    const streamPath = name(scheme, port, "ffmpeg");
    const run = ffmpeg(urlOf(scheme, port, streamPath));
    await accountForBroadcast(server, streamPath, { runs: [dropping(scheme, run)] });
  });

  // It posts RTMPTS to an http address, and fails by itself.
  test.each<[Scheme, Port]>([
    ["rtmps", "rtmps"],
    ["rtmpt", "http"],
    ["rtmpt", "rtmp"],
  ])("FFmpeg 8: %s on the %s port", async (scheme, port) => {
    const streamPath = name(scheme, port, "ffmpeg8");
    const run = ffmpeg8(urlOf(scheme, port, streamPath));
    await accountForBroadcast(server, streamPath, { runs: [dropping(scheme, run)] });
  });

  test.each<[Port]>([["http"], ["rtmp"]])("curl (librtmp): rtmpt on the %s port", async (port) => {
    const streamPath = name("rtmpt", port, "curl");
    const url = urlOf("rtmpt", port, streamPath);
    await accountForBroadcast(server, streamPath, {
      runs: [
        {
          publish: (_, beside) => publishWithCurl({ input: clip, url, beside, seconds: 4 }),
          expected: () => expectedPackets(clip),
          mayDropEnd: 500, // it closes with answers unread, which resets the connection
        },
      ],
    });
  });

  test("without the key is refused, from this machine too", async () => {
    const url = `rtmps://127.0.0.1:${server.rtmpsPort}/live/nobody`;
    const publisher = publishWithFfmpeg({ input: clip, url, seconds: 1 });
    expect((await publisher.child.exited).code).not.toBe(0);
    await server.child.line(/publish refused: A publish key is needed/);
  });
});

/** Resolves when a line of the log has this code. */
const logged = (code: string) => server.child.line(new RegExp(`"code":"${code}"`), 40_000);

const post = (path: string, body: string, length = body.length) =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`,
    "latin1",
  );

/** A session in the tunnel, on a connection of its own. */
async function openSession(): Promise<{ connection: RawConnection; id: string }> {
  const connection = await RawConnection.open(server.rtmpPort);
  connection.send(post("/open/1", "\0"));
  const answer = () => /\r\n\r\n(\w+)\n/.exec(connection.received.toString("latin1"));
  for (let length = 1; answer() === null; length += 1) await connection.receive(length);
  return { connection, id: answer()?.[1] ?? "" };
}

describe.concurrent("who does not keep to the rules is sent away", { timeout: 60_000 }, () => {
  test.each<[string, Port, Uint8Array, string]>([
    ["noise", "rtmps", Buffer.from([0xff, 0xff]), "RTMP_PORT_SPEECH"],
    ["RTMP without TLS", "rtmps", Buffer.from([3]), "RTMP_PORT_SPEECH"],
    ["HTTP without TLS", "https", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "TLS_HANDSHAKE"],
    ["half a TLS greeting", "rtmps", hex`16 03 01 02 00 01`, "TLS_HANDSHAKE_TIME"],
    ["half a TLS greeting", "rtmp", hex`16 03 01 02 00 01`, "TLS_HANDSHAKE_TIME"],
    ["half a TLS greeting", "https", hex`16 03 01 02 00 01`, "TLS_HANDSHAKE_TIME"],
  ])("%s on the %s port", async (_, port, bytes, code) => {
    const connection = await RawConnection.open(portOf(port));
    connection.send(bytes);
    await connection.closed;
    await logged(code);
  });

  test("a session in the tunnel without traffic", async () => {
    const { connection, id } = await openSession();
    // The bound of the handshake comes before the tunnel's own.
    await logged("RTMP_HANDSHAKE_TIME");
    let sequence = 0;
    await eventually("the session's end", async () => {
      connection.send(post(`/idle/${id}/${sequence++}`, "\0"));
      return / 404 /.test(connection.received.toString("latin1"));
    });
    connection.abort();
  });

  test("a request of the tunnel that is replayed", async () => {
    const { connection, id } = await openSession();
    for (const sequence of [0, 1, 0]) connection.send(post(`/send/${id}/${sequence}`, "\x03"));
    await logged("RTMPT_SEQUENCE");
    connection.abort();
  });

  test("a request of the tunnel that is too large", async () => {
    const { connection, id } = await openSession();
    connection.send(post(`/send/${id}/0`, "", 2 ** 30));
    await connection.closed;
    expect(connection.received.toString("latin1")).toMatch(/HTTP\/1\.1 413 /);
    await logged("RTMPT_BODY");
  });

  test("RTMP in the tunnel that is none", async () => {
    const { connection, id } = await openSession();
    connection.send(post(`/send/${id}/0`, "\xff".repeat(4000)));
    await logged("RTMP_HANDSHAKE_VERSION");
    connection.abort();
  });
});

/** Asks over HTTPS, and trusts nothing but the test's own certificate. */
function get(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.httpsPort, path, headers, ca, agent: false };
    const asked = request(options, async (response) => {
      let text = "";
      for await (const piece of response) text += piece;
      resolve({ status: response.statusCode, text });
    });
    asked.on("error", reject).end();
  });
}

describe("HTTPS", () => {
  test("has the pages and the API, and shows the key to this machine and nobody else", async () => {
    expect(await get("/")).toMatchObject({ status: 200, text: expect.stringContaining("<html") });
    expect((await get("/watch/live/demo")).status).toBe(200);
    const local = await get("/api/v1/streams");
    expect(JSON.parse(local.text).publish.server).toBe(`rtmp://localhost:${server.rtmpPort}/live`);
    const forwarded = await get("/api/v1/streams", { "X-Forwarded-For": "192.0.2.1" });
    expect(JSON.parse(forwarded.text).publish).toBeUndefined();
    const elsewhere = await get("/api/v1/streams", { Origin: "https://example.com" });
    expect(JSON.parse(elsewhere.text).publish).toBeUndefined();
  });

  test("has the WebSocket and HLS", { timeout: 30_000 }, async () => {
    const url = `wss://127.0.0.1:${server.httpsPort}/streams/live/secure/ws`;
    const viewer = new WsViewer(url, { ca });
    await viewer.until("hello", ({ state }) => state === "waiting");
    const rtmpUrl = server.rtmpUrl("live/secure");
    const publisher = publishWithFfmpeg({ input: clip, url: rtmpUrl, loops: 0 });
    await viewer.until("pictures", ({ frames }) => frames.length > 30);
    const playlist = await get("/streams/live/secure/index.m3u8");
    expect(playlist.text).toMatch(/^#EXTM3U/);
    await publisher.stop();
    await viewer.close();
  });
});
