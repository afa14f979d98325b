import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ascii, type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import { beginsTunnel, TunnelReader } from "../../../server/protocol/rtmpt/tunnel-reader.ts";

// As librtmp 2.4 and FFmpeg 5.1 write them.
const LIBRTMP =
  "POST /send/a1/7 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: Shockwave Flash\r\nConnection: Keep-Alive\r\nCache-Control: no-cache\r\nContent-type: application/x-fcs\r\nContent-length: 5\r\n\r\n";
const FFMPEG =
  "POST /idle/a1/8 HTTP/1.1\r\nUser-Agent: Lavf/59.27.100\r\nAccept: */*\r\nRange: bytes=0-\r\nConnection: keep-alive\r\nHost: 127.0.0.1:8080\r\nContent-Length: 1\r\nIcy-MetaData: 1\r\nCache-Control: no-cache\r\nContent-type: application/x-fcs\r\nUser-Agent: Shockwave Flash\r\n\r\n";

const SEND = { type: "send", sessionId: "a1", sequence: 7 };
const IDLE = { type: "idle", sessionId: "a1", sequence: 8 };

/** Reads all there is: heads, and bodies as text. */
function readAll(reader: TunnelReader, pieces: readonly Bytes[]): unknown[] {
  const read: unknown[] = [];
  let body: string | undefined;
  for (const piece of pieces) {
    reader.push(piece);
    for (;;) {
      if (body !== undefined) {
        const bytes = reader.body();
        if (bytes !== undefined) body += String.fromCharCode(...bytes);
        if (reader.bodyLeft > 0) break;
        read.push(body);
        body = undefined;
        continue;
      }
      const head = reader.head();
      if (head === undefined || head === "foreign") break;
      read.push(head);
      body = "";
    }
  }
  return read;
}

const stream = ascii(`${LIBRTMP}hello${FFMPEG}\0${LIBRTMP}world`);
const expected = [
  { request: SEND, length: 5, isLast: false },
  "hello",
  { request: IDLE, length: 1, isLast: false },
  "\0",
  { request: SEND, length: 5, isLast: false },
  "world",
];

describe("TunnelReader", () => {
  test("reads requests of librtmp and FFmpeg however the line cuts them", () => {
    expect(readAll(new TunnelReader(1000), [stream])).toEqual(expected);
    const cuts = fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (at) => {
        const places = [0, ...at.sort((a, b) => a - b), stream.length];
        const pieces = places.slice(1).map((end, index) => stream.subarray(places[index], end));
        expect(readAll(new TunnelReader(1000), pieces)).toEqual(expected);
      }),
    );
  });

  test("says where the connection is to end", () => {
    const reader = new TunnelReader(1000);
    reader.push(ascii("POST /open/1 HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    expect(reader.head()).toEqual({ request: { type: "open" }, length: 0, isLast: true });
  });

  test.each([
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /open/1 HTTP/1.0\r\nContent-Length: 1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n folded\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nContent-Length : 1\r\n\r\n",
    "POST /open/1 HTTP/1.1\r\nX: a\nContent-Length: 1\r\n\r\n",
    "POST /nothing HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
    "\r\n\r\n",
  ])("leaves %j unread", (text) => {
    const reader = new TunnelReader(1000);
    reader.push(concat(ascii(LIBRTMP), ascii("hello"), ascii(text)));
    expect(reader.head()).toMatchObject({ request: SEND });
    reader.body();
    expect(reader.head()).toBe("foreign");
    expect(reader.unread).toEqual(ascii(text));
  });

  test("waits for a head no longer than it may be", () => {
    const reader = new TunnelReader(100);
    reader.push(ascii(`POST /open/1 HTTP/1.1\r\nX: ${"x".repeat(70)}`));
    expect(reader.head()).toBeUndefined();
    reader.push(ascii("xxxxxxxx"));
    expect(reader.head()).toBe("foreign");
  });

  test("takes any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (pieces) => {
        readAll(new TunnelReader(100), pieces);
      }),
    );
  });
});

test.each([
  ["POST /open/1 HTTP/1.1\r\n", true],
  ["POST /send/abcdef/0 HTTP/1.1\r\n", true],
  ["POST /fcs/ident2 HTTP/1.1", true],
  ["POST /idle/", true],
  ["POST /op", false],
  ["POST /api/v1/relays", false],
  ["GET /open/1 HTTP/1.1", false],
  ["P", false],
])("beginsTunnel: %j is %s", (text, begins) => {
  expect(beginsTunnel(ascii(text))).toBe(begins);
});
