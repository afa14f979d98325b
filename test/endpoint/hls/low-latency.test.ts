import { once } from "node:events";
import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HlsLimits } from "../../../server/endpoint/hls/handler.ts";
import type { TextCue } from "../../../server/live/text-track.ts";
import { readMediaPlaylist } from "../../support/hls-playlist.ts";
import { type Answer, type Asking, HlsStage } from "../../support/hls-stage.ts";
import { audioTrack, videoTrack } from "../../support/live-samples.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { HandStream } from "../../support/segmented-stream.ts";

const bytes = (length: number, first: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => (first + index) % 256);

const video = { ...videoTrack(), initSegment: new Uint8Array(50) };
const audio = { ...audioTrack(), initSegment: new Uint8Array(40) };

let clock: ManualClock;
let stream: HandStream | undefined;
let live: HandStream;
let stage: HlsStage;

const limits: Partial<HlsLimits> = { heldRequests: 50 };

async function open(more: Partial<HlsLimits> = {}): Promise<void> {
  stage?.close();
  const find = (path: string) => (path === "live/demo" ? stream : undefined);
  stage = await HlsStage.open({ find }, clock, { ...limits, ...more });
}

beforeEach(async () => {
  clock = new ManualClock();
  live = new HandStream([video, audio]);
  stream = live;
  await open();
});
afterEach(() => stage.close());

const get = (resource: string, asking?: Asking): Promise<Answer> => stage.get(resource, asking);
const read = async (resource: string) => readMediaPlaylist((await get(resource)).text);
const cacheOf = ({ headers }: Answer): string | undefined => headers["cache-control"];

