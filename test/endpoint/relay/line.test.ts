import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { Line, type LineEnd } from "../../../server/endpoint/relay/line.ts";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  chunked,
  command,
  HANDSHAKE,
  LARGE_CHUNKS,
  random,
} from "../../protocol/rtmp/session-support.ts";
import { hex } from "../../support/hex.ts";

/** A way to a server that the test is; `takes`: whether it takes what is written. */
function stage({ takes = true, purpose = "publish" as "publish" | "play" } = {}) {
  const written: Buffer[] = [];
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, callback) => {
      written.push(chunk);
      if (takes) callback();
    },
  });
  const ends: LineEnd[] = [];
  const told: string[] = [];
  const options = { random, purpose, app: "app", tcUrl: "rtmp://there/app", streamName: "name" };
  const line = new Line(stream, options, {
    ready: () => told.push("ready"),
    reconnect: (tcUrl) => told.push(`reconnect ${tcUrl}`),
    over: (end) => ends.push(end),
  });
  const hear = (...pieces: readonly Uint8Array[]) => stream.emit("data", concat(...pieces));
  return { line, stream, ends, told, hear, written };
}

const status = (information: { [name: string]: string }) =>
  command("onStatus", 0, [null, information], { messageStreamId: 1 });
const BEGINNING = concat(
  ...[HANDSHAKE, LARGE_CHUNKS, command("_result", 1, [{}, {}]), command("_result", 4, [null, 1])],
  status({ level: "status", code: "NetStream.Publish.Start" }),
);

describe("Line", () => {
  test("says when it is ready, and counts what went over it", () => {
    const { line, told, hear, written } = stage();
    hear(BEGINNING);
    expect(told).toEqual(["ready"]);
    const before = line.bytes;
    line.send("video", 0, new Uint8Array(100), hex`17`);
    expect(line.bytes - before).toBe(100 + 1 + 12);
    line.finish();
    line.send("video", 1, new Uint8Array(100));
    expect(Buffer.concat(written).includes("FCUnpublish")).toBe(true);
  });

  test("ends once, whatever comes then", () => {
    const { line, stream, ends, hear } = stage();
    hear(
      BEGINNING,
      status({ level: "error", code: "NetStream.Publish.BadName", description: "x" }),
    );
    hear(status({ level: "error", code: "NetStream.Failed" }));
    line.fail("RELAY_TIME", "late");
    stream.emit("close");
    expect(ends).toEqual([
      { type: "refused", code: "NetStream.Publish.BadName", description: "x" },
    ]);
    expect(stream.destroyed).toBe(true);
  });

  test("names the system's errors by their code only: words may hold what is secret", () => {
    const { stream, ends } = stage();
    stream.destroy(Object.assign(new Error("connect to topsecret"), { code: "ECONNREFUSED" }));
    return new Promise<void>((resolve) => {
      stream.on("close", () => {
        const message = "the connection failed (ECONNREFUSED)";
        expect(ends).toEqual([{ type: "lost", code: "ECONNREFUSED", message }]);
        resolve();
      });
    });
  });

  test("leaves a server whose bytes cannot be read", () => {
    const { ends, hear } = stage();
    hear(hex`48`);
    expect(ends).toMatchObject([{ type: "lost", code: "RTMP_HANDSHAKE_VERSION" }]);
  });

  test("leaves a server that asks without end and takes no answer", () => {
    const { ends, hear } = stage({ takes: false });
    hear(BEGINNING);
    const ping = chunked({ chunkStreamId: 2, typeId: 4, payload: hex`0006 00000001` });
    const many = concat(...Array(5000).fill(ping));
    for (let n = 0; n < 100 && ends.length === 0; n += 1) hear(many);
    expect(ends).toMatchObject([{ type: "lost", code: "RELAY_OUTPUT" }]);
  });

  test("is not told of media that comes after its end", () => {
    const { line, told, hear, ends } = stage({ purpose: "play" });
    line.abort();
    hear(BEGINNING);
    expect([told, ends]).toEqual([[], []]);
  });
});
