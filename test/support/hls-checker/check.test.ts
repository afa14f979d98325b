import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { concat, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { packedAudioTag } from "../../../server/protocol/hls/packed-audio.ts";
import { box } from "../../../server/protocol/isobmff/box.ts";
import { type CheckOptions, checkHls } from "./check.ts";
import { type About, type Defect, type Draft, FakeClock, FakeOrigin } from "./fake-origin.ts";
import { MediaBytes } from "./media-bytes.ts";
import { Report } from "./report.ts";
import { RULES, type Rule } from "./rules.ts";

const BASE = "https://origin.example/streams/live/demo";

/** Lets the checker loose on a fake origin; time passes only there. */
async function check(defect: Defect, options: Partial<CheckOptions> = {}): Promise<Report> {
  const clock = new FakeClock();
  const origin = new FakeOrigin(clock, defect);
  const url = `${BASE}/index.m3u8`;
  const common = { url, origin, clock, seconds: 2.7, slack: 0, needsHttp2: true, probes: false };
  let report: Report | undefined;
  let failure: unknown;
  checkHls({ ...common, ...options }).then(
    (found) => {
      report = found;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  while (report === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    if (failure !== undefined) throw failure;
    clock.next();
  }
  return report;
}

describe("checkHls finds nothing", () => {
  test("in a stream that keeps every rule, and has looked at everything", async () => {
    const report = await check({ media: { event: {} } }, { probes: true, ...LONG });
    expect(String(report)).toBe("");
    for (const [what, count] of Object.entries(report.seen)) {
      expect(count, what).toBeGreaterThan(3);
    }
  });

  test("where a publisher is away, and requests are refused in time", async () => {
    const defect = { pause: { from: 12_000, ms: 9_000 } };
    const report = await check(defect, { mayPause: true, ...LONG });
    expect(String(report)).toBe("");
  });
});

const VIDEO = "t1.m3u8";
const AUDIO = "t2.m3u8";

type Edit = (text: string, about: About) => string;

/** Breaks one playlist, or all. */
const edit = (name: string | undefined, change: Edit): Defect => ({
  playlist: (text, about) =>
    name === undefined || about.name === name ? change(text, about) : text,
});
const index = (change: Edit) => edit("index.m3u8", change);
const video = (change: Edit) => edit(VIDEO, change);
const swap =
  (from: string | RegExp, to: string): Edit =>
  (text) =>
    text.replaceAll(from, to);
/** From this moment of the broadcast on, ms. */
const from =
  (moment: number, change: Edit): Edit =>
  (text, about) =>
    about.now >= moment ? change(text, about) : text;

/** Breaks answers: those that `which` picks. */
const answer = (
  which: (about: About, draft: Draft) => boolean,
  change: (draft: Draft, about: About) => void,
): Defect => ({
  answer: (draft, about) => {
    if (which(about, draft)) change(draft, about);
  },
});
const isFile = ({ name }: About) => !name.endsWith(".m3u8");
const isPlaylist = (about: About) => !isFile(about);
const header = (name: string, value: string | undefined) => (draft: Draft) => {
  if (value === undefined) delete draft.headers[name];
  else draft.headers[name] = value;
};
const status = (code: number) => (draft: Draft) => {
  draft.status = code;
};
const asks = ({ query }: About, name: string): string => query.get(`_HLS_${name}`) ?? "";

const movedDates = (ms: number): Edit => swapDates((date) => date + ms);
const swapDates =
  (move: (date: number) => number): Edit =>
  (text) =>
    text.replaceAll(
      /(DATE-TIME:)(.*)/g,
      (_, tag: string, date: string) => `${tag}${new Date(move(Date.parse(date))).toISOString()}`,
    );

/** Lines of one segment: from behind the one before it to its URI. */
const segment =
  (msn: number, change: (lines: string) => string): Edit =>
  (text) => {
    const ends = new RegExp(`-x-${msn}\\.\\w+\\n$`);
    const all = text.split(/(?<=^\S+-x-\d+\.\w+\n)/m);
    return all.map((lines) => (ends.test(lines) ? change(lines) : lines)).join("");
  };

const MEMBER = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main"';
const member = (attributes: string): Edit =>
  swap(MEMBER, `#EXT-X-MEDIA:TYPE=AUDIO,${attributes},CHANNELS="2",URI="t2.m3u8"\n${MEMBER}`);

type Broken = {
  readonly rule: Rule;
  readonly name: string;
  readonly defect: Defect;
  /** Rules that cannot but be broken too. */
  readonly also?: readonly Rule[];
  readonly options?: Partial<CheckOptions>;
};

const PROBED = { probes: true };
/** Until the end of the broadcast, and behind it. */
const LONG = { seconds: 30 };

const BROKEN: readonly Broken[] = [
  // Texts
  { rule: "text-form", name: "a BOM", defect: video((text) => `\ufeff${text}`) },
  { rule: "text-form", name: "no last line end", defect: index((text) => text.trimEnd()) },
  {
    rule: "text-attributes",
    name: "a string without quotation marks",
    defect: index(swap('NAME="Main",LANGUAGE="en"', 'NAME="Main",LANGUAGE=en')),
  },
  {
    rule: "text-tags",
    name: "an unknown tag",
    defect: video(swap("#EXT-X-PART-INF", "#EXT-X-PARTS\n#EXT-X-PART-INF")),
  },
  {
    rule: "version",
    name: "EXT-X-MAP in version 5",
    defect: video(swap("VERSION:9", "VERSION:5")),
  },

  // Multivariant playlist
  { rule: "variant-form", name: "a URI alone", defect: index((text) => `${text}stray.m3u8\n`) },
  {
    rule: "variant-bandwidth",
    name: "no AVERAGE-BANDWIDTH",
    defect: index(swap("AVERAGE-BANDWIDTH=30000,", "")),
  },
  {
    rule: "peak-bandwidth",
    name: "a segment of 25 times the size",
    defect: {
      ...index(
        swap("BANDWIDTH=40000,AVERAGE-BANDWIDTH=30000", "BANDWIDTH=100000,AVERAGE-BANDWIDTH=90000"),
      ),
      media: { size: (picture) => (Math.floor(picture / 10) === 11 ? 3000 : 30) },
    },
  },
  {
    rule: "average-bandwidth",
    name: "too little",
    defect: index(swap("AVERAGE-BANDWIDTH=30000", "AVERAGE-BANDWIDTH=10000")),
  },
  { rule: "variant-codecs", name: "another profile", defect: index(swap("42c01e", "64001f")) },
  { rule: "variant-codecs", name: "sound is not named", defect: index(swap(",mp4a.40.2", "")) },
  { rule: "variant-resolution", name: "another size", defect: index(swap("640x360", "1280x720")) },
  { rule: "variant-resolution", name: "none", defect: index(swap("RESOLUTION=640x360,", "")) },
  { rule: "variant-frame-rate", name: "another rate", defect: index(swap("10.000", "12.000")) },
  { rule: "variant-frame-rate", name: "no decimals", defect: index(swap("10.000", "10")) },
  {
    rule: "variant-video-range",
    name: "PQ without a box that says so",
    defect: index(swap("FRAME-RATE", "VIDEO-RANGE=PQ,FRAME-RATE")),
  },
  {
    rule: "variant-closed-captions",
    name: "nothing said",
    defect: index(swap(",CLOSED-CAPTIONS=NONE", "")),
  },
  {
    rule: "variant-groups",
    name: "a group without members",
    defect: index(swap('SUBTITLES="text"', 'SUBTITLES="other"')),
  },
  { rule: "media-form", name: "no NAME", defect: index(swap('NAME="Captions",', "")) },
  {
    rule: "media-name",
    name: "twice",
    defect: index(member('GROUP-ID="audio",NAME="Main",LANGUAGE="de"')),
  },
  {
    rule: "media-default",
    name: "two",
    defect: index(member('GROUP-ID="audio",NAME="Ton",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES')),
  },
  {
    rule: "media-language",
    name: "no BCP 47 tag",
    defect: index(swap('NAME="Main",LANGUAGE="en"', 'NAME="Main",LANGUAGE="e_n"')),
  },
  {
    rule: "media-language",
    name: "two to choose from by themselves",
    defect: index(member('GROUP-ID="audio",NAME="Ton",LANGUAGE="en",AUTOSELECT=YES')),
  },
  {
    rule: "media-channels",
    name: "six of two",
    defect: index(swap('CHANNELS="2"', 'CHANNELS="6"')),
  },
  {
    rule: "media-members",
    name: "another group has another member",
    defect: index(member('GROUP-ID="more",NAME="Ton",LANGUAGE="de"')),
  },
  {
    rule: "multivariant-independent",
    name: "a segment begins with a plain sample",
    defect: {
      ...video(swap("#EXT-X-INDEPENDENT-SEGMENTS\n", "")),
      media: { isLateSync: (msn) => msn === 11 },
    },
  },

  // One media playlist
  {
    rule: "target-duration",
    name: "a segment that rounds up",
    // The one before it is so much shorter, and all dates agree.
    defect: edit("text-cc1.m3u8", (text, about) => {
      const shorter = segment(4, (lines) => lines.replace("EXTINF:1.0", "EXTINF:0.5"));
      const longer = segment(5, (lines) =>
        movedDates(-500)(lines, about).replace("EXTINF:1.0", "EXTINF:1.5"),
      );
      return longer(shorter(text, about), about);
    }),
  },
  {
    rule: "segment-form",
    name: "EXTINF without a comma",
    defect: video(segment(11, (lines) => lines.replace(/(EXTINF:.*),/, "$1"))),
  },
  { rule: "map", name: "none", defect: video(swap(/#EXT-X-MAP.*\n/g, "")) },
  {
    rule: "before-first-part",
    name: "a date behind a part",
    defect: video(swap(/(#EXT-X-PROGRAM.*\n)(#EXT-X-PART:.*\n)/g, "$2$1")),
  },
  {
    rule: "media-sequence",
    name: "what was removed is there again",
    defect: video((text, { query, now }) => {
      const msn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]) - 1;
      if (query.size > 0 || now < 12_200) return text;
      const date = new Date(Date.parse("2026-05-01T10:00:00Z") + (msn - 1) * 1000).toISOString();
      const again = `#EXT-X-PROGRAM-DATE-TIME:${date}\n#EXTINF:1.00000,\nt1-x-${msn}.m4s\n`;
      return text
        .replace(/MEDIA-SEQUENCE:\d+/, `MEDIA-SEQUENCE:${msn}`)
        .replace(/(#EXT-X-MAP:.*\n)/, `$1${again}`);
    }),
  },
  {
    rule: "discontinuity-sequence",
    name: "none",
    defect: video(swap(/#EXT-X-DISCONTINUITY-SEQUENCE.*\n/g, "")),
  },
  { rule: "program-date-time", name: "none", defect: video(swap(/#EXT-X-PROGRAM.*\n/g, "")) },
  {
    rule: "program-date-time",
    name: "20 ms off the sum of EXTINF",
    defect: video(segment(4, (lines) => lines.replace(/(DATE-TIME:.*)\.000Z/, "$1.020Z"))),
  },
  {
    rule: "part-target",
    name: "parts are longer",
    defect: edit(undefined, swap("PART-TARGET=0.5", "PART-TARGET=0.49")),
    also: ["part-late"],
  },
  { rule: "part-minimum", name: "60 %", defect: { media: { pictures: [5, 3, 2] } } },
  {
    rule: "part-minimum",
    name: "sound in crumbs, independent as it is",
    defect: { media: { frames: 19 } },
  },
  {
    rule: "part-sum",
    name: "parts are 1.2 ms short together",
    defect: video(swap("DURATION=0.50000", "DURATION=0.49940")),
  },
  {
    rule: "parts-listed",
    name: "for less than three target durations",
    defect: { withParts: 1 },
  },
  { rule: "parts-removed", name: "for as long as segments are", defect: { withParts: 8 } },
  {
    rule: "server-control",
    name: "PART-HOLD-BACK of 2.4 parts",
    defect: edit(undefined, swap("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.2")),
  },
  {
    rule: "server-control",
    name: "CAN-SKIP-UNTIL of five target durations",
    defect: { ...edit(undefined, swap("UNTIL=6", "UNTIL=5")), skipsAt: 5 },
  },
  { rule: "hint-present", name: "none", defect: video(swap(/#EXT-X-PRELOAD.*\n/g, "")) },
  { rule: "hint-form", name: "two", defect: video(swap(/(#EXT-X-PRELOAD.*\n)/g, "$1$1")) },
  {
    rule: "report-present",
    name: "none of sound",
    defect: video(swap(/#EXT-X-RENDITION-REPORT:URI="t2.*\n/g, "")),
  },
  {
    rule: "report-form",
    name: "a whole URL",
    defect: video(swap('REPORT:URI="t2', `REPORT:URI="${BASE}/t2`)),
  },
  {
    rule: "gap",
    name: "a segment that is there",
    defect: video(segment(9, (lines) => lines.replace("#EXTINF", "#EXT-X-GAP\n#EXTINF"))),
  },
  {
    rule: "independent-segments",
    name: "a segment begins with a plain sample",
    defect: {
      ...index(swap("#EXT-X-INDEPENDENT-SEGMENTS\n", "")),
      media: { isLateSync: (msn) => msn === 11 },
    },
  },
  {
    rule: "date-range",
    name: "another duration",
    defect: video(from(12_000, swap("DURATION=2.5", "DURATION=3.5"))),
  },
  {
    rule: "date-range",
    name: "no START-DATE",
    defect: video(swap(/,START-DATE="[^"]*"/g, "")),
  },
  {
    rule: "skip",
    name: "a delta update that was never offered",
    defect: edit(undefined, swap(",CAN-SKIP-UNTIL=6", "")),
  },

  // One media playlist over time
  {
    rule: "target-constant",
    name: "it grows",
    defect: video(from(12_000, swap("TARGETDURATION:1", "TARGETDURATION:2"))),
    also: ["server-control", "parts-listed"],
  },
  {
    rule: "part-target-constant",
    name: "it grows",
    defect: edit(undefined, (text, { name, now }) =>
      text
        .replace("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=2")
        .replace("PART-TARGET=0.5", `PART-TARGET=${name === VIDEO && now > 12_000 ? 0.51 : 0.5}`),
    ),
  },
  {
    rule: "server-control-constant",
    name: "it grows",
    defect: video(from(12_000, swap("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=2"))),
  },
  {
    rule: "segment-changed",
    name: "another URI",
    defect: video(from(12_000, swap("t1-x-8.m4s", "t1-x-8b.m4s"))),
  },
  {
    rule: "segment-changed",
    name: "another date",
    defect: video(
      from(
        12_000,
        segment(8, (lines) => lines.replace(/(DATE-TIME:.*)\.000Z/, "$1.001Z")),
      ),
    ),
  },
  {
    rule: "part-changed",
    name: "another spelling",
    defect: video(from(12_600, swap(/DURATION=0.50000(,URI="t1-x-p23)/g, "DURATION=0.500$1"))),
    options: LONG,
  },
  { rule: "window-length", name: "two segments are left", defect: { window: 2, withParts: 2 } },
  {
    rule: "segment-late",
    name: "600 ms",
    defect: { pause: { from: 11_900, ms: 600 } },
    also: ["part-late"],
  },
  { rule: "part-late", name: "300 ms", defect: { pause: { from: 11_600, ms: 300 } } },
  {
    rule: "end-final",
    name: "a segment behind it",
    defect: video(
      from(14_400, (text) => {
        const date = new Date(Date.parse("2026-05-01T10:00:15.500Z")).toISOString();
        const more = `#EXT-X-PROGRAM-DATE-TIME:${date}\n#EXT-X-GAP\n#EXTINF:1.0,\nt1-x-15.m4s\n`;
        return text.replace("#EXT-X-ENDLIST", `${more}#EXT-X-ENDLIST`);
      }),
    ),
    also: ["parts-removed"],
    options: LONG,
  },
  {
    rule: "playlist-type",
    name: "an EVENT that forgets",
    defect: video(swap("#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-PART-INF")),
  },
  {
    rule: "hint-true",
    name: "the one behind the next",
    defect: video((text) =>
      text.replace(
        /(HINT.*-p)(\d+)/,
        (_, head: string, number: string) => `${head}${Number(number) + 1}`,
      ),
    ),
  },
  {
    rule: "hint-early",
    name: "200 ms before it is complete",
    defect: {
      eager: 200,
      late: ({ name }) => (/^t1.*-p/.test(name) ? -200 : 0),
      ...answer(
        ({ name }) => /^t1.*-p/.test(name),
        (draft) => {
          draft.dribble = 200;
        },
      ),
    },
  },
  {
    rule: "hint-late",
    name: "300 ms",
    defect: { late: ({ name }) => (/^t1.*-p/.test(name) ? 300 : 0) },
  },
  {
    rule: "removed-available",
    name: "gone at once",
    defect: answer(
      ({ name, now }) => Number(/^t1-x-(\d+)\.m4s/.exec(name)?.[1]) <= now / 1000 - 8,
      status(404),
    ),
  },

  // Delta updates
  { rule: "delta-given", name: "never", defect: { skipsAt: 1000 } },
  { rule: "delta-boundary", name: "a second early", defect: { skipsAt: 5 } },
  {
    rule: "delta-true",
    name: "a date range is missing",
    defect: video((text, about) =>
      asks(about, "skip") === "" ? text : text.replace(/#EXT-X-DATERANGE.*\n/, ""),
    ),
  },

  // All renditions together
  {
    rule: "renditions-constant",
    name: "another PART-HOLD-BACK",
    defect: edit(AUDIO, swap("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=2")),
  },
  { rule: "renditions-clock", name: "20 ms apart", defect: edit(AUDIO, movedDates(20)) },
  { rule: "renditions-aligned", name: "600 ms apart", defect: { media: { soundCut: 0.6 } } },
  {
    rule: "renditions-discontinuity",
    name: "another number",
    defect: edit(AUDIO, swap("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:7")),
  },
  {
    rule: "renditions-in-sync",
    name: "1.2 s behind",
    defect: { lag: { name: AUDIO, ms: 1200 } },
    also: ["end-final"],
  },
  {
    rule: "report-ahead",
    name: "a segment that is not there",
    defect: video((text) =>
      text.replace(
        /(t2.*LAST-MSN=)(\d+)/,
        (_, head: string, msn: string) => `${head}${Number(msn) + 1}`,
      ),
    ),
  },
  {
    rule: "report-stale",
    name: "the segment before",
    defect: video((text) =>
      text.replace(
        /(t2.*LAST-MSN=)(\d+)/,
        (_, head: string, msn: string) => `${head}${Number(msn) - 1}`,
      ),
    ),
  },

  // Bytes
  {
    rule: "init-segment",
    name: "a box behind moov",
    defect: { media: { init: (bytes) => concat(bytes, box("free")) } },
  },
  {
    rule: "media-boxes",
    name: "a box behind mdat",
    defect: {
      media: { part: (bytes, kind) => (kind === "video" ? concat(bytes, box("free")) : bytes) },
    },
  },
  {
    rule: "segment-is-parts",
    name: "another last byte",
    defect: answer(
      ({ name }) => name === "t1-x-12.m4s",
      (draft) => {
        draft.body = concat(draft.body.subarray(0, -1), Uint8Array.of(1));
      },
    ),
  },
  {
    rule: "part-duration",
    name: "5 ms off, and the next as much the other way",
    defect: {
      media: { pictures: [4, 4, 2], frames: 20 },
      ...edit(undefined, (text, { name }) => {
        const other = text.replace("PART-TARGET=0.5", "PART-TARGET=0.45");
        if (name !== VIDEO) return other;
        return other
          .replaceAll(/0\.40000(.*INDEPENDENT)/g, "0.40500$1")
          .replaceAll("0.40000", "0.39500");
      }),
    },
  },
  {
    rule: "segment-duration",
    name: "1.4 ms off its samples, and 0.2 ms off its parts",
    defect: video((text) =>
      text
        .replaceAll(/0\.50000(,URI="t1-x-p(?:21|22)\.)/g, "0.49940$1")
        .replace(/1\.00000(?=,\nt1-x-11\.)/, "0.99860"),
    ),
  },
  {
    rule: "decode-times",
    name: "a tick",
    defect: { media: { shift: (kind, part) => (kind === "video" && part === 22 ? 1 : 0) } },
  },
  {
    rule: "fragment-sequence",
    name: "by pictures",
    defect: { media: { count: (part) => part * 5 } },
  },
  {
    rule: "sync-samples",
    name: "a plain sample is said to be one",
    defect: { media: { lies: (picture) => picture === 112 } },
  },
  {
    rule: "part-independent",
    name: "not said",
    defect: video(swap(",INDEPENDENT=YES", "")),
  },
  {
    rule: "part-independent",
    name: "said of all",
    defect: video(swap(/(#EXT-X-PART:.*m4s")$/gm, "$1,INDEPENDENT=YES")),
  },
  {
    rule: "segment-sync",
    name: "none in a segment",
    defect: {
      ...edit(undefined, swap("#EXT-X-INDEPENDENT-SEGMENTS\n", "")),
      media: { isPlain: (msn) => msn === 11 },
    },
  },
  { rule: "emsg", name: "version 0", defect: { media: { event: { version: 0 } } } },
  { rule: "emsg", name: "no scheme", defect: { media: { event: { scheme: "" } } } },
  { rule: "emsg", name: "before its part", defect: { media: { event: { shift: -90_000 } } } },
  {
    rule: "webvtt",
    name: "no X-TIMESTAMP-MAP",
    defect: { media: { text: (text) => text.replace(/X-TIMESTAMP.*\n/, "") } },
  },
  {
    rule: "webvtt-cues",
    name: "ten seconds away",
    defect: { media: { text: (text) => text.replace("MPEGTS:0", "MPEGTS:900000") } },
  },

  // HTTP
  {
    rule: "content-type",
    name: "an old name for playlists",
    defect: answer(({ name }) => name === VIDEO, header("Content-Type", "application/x-mpegURL")),
  },
  {
    rule: "content-type",
    name: "sound as pictures",
    defect: answer(({ name }) => name.startsWith("t2-"), header("Content-Type", "video/mp4")),
  },
  {
    rule: "cors",
    name: "parts for nobody",
    defect: answer(
      ({ name }) => name.includes("-p"),
      header("Access-Control-Allow-Origin", undefined),
    ),
  },
  {
    rule: "preflight",
    name: "404",
    defect: answer(({ method }) => method === "OPTIONS", status(404)),
    options: PROBED,
  },
  {
    rule: "method",
    name: "POST is answered",
    defect: answer(({ method }) => method === "POST", status(200)),
    options: PROBED,
  },
  {
    rule: "content-length",
    name: "one more",
    defect: answer(
      (about) => isFile(about) && about.method === "GET",
      (draft) => header("Content-Length", String(draft.body.length + 1))(draft),
    ),
  },
  {
    rule: "compression",
    name: "never",
    defect: answer(
      ({ headers }, draft) => headers["accept-encoding"] === "gzip" && draft.status === 200,
      (draft) => {
        draft.body = gunzipSync(draft.body);
        delete draft.headers["Content-Encoding"];
        delete draft.headers["Content-Length"];
      },
    ),
  },
  {
    rule: "vary",
    name: "none",
    defect: answer(({ name }) => name === VIDEO, header("Vary", undefined)),
  },
  {
    rule: "cache-playlist",
    name: "for a target duration",
    defect: answer(
      (about) => isPlaylist(about) && about.query.size === 0,
      header("Cache-Control", "public, max-age=1"),
    ),
  },
  {
    rule: "cache-blocking",
    name: "for a second",
    defect: answer(
      (about, draft) => asks(about, "msn") !== "" && draft.status === 200,
      header("Cache-Control", "public, max-age=1"),
    ),
  },
  {
    rule: "cache-file",
    name: "not at all",
    defect: answer(
      (about, draft) => isFile(about) && draft.status < 300,
      header("Cache-Control", "no-store"),
    ),
  },
  {
    rule: "cache-missing",
    name: "for an hour",
    defect: answer(
      (about, draft) => isFile(about) && draft.status === 404,
      header("Cache-Control", "max-age=3600"),
    ),
    options: PROBED,
  },
  {
    rule: "cache-missing-playlist",
    name: "for an hour",
    defect: answer(
      (about, draft) => asks(about, "msn") !== "" && draft.status === 404,
      header("Cache-Control", "max-age=3600"),
    ),
    options: PROBED,
  },
  {
    rule: "cache-refused",
    name: "for a second",
    defect: answer((_, draft) => draft.status === 400, header("Cache-Control", "max-age=1")),
    options: PROBED,
  },
  {
    rule: "etag",
    name: "none",
    defect: answer(isFile, header("ETag", undefined)),
    options: PROBED,
  },
  {
    rule: "etag",
    name: "conditions are not looked at",
    defect: answer((_, draft) => draft.status === 304, status(200)),
    options: PROBED,
    also: ["content-length"],
  },
  {
    rule: "range",
    name: "another Content-Range",
    defect: answer(
      (_, draft) => draft.status === 206,
      (draft) => header("Content-Range", draft.headers["Content-Range"]?.replace("/", "0/"))(draft),
    ),
    options: PROBED,
  },
  {
    rule: "range-unsatisfiable",
    name: "an empty 200",
    defect: answer((_, draft) => draft.status === 416, status(200)),
    options: PROBED,
  },
  {
    rule: "head",
    name: "another type",
    defect: answer(
      ({ method, name }) => method === "HEAD" && name.includes("-i"),
      header("Content-Type", "text/plain"),
    ),
    options: PROBED,
  },
  {
    rule: "not-found",
    name: "200",
    defect: answer(({ name }) => /9000\d\d/.test(name) && !name.endsWith("m3u8"), status(200)),
    options: PROBED,
  },
  {
    rule: "priority",
    name: "playlists come last",
    defect: answer(isPlaylist, header("Priority", "u=7")),
  },
  { rule: "http-version", name: "HTTP/1.1", defect: { protocol: "http/1.1" } },

  // Delivery directives
  {
    rule: "available",
    name: "a segment fails",
    defect: answer(({ name }) => name === "t1-x-11.m4s", status(500)),
  },
  {
    rule: "block-early",
    name: "200 ms before",
    defect: {
      isHasty: true,
      late: (about) =>
        about.name === VIDEO && asks(about, "msn") !== "" && about.now % 500 < 100 ? -200 : 0,
    },
  },
  {
    rule: "block-late",
    name: "200 ms behind",
    defect: { late: (about) => (about.name === VIDEO && asks(about, "msn") !== "" ? 200 : 0) },
    also: ["part-late"],
  },
  {
    rule: "block-same",
    name: "compressed it lacks the newest part",
    defect: video((text, { query, headers }) =>
      query.size === 2 && headers["accept-encoding"] === "gzip"
        ? text.replace(/#EXT-X-PART:.*\n(?=#EXT-X-PRELOAD)/, "")
        : text,
    ),
  },
  {
    rule: "directive-part-alone",
    name: "200",
    defect: answer(
      (about) => asks(about, "part") !== "" && asks(about, "msn") === "" && about.now < 14_000,
      status(200),
    ),
    options: PROBED,
  },
  {
    rule: "directive-nonsense",
    name: "200",
    defect: answer(
      (about) => about.query.has("_HLS_msn") && !/^\d{1,15}$/.test(asks(about, "msn")),
      status(200),
    ),
    options: PROBED,
    also: ["cache-refused"],
  },
  {
    rule: "directive-far",
    name: "404",
    defect: answer(
      (about) => /^\d{4,15}$/.test(asks(about, "msn")),
      (draft) => {
        draft.status = 404;
        draft.headers["Cache-Control"] = "max-age=1";
      },
    ),
    options: PROBED,
  },
  {
    rule: "directive-far-part",
    name: "404",
    defect: answer(
      (about, draft) => draft.status === 400 && Number(asks(about, "part")) >= 10,
      (draft) => {
        draft.status = 404;
        draft.headers["Cache-Control"] = "max-age=1";
      },
    ),
    options: PROBED,
  },
  {
    rule: "directive-near",
    name: "two segments ahead are refused",
    defect: {
      refuses: ({ msn, part }, { complete }) => part === undefined && msn === complete + 2,
    },
    options: PROBED,
  },
  {
    rule: "directive-near",
    name: "five parts ahead are refused",
    defect: {
      refuses: ({ msn, part = 0 }, { complete, openParts }) =>
        msn > complete && part > openParts + 1,
    },
    options: PROBED,
  },
  {
    rule: "directive-past",
    name: "what is gone is refused",
    defect: { refuses: ({ msn }, { complete }) => msn < complete - 4 },
    options: PROBED,
    also: ["directive-unknown"],
  },
  {
    rule: "directive-past-end",
    name: "refused",
    defect: {
      refuses: ({ msn, part }, { complete, partsOf }) =>
        part !== undefined && msn <= complete && part >= partsOf(msn),
    },
    options: PROBED,
  },
  {
    rule: "directive-unknown",
    name: "refused",
    defect: answer((about) => asks(about, "foo") !== "", status(400)),
    options: PROBED,
  },
  {
    rule: "directive-timeout",
    name: "refused after a second",
    defect: { pause: { from: 12_000, ms: 4_000 }, patience: 1000 },
    options: { mayPause: true, ...LONG },
    also: ["hint-true"],
  },
  {
    rule: "directive-ended",
    name: "refused",
    defect: answer((about) => about.now >= 14_000 && Number(asks(about, "msn")) > 100, status(400)),
    options: { ...PROBED, ...LONG },
  },
];

describe("checkHls reports", () => {
  test.each(BROKEN.map((broken) => [broken.rule, broken.name, broken] as const))(
    "%s: %s",
    async (rule, _, { defect, also = [], options }) => {
      const report = await check(defect, options);
      const rules = [...new Set(report.violations.map((violation) => violation.rule))];
      expect(rules, String(report)).toContain(rule);
      expect(
        rules.filter((other) => other !== rule && !also.includes(other)),
        String(report),
      ).toEqual([]);
    },
  );
});

describe("MediaBytes reports packed-audio", () => {
  /** MPEG-1 Layer III at 48 kHz and 32 kb/s: 96 bytes for 1152 samples. */
  const frame = concat(u32(0xfffb1464), new Uint8Array(92));
  const segmentOf = (msn: number) => ({
    ...{ msn, resource: { uri: `${msn}.mp3` }, duration: 0.048, parts: [], map: undefined },
    ...{ discontinuity: false, discontinuityNumber: 0, date: 0, gap: false },
  });
  const bytes = (ticks: number) => concat(packedAudioTag(ticks, 48_000), frame, frame);

  test.each([
    { name: "nothing, where it goes on", second: bytes(2304), rules: [] },
    { name: "a time that does not follow", second: bytes(2400), rules: ["packed-audio"] },
    { name: "no time", second: concat(frame, frame), rules: ["packed-audio"] },
  ])("$name", ({ second, rules }) => {
    const report = new Report();
    const media = new MediaBytes("t1.m3u8", "audio", report);
    for (const [index, one] of [bytes(0), second].entries()) {
      media.segment(one, segmentOf(index + 1), undefined, undefined, false);
    }
    expect(report.violations.map(({ rule }) => rule)).toEqual(rules);
  });
});

test("every rule has a broken example", () => {
  const tried = new Set<string>([...BROKEN.map(({ rule }) => rule), "packed-audio"]);
  expect(Object.keys(RULES).filter((rule) => !tried.has(rule))).toEqual([]);
});
