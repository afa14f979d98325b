import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  judge,
  type PlaylistEdge,
  readDeliveryDirectives,
} from "../../../server/protocol/hls/delivery-directives.ts";

const none = { msn: undefined, part: undefined, skip: undefined };

describe("readDeliveryDirectives", () => {
  test.each([
    ["t1.m3u8", none],
    ["t1.m3u8?", none],
    ["t1.m3u8?token=_HLS_msn=5&_HLS_push=1&_HLS_", none],
    ["t1.m3u8?_HLS_msn=45", { ...none, msn: 45 }],
    ["t1.m3u8?_HLS_msn=45&_HLS_part=0&token=x", { ...none, msn: 45, part: 0 }],
    ["t1.m3u8?_HLS_part=3&a=b&_HLS_msn=045", { ...none, msn: 45, part: 3 }],
    ["t1.m3u8?_HLS_skip=YES", { ...none, skip: "YES" }],
    ["t1.m3u8?_HLS_msn=1&_HLS_skip=v2", { ...none, msn: 1, skip: "v2" }],
    ["t1.m3u8?_HLS_skip=v3", none],
  ])("reads %s", (target, directives) => {
    expect(readDeliveryDirectives(target)).toEqual(directives);
  });

  test.each([
    "_HLS_part=0",
    "_HLS_msn=",
    "_HLS_msn",
    "_HLS_msn=-1",
    "_HLS_msn=1.5",
    "_HLS_msn=1e3",
    "_HLS_msn=%31",
    "_HLS_msn=1&_HLS_msn=2",
    "_HLS_msn=1&_HLS_part=x",
    "_HLS_msn=1&_HLS_part=1&_HLS_part=1",
    "_HLS_msn=1234567890123456",
  ])("finds no sense in %s", (query) => {
    expect(readDeliveryDirectives(`t1.m3u8?${query}`)).toBeUndefined();
  });

  test("takes any query", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("_HLS_msn", "_HLS_part", "=", "&", "1"));
    fc.assert(
      fc.property(fc.array(word), (words) => void readDeliveryDirectives(`x?${words.join("")}`)),
    );
  });
});

describe("judge, with segment 44 of ten parts complete and three parts of 45", () => {
  const edge: PlaylistEdge = { lastMsn: 44, partsOfLast: 10, openParts: 3, hasParts: true };
  const asks = (msn: number | undefined, part?: number) =>
    judge({ msn, part, skip: undefined }, edge, 200);

  test.each([
    [undefined, undefined, "due"],
    [0, undefined, "due"],
    [43, 999, "due"],
    [44, undefined, "due"],
    [44, 9, "due"],
    [44, 10, "due"], // part 0 of 45
    [45, undefined, "early"], // that has to be complete
    [45, 0, "due"],
    [45, 2, "due"],
    [45, 3, "early"],
    [45, 17, "early"], // three seconds ahead of part 2
    [45, 18, "far"],
    [46, undefined, "early"],
    [46, 0, "early"],
    [46, 14, "early"],
    [46, 15, "far"],
    [47, undefined, "far"],
    [47, 0, "far"],
    [1e15, 0, "far"],
  ] as const)("_HLS_msn=%s, _HLS_part=%s is %s", (msn, part, verdict) => {
    expect(asks(msn, part)).toBe(verdict);
  });

  test("a part beyond the end of the segment that was just finished waits for the next one", () => {
    const between = { ...edge, openParts: 0 };
    expect(judge({ msn: 44, part: 10, skip: undefined }, between, 200)).toBe("early");
    expect(judge({ msn: 44, part: 9, skip: undefined }, between, 200)).toBe("due");
  });

  test("parts of a second or more may be asked for three ahead", () => {
    expect(judge({ msn: 45, part: 5, skip: undefined }, edge, 1000)).toBe("early");
    expect(judge({ msn: 45, part: 6, skip: undefined }, edge, 1000)).toBe("far");
  });

  test("a gap has no parts to wait for", () => {
    const gap = { ...edge, partsOfLast: undefined };
    expect(judge({ msn: 44, part: 0, skip: undefined }, gap, 200)).toBe("due");
  });

  test("where there are no parts, only segments count", () => {
    const text = { lastMsn: 44, partsOfLast: 0, openParts: 0, hasParts: false };
    expect(judge({ msn: 44, part: 7, skip: undefined }, text, 200)).toBe("due");
    expect(judge({ msn: 45, part: 0, skip: undefined }, text, 200)).toBe("early");
  });

  test("before anything is complete, the first part can be asked for", () => {
    const first = { lastMsn: 0, partsOfLast: undefined, openParts: 0, hasParts: true };
    expect(judge({ msn: 1, part: 0, skip: undefined }, first, 200)).toBe("early");
    expect(judge({ msn: 0, part: 0, skip: undefined }, first, 200)).toBe("due");
  });
});