describe("a media playlist", () => {
  test("lists complete segments, parts, what comes next, and how far the others are", async () => {
    live.segments(2);
    live.part();
    live.part({ only: 1 });
    const playlist = await read("t1.m3u8");
    expect(playlist.violations).toEqual([]);
    expect(playlist.segments.map(({ uri }) => uri)).toEqual(["t1-m0abc-1.m4s", "t1-m0abc-2.m4s"]);
    expect(playlist.parts.map(({ mediaSequence }) => mediaSequence)).toEqual([
      ...Array(10).fill(1),
      ...Array(10).fill(2),
      ...[3, 3],
    ]);
    expect(playlist.parts.at(-1)?.uri).toBe("t1-m0abc-p22.m4s");
    expect(playlist.hints).toEqual(new Map([["PART", "t1-m0abc-p23.m4s"]]));
    expect(playlist.reports).toEqual([{ uri: "t2.m3u8", lastMsn: 3, lastPart: 0 }]);
    const sound = await read("t2.m3u8");
    expect(sound.violations).toEqual([]);
    expect(sound.reports).toEqual([{ uri: "t1.m3u8", lastMsn: 3, lastPart: 1 }]);
    expect(sound.parts.every(({ independent }) => independent)).toBe(true);
    expect(sound.serverControl).toEqual(playlist.serverControl);
  });

  test("has parts only of the last three target durations", async () => {
    live.segments(20);
    live.part();
    const { parts, violations } = await read("t1.m3u8");
    expect(violations).toEqual([]);
    expect(parts[0]).toMatchObject({ mediaSequence: 6, partIndex: 0 }); // it ends 28.2 s before the end
  });

  test("tells of the init segment that comes next, as soon as that is known", async () => {
    live.segments(1);
    const [rendition] = live.renditions;
    if (rendition === undefined) throw new Error("There is a rendition");
    rendition.track = { ...video, configuration: 2, initSegment: bytes(60, 7) };
    live.tell();
    const { hints } = await read("t1.m3u8");
    expect(hints.get("MAP")).toBe("t1-m0abc-i2.mp4");
    expect((await get("t1-m0abc-i2.mp4")).body).toEqual(Buffer.from(bytes(60, 7)));
    live.part({ isDiscontinuity: true });
    const playlist = await read("t1.m3u8");
    expect([...playlist.hints.keys()]).toEqual(["PART"]);
    expect(playlist.parts.at(-1)).toMatchObject({ discontinuity: true, map: "t1-m0abc-i2.mp4" });
    expect(playlist.violations).toEqual([]);
  });

  test("claims independent segments only where that is true of the open one, too", async () => {
    live.segments(1);
    expect((await read("t1.m3u8")).independentSegments).toBe(true);
    live.part({ isIndependent: false });
    expect((await read("t1.m3u8")).independentSegments).toBe(false);
  });

  test("is the same for all between two changes, in the packing that each likes best", async () => {
    live.segments(3);
    const plain = await get("t1.m3u8", { headers: { "accept-encoding": "gzip;q=0, *;q=0" } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    const gzip = await get("t1.m3u8", { headers: { "accept-encoding": "gzip, deflate" } });
    const br = await get("t1.m3u8", { headers: { "accept-encoding": "gzip, deflate, br" } });
    expect(gunzipSync(gzip.body)).toEqual(plain.body);
    expect(brotliDecompressSync(br.body)).toEqual(plain.body);
    expect(br.headers["content-encoding"]).toBe("br");
    expect(new Set([plain, gzip, br].map(({ headers }) => headers.etag)).size).toBe(3);
    const again = { headers: { "accept-encoding": "br", "if-none-match": br.headers.etag ?? "" } };
    expect((await get("t1.m3u8", again)).status).toBe(304);
  });
});

describe("a delta update", () => {
  /** What a client makes of it and of the playlist that it has (RFC 8216bis §6.3.7). */
  function merged(delta: string, known: string): string {
    const skipped = Number(/#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)/.exec(delta)?.[1]);
    const sequence = (text: string) => Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    const body = (text: string) => text.slice(text.indexOf("#EXT-X-MAP"));
    const blocks = body(known).match(/(?:#.*\n)+[^#].*\n/g) ?? [];
    const from = sequence(delta) - sequence(known);
    const kept = blocks
      .slice(from, from + skipped)
      .map((block) => block.replace(/#EXT-X-PART.*\n/g, ""));
    // Where the list now begins, the client knows which init segment applies.
    const map = '#EXT-X-MAP:URI="t1-m0abc-i1.mp4"\n';
    const first = kept[0]?.startsWith("#EXT-X-MAP") === true ? "" : map;
    return delta.replace(/#EXT-X-SKIP.*\n/, first + kept.join(""));
  }

  test("and what a client has make the whole playlist", async () => {
    live.segments(40);
    for (let round = 0; round < 25; round += 1) {
      const known = (await get("t1.m3u8")).text;
      for (let step = 0; step < 7; step += 1) live.part();
      if (round % 2 === 1) live.cut();
      const delta = await get("t1.m3u8?_HLS_skip=YES");
      expect(delta.text).toContain("#EXT-X-SKIP");
      expect(readMediaPlaylist(delta.text).violations).toEqual([]);
      expect(merged(delta.text, known)).toBe((await get("t1.m3u8")).text);
    }
  });

  test("leaves out what is further from the end than six target durations", async () => {
    live.segments(40);
    const { skipped, segments, mediaSequence } = await read("t1.m3u8?_HLS_skip=YES");
    expect(mediaSequence).toBe(1);
    expect(skipped).toBe(10);
    expect(segments).toHaveLength(30);
    live.renditions[0]?.cut({ duration: 179_000, isGap: true }); // 1.99 s
    live.tell();
    expect((await read("t1.m3u8?_HLS_skip=YES")).skipped).toBe(10);
    live.part(); // which bring the end of the next one 60 s behind that of the playlist
    expect((await read("t1.m3u8?_HLS_skip=YES")).skipped).toBe(11);
  });

  test("is the whole playlist where nothing is that old", async () => {
    live.segments(30);
    expect((await read("t1.m3u8?_HLS_skip=YES")).skipped).toBeUndefined();
  });

  test("has all date ranges, or in its second form those that came and went lately", async () => {
    const at = (ms: number) => ({ at: ms, startDate: 1_700_000_000_000 + ms });
    const early = { id: "early", ...at(1000), attributes: [["DURATION", "1"]] } as const;
    const late = { id: "late", ...at(70_000), attributes: [] } as const;
    live.dateRanges = [early];
    live.segments(35);
    await get("t1.m3u8");
    clock.pass(61_000);
    live.dateRanges = [early, late];
    live.segments(1);
    const ids = ({ dateRanges }: ReturnType<typeof readMediaPlaylist>) =>
      dateRanges.map((range) => range.get("ID"));
    expect(ids(await read("t1.m3u8"))).toEqual(["early", "late"]);
    expect(ids(await read("t2.m3u8"))).toEqual(["early", "late"]);
    expect(ids(await read("t1.m3u8?_HLS_skip=YES"))).toEqual(["early", "late"]);
    const v2 = await read("t1.m3u8?_HLS_skip=v2");
    expect(ids(v2)).toEqual(["late"]);
    expect(v2.removedDateRanges).toEqual([]);
    live.segments(30); // the window begins behind it
    expect(ids(await read("t1.m3u8"))).toEqual(["late"]);
    expect((await read("t1.m3u8?_HLS_skip=v2")).removedDateRanges).toEqual(["early"]);
    clock.pass(61_000);
    live.part();
    expect((await read("t1.m3u8?_HLS_skip=v2")).removedDateRanges).toEqual([]);
  });
});

describe("a request for a playlist to come", () => {
  beforeEach(() => {
    live.segments(2);
    live.part();
  });

  test("is held until the part is there, and no longer", async () => {
    const answer = get("t1.m3u8?_HLS_msn=3&_HLS_part=2");
    await stage.untilHeld(1);
    live.part();
    expect(stage.hls.held).toBe(1);
    live.part({ only: 2 });
    expect(stage.hls.held).toBe(1);
    live.part({ only: 1 });
    expect(stage.hls.held).toBe(0);
    const { status, text, headers } = await answer;
    expect(status).toBe(200);
    expect(readMediaPlaylist(text).parts.at(-1)).toMatchObject({ mediaSequence: 3, partIndex: 2 });
    expect(headers["cache-control"]).toBe("public, max-age=60");
    expect(clock.pending).toBe(0);
  });

  test("is held until the segment is complete, where it names no part", async () => {
    const answer = get("t1.m3u8?_HLS_msn=3");
    await stage.untilHeld(1);
    live.part();
    expect(stage.hls.held).toBe(1);
    live.cut();
    expect(readMediaPlaylist((await answer).text).segments.at(-1)?.mediaSequence).toBe(3);
  });

  test("takes a part beyond the end of a segment for the first of the next", async () => {
    const answer = get("t1.m3u8?_HLS_msn=3&_HLS_part=9");
    await stage.untilHeld(1);
    live.cut();
    expect(stage.hls.held).toBe(1);
    live.part();
    expect(readMediaPlaylist((await answer).text).parts.at(-1)).toMatchObject({
      mediaSequence: 4,
      partIndex: 0,
    });
  });

  test.each([
    "_HLS_msn=0",
    "_HLS_msn=2",
    "_HLS_msn=2&_HLS_part=9",
    "_HLS_msn=2&_HLS_part=10", // is part 0 of segment 3
    "_HLS_msn=1&_HLS_part=500",
    "_HLS_msn=3&_HLS_part=0",
  ])("is answered at once where that is the past: %s", async (query) => {
    const answer = await get(`t1.m3u8?${query}&token=abc`);
    expect(answer.status).toBe(200);
    expect(cacheOf(answer)).toBe("public, max-age=60");
    expect(readMediaPlaylist(answer.text).segments).toHaveLength(2);
  });

  test.each([
    "_HLS_part=1",
    "_HLS_msn=x",
    "_HLS_msn=5",
    "_HLS_msn=3&_HLS_part=16",
    "_HLS_msn=5&_HLS_part=0",
  ])("is refused where it makes no sense: %s", async (query) => {
    const answer = await get(`t1.m3u8?${query}`);
    expect([answer.status, cacheOf(answer)]).toEqual([400, "no-store"]);
  });

  test("means nothing in the multivariant playlist", async () => {
    expect((await get("index.m3u8?_HLS_msn=500&_HLS_part=1")).status).toBe(200);
  });

  test("is answered with 503 after three target durations", async () => {
    const answer = get("t1.m3u8?_HLS_msn=4");
    await stage.untilHeld(1);
    clock.pass(29_999);
    expect(stage.hls.held).toBe(1);
    clock.pass(1);
    expect([(await answer).status, cacheOf(await answer)]).toEqual([503, "no-store"]);
  });

  test("of a stream that is not there is a 404 that caches may keep a while", async () => {
    const other = await get("t1.m3u8?_HLS_msn=4", { streamPath: "live/other" });
    expect([other.status, cacheOf(other)]).toEqual([404, "public, max-age=40"]);
    const plain = await get("t9.m3u8");
    expect([plain.status, cacheOf(plain)]).toEqual([404, "public, max-age=10"]);
  });

  test("counts its sender as a viewer while it is held, once", async () => {
    void get("t1.m3u8?_HLS_msn=4").catch(() => {});
    void get("t2.m3u8?_HLS_msn=4").catch(() => {});
    await stage.untilHeld(2);
    expect(stage.hls.viewers("live/demo")).toBe(1);
  });

  test("is forgotten when its sender leaves", async () => {
    const socket = connect(stage.port, "127.0.0.1");
    socket.write("GET /streams/live/demo/t1.m3u8?_HLS_msn=4 HTTP/1.1\r\nHost: x\r\n\r\n");
    await stage.untilHeld(1);
    socket.destroy();
    await stage.untilHeld(0);
    expect(clock.pending).toBe(0);
  });

  test("is answered when the server goes away", async () => {
    const answer = get("t1.m3u8?_HLS_msn=4");
    await stage.untilHeld(1);
    stage.hls.close();
    expect((await answer).status).toBe(503);
  });

  test("wakes as many as wait, with one text", async () => {
    const answers = Array.from({ length: 40 }, () => get("t1.m3u8?_HLS_msn=3&_HLS_part=1"));
    await stage.untilHeld(40);
    live.part();
    const all = await Promise.all(answers);
    expect(new Set(all.map(({ headers }) => headers.etag)).size).toBe(1);
    expect(all.every(({ status }) => status === 200)).toBe(true);
  });
});

describe("a part", () => {
  test("is served by its number, and a segment is all of its parts", async () => {
    for (const first of [1, 2, 3]) live.part({ only: 1, bytes: bytes(20, first) });
    live.cut();
    live.part({ only: 1, bytes: bytes(20, 4) });
    const parts = await Promise.all([1, 2, 3, 4].map((n) => get(`t1-m0abc-p${n}.m4s`)));
    expect(parts.map(({ body }) => body[0])).toEqual([1, 2, 3, 4]);
    const whole = await get("t1-m0abc-1.m4s");
    expect(whole.body).toEqual(Buffer.concat(parts.slice(0, 3).map(({ body }) => body)));
    expect(parts[3]?.headers).toMatchObject({
      "content-type": "video/mp4",
      "content-length": "20",
      "cache-control": "public, max-age=86400, immutable",
      "accept-ranges": "bytes",
      etag: '"t1-m0abc-p4.m4s"',
    });
    const range = await get("t1-m0abc-p4.m4s", { headers: { range: "bytes=2-4" } });
    expect([range.status, [...range.body]]).toEqual([206, [6, 7, 8]]);
  });

  test("that was hinted is held until all of it is there", async () => {
    live.segments(1);
    const next = get("t1-m0abc-p11.m4s", { headers: { range: "bytes=0-9007199254740991" } });
    await stage.untilHeld(1);
    live.part({ only: 2 });
    expect(stage.hls.held).toBe(1);
    live.part({ only: 1, bytes: bytes(30, 9) });
    expect([...(await next).body]).toEqual([...bytes(30, 9)]);
    expect((await next).status).toBe(206);
  });

  test.each(["t1-m0abc-p12.m4s", "t1-m0abc-p11.mp3", "t1-other-p11.m4s", "t9-m0abc-p1.m4s"])(
    "that is neither there nor hinted is not found: %s",
    async (name) => {
      live.segments(1);
      const answer = await get(name);
      expect([answer.status, cacheOf(answer)]).toEqual([404, "public, max-age=10"]);
    },
  );

  test("that does not come is given up", async () => {
    live.segments(1);
    const next = get("t1-m0abc-p11.m4s");
    await stage.untilHeld(1);
    clock.pass(30_000);
    expect([(await next).status, cacheOf(await next)]).toEqual([503, "no-store"]);
  });

  test("of packed audio begins with the tag where its segment does", async () => {
    const mp3 = { ...audio, track: { ...audio.track, codec: "mp3" } } as typeof audio;
    live = new HandStream([mp3]);
    stream = live;
    live.part({ bytes: bytes(20, 1) });
    live.part({ bytes: bytes(20, 2) });
    live.cut();
    const [first, second] = [await get("t2-m0abc-p1.mp3"), await get("t2-m0abc-p2.mp3")];
    expect(first.text.slice(0, 3)).toBe("ID3");
    expect([...second.body]).toEqual([...bytes(20, 2)]);
    expect((await get("t2-m0abc-1.mp3")).body).toEqual(Buffer.concat([first.body, second.body]));
  });
});

describe("when the publisher is gone", () => {
  beforeEach(() => {
    live.segments(2);
    live.part();
  });

  test("who waits is told at once what is left, which no cache may keep for long", async () => {
    const answer = get("t1.m3u8?_HLS_msn=4&_HLS_part=0");
    await stage.untilHeld(1);
    live.pause();
    const playlist = readMediaPlaylist((await answer).text);
    expect(playlist.segments.at(-1)).toMatchObject({ mediaSequence: 3, duration: 0.2 });
    expect([playlist.ended, playlist.violations]).toEqual([false, []]);
    expect(cacheOf(await answer)).toBe("public, max-age=1");
  });

  test("who asks for more waits a while for a return, and gets what is there", async () => {
    live.pause();
    const first = get("t1.m3u8?_HLS_msn=4&_HLS_part=0");
    await stage.untilHeld(1);
    clock.pass(5000);
    expect([(await first).status, cacheOf(await first)]).toEqual([200, "public, max-age=1"]);
    const second = get("t1.m3u8?_HLS_msn=4&_HLS_part=0");
    await stage.untilHeld(1);
    live.state = "live";
    live.part({ isDiscontinuity: true });
    expect(readMediaPlaylist((await second).text).parts.at(-1)).toMatchObject({
      mediaSequence: 4,
      discontinuity: true,
    });
    expect(cacheOf(await second)).toBe("public, max-age=60");
  });

  test("for good, playlists end, also for who waits, and the rest can be played", async () => {
    live.pause("ended");
    const waiting = get("t1.m3u8?_HLS_msn=4");
    const hinted = get("t1-m0abc-p22.m4s");
    await stage.untilHeld(2);
    live.giveUp();
    const playlist = readMediaPlaylist((await waiting).text);
    expect([playlist.ended, playlist.violations]).toEqual([true, []]);
    expect([playlist.hints.size, playlist.reports]).toEqual([0, []]);
    expect(playlist.segments).toHaveLength(3);
    expect((await hinted).status).toBe(404);
    stream = undefined; // forgotten by the hub
    for (const query of ["", "?_HLS_msn=99", "?_HLS_part=3", "?_HLS_skip=YES"]) {
      expect((await read(`t2.m3u8${query}`)).ended).toBe(true);
    }
    expect((await get("t1-m0abc-3.m4s")).status).toBe(200);
    expect((await get("t1-m0abc-i1.mp4")).status).toBe(200);
    expect((await get("index.m3u8")).status).toBe(404);
    clock.pass(60_000);
    expect((await get("t2.m3u8")).status).toBe(404);
    expect(clock.pending).toBe(0);
  });

  test("and another broadcast begins, the old one can still be played to its end", async () => {
    await get("t1.m3u8");
    live.pause("ended");
    live.giveUp();
    const next = new HandStream([videoTrack(), audioTrack()], { id: "m0next" });
    stream = next;
    next.segments(1);
    const playlist = await read("t1.m3u8");
    expect([playlist.ended, playlist.segments[0]?.uri]).toEqual([false, "t1-m0next-1.m4s"]);
    expect((await get("t1-m0abc-3.m4s")).status).toBe(200);
  });

  test("only so many ended streams are kept", async () => {
    await open({ endedStreams: 0 });
    await get("t1.m3u8");
    live.giveUp();
    stream = undefined;
    expect((await get("t1.m3u8")).status).toBe(200); // the newest always is
  });
});

describe("the first viewers", () => {
  test("are held until there is a part of every track, and their players until there is a segment", async () => {
    live.isReady = false;
    const index = get("index.m3u8");
    const media = get("t1.m3u8");
    await stage.untilHeld(2);
    live.part({ only: 1 });
    expect(stage.hls.held).toBe(2);
    live.isReady = true;
    live.part({ only: 2 });
    expect(stage.hls.held).toBe(1);
    expect((await index).status).toBe(200);
    live.cut();
    expect(readMediaPlaylist((await media).text).violations).toEqual([]);
  });

  test("may ask for the very first part", async () => {
    live.isReady = false;
    const media = get("t1.m3u8?_HLS_msn=1&_HLS_part=0");
    await stage.untilHeld(1);
    live.part();
    expect((await read("t1.m3u8?_HLS_msn=1&_HLS_part=0")).parts).toHaveLength(1);
    expect((await media).status).toBe(200);
  });

  test("make do with parts where no segment becomes complete", async () => {
    live.part();
    const media = get("t1.m3u8");
    await stage.untilHeld(1);
    clock.pass(15_000);
    expect(readMediaPlaylist((await media).text)).toMatchObject({ segments: [], violations: [] });
  });
});

describe("text", () => {
  const english = { id: "cc1", kind: "captions", language: "en", name: "English" } as const;
  const cue = { trackId: "cc1", settings: "line:80%", text: "Hello &amp; welcome", earlier: [] };
  const say = (fields: Partial<TextCue> & Pick<TextCue, "id" | "start" | "end">) =>
    live.textCues.get("cc1")?.push({ ...cue, ...fields });
  const vtt = async (name: string) => {
    const { text } = await get(`text-cc1-m0abc-${name}.vtt`);
    const [head, ...blocks] = text.trimEnd().split("\n\n");
    return { ticks: Number(/MPEGTS:(\d+),/.exec(head ?? "")?.[1]), blocks };
  };

  beforeEach(() => {
    live.textTracks = [english];
    live.textCues.set("cc1", []);
  });

  test("is a rendition that follows the leading one, in segments and in parts", async () => {
    live.segments(2);
    live.part();
    const index = (await get("index.m3u8")).text;
    expect(index).toContain('URI="text-cc1.m3u8"');
    expect(index).toContain("CLOSED-CAPTIONS=NONE");
    const playlist = await read("text-cc1.m3u8");
    const leading = await read("t1.m3u8");
    expect(playlist.violations).toEqual([]);
    const times = ({ segments, parts }: typeof playlist) => [
      segments.map(({ mediaSequence, duration }) => [mediaSequence, duration]),
      parts.map(({ mediaSequence, partIndex, duration }) => [mediaSequence, partIndex, duration]),
    ];
    expect(times(playlist)).toEqual(times(leading));
    expect(playlist.segments.map(({ uri }) => uri)).toEqual([
      "text-cc1-m0abc-1.vtt",
      "text-cc1-m0abc-2.vtt",
    ]);
    expect(playlist.parts.at(-1)).toMatchObject({
      uri: "text-cc1-m0abc-t1p21.vtt",
      independent: true,
    });
    expect(playlist.hints).toEqual(new Map([["PART", "text-cc1-m0abc-t1p22.vtt"]]));
    expect(playlist.serverControl).toEqual(leading.serverControl);
    expect(playlist.reports.map(({ uri }) => uri)).toEqual(["t1.m3u8", "t2.m3u8"]);
    expect(leading.reports).toContainEqual({ uri: "text-cc1.m3u8", lastMsn: 3, lastPart: 0 });
  });

  test("that lies among the pictures is named as closed captions, too", async () => {
    live.textTracks = [{ ...english, isInPictures: true }];
    live.segments(1);
    const index = (await get("index.m3u8")).text;
    expect(index).toContain('INSTREAM-ID="CC1"');
    expect(index).toContain('CLOSED-CAPTIONS="captions"');
  });

  test("is told in each segment and part in which it is shown, bounded to it", async () => {
    say({ id: 1, start: 500, end: 2500 });
    say({ id: 2, start: 2500, end: undefined, settings: "", text: "a\nb" });
    live.segments(2);
    const first = await get("text-cc1-m0abc-1.vtt");
    expect(first.headers["content-type"]).toBe("text/vtt; charset=utf-8");
    expect(first.text).toBe(`WEBVTT
X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000

00:00:00.500 --> 00:00:02.000 line:80%
Hello &amp; welcome

`);
    expect(await vtt("2")).toEqual({
      ticks: 180_000,
      blocks: [
        "00:00:00.000 --> 00:00:00.500 line:80%\nHello &amp; welcome",
        "00:00:00.500 --> 00:00:02.000\na\nb",
      ],
    });
    expect(await vtt("t1p2")).toEqual({ ticks: 18_000, blocks: [] });
    expect(await vtt("t1p3")).toEqual({
      ticks: 36_000,
      blocks: ["00:00:00.100 --> 00:00:00.200 line:80%\nHello &amp; welcome"],
    });
    expect((await vtt("t1p13")).blocks).toHaveLength(2);
    for (const missing of ["3", "t1p22", "t2p900", "t7p1"]) {
      expect((await get(`text-cc1-m0abc-${missing}.vtt`)).status).toBe(404);
    }
    expect((await get("text-cc2.m3u8")).status).toBe(404);
    expect((await get("text-cc2-m0abc-1.vtt")).status).toBe(404);
  });

  test("that grows is told as it was by the end of each stretch", async () => {
    const earlier = [
      { text: "H", until: 450 },
      { text: "HEL", until: 600 },
    ];
    say({ id: 1, start: 300, end: 800, text: "HELLO", earlier });
    live.segments(1);
    const textOf = async (name: string) =>
      (await vtt(name)).blocks.map((block) => block.split("\n")[1]);
    expect(await textOf("t1p2")).toEqual(["H"]);
    expect(await textOf("t1p3")).toEqual(["HEL"]);
    expect(await textOf("t1p4")).toEqual(["HELLO"]);
    expect(await textOf("1")).toEqual(["HELLO"]);
  });

  test("stays what it was when more is known later", async () => {
    const cues = live.textCues.get("cc1");
    say({ id: 1, start: 1900, end: undefined });
    live.segments(1);
    const before = await vtt("1");
    cues?.splice(0, 1, {
      ...cue,
      id: 1,
      start: 1900,
      end: 2100,
      text: "other",
      earlier: [{ text: cue.text, until: 2000 }],
    });
    await open(); // nothing of it is remembered
    expect(await vtt("1")).toEqual(before);
    expect(before.blocks).toEqual(["00:00:01.900 --> 00:00:02.000 line:80%\nHello &amp; welcome"]);
  });

  test("can be waited for, part by part", async () => {
    live.segments(1);
    const playlist = get("text-cc1.m3u8?_HLS_msn=2&_HLS_part=0");
    const part = get("text-cc1-m0abc-t1p11.vtt");
    await stage.untilHeld(2);
    say({ id: 1, start: 2050, end: undefined });
    live.part();
    expect(readMediaPlaylist((await playlist).text).parts.at(-1)?.mediaSequence).toBe(2);
    expect((await part).text).toContain("00:00:00.050 --> 00:00:00.200 line:80%");
  });

  test("is there when the broadcast is over, as all the rest", async () => {
    say({ id: 1, start: 500, end: 2000 });
    live.segments(1);
    const before = (await get("text-cc1-m0abc-1.vtt")).text;
    live.textTracks = [];
    live.textCues.clear();
    live.giveUp();
    const playlist = await read("text-cc1.m3u8");
    expect(playlist.ended).toBe(true);
    expect((await get("text-cc1-m0abc-1.vtt")).text).toBe(before);
  });
});

describe("a segment that only an archive has", () => {
  const body = bytes(1000, 0);
  let reads: [number, number][];
  let fails: (at: number) => boolean;

  beforeEach(() => {
    reads = [];
    fails = () => false;
    live.segments(2);
    const [rendition] = live.renditions;
    const [first] = rendition?.segments ?? [];
    if (rendition === undefined || first === undefined) throw new Error("There is a segment");
    const stored = {
      byteLength: body.length,
      async *read(start: number, end: number) {
        reads.push([start, end]);
        for (let at = start; at < end; at += 100) {
          if (fails(at)) throw new Error("the disk fails");
          yield body.subarray(at, Math.min(at + 100, end));
        }
      },
      delete: () => {},
    };
    rendition.segments = [{ ...first, parts: [], stored }, ...rendition.segments.slice(1)];
    live.tell();
  });

  test("is read from there, in whole or in part", async () => {
    expect((await read("t1.m3u8")).violations).toEqual([]);
    const whole = await get("t1-m0abc-1.m4s");
    expect([whole.status, whole.headers["content-length"]]).toEqual([200, "1000"]);
    expect(whole.body).toEqual(Buffer.from(body));
    const some = await get("t1-m0abc-1.m4s", { headers: { range: "bytes=150-449" } });
    expect(some.headers["content-range"]).toBe("bytes 150-449/1000");
    expect(some.body).toEqual(Buffer.from(body.subarray(150, 450)));
    const head = await get("t1-m0abc-1.m4s", { method: "HEAD" });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(reads).toEqual([
      [0, 1000],
      [150, 450],
    ]);
    expect((await get("t1-m0abc-p1.m4s")).status).toBe(404);
  });

  test("that cannot be read is no answer", async () => {
    fails = () => true;
    const answer = await get("t1-m0abc-1.m4s");
    expect([answer.status, cacheOf(answer)]).toEqual([503, "no-store"]);
  });

  test("that breaks off is seen to break off", async () => {
    fails = (at) => at === 500;
    await expect(get("t1-m0abc-1.m4s")).rejects.toThrow();
  });

  test("is read no faster than it is taken, and no further than that", async () => {
    const large = new Uint8Array(1_000_000);
    let taken = 0;
    let isReturned = false;
    const [rendition] = live.renditions;
    const [first, ...others] = rendition?.segments ?? [];
    if (rendition === undefined || first === undefined) throw new Error("There is a segment");
    const stored = {
      byteLength: 1_000_000_000,
      async *read() {
        try {
          for (;;) {
            taken += 1;
            yield large;
          }
        } finally {
          isReturned = true;
        }
      },
      delete: () => {},
    };
    rendition.segments = [{ ...first, stored }, ...others];
    const socket = connect(stage.port, "127.0.0.1");
    socket.write("GET /streams/live/demo/t1-m0abc-1.m4s HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "readable"); // and read no more
    let before = -1;
    while (taken !== before) {
      before = taken;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((done) => setImmediate(done));
    }
    expect(taken).toBeLessThan(50);
    socket.destroy();
    while (!isReturned) await new Promise((done) => setImmediate(done));
    expect(clock.pending).toBe(0);
  });
});
