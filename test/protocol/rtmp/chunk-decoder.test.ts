import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concat, u8, u24, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import { ChunkEncoder, encodeWhole } from "../../../server/protocol/rtmp/chunk-encoder.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import { cut, hex } from "../../support/hex.ts";

const body = (length: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => index * 3 + seed);
const audio = (timestamp: number, length = 32): Partial<Message> => ({
  ...{ chunkStreamId: 3, timestamp, typeId: 8, messageStreamId: 12345, payload: body(length) },
});

const vectors: { name: string; bytes: Bytes; messages: Partial<Message>[] }[] = [
  {
    name: "four audio messages as fmt 0, 2, 3, 3 (the standard's example, §5.3.2.1)",
    bytes: hex`03 0003e8 000020 08 39300000 ${body(32)}
               83 000014 ${body(32)}  c3 ${body(32)}  c3 ${body(32)}`,
    messages: [audio(1000), audio(1020), audio(1040), audio(1060)],
  },
  {
    name: "a 307-byte message in three chunks (the standard's example, §5.3.2.2)",
    bytes: hex`04 0003e8 000133 09 3a300000 ${body(307).subarray(0, 128)}
               c4 ${body(307).subarray(128, 256)}  c4 ${body(307).subarray(256)}`,
    messages: [{ timestamp: 1000, typeId: 9, messageStreamId: 12346, payload: body(307) }],
  },
  {
    name: "an extended timestamp, repeated by type 3 chunks",
    bytes: hex`06 ffffff 00012c 09 01000000 01312d00 ${body(300).subarray(0, 128)}
               c6 01312d00 ${body(300).subarray(128, 256)}  c6 01312d00 ${body(300).subarray(256)}`,
    messages: [{ timestamp: 20_000_000, typeId: 9, payload: body(300) }],
  },
  {
    name: "an extended timestamp that type 3 chunks leave out (OBS before 30.1)",
    bytes: hex`06 ffffff 00012c 09 01000000 01312d00 ${body(300).subarray(0, 128)}
               c6 ${body(300).subarray(128, 256)}  c6 ${body(300).subarray(256)}`,
    messages: [{ timestamp: 20_000_000, typeId: 9, payload: body(300) }],
  },
  {
    name: "a left-out extended timestamp before payload that begins like it",
    bytes: hex`06 ffffff 000082 09 01000000 01312d00 ${body(128)} c6 0131
               04 000000 000001 08 01000000 aa`,
    messages: [
      { timestamp: 20_000_000, payload: concat(body(128), hex`0131`) },
      { timestamp: 0, payload: hex`aa` },
    ],
  },
  {
    name: "an extended timestamp whose repetition lacks the top bit",
    bytes: hex`06 ffffff 000082 09 01000000 80000010 ${body(128)} c6 00000010 0506`,
    messages: [{ timestamp: 0x80000010, payload: concat(body(128), hex`0506`) }],
  },
  {
    name: "an extended delta, and one that turns time back past zero (OBS)",
    bytes: hex`04 000005 000001 08 01000000 01
               84 ffffff 01000000 02  84 ffffff fffffffb 03  c4 fffffffb 04`,
    messages: [
      { timestamp: 5, payload: hex`01` },
      { timestamp: 0x01000005, payload: hex`02` },
      { timestamp: 0x01000000, payload: hex`03` },
      { timestamp: 0x00fffffb, payload: hex`04` },
    ],
  },
  {
    name: "type 3 right after type 0: the delta is the timestamp (§5.3.1.2.4)",
    bytes: hex`04 000028 000001 08 01000000 01  c4 02  c4 03`,
    messages: [{ timestamp: 40 }, { timestamp: 80 }, { timestamp: 120 }],
  },
  {
    name: "type 1 on a fresh chunk stream (librtmp's first control message)",
    bytes: hex`42 000007 000006 04 0007 00000064`,
    messages: [{ chunkStreamId: 2, timestamp: 7, typeId: 4, messageStreamId: 0 }],
  },
  {
    name: "chunk stream ids of two and three bytes, shortest form or not",
    bytes: hex`00 00 000000 000001 08 01000000 01   00 ff 000000 000001 08 01000000 02
               01 02 01 000000 000001 08 01000000 03   01 ff ff 000000 000001 08 01000000 04
               01 00 00 000000 000001 08 01000000 05`,
    messages: [64, 319, 322, 65599, 64].map((chunkStreamId) => ({ chunkStreamId })),
  },
  {
    name: "messages interleaved on two chunk streams",
    bytes: hex`04 000001 000082 09 01000000 ${body(128)}  05 000002 000001 08 01000000 aa  c4 bbcc`,
    messages: [
      { chunkStreamId: 5, timestamp: 2, payload: hex`aa` },
      { chunkStreamId: 4, timestamp: 1, payload: concat(body(128), hex`bbcc`) },
    ],
  },
  {
    name: "a chunk size that changes between the chunks of a message",
    bytes: hex`04 000001 000090 09 01000000 ${body(144).subarray(0, 128)}
               02 000000 000004 01 00000000 00000005
               c4 ${body(144).subarray(128, 133)} c4 ${body(144).subarray(133, 138)}
               c4 ${body(144).subarray(138, 143)} c4 ${body(144).subarray(143)}`,
    messages: [{ typeId: 1 }, { timestamp: 1, payload: body(144) }],
  },
  {
    name: "a chunk size without bound",
    bytes: hex`02 000000 000004 01 00000000 7fffffff  04 000001 0003e8 09 01000000 ${body(1000)}`,
    messages: [{ typeId: 1 }, { payload: body(1000) }],
  },
  {
    name: "a message given up by Abort",
    bytes: hex`04 000001 000082 09 01000000 ${body(128)}  02 000000 000004 02 00000000 00000004
               04 000009 000001 08 01000000 aa`,
    messages: [{ typeId: 2 }, { chunkStreamId: 4, timestamp: 9, payload: hex`aa` }],
  },
  {
    name: "messages without a body, again and again",
    bytes: hex`04 000001 000000 08 01000000  c4 c4 44 000001 000001 08 aa`,
    messages: [
      { timestamp: 1, payload: hex`` },
      { timestamp: 2, payload: hex`` },
      { timestamp: 3, payload: hex`` },
      { timestamp: 4, payload: hex`aa` },
    ],
  },
  {
    name: "a type 1 header of the same length that goes on with a message",
    bytes: hex`04 000001 000082 09 01000000 ${body(128)}  44 000000 000082 09 bbcc`,
    messages: [{ timestamp: 1, payload: concat(body(128), hex`bbcc`) }],
  },
];

