import { expect, test } from "vitest";
import { segmentIndex, subsegmentsWithin } from "../../../server/protocol/isobmff/segment-index.ts";
import { hex } from "../../support/hex.ts";
import { inspectBoxes } from "../../support/inspect.ts";

const OPTIONS = {
  ...{ trackId: 1, timescale: 0x2800, earliestPresentationTime: 0, firstOffset: 0 },
  subsegments: [
    { size: 0x17cb, duration: 0x2800 },
    { size: 0x1581, duration: 0x2800 },
    { size: 0x1558, duration: 0x2800 },
  ],
};

test("segmentIndex writes what FFmpeg 5.1 writes for three GOPs (global_sidx)", () => {
  expect(segmentIndex(OPTIONS)).toEqual(hex`
    0000004c 73696478 01000000 00000001 00002800 0000000000000000 0000000000000000 0000 0003
      000017cb 00002800 80000000
      00001581 00002800 80000000
      00001558 00002800 80000000`);
});

test("segmentIndex is read by mux.js as it was meant", () => {
  const [box] = inspectBoxes(segmentIndex({ ...OPTIONS, earliestPresentationTime: 7 }));
  expect(box).toMatchObject({ type: "sidx", referenceId: 1, timescale: 0x2800 });
  expect(box?.["references"]).toMatchObject(
    OPTIONS.subsegments.map(({ size, duration }) => ({
      referencedSize: size,
      subsegmentDuration: duration,
      startsWithSap: true,
    })),
  );
});

test("subsegmentsWithin counts what fits", () => {
  expect(subsegmentsWithin(segmentIndex(OPTIONS).length)).toBe(3);
  expect(subsegmentsWithin(segmentIndex(OPTIONS).length - 1)).toBe(2);
  expect(subsegmentsWithin(2 ** 24)).toBe(0xffff);
});
