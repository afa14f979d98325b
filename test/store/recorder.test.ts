import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../server/protocol/limits.ts";
import type { RecordingHandle } from "../../server/store/recording-file.ts";
import { RecordingRules } from "../../server/store/recording-rules.ts";
import { inspectBoxes } from "../support/inspect.ts";
import { audio, otherVideo, recorderWorld, video } from "../support/recorder-world.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-recordings-"));
});
// What was still being written may come after the folder was read: then it is read again.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const world = (options: Parameters<typeof recorderWorld>[1] = {}) => recorderWorld(folder, options);

const types = (path: string) =>
  inspectBoxes(new Uint8Array(readFileSync(path))).map((box) => box.type);
const fragments = (path: string) => types(path).filter((type) => type === "moof").length;
const files = () => readdirSync(folder).sort();
const mdat = (path: string) => {
  const bytes = readFileSync(path);
  let length = 0;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString("latin1", at + 4, at + 8) === "mdat") length += bytes.readUInt32BE(at) - 8;
  }
  return length;
};

test("Recorder writes a file with all tracks, an index and a manifest, for its owner alone", async () => {
  const { over, publish, send } = world();
  const publication = publish();
  for (const event of [video, audio]) publication.input(event);
  send(publication, 0, 3000);
  publication.end("clean");
  const [recording] = await over(1);
  expect(recording).toMatchObject({
    ...{
      streamPath: "live/demo",
      state: "complete",
      reason: "ended",
      failure: null,
      server: "1.2.3",
    },
    tracks: [
      { id: 1, mediaType: "video", codec: "avc1.64000d", timescale: 90_000 },
      { id: 2, mediaType: "audio", codec: "mp4a.40.2", sampleRate: 48_000, channels: 2 },
    ],
    duration: 3,
  });
  const { id = "", file = "", bytes } = recording ?? {};
  expect(id).toMatch(/^\d{8}T\d{6}Z-live-demo-[0-9a-f]{8}$/);
  expect(statSync(file)).toMatchObject({ size: bytes });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(types(file).slice(0, 5)).toEqual(["ftyp", "moov", "sidx", "free", "moof"]);
  expect(types(file).at(-1)).toBe("mfra");
  expect(mdat(file)).toBe(75 * (50 + 41));
  await expect.poll(() => files()).toEqual([`${id}.index.json`, `${id}.json`, `${id}.mp4`]);
  expect(JSON.parse(readFileSync(join(folder, `${id}.json`), "utf8"))).toMatchObject({ id, bytes });
});

test("Recorder begins a new file when the publisher comes back, and none for other streams", async () => {
  const { over, publish, send } = world();
  const first = publish();
  first.input(video);
  send(first, 0, 2000, false);
  first.end("lost");
  const other = publish("private/demo");
  other.input(video);
  send(other, 0, 2000, false);
  const second = publish();
  second.input(video);
  send(second, 0, 1000, false);
  second.end("clean");
  const both = await over(2);
  expect(both.map(({ reason, duration }) => ({ reason, duration }))).toEqual([
    { reason: "lost", duration: 2 },
    { reason: "ended", duration: 1 },
  ]);
  expect(both.map(({ file }) => mdat(file))).toEqual([50 * 50, 25 * 50]);
});

test.each([
  ["a configuration changes", otherVideo, 2],
  ["a track comes late", audio, 2],
])(
  "Recorder begins a new file when %s, with the present GOP in it",
  async (_name, event, count) => {
    const { over, publish, send } = world();
    const publication = publish();
    publication.input(video);
    send(publication, 0, 2400, false);
    if (event === audio) {
      publication.input(event);
      send(publication, 2400, 4000, true);
    } else {
      send(publication, 2400, 3000, false);
      publication.input(event);
      send(publication, 3000, 4000, false);
    }
    publication.end("clean");
    const all = await over(count);
    expect(all.map(({ reason }) => reason)).toEqual(["changed", "ended"]);
    const pictures = all.map(({ duration }) => duration);
    // Of the late track's file, 2.00 s to 2.44 s are in both.
    expect(pictures).toEqual(event === audio ? [2.44, 2] : [3, 1]);
    expect(all[1]?.tracks).toHaveLength(event === audio ? 2 : 1);
  },
);