const plain = (messages: readonly Partial<Message>[]) =>
  messages.map(({ payload, ...message }) => ({ ...message, payload: payload && [...payload] }));

test.each(vectors)("ChunkDecoder reads $name", ({ bytes, messages }) => {
  expect(new ChunkDecoder().push(bytes)).toMatchObject(messages);
});

test.each(vectors)("ChunkDecoder reads $name, cut anywhere", ({ bytes }) => {
  const whole = plain(new ChunkDecoder().push(bytes));
  for (let size = 1; size < bytes.length; size += 1) {
    const decoder = new ChunkDecoder();
    expect(plain(cut(bytes, size).flatMap((piece) => decoder.push(piece)))).toEqual(whole);
  }
});

const header = (chunkStreamId: number, length: number, typeId = 9): Bytes =>
  hex`${u8(chunkStreamId)} 000000 ${u24(length)} ${u8(typeId)} 01000000`;

test.each([
  {
    name: "type 2 on a fresh chunk stream",
    bytes: hex`84 000001`,
    code: "RTMP_CHUNK_STREAM_UNKNOWN",
  },
  { name: "type 3 on a fresh chunk stream", bytes: hex`c4`, code: "RTMP_CHUNK_STREAM_UNKNOWN" },
  {
    name: "a chunk size of zero",
    bytes: hex`02 000000 000004 01 00000000 00000000`,
    code: "RTMP_CHUNK_SIZE",
  },
  {
    name: "a chunk size with the top bit",
    bytes: hex`02 000000 000004 01 00000000 80000080`,
    code: "RTMP_CHUNK_SIZE",
  },
  {
    name: "Set Chunk Size of two bytes",
    bytes: hex`02 000000 000002 01 00000000 0080`,
    code: "RTMP_CONTROL",
  },
  {
    name: "another message on a chunk stream with one under way",
    bytes: hex`04 000001 000082 09 01000000 ${body(128)} 04 000001 000082 09 01000000`,
    code: "RTMP_CHUNK_INTERLEAVED",
  },
  {
    name: "a command that is too long",
    bytes: header(3, LIMITS.commandMessage + 1, 20),
    code: "RTMP_MESSAGE_LENGTH",
  },
  {
    name: "script data that is too long",
    bytes: header(3, LIMITS.dataMessage + 1, 18),
    code: "RTMP_MESSAGE_LENGTH",
  },
  {
    name: "too many chunk streams",
    bytes: concat(
      ...Array.from(
        { length: LIMITS.knownChunkStreams + 1 },
        (_, index) => hex`00 ${u8(index)} 000000 000000 08 01000000`,
      ),
    ),
    code: "RTMP_CHUNK_STREAMS",
  },
  {
    name: "too many messages at once",
    bytes: concat(
      ...Array.from({ length: LIMITS.partialMessages + 1 }, (_, index) =>
        concat(header(4 + index, 200), body(128)),
      ),
    ),
    code: "RTMP_PARTIAL_MESSAGES",
  },
])("ChunkDecoder refuses $name", ({ bytes, code }) => {
  for (const size of [bytes.length, 1, 7]) {
    const decoder = new ChunkDecoder();
    expect(() => {
      for (const piece of cut(bytes, size)) decoder.push(piece);
      decoder.push(new Uint8Array());
    }).toThrow(expect.objectContaining({ code, scope: "connection" }));
  }
});

