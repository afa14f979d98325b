import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CaptureReader, RecordType } from "../../server/protocol/capture/capture-file.ts";
import { CaptureFolder, CaptureFolderError } from "../../server/store/capture-folder.ts";
import { HANDSHAKE } from "../protocol/rtmp/session-support.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordingLog } from "../support/recording-log.ts";

let parent: string;
let folder: string;
const clock = new ManualClock();

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "sluice-captures-"));
  folder = join(parent, "captures");
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

const limits = { captureDirFile: 20_000, captureDirFiles: 3, captureUnwritten: 2 ** 20 };

function newFolder(bounds: Partial<typeof limits> = {}) {
  const log = recordingLog();
  const captures = new CaptureFolder({
    ...{ folder, version: "1.2.3", clock, log, limits: { ...limits, ...bounds } },
  });
  return { captures, log };
}

const begin = (captures: CaptureFolder, openedAt = clock.now()) =>
  captures.begin({ transport: "rtmpt", openedAt });

const files = () => readdirSync(folder).sort();
const content = (name = "") => new Uint8Array(readFileSync(join(folder, name)));

test("CaptureFolder writes a file for its owner alone, with times from the connection's beginning", async () => {
  const { captures } = newFolder();
  const openedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const capture = begin(captures, openedAt);
  capture?.client(HANDSHAKE);
  await capture?.end("over");
  const name = "sluice-20260102T030405678Z-1.rtmpcap";
  const [information, client, end] = new CaptureReader().push(content(name));
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(Buffer.from(information?.payload ?? []).toString())).toEqual({
    ...{ sluice: "1.2.3", openedAt: "2026-01-02T03:04:05.678Z" },
    ...{ transport: "rtmpt", names: "kept", blanked: false },
  });
  expect(client?.payload).toEqual(HANDSHAKE);
  expect(client?.type).toBe(RecordType.Client);
  expect(end?.type).toBe(RecordType.End);
});

test("CaptureFolder keeps the latest files, leaves others alone, and writes no more at once than it keeps", async () => {
  const { captures } = newFolder();
  writeFileSync(join(folder, "another.rtmpcap"), "");
  const open = [1, 2, 3].map((second) => begin(captures, second * 1000));
  expect(begin(captures, 4000)).toBeUndefined();
  for (const capture of open) await capture?.end("over");
  await begin(captures, 5000)?.end("over");
  expect(files()).toEqual([
    "another.rtmpcap",
    "sluice-19700101T000002000Z-2.rtmpcap",
    "sluice-19700101T000003000Z-3.rtmpcap",
    "sluice-19700101T000005000Z-4.rtmpcap",
  ]);
});

test("CaptureFolder keeps the file of a connection that lasts, whoever else comes and goes", async () => {
  const { captures } = newFolder();
  const lasting = begin(captures, 1000);
  for (const second of [2, 3, 4, 5]) await begin(captures, second * 1000)?.end("over");
  lasting?.client(HANDSHAKE);
  await lasting?.end("over");
  expect(files().map((name) => name.slice(-11))).toEqual([
    "Z-1.rtmpcap",
    "Z-4.rtmpcap",
    "Z-5.rtmpcap",
  ]);
});

test("CaptureFolder ends a file at its limit", async () => {
  const { captures } = newFolder();
  const capture = begin(captures, 0);
  for (let round = 0; round < 20; round += 1) capture?.server(HANDSHAKE.slice(0, 1000));
  for (let round = 0; round < 20; round += 1) capture?.client(new Uint8Array(1000));
  await capture?.end("over");
  const bytes = content(files()[0]);
  expect(bytes.length).toBeLessThan(23_000);
  expect(Buffer.from(bytes).toString("latin1")).toContain("CAPTURE_FILE");
});

test("CaptureFolder says what folder it cannot make", () => {
  folder = join(parent, "missing", "captures");
  expect(() => newFolder()).toThrow(CaptureFolderError);
  expect(() => newFolder()).toThrow(`--capture-dir: cannot make ${folder} (ENOENT)`);
  folder = join(parent, "file");
  writeFileSync(folder, "");
  expect(() => newFolder()).toThrow(`--capture-dir: cannot make ${folder} (EEXIST)`);
});