test("Recorder records by request from the newest sync sample on, and stops by request", async () => {
  const { recorder, over, publish, send } = world({ rules: [] });
  expect(recorder.start("live/demo")).toMatchObject({ refused: "not-live" });
  const publication = publish();
  publication.input(video);
  send(publication, 0, 1200, false);
  const begun = recorder.start("live/demo");
  if ("refused" in begun) throw new Error(begun.description);
  expect(recorder.start("live/demo")).toMatchObject({ refused: "already" });
  expect(recorder.recordingOf("live/demo")?.id).toBe(begun.id);
  send(publication, 1200, 3000, false);
  expect(await recorder.stop("nothing")).toBeUndefined();
  expect(await recorder.stop(begun.id)).toMatchObject({ state: "complete", duration: 2 });
  send(publication, 3000, 4000, false);
  publication.end("clean");
  expect(await over(1)).toHaveLength(1);
  expect(recorder.recordingOf("live/demo")).toBeUndefined();
});

test("Recorder leaves nothing behind of a broadcast without media", async () => {
  const { over, publish } = world();
  publish().end("clean");
  await over(1);
  await expect.poll(files).toEqual([]);
});

describe("RecordingRules", () => {
  test.each([
    ["live/*", "live/demo", true],
    ["live/*", "live/a/demo", false],
    ["**", "live/a/demo", true],
    ["live/**", "live/a/demo", true],
    ["live/d.mo", "live/demo", false],
    ["li*/*mo", "live/demo", true],
  ])("%s and %s: %s", (pattern, streamPath, matches) => {
    expect(new RecordingRules([pattern]).matches(streamPath)).toBe(matches);
  });
});

/** A disk that says what it is told to. */
function disk(write: (length: number) => Promise<number> | number) {
  const handle: RecordingHandle & { truncated: number | undefined } = {
    truncated: undefined,
    writev: async (pieces) => ({
      bytesWritten: await write(pieces.reduce((sum, { length }) => sum + length, 0)),
    }),
    datasync: async () => {},
    truncate: async (length) => {
      handle.truncated = length;
    },
    close: async () => {},
  };
  return handle;
}