test("ChunkDecoder returns what came before an error, then throws it", () => {
  const decoder = new ChunkDecoder();
  const messages = decoder.push(hex`04 000001 000001 08 01000000 aa  c5`);
  expect(messages).toMatchObject([{ payload: hex`aa` }]);
  expect(decoder.failure?.code).toBe("RTMP_CHUNK_STREAM_UNKNOWN");
  expect(() => decoder.push(new Uint8Array())).toThrow(decoder.failure);
});

test("ChunkDecoder copies payloads: bytes of the socket may be used again", () => {
  const bytes = hex`04 000001 000003 08 01000000 aabbcc`;
  const [message] = new ChunkDecoder().push(bytes);
  bytes.fill(0);
  expect(message?.payload).toEqual(hex`aabbcc`);
});

test("ChunkDecoder copies the beginning of a header too, of a Buffer as well", () => {
  const bytes = hex`04 000001 000003 08 01000000 aabbcc`;
  for (let length = 1; length < bytes.length; length += 1) {
    const decoder = new ChunkDecoder();
    const first = Buffer.from(bytes.subarray(0, length)); // whose slice() is a view
    decoder.push(first);
    first.fill(0);
    const [message] = decoder.push(bytes.subarray(length));
    expect(message).toMatchObject({ timestamp: 1, payload: hex`aabbcc` });
  }
});

test("ChunkDecoder gives each message memory of its own length, large ones too", () => {
  const decoder = new ChunkDecoder();
  const encoder = new ChunkEncoder();
  const lengths = [1000, 300_000, 300_000, 5_000_000, 3];
  for (const length of lengths) {
    const payload = body(length, length);
    const message = { chunkStreamId: 6, timestamp: 0, typeId: 9, messageStreamId: 1, payload };
    const [read] = cut(encoder.encodeChunks(message), 65_536).flatMap((piece) =>
      decoder.push(piece),
    );
    expect(Buffer.from(read?.payload ?? []).equals(payload)).toBe(true);
    expect(read?.payload.buffer.byteLength).toBe(length);
  }
});

const CHUNKS_OF_ONE = hex`02 000000 000004 01 00000000 00000001`;
const UNBOUND_CHUNKS = hex`02 000000 000004 01 00000000 7fffffff`;

test("ChunkDecoder gives little memory to lengths that lie", () => {
  const decoder = new ChunkDecoder();
  decoder.push(CHUNKS_OF_ONE);
  // Believed, these would be 256 MiB, and the limit would be met.
  for (let index = 0; index < LIMITS.partialMessages; index += 1) {
    decoder.push(concat(header(4 + index, 0xffffff), hex`aa`));
  }
  expect(decoder.failure).toBeUndefined();
});

/** After a large message: what the next ones say is believed. */
function decoderOfLargeMessages(): ChunkDecoder {
  const decoder = new ChunkDecoder();
  decoder.push(UNBOUND_CHUNKS);
  decoder.push(concat(header(4, 0xffffff), new Uint8Array(0xffffff)));
  decoder.push(CHUNKS_OF_ONE);
  return decoder;
}

const ABORT_4 = hex`02 000000 000004 02 00000000 00 c2 00 c2 00 c2 04`;

test("ChunkDecoder gives little memory to lengths that lie, once a message was given up", () => {
  const decoder = decoderOfLargeMessages();
  decoder.push(concat(header(4, 0xffffff), hex`aa`, ABORT_4));
  // Believed, any two of these would meet the limit.
  for (let index = 0; index < LIMITS.partialMessages; index += 1) {
    decoder.push(concat(header(4 + index, 0xffffff), hex`aa`));
  }
  expect(decoder.failure).toBeUndefined();
});

