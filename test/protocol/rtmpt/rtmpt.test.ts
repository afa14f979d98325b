import { describe, expect, test } from "vitest";
import { CLOSE_ANSWER, openAnswer, pollingByte } from "../../../server/protocol/rtmpt/answer.ts";
import { readTunnelRequest } from "../../../server/protocol/rtmpt/request.ts";
import { placeOf } from "../../../server/protocol/rtmpt/sequence.ts";
import { hex } from "../../support/hex.ts";

describe("readTunnelRequest", () => {
  test.each([
    ["/fcs/ident2", { type: "ident" }],
    ["/open/1", { type: "open" }],
    ["/send/a1B2/0", { type: "send", sessionId: "a1B2", sequence: 0 }],
    ["/idle/0/17", { type: "idle", sessionId: "0", sequence: 17 }],
    ["/close/abc/4294967295", { type: "close", sessionId: "abc", sequence: 4_294_967_295 }],
  ])("reads POST %s", (target, request) => {
    expect(readTunnelRequest("POST", target)).toEqual(request);
    expect(readTunnelRequest("GET", target)).toBeUndefined();
  });

  test.each([
    "/",
    "/open",
    "/open/2",
    "/send/abc",
    "/send/abc/",
    "/send/abc/-1",
    "/send/abc/1/2",
    "/send/a.b/1",
    "/send//1",
    `/send/${"a".repeat(64)}/1`,
    "/send/abc/12345678901",
    "/sendx/abc/1",
    "/api/v1/streams",
    undefined,
  ])("passes over POST %s", (target) => {
    expect(readTunnelRequest("POST", target)).toBeUndefined();
  });
});

test.each([
  { sequence: 0, next: 0, place: "next" },
  { sequence: 7, next: 7, place: "next" },
  { sequence: 6, next: 7, place: "repeated" },
  { sequence: 5, next: 7, place: "replayed" },
  { sequence: 0, next: 7, place: "replayed" },
  { sequence: 8, next: 7, place: "ahead" },
  { sequence: 15, next: 7, place: "ahead" },
  { sequence: 16, next: 7, place: "beyond" },
])("placeOf: $sequence is $place where $next is due", ({ sequence, next, place }) => {
  expect(placeOf(sequence, next, 8)).toBe(place);
});

test("pollingByte grows while there is nothing to say", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map(pollingByte)).toEqual([1, 3, 5, 9, 17, 33, 33, 33]);
});

test("the other answers are what librtmp takes apart", () => {
  expect(openAnswer("abc123")).toEqual(hex`616263313233 0a`);
  expect(CLOSE_ANSWER).toEqual(hex`00`);
});
