import fc from "fast-check";
import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { AnswerReader, isRefusal } from "../../../server/protocol/capture/answers.ts";
import { HANDSHAKE_LENGTH } from "../../../server/protocol/capture/cleaned-stream.ts";
import { cut, hex } from "../../support/hex.ts";
import { command, LARGE_CHUNKS } from "../rtmp/session-support.ts";

test("AnswerReader reads what a server answers, however it is cut, and stops where it cannot be read", () => {
  const bytes = concat(
    new Uint8Array(HANDSHAKE_LENGTH),
    LARGE_CHUNKS,
    command("_result", 1, [null, { level: "status", code: "NetConnection.Connect.Success" }]),
    command("onBWDone", 0, [null]),
    command("_error", 2, [null, { level: "error", code: "NetConnection.Call.Failed" }]),
    command("onStatus", 0, [null, { level: "error", code: "A.B", description: "no" }]),
    hex`c9`,
    command("_result", 3, [null, 1]),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length }), (size) => {
      const reader = new AnswerReader();
      const answers = cut(bytes, size).flatMap((piece) => reader.push(piece));
      expect(answers).toEqual([
        {
          name: "_result",
          level: "status",
          code: "NetConnection.Connect.Success",
          description: "",
        },
        { name: "_error", level: "error", code: "NetConnection.Call.Failed", description: "" },
        { name: "onStatus", level: "error", code: "A.B", description: "no" },
      ]);
      expect(answers.map(isRefusal)).toEqual([false, false, true]);
    }),
    { numRuns: 30 },
  );
});

test("isRefusal: an error of the connection itself is one", () => {
  const answer = { level: "error", code: "NetConnection.Connect.Rejected", description: "" };
  expect(isRefusal({ name: "_error", ...answer })).toBe(true);
});
