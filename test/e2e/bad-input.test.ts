import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccount } from "../support/accounting.ts";
import { counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, type Tag } from "../support/flv-file.ts";
import { hex } from "../support/hex.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { eventually, openFiles } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

// Beside everything that happens here a healthy broadcast goes on, and loses nothing.

let server: RunningSluice;
let folder: string;
let clip: string;
let publisher: Publisher;
let viewer: WsViewer;
let filesBefore: number | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-bad-"));
  clip = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
  server = await startSluice(["--log-level", "debug", "--log-format", "json"]);
  viewer = new WsViewer(server.wsUrl("live/healthy"), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state === "waiting");
  const url = server.rtmpUrl("live/healthy");
  publisher = publishWithFfmpeg({ input: clip, url, beside: join(folder, "beside.flv"), loops: 0 });
  await viewer.until("pictures", ({ frames }) => frames.length > 10);
  filesBefore = openFiles(server.child.process.pid);
});

afterAll(async () => {
  await publisher.stop();
  await viewer.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves when a line of the log has this code. */
const logged = (code: string) => server.child.line(new RegExp(`"code":"${code}"`));

/** Chunks of 128 bytes behind a type 0 header (RTMP 1.0 §5.3.1.2.1), on a chunk stream below 64. */
function type0(fields: {
  chunkStream: number;
  length: number;
  typeId: number;
  messageStream?: number;
  payload?: Uint8Array;
}): Buffer {
  const { chunkStream, length, typeId, messageStream = 0, payload = hex`` } = fields;
  const header = Buffer.alloc(12);
  header.writeUInt8(chunkStream);
  header.writeUIntBE(length, 4, 3);
  header.writeUInt8(typeId, 7);
  header.writeUInt32LE(messageStream, 8);
  return Buffer.concat([header, payload]);
}

const SET_CHUNK_SIZE = 1;
const AUDIO = 8;
const VIDEO = 9;
const COMMAND = 20;
const setChunkSize = (payload: Uint8Array) =>
  type0({ chunkStream: 2, length: 4, typeId: SET_CHUNK_SIZE, payload });

describe.concurrent("who does not keep to the rules is sent away, with a reason in the log", () => {
  test.each<[string, Uint8Array]>([
    ["noise", Buffer.concat([hex`00`, randomBytes(5000)])],
    ["a TLS greeting", hex`16 03 01 02 00 01 00 01 fc 03 03`],
    ["text in small letters", Buffer.from("hello\r\n\r\n")],
  ])("RTMP port: %s", async (_, bytes) => {
    const connection = await RawConnection.open(server.rtmpPort);
    connection.send(bytes);
    await connection.closed;
    await logged("RTMP_PORT_SPEECH");
  });

  test("RTMP port: a web browser is told where to go", async () => {
    const connection = await RawConnection.open(server.rtmpPort);
    connection.send(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    await connection.closed;
    expect(connection.received.toString()).toMatch(/^HTTP\/1.1 404 /);
    expect(connection.received.toString()).toContain(`port ${server.httpPort}`);
  });

  test.each<[string, string, readonly Uint8Array[]]>([
    ["noise after the handshake", "RTMP_CHUNK_STREAM_UNKNOWN", [Buffer.alloc(20_000, 0xe9)]],
    [
      "a command of 16 MB",
      "RTMP_MESSAGE_LENGTH",
      [type0({ chunkStream: 3, length: 0xffffff, typeId: COMMAND })],
    ],
    ["a type 3 chunk on an unknown chunk stream", "RTMP_CHUNK_STREAM_UNKNOWN", [hex`c5 00`]],
    ["a chunk size of 0", "RTMP_CHUNK_SIZE", [setChunkSize(hex`00000000`)]],
    [
      "a chunk stream for each byte",
      "RTMP_CHUNK_STREAMS",
      Array.from({ length: 80 }, (_, index) =>
        Buffer.concat([
          Buffer.of(0, index),
          type0({ chunkStream: 3, length: 0, typeId: AUDIO }).subarray(1),
        ]),
      ),
    ],
    [
      "messages that are begun and never ended",
      "RTMP_PARTIAL_MESSAGES",
      Array.from({ length: 20 }, (_, index) =>
        type0({
          chunkStream: 10 + index,
          length: 200_000,
          typeId: VIDEO,
          payload: Buffer.alloc(128),
        }),
      ),
    ],
    [
      "empty messages without end",
      "RTMP_RATE",
      Array.from({ length: 10_000 }, () => type0({ chunkStream: 4, length: 0, typeId: AUDIO })),
    ],
    [
      "a chunk size of 2 GB, a message of 16 MB, and then nothing",
      "RTMP_TIME_TO_PUBLISH",
      [setChunkSize(hex`7fffffff`), type0({ chunkStream: 4, length: 0xffffff, typeId: VIDEO })],
    ],
  ])("chunk stream: %s", { timeout: 30_000 }, async (_, code, pieces) => {
    const connection = await RawConnection.openRtmp(server.rtmpPort);
    connection.send(Buffer.concat(pieces));
    await connection.closed;
    await logged(code);
  });

  test("RTMP port: half a handshake", { timeout: 30_000 }, async () => {
    const connection = await RawConnection.open(server.rtmpPort);
    connection.send(Buffer.concat([hex`03`, randomBytes(700)]));
    await connection.closed;
    await logged("RTMP_HANDSHAKE_TIME");
  });

  test("RTMP port: not a word", { timeout: 30_000 }, async () => {
    const connection = await RawConnection.open(server.rtmpPort);
    await connection.closed;
    // Half a handshake is told by the same code.
    await server.child.line(/"code":"RTMP_HANDSHAKE_TIME"[\s\S]*"code":"RTMP_HANDSHAKE_TIME"/);
  });

  test("a publisher that sends nothing but broken tags", async () => {
    const hostile = await TagPublisher.open(server.rtmpUrl("live/broken"));
    const broken: Tag = { kind: "video", timestamp: 0, payload: hex`17 00 000000 ff` };
    for (let sent = 0; sent < 200; sent += 1) await hostile.send(broken);
    await logged("BAD_MESSAGES");
    await eventually("the close", () =>
      hostile.send(broken).then(
        () => false,
        () => true,
      ),
    );
  });

  test.each<[string, string]>([
    ["noise", "\x00\x01\x02\x03 is no method\r\n\r\n"],
    ["a header of 100 kB", `GET / HTTP/1.1\r\nX: ${"x".repeat(100_000)}\r\n\r\n`],
    ["an upgrade to nowhere", upgrade("/streams/live")],
    [
      "an upgrade without a key",
      "GET /streams/live/healthy/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
  ])("HTTP port: %s", async (_, text) => {
    const connection = await RawConnection.open(server.httpPort);
    connection.send(Buffer.from(text, "latin1"));
    await connection.closed;
    expect(connection.received.toString()).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test.each(["", "GET /healthz HT"])(
    "HTTP port: %j and then nothing",
    { timeout: 30_000 },
    async (text) => {
      const connection = await RawConnection.open(server.httpPort);
      connection.send(Buffer.from(text));
      await connection.closed;
    },
  );

  test("HTTP port: addresses that lead nowhere", async () => {
    for (const path of [
      "/streams/%ff/x/ws",
      "/streams/live/healthy/../../../etc/passwd",
      "/streams/live/healthy/..%2f..%2fetc%2fpasswd",
      "/assets/..%2f..%2fpackage.json",
      "/watch/%00/%",
      `/watch/live/${"a".repeat(5000)}`,
      "/api/v1/nothing",
    ]) {
      const connection = await RawConnection.open(server.httpPort);
      connection.send(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`));
      await connection.closed;
      expect(connection.received.toString(), path).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
  });

  test.each<[string, Uint8Array, number]>([
    ["a frame without a mask", hex`81 02 7b7d`, 1002],
    ["an unknown kind of frame", hex`83 80 00000000`, 1002],
    ["a message of 1 MB", hex`81 ff 0000000000100000 00000000`, 1009],
  ])("WebSocket: %s", async (_, bytes, closeCode) => {
    const connection = await RawConnection.open(server.httpPort);
    connection.send(Buffer.from(upgrade("/streams/live/nothing/ws")));
    await connection.receive(200); // the upgrade and `hello`
    connection.send(bytes);
    await connection.closed;
    const closing = Buffer.of(0x88, 2, closeCode >> 8, closeCode & 0xff);
    expect(connection.received.includes(closing)).toBe(true);
  });

  test("WebSocket: a thousand messages at once", async () => {
    const connection = await RawConnection.open(server.httpPort);
    connection.send(Buffer.from(upgrade("/streams/live/nothing/ws")));
    await connection.receive(200);
    connection.send(Buffer.concat(Array.from({ length: 1000 }, () => hex`81 82 00000000 7b7d`)));
    await connection.closed;
    expect(connection.received.includes(Buffer.of(1008 >> 8, 1008 & 0xff))).toBe(true);
  });
});

/** An upgrade as it should be (RFC 6455 §4.1). */
function upgrade(path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");
}

describe.concurrent("publishers on one streamPath", () => {
  test("one that vanishes in the middle of a message is waited for, and continues", async () => {
    const tags = readFlvFile(clip);
    const half = tags.slice(0, Math.floor(tags.length / 2));
    const waiting = new WsViewer(server.wsUrl("live/vanishing"), { keepPayloads: false });
    await waiting.until("hello", ({ state }) => state === "waiting");
    const first = await TagPublisher.open(server.rtmpUrl("live/vanishing"));
    await first.play(half, 0);
    const due = half.filter(isCoded).length;
    await waiting.until("all that was sent", ({ frames }) => fragmentsOf(frames) === due);
    await first.write(
      type0({
        chunkStream: 6,
        length: 5000,
        typeId: VIDEO,
        messageStream: 1,
        payload: Buffer.alloc(100, 0x27),
      }),
    );
    first.abort();
    await waiting.until("the news", ({ state }) => state === "reconnecting");
    const second = await TagPublisher.open(server.rtmpUrl("live/vanishing"));
    await waiting.until("the return", ({ state }) => state === "live");
    await second.play(tags, 0);
    await second.finish();
    await waiting.until("the end", ({ state }) => state === "ended");
    for (const { mediaType, frames } of expectedPackets(clip)) {
      const sent = half.filter((tag) => tag.kind === mediaType && isCoded(tag)).length;
      const runs = [frames.slice(0, sent), frames];
      expectAccount("viewer", runs, waiting.coded(mediaType), { mediaType });
      expect(waiting.missing(waiting.track(mediaType)?.id ?? 0)).toBe(0);
    }
    await waiting.close();
  });

  test("of fifty at once exactly one wins, and the others are told why", async () => {
    const url = server.rtmpUrl("live/fifty");
    const attempts = await Promise.allSettled(
      Array.from({ length: 50 }, () => TagPublisher.open(url)),
    );
    const winners = attempts.filter((attempt) => attempt.status === "fulfilled");
    const refusals = attempts.filter((attempt) => attempt.status === "rejected");
    expect(winners).toHaveLength(1);
    for (const { reason } of refusals) {
      expect(String(reason)).toContain("NetStream.Publish.BadName");
      expect(String(reason)).toContain("live/fifty is being published already");
    }
    await winners[0]?.value.finish();
  });

  test("one who has been silent for 5 s gives way", async () => {
    const url = server.rtmpUrl("live/silent");
    const silent = await TagPublisher.open(url);
    await expect(TagPublisher.open(url)).rejects.toThrow("BadName");
    let newcomer: TagPublisher | undefined;
    await eventually("room for another", async () => {
      newcomer = await TagPublisher.open(url).catch(() => undefined);
      return newcomer !== undefined;
    });
    await expect(silent.play(readFlvFile(clip))).rejects.toThrow("closed the connection");
    await newcomer?.finish();
  });

  test("ffmpeg shows why a second one is refused; the same key takes over", async () => {
    const key = readFileSync(join(server.dataDir, "publish.key"), "utf8").trim();
    const keyed = `${server.rtmpUrl("live/second")}?key=${key}`;
    const waiting = new WsViewer(server.wsUrl("live/second"), { keepPayloads: false });
    const first = publishWithFfmpeg({ input: clip, url: keyed, loops: 0 });
    await waiting.until("pictures", ({ frames }) => frames.length > 10);
    const second = publishWithFfmpeg({ input: clip, url: server.rtmpUrl("live/second") });
    expect(await second.child.exited).not.toMatchObject({ code: 0 });
    expect(second.child.stderr()).toContain("live/second is being published already");

    const third = publishWithFfmpeg({ input: clip, url: keyed, loops: 0 });
    expect(await first.child.exited).not.toMatchObject({ code: 0 });
    const before = waiting.frames.length;
    await waiting.until("pictures of the third", ({ frames }) => frames.length > before + 20);
    expect(waiting.closed).toBeUndefined();
    await third.stop();
    await waiting.until("the end", ({ state }) => state === "ended");
    await waiting.close();
    expect(server.logs()).not.toContain(key);
  });
});

const isCoded = ({ kind, payload }: Tag): boolean => kind !== "data" && payload[1] === 1;
const fragmentsOf = (frames: WsViewer["frames"]): number =>
  frames.filter(({ dataOffset }) => dataOffset > 0).length;

test("--local-publish off: ffmpeg shows that a key is needed, and how to pass it", async () => {
  const closed = await startSluice(["--local-publish", "off"]);
  const url = closed.rtmpUrl("live/closed");
  const key = readFileSync(join(closed.dataDir, "publish.key"), "utf8").trim();
  const [without, wrong, right] = [url, `${url}?key=guess`, `${url}?key=${key}`].map((target) =>
    publishWithFfmpeg({ input: clip, url: target, seconds: 1 }),
  );
  expect(await without?.child.exited).not.toMatchObject({ code: 0 });
  expect(without?.child.stderr()).toContain("A publish key is needed: publish as NAME?key=");
  expect(await wrong?.child.exited).not.toMatchObject({ code: 0 });
  expect(wrong?.child.stderr()).toContain("Wrong publish key");
  expect(await right?.child.exited).toMatchObject({ code: 0 });
  expect(closed.logs()).toContain("A publish key is needed");
  expect(closed.logs()).not.toContain("guess");
  expect(closed.logs()).not.toContain(key);
  await closed.stop();
});

test("nothing of all this is left, and the broadcast beside it is whole", async () => {
  const streams = async () => {
    const response = await fetch(server.httpUrl("/api/v1/streams"));
    return (await response.json()) as { streams: { path: string; state: string }[] };
  };
  await eventually("no other live stream", async () =>
    (await streams()).streams.every(
      ({ path, state }) => path === "live/healthy" || state !== "live",
    ),
  );
  // Nothing but the connection that has just asked.
  await eventually("open files as before", () => {
    const files = openFiles(server.child.process.pid);
    return files === undefined || files <= (filesBefore ?? 0) + 1;
  });
  await publisher.stop();
  await viewer.until("the end", ({ state }) => state === "ended");
  for (const { mediaType, frames } of expectedPackets(join(folder, "beside.flv"))) {
    expectAccount("viewer", [frames], viewer.coded(mediaType), { mediaType });
  }
  expect(server.logs()).not.toContain('"level":"error"');
});