test("ChunkDecoder bounds how many messages are begun and given up", () => {
  const decoder = decoderOfLargeMessages();
  const lie = concat(header(4, 0xffffff), hex`aa`, ABORT_4);
  let given = 0;
  const giveUp = () => {
    for (let time = 0; time < 1000; time += 1) {
      decoder.push(lie);
      given += decoder.failure === undefined ? 1 : 0;
    }
  };
  expect(giveUp).toThrow(
    expect.objectContaining({ kind: "limit", code: "RTMP_ABORTS", scope: "connection" }),
  );
  expect(given).toBe(LIMITS.aborts);
});

test("ChunkDecoder holds at most LIMITS.partialBytes for messages under way", () => {
  const decoder = new ChunkDecoder();
  const large = LIMITS.partialBytes / 2 + 1;
  decoder.push(UNBOUND_CHUNKS);
  decoder.push(concat(header(4, large), new Uint8Array(large))); // large ones are usual here
  decoder.push(CHUNKS_OF_ONE);
  decoder.push(concat(header(4, large), hex`aa`));
  const code = "RTMP_PARTIAL_MESSAGES";
  expect(() => decoder.push(concat(header(5, large), hex`aa`))).toThrow(
    expect.objectContaining({ code }),
  );
});

const anyMessage: fc.Arbitrary<Message> = fc.record({
  chunkStreamId: fc.oneof(fc.integer({ min: 3, max: 8 }), fc.constantFrom(63, 64, 319, 320, 65599)),
  timestamp: fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff),
  ),
  typeId: fc.constantFrom(8, 9, 18),
  messageStreamId: fc.constantFrom(1, 2, 0x01020304),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.constantFrom(body(10), body(128), body(256)),
  ),
});

test("ChunkDecoder reads what ChunkEncoder writes, however the socket cuts the bytes", () => {
  const holds = fc.property(
    fc.array(anyMessage, { maxLength: 12 }),
    fc.integer({ min: 1, max: 300 }),
    fc.constantFrom(1, 13, 128, 4096),
    (messages, size, chunkSize) => {
      const decoder = new ChunkDecoder();
      const encoder = new ChunkEncoder();
      decoder.push(
        encoder.encodeChunks({
          ...{ chunkStreamId: 2, timestamp: 0, typeId: 1, messageStreamId: 0 },
          payload: u32(chunkSize),
        }),
      );
      encoder.chunkSize = chunkSize;
      const bytes = concat(...messages.map((message) => encoder.encodeChunks(message)));
      const read = cut(bytes, size).flatMap((piece) => decoder.push(piece));
      expect(plain(read)).toEqual(plain(messages));
    },
  );
  fc.assert(holds, { numRuns: 150 });
});

test("ChunkDecoder puts interleaved messages together", () => {
  const holds = fc.property(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 700 }), { minLength: 2, maxLength: 6 }),
    fc.infiniteStream(fc.nat()),
    (payloads, order) => {
      const waiting = payloads.map((payload, index) => {
        const message = {
          chunkStreamId: 4 + index,
          timestamp: index,
          typeId: 9,
          messageStreamId: 1,
        };
        return split(encodeWhole({ ...message, payload }, 128));
      });
      const chunks: Bytes[] = [];
      while (waiting.some((queue) => queue.length > 0)) {
        const open = waiting.filter((queue) => queue.length > 0);
        const chunk = open[(order.next().value ?? 0) % open.length]?.shift();
        if (chunk) chunks.push(chunk);
      }
      const read = new ChunkDecoder().push(concat(...chunks));
      const sorted = read.sort((a, b) => a.chunkStreamId - b.chunkStreamId);
      expect(plain(sorted).map(({ payload }) => payload)).toEqual(
        payloads.map((each) => [...each]),
      );
    },
  );
  fc.assert(holds, { numRuns: 50 });
});

/** The chunks of one message of type 0, chunk size 128. */
function split(bytes: Bytes): Bytes[] {
  const chunks = [bytes.subarray(0, 12 + 128)];
  for (let at = 12 + 128; at < bytes.length; at += 129) chunks.push(bytes.subarray(at, at + 129));
  return chunks;
}

test("ChunkDecoder throws nothing but ProtocolError, whatever comes", () => {
  const holds = fc.property(
    fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }),
    (pieces) => {
      const decoder = new ChunkDecoder();
      try {
        for (const piece of pieces) decoder.push(piece);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    },
  );
  fc.assert(holds, { numRuns: 500 });
});