test("A full disk ends a recording, loudly, and its file keeps what is whole", async () => {
  let room = 40_000;
  const handle = disk((length) => {
    if (room === 0) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    const written = Math.min(room, length);
    room -= written;
    return written;
  });
  const { over, publish, send, log, recordings } = world({ openFile: async () => handle });
  const publication = publish();
  publication.input(video);
  for (let at = 0; at < 30_000; at += 1000) {
    send(publication, at, at + 1000, false);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [failed] = await over(1);
  expect(failed).toMatchObject({
    ...{ state: "failed", reason: "failed", failure: { code: "RECORDING_DISK_FULL" } },
    bytes: handle.truncated,
  });
  expect(log.lines).toContainEqual(
    expect.objectContaining({
      level: "error",
      fields: expect.objectContaining({ code: "RECORDING_DISK_FULL", id: failed?.id }),
    }),
  );
  expect(recordings.list()).toHaveLength(1);
});

test("When the server ends, all that belongs to a recording is there before it does", async () => {
  const { publish, send, recordings, recorder } = world();
  const publication = publish();
  publication.input(video);
  send(publication, 0, 3000, false);
  recorder.close();
  await recordings.close();
  const [, manifest = "", film] = files();
  expect(files()).toHaveLength(3);
  expect(film).toMatch(/mp4$/);
  const said = JSON.parse(readFileSync(join(folder, manifest), "utf8"));
  expect(said).toMatchObject({ state: "complete", reason: "shutdown", writer: null });
});

test("A disk that takes nothing ends a recording at its bound of memory", async () => {
  const limits = { ...LIMITS, recordUnwritten: 20_000 };
  const handle = disk(() => new Promise(() => {}));
  const { publish, send, recordings, recorder, log } = world({
    ...{ limits, openFile: async () => handle },
  });
  const publication = publish();
  publication.input(video);
  for (let at = 0; at < 20_000; at += 1000) {
    send(publication, at, at + 1000, false);
    expect(recordings.unwritten).toBeLessThan(21_000);
  }
  expect(recorder.recordingOf("live/demo")).toBeUndefined();
  expect(log.lines.map(({ fields }) => fields["code"])).toContain("RECORDING_SLOW");
});

describe("Recordings of a server that vanished", () => {
  async function vanished(cut: number) {
    const handles: FileHandle[] = [];
    const openFile = async (path: string) => {
      const handle = await open(path, "wx", 0o600);
      handles.push(handle);
      return handle;
    };
    const { publish, send, recordings } = world({ openFile });
    const publication = publish();
    for (const event of [video, audio]) publication.input(event);
    send(publication, 0, 5000);
    await expect.poll(() => recordings.list()[0]?.bytes ?? 0).toBeGreaterThan(40_000);
    const [manifest] = recordings.list();
    for (const handle of handles) await handle.close();
    const path = join(folder, `${manifest?.id}.mp4`);
    const before = { bytes: manifest?.bytes ?? 0, fragments: fragments(path) };
    truncateSync(path, before.bytes - cut);
    return { path, before };
  }

  test.each([
    ["at the end of a fragment", 0, 0],
    ["within a fragment's media", 5, 1],
    ["within a fragment's head", 900, 1],
  ])("are finished, cut off %s", async (_name, cut, lost) => {
    const { path, before } = await vanished(cut);
    const { recordings, log } = world();
    await recordings.load();
    const [manifest] = recordings.list();
    expect(manifest).toMatchObject({ state: "complete", reason: "crash", writer: null });
    expect(fragments(path)).toBe(before.fragments - lost);
    expect(types(path).at(-1)).toBe("mfra");
    expect(types(path)[2]).toBe("sidx");
    expect(statSync(path).size).toBe(manifest?.bytes);
    expect(log.lines.filter(({ level }) => level === "info")).toHaveLength(1);
    const source = await recordings.source(manifest?.id ?? "");
    expect(source?.index.count).toBe(before.fragments - lost);
  });

  test("are read without their index, too", async () => {
    await vanished(0);
    const first = world();
    await first.recordings.load();
    const id = first.recordings.list()[0]?.id ?? "";
    const told = (await first.recordings.source(id))?.index.rows();
    rmSync(join(folder, `${id}.index.json`));
    const second = world();
    await second.recordings.load();
    expect((await second.recordings.source(id))?.index.rows()).toEqual(told);
    for (const row of [
      [1, 1e12, 100, 0, 1, 1, 0],
      [1, 10, 4e9, 0, 1, 1, 0],
    ]) {
      writeFileSync(join(folder, `${id}.index.json`), JSON.stringify([row]));
      const third = world();
      await third.recordings.load();
      expect((await third.recordings.source(id))?.index.rows()).toEqual(told);
    }
    expect(await second.recordings.delete(id)).toBe("deleted");
    expect(files()).toEqual([]);
  });

  test("are not removed where they do not begin as they should", async () => {
    const { path } = await vanished(0);
    const film = readFileSync(path);
    const { headLength } = JSON.parse(readFileSync(path.replace(/mp4$/, "json"), "utf8"));
    film.fill(0, headLength, headLength + 8);
    writeFileSync(path, film);
    const { recordings, log } = world();
    await recordings.load();
    expect(recordings.list()).toEqual([]);
    expect(readFileSync(path)).toEqual(film);
    expect(log.lines.map(({ fields }) => fields["code"])).toEqual(["RECORDING_READ"]);
  });

  test("are left out where there is nothing to finish, and strangers' files are left alone", async () => {
    const { path } = await vanished(0);
    truncateSync(path, 10);
    for (const name of ["notes.json", "20260101T000000Z-deadbeef.json", "film.mp4"]) {
      writeFileSync(join(folder, name), "{}");
    }
    const { recordings } = world();
    await recordings.load();
    expect(recordings.list()).toEqual([]);
    expect(files()).toEqual(["20260101T000000Z-deadbeef.json", "film.mp4", "notes.json"]);
  });
});

test("Recordings remove the oldest beyond their size and age, never one that is being written", async () => {
  const { publish, send, recordings, over, clock } = world({ disk: 100_000, keep: 60_000 });
  for (let index = 0; index < 4; index += 1) {
    const publication = publish(`live/s${index}`);
    publication.input(video);
    send(publication, 0, 1000, false);
    publication.end("clean");
    await over(index + 1);
    await expect.poll(() => recordings.active).toBe(0);
    await recordings.tidy();
  }
  const kept = () => recordings.list().map(({ streamPath }) => streamPath);
  await expect.poll(kept).toEqual(["live/s3", "live/s2"]);
  const publication = publish("live/s4");
  publication.input(video);
  send(publication, 0, 1000, false);
  clock.pass(70_000);
  await recordings.tidy();
  expect(kept()).toEqual(["live/s4"]);
  await recordings.close();
});
