import fc from "fast-check";
import { expect, test } from "vitest";
import { concat, u24 } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { type Message, splitAggregate } from "../../../server/protocol/rtmp/message.ts";
import { hex } from "../../support/hex.ts";

const aggregate = (payload: Uint8Array, timestamp = 0): Message => ({
  ...{ chunkStreamId: 6, timestamp, typeId: 22, messageStreamId: 1, payload },
});

test("splitAggregate keeps the distances of timestamps, not the timestamps", () => {
  const payload = hex`08 000001 0003e8 01 000009 aa 0000000c   // 16,778,216 ms
                      09 000002 0003fc 01 000009 bbcc 0000000d // 20 ms later
                      12 000000 0003de 01 000000 0000000b      // 10 ms before the first`;
  expect(splitAggregate(aggregate(payload, 5000))).toEqual([
    { ...aggregate(hex`aa`, 5000), typeId: 8 },
    { ...aggregate(hex`bbcc`, 5020), typeId: 9 },
    { ...aggregate(hex``, 4990), typeId: 18 },
  ]);
});

test("splitAggregate does without the last back pointer", () => {
  expect(splitAggregate(aggregate(hex`08 000001 000000 00 000000 aa`))).toHaveLength(1);
});

const record = (size: number) => concat(hex`08`, u24(size), hex`000000 00 000000 00000000`);
test.each([
  { name: "a size that lies", payload: record(200), code: "TRUNCATED" },
  { name: "an aggregate within", payload: hex`16 000000 000000 00 000000`, code: "RTMP_AGGREGATE" },
  {
    name: "too many messages",
    payload: concat(...Array.from({ length: LIMITS.aggregateMessages + 1 }, () => record(0))),
    code: "RTMP_AGGREGATE",
  },
])("splitAggregate refuses $name", ({ payload, code }) => {
  expect(() => splitAggregate(aggregate(payload))).toThrow(
    expect.objectContaining({ code, scope: "message" }),
  );
});

test("splitAggregate throws nothing but ProtocolError", () => {
  const holds = fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
    try {
      splitAggregate(aggregate(payload));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  });
  fc.assert(holds);
});

test.each([0, 1, 2, 3, 4])("splitAggregate takes a last back pointer of %d bytes", (length) => {
  const first = hex`08 000001 000000 00 000000 aa 0000000c`;
  const last = hex`08 000002 000000 00 000000 bbcc`;
  const messages = splitAggregate(aggregate(concat(first, last, new Uint8Array(length))));
  expect(messages.map(({ payload }) => payload)).toEqual([hex`aa`, hex`bbcc`]);
});
