import { expect, test } from "vitest";
import { commandMessage, decodeCommand } from "../../../server/protocol/rtmp/command.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import { hex } from "../../support/hex.ts";

const message = (typeId: number, payload: Uint8Array): Message => ({
  ...{ chunkStreamId: 3, timestamp: 0, typeId, messageStreamId: 0, payload },
});
const createStream = hex`02000c 63726561746553747265616d 00 4010000000000000 05`;
const expected = { name: "createStream", transactionId: 4, commandObject: null, parameters: [] };

test("decodeCommand reads AMF0 framing", () => {
  expect(decodeCommand(message(20, createStream))).toEqual(expected);
});

test("decodeCommand reads AMF3 framing: a byte, then AMF0 values", () => {
  expect(decodeCommand(message(17, hex`00 ${createStream}`))).toEqual(expected);
});

test("decodeCommand reads AMF3 values within AMF3 framing", () => {
  const withString = hex`00 ${createStream} 11 06 07 616263`;
  expect(decodeCommand(message(17, withString)).parameters).toEqual(["abc"]);
});

test("decodeCommand takes a missing transaction id for 0", () => {
  expect(decodeCommand(message(20, hex`020001 61`))).toMatchObject({ name: "a", transactionId: 0 });
});

test.each([
  { name: "an empty message", payload: hex``, code: "RTMP_COMMAND" },
  { name: "a number for a name", payload: hex`00 4010000000000000`, code: "RTMP_COMMAND" },
  { name: "half a name", payload: hex`020009 61`, code: "TRUNCATED" },
])("decodeCommand refuses $name", ({ payload, code }) => {
  expect(() => decodeCommand(message(20, payload))).toThrow(
    expect.objectContaining({ code, scope: "message" }),
  );
});

test("decodeCommand reads what commandMessage writes", () => {
  const command = {
    name: "publish",
    transactionId: 5,
    commandObject: null,
    parameters: ["a", "live"],
  };
  const written = commandMessage(command, { chunkStreamId: 8, messageStreamId: 1 });
  expect(written).toMatchObject({ chunkStreamId: 8, typeId: 20, messageStreamId: 1 });
  expect(decodeCommand(written)).toEqual(command);
});
