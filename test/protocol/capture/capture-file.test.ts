import fc from "fast-check";
import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  CaptureReader,
  RecordType,
  writeCaptureEnd,
  writeCaptureHeader,
  writeRecord,
} from "../../../server/protocol/capture/capture-file.ts";
import { cut, hex } from "../../support/hex.ts";

const INFORMATION = {
  sluice: "1.2.3",
  openedAt: "2026-01-02T03:04:05.678Z",
  transport: "rtmp",
  names: "removed",
  blanked: false,
} as const;

test("writeRecord has type, length, tenths of ms and payload", () => {
  const record = { type: RecordType.Server, at: 1234.56, payload: hex`aabbcc` };
  expect(writeRecord(record)).toEqual(hex`02 000003 0000303a aabbcc`);
});

test("writeCaptureHeader begins with the magic and the version", () => {
  expect(writeCaptureHeader(INFORMATION).subarray(0, 16)).toEqual(
    hex`534c554943415001 00 00006d 00000000`,
  );
});

test("CaptureReader reads what was written, however the file is cut, and leaves out what lacks its end", () => {
  const records = [
    { type: RecordType.Client, at: 0.5, payload: hex`0102` },
    { type: 77, at: 3, payload: new Uint8Array(0) },
    { type: RecordType.Server, at: 100_000_000, payload: new Uint8Array(3000).fill(7) },
  ];
  const end = writeCaptureEnd(5, { reason: "over", lost: {} });
  const bytes = concat(writeCaptureHeader(INFORMATION), ...records.map(writeRecord), end);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: bytes.length }),
      fc.integer({ min: 0, max: bytes.length }),
      (size, length) => {
        const reader = new CaptureReader();
        const read = cut(bytes.subarray(0, length), size).flatMap((piece) => reader.push(piece));
        const whole = new CaptureReader().push(bytes);
        expect(whole.slice(1, 4)).toEqual(records);
        expect(JSON.parse(Buffer.from(whole[0]?.payload ?? []).toString())).toEqual(INFORMATION);
        expect(whole[4]).toMatchObject({ type: RecordType.End, at: 5 });
        expect(read).toEqual(whole.slice(0, read.length));
        if (length === bytes.length) expect(read).toHaveLength(5);
      },
    ),
    { numRuns: 25 },
  );
});

test.each([
  ["another file", hex`464c5601 05000000 00`, "CAPTURE_MAGIC", "malformed"],
  ["a later version", hex`534c554943415002`, "CAPTURE_VERSION", "unsupported"],
  ["too long a record", hex`534c554943415001 01 100001 00000000`, "CAPTURE_RECORD", "limit"],
])("CaptureReader refuses %s", (_, bytes, code, kind) => {
  expect(() => new CaptureReader().push(bytes)).toThrow(expect.objectContaining({ code, kind }));
});
