import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import {
  type FakeMediaOptions,
  type FakeRendition,
  type FakeSegment,
  fakeRenditions,
  LENGTH,
} from "./fake-media.ts";
import type { Answer, Asked, CheckerClock, Origin } from "./origin.ts";

/** What is asked for, to who breaks the answer. */
export type About = {
  readonly name: string;
  readonly query: URLSearchParams;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  /** ms since the broadcast began. */
  readonly now: number;
};

/** An answer that may still be broken. */
export type Draft = {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  dribble: number;
};

/** One way to break a rule: every function gets what is right. */
export type Defect = {
  readonly media?: FakeMediaOptions;
  /** Text of a playlist: a change of all of them alike is a broken server, not a broken edition. */
  readonly playlist?: (text: string, about: About) => string;
  readonly answer?: (draft: Draft, about: About) => void;
  /** ms by which an answer comes later than it should. */
  readonly late?: (about: About) => number;
  /** Who asks for this is refused. */
  readonly refuses?: (
    wanted: { msn: number; part: number | undefined },
    edge: { complete: number; openParts: number; partsOf: (msn: number) => number },
  ) => boolean;
  /** From here on, ms, nothing new comes, for so long. */
  readonly pause?: { readonly from: number; readonly ms: number };
  /** ms by which one rendition is behind. */
  readonly lag?: { readonly name: string; readonly ms: number };
  /** Files are there so many ms before they are complete. */
  readonly eager?: number;
  /** Who waits gets what there is when the wait ends, complete or not. */
  readonly isHasty?: boolean;
  readonly window?: number;
  /** Segments that are listed with their parts. */
  readonly withParts?: number;
  /** Seconds from the end behind which segments are skipped; what is said of it stays. */
  readonly skipsAt?: number;
  readonly protocol?: string;
  /** ms after which a request that waits is refused; default 3 target durations. */
  readonly patience?: number;
};

/** Where the broadcast is when the check begins, in ms. */
export const BEGINS = 10_100;

const TARGET = 1;
const PART_TARGET = 0.5;
const WINDOW = 8;
const WITH_PARTS = 4;
const SKIP_UNTIL = 6;
const LIMIT = Math.ceil(3 / PART_TARGET);
const RUN_GAP = 1_500;
const DATE = Date.parse("2026-05-01T10:00:00Z");

/** The time of a fake: it passes when everybody waits. */
export class FakeClock implements CheckerClock {
  #now = 0;
  #calls: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): () => void {
    const call = { at: this.#now + Math.max(0, delay), callback };
    this.#calls.push(call);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== call);
    };
  }

  /** Goes to the next call. @returns whether there was one */
  next(): boolean {
    const [due] = this.#calls.toSorted((a, b) => a.at - b.at);
    if (due === undefined) return false;
    this.#calls = this.#calls.filter((call) => call !== due);
    this.#now = Math.max(this.#now, due.at);
    due.callback();
    return true;
  }
}

const WHOLE = fakeRenditions();

/** A small origin that breaks no rule, but those that it is told to break. */
export class FakeOrigin implements Origin {
  readonly protocol: string;
  readonly #clock: CheckerClock;
  readonly #defect: Defect;
  readonly #renditions: readonly FakeRendition[];

  constructor(clock: CheckerClock, defect: Defect = {}) {
    this.#clock = clock;
    this.#defect = defect;
    this.protocol = defect.protocol ?? "h2";
    this.#renditions = defect.media === undefined ? WHOLE : fakeRenditions(defect.media);
  }

  request(url: string, { method = "GET", headers = {}, signal }: Asked = {}): Promise<Answer> {
    const { pathname, searchParams: query } = new URL(url);
    const askedAt = this.#clock.now();
    const name = pathname.split("/").at(-1) ?? "";
    const about = (): About => ({ name, query, method, headers, now: this.#now });
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("aborted")));
      if (signal?.aborted === true) return reject(new Error("aborted"));
      const answer = () => {
        const draft = this.#answer(about(), wait > 0);
        this.#defect.answer?.(draft, about());
        const firstByteAt = this.#clock.now();
        this.#clock.after(draft.dribble, () => {
          const { status, headers: told, body } = draft;
          const lower = Object.entries(told).map(([key, value]) => [key.toLowerCase(), value]);
          const sent = Object.fromEntries(lower);
          resolve({
            url,
            status,
            headers: sent,
            body,
            askedAt,
            firstByteAt,
            endedAt: this.#clock.now(),
          });
        });
      };
      const at = method === "OPTIONS" ? 0 : this.#readyAt(name, query);
      const patience = this.#defect.patience ?? 3000 * TARGET;
      const wait = Math.min(this.#until(at), patience);
      const late = this.#defect.late?.(about()) ?? 0;
      if (wait + late <= 0) answer();
      else this.#clock.after(wait + late, answer);
    });
  }

  /** On the broadcast's clock, which may stand still for a while. */
  get #now(): number {
    const now = this.#clock.now() + BEGINS;
    const { from, ms } = this.#defect.pause ?? { from: Number.POSITIVE_INFINITY, ms: 0 };
    return now < from ? now : Math.max(from, now - ms);
  }

  /** How long it takes until the broadcast is at `at`. */
  #until(at: number): number {
    const { from, ms } = this.#defect.pause ?? { from: Number.POSITIVE_INFINITY, ms: 0 };
    return (at <= from ? at : at + ms) - BEGINS - this.#clock.now();
  }

  /** Where a rendition is. */
  #nowOf({ name }: FakeRendition): number {
    const { lag } = this.#defect;
    return lag?.name === name ? this.#now - lag.ms : this.#now;
  }

  get #ended(): boolean {
    return this.#now >= LENGTH * 1000;
  }

  /** When a request can be answered, on the broadcast's clock; what may not wait: now. */
  #readyAt(name: string, query: URLSearchParams): number {
    if (this.#ended) return 0;
    if (this.#isHinted(name)) {
      const [, id, number] = PART.exec(name) ?? [];
      const hinting = this.#renditions[Number(id) - 1];
      const part = hinting?.segments.flatMap(({ parts }) => parts)[Number(number) - 1];
      return hinting === undefined ? 0 : this.#shared(hinting, part?.availableAt ?? 0);
    }
    const rendition = this.#renditions.find((candidate) => candidate.name === name);
    const wanted = rendition && this.#wanted(rendition, query);
    return typeof wanted === "number" && rendition !== undefined
      ? this.#shared(rendition, wanted)
      : 0;
  }

  /** The very next part, and no other. */
  #isHinted(name: string): boolean {
    const [, id, number] = PART.exec(name) ?? [];
    const rendition = this.#renditions[Number(id) - 1];
    return rendition !== undefined && this.#edge(rendition).nextPart === Number(number);
  }

  /** On everybody's clock. */
  #shared({ name }: FakeRendition, at: number): number {
    const { lag } = this.#defect;
    return lag?.name === name ? at + lag.ms : at;
  }

  /** @returns when what is asked for is there; "refused" where nobody may ask so */
  #wanted(rendition: FakeRendition, query: URLSearchParams): number | "refused" | undefined {
    const [msnText, partText] = [query.get("_HLS_msn"), query.get("_HLS_part")];
    if (this.#ended || (msnText === null && partText === null)) return undefined;
    if (msnText === null || !/^\d{1,15}$/.test(msnText)) return "refused";
    if (partText !== null && !/^\d{1,15}$/.test(partText)) return "refused";
    const { complete, openParts } = this.#edge(rendition);
    const msn = Number(msnText);
    const partsOf = (of: number) => this.#segment(rendition, of)?.parts.length ?? 0;
    const asked = { msn, part: partText === null ? undefined : Number(partText) };
    const isRefused = this.#defect.refuses?.(asked, { complete, openParts, partsOf });
    if (isRefused === true || msn > complete + 2) return "refused";
    if (partText === null) return this.#segment(rendition, msn)?.completeAt ?? 0;
    const [part, last] = [Number(partText), msn === complete + 1 ? openParts - 1 : -1];
    if (msn > complete && part > last + LIMIT) return "refused";
    const segment = this.#segment(rendition, msn);
    if (segment === undefined) return LENGTH * 1000;
    const following = this.#segment(rendition, msn + 1)?.parts[0]?.availableAt ?? LENGTH * 1000;
    return segment.parts[part]?.availableAt ?? following;
  }

  #segment({ segments }: FakeRendition, msn: number): FakeSegment | undefined {
    return segments[Math.max(1, msn) - 1];
  }

  #edge(rendition: FakeRendition) {
    const { segments } = rendition;
    const now = this.#nowOf(rendition);
    const complete = segments.findLast(({ completeAt }) => completeAt <= now)?.msn ?? 0;
    const open = segments[complete];
    const openParts = open?.parts.filter(({ availableAt }) => availableAt <= now).length ?? 0;
    const nextPart =
      segments.flatMap(({ parts }) => parts).filter(({ availableAt }) => availableAt <= now)
        .length + 1;
    return { complete, openParts, nextPart };
  }

  /** @param waited who was let in is not turned away at the end */
  #answer(about: About, waited: boolean): Draft {
    const { name, method } = about;
    const cors = {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "Age, Content-Length, Date",
    };
    const refuse = (status: number, maxAge: number, more = {}): Draft => {
      const control = status === 404 ? `public, max-age=${maxAge}` : "no-store";
      const headers = { ...cors, "Cache-Control": control, ...more };
      return { status, headers, body: new Uint8Array(), dribble: 0 };
    };
    if (method === "OPTIONS") {
      return refuse(204, 0, {
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "Range",
      });
    }
    if (method === "POST") return refuse(405, 0, { Allow: "GET, HEAD" });
    const draft = name.endsWith(".m3u8")
      ? this.#playlist(about, waited, refuse)
      : this.#file(about, refuse);
    Object.assign(draft.headers, { ...cors, ...draft.headers });
    if (draft.headers["Content-Length"] === undefined && draft.status !== 304) {
      draft.headers["Content-Length"] = String(draft.body.length);
    }
    if (method === "HEAD") draft.body = new Uint8Array();
    return draft;
  }

  #playlist(
    about: About,
    waited: boolean,
    refuse: (status: number, maxAge: number) => Draft,
  ): Draft {
    const { name, query, headers } = about;
    const rendition = this.#renditions.find((candidate) => candidate.name === name);
    const isBlocking = query.has("_HLS_msn");
    if (rendition === undefined && name !== "index.m3u8") {
      return refuse(404, (isBlocking ? 4 : 1) * TARGET);
    }
    const wanted = rendition && this.#wanted(rendition, query);
    if (wanted === "refused" && !waited) return refuse(400, 0);
    const isHasty = this.#defect.isHasty === true;
    if (
      rendition !== undefined &&
      typeof wanted === "number" &&
      wanted > this.#nowOf(rendition) &&
      !isHasty
    ) {
      return refuse(503, 0);
    }
    const made = rendition === undefined ? multivariantText() : this.#mediaText(rendition, query);
    const text = this.#defect.playlist?.(made, about) ?? made;
    const accepted = headers["accept-encoding"] ?? "";
    const coding = /\bbr\b/.test(accepted) ? "br" : /\bgzip\b/.test(accepted) ? "gzip" : undefined;
    const plain = Buffer.from(text);
    const body =
      coding === "br"
        ? brotliCompressSync(plain, FAST)
        : coding === "gzip"
          ? gzipSync(plain, { level: 1 })
          : plain;
    return {
      status: 200,
      headers: {
        "Content-Type": "application/vnd.apple.mpegurl",
        "Cache-Control": `public, max-age=${isBlocking ? 6 * TARGET : 0}`,
        Vary: "Accept-Encoding",
        ...(coding === undefined ? {} : { "Content-Encoding": coding }),
      },
      ...{ body, dribble: 0 },
    };
  }

  #mediaText(rendition: FakeRendition, query: URLSearchParams): string {
    const { id, kind, segments } = rendition;
    const { complete, openParts, nextPart } = this.#edge(rendition);
    const { window = WINDOW, withParts = WITH_PARTS, skipsAt = SKIP_UNTIL } = this.#defect;
    const firstMsn = Math.max(1, complete - window + 1);
    const listed = segments.slice(firstMsn - 1, complete);
    const open = openParts > 0 ? segments[complete] : undefined;
    const seconds = (some: readonly FakeSegment[]) =>
      some.reduce((sum, { duration }) => sum + duration, 0);
    const openSeconds =
      open?.parts.slice(0, openParts).reduce((sum, { duration }) => sum + duration, 0) ?? 0;
    let skipped = 0;
    const isDelta = query.has("_HLS_skip") && !this.#ended;
    while (isDelta && seconds(listed.slice(skipped + 1)) + openSeconds >= skipsAt - 1e-9)
      skipped += 1;
    const isText = kind === "subtitles";
    const discontinuities = segments
      .slice(0, firstMsn - 1)
      .filter((segment) => segment.isDiscontinuity);
    const lines = [
      ...["#EXTM3U", "#EXT-X-VERSION:9", `#EXT-X-TARGETDURATION:${TARGET}`],
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${3 * PART_TARGET},CAN-SKIP-UNTIL=${SKIP_UNTIL}`,
      ...(isText ? [] : [`#EXT-X-PART-INF:PART-TARGET=${PART_TARGET}`]),
      `#EXT-X-MEDIA-SEQUENCE:${firstMsn}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities.length}`,
      ...(isText ? [] : ["#EXT-X-INDEPENDENT-SEGMENTS"]),
      ...(skipped > 0 ? [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`] : []),
    ];
    lines.push(`#EXT-X-DATERANGE:ID="ad",START-DATE="${isoDate(9_000)}",DURATION=2.5`);
    let map = skipped > 0 ? listed[skipped - 1]?.configuration : undefined;
    for (const segment of [...listed.slice(skipped), ...(open === undefined ? [] : [open])]) {
      if (segment.isDiscontinuity) lines.push("#EXT-X-DISCONTINUITY");
      if (!isText && (segment.configuration !== map || segment.isDiscontinuity)) {
        lines.push(`#EXT-X-MAP:URI="t${id}-x-i${segment.configuration}.mp4"`);
      }
      map = segment.configuration;
      const date = segment.startsAt + (segment.configuration > 0 ? RUN_GAP : 0);
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${isoDate(date)}`);
      const isOpen = segment === open;
      const hasParts = segment.msn > complete - withParts;
      for (const part of hasParts ? segment.parts.slice(0, isOpen ? openParts : undefined) : []) {
        const independent = part.isIndependent ? ",INDEPENDENT=YES" : "";
        lines.push(
          `#EXT-X-PART:DURATION=${part.duration.toFixed(5)},URI="t${id}-x-p${part.number}.m4s"${independent}`,
        );
      }
      if (isOpen) continue;
      lines.push(`#EXTINF:${segment.duration.toFixed(5)},`);
      lines.push(isText ? `text-cc1-x-${segment.msn}.vtt` : `t${id}-x-${segment.msn}.m4s`);
    }
    if (this.#ended) return `${[...lines, "#EXT-X-ENDLIST"].join("\n")}\n`;
    if (!isText) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="t${id}-x-p${nextPart}.m4s"`);
    for (const other of this.#renditions) {
      if (other !== rendition) lines.push(this.#report(other));
    }
    return `${lines.join("\n")}\n`;
  }

  #report(other: FakeRendition): string {
    const { complete, openParts } = this.#edge(other);
    if (other.kind === "subtitles") {
      return `#EXT-X-RENDITION-REPORT:URI="${other.name}",LAST-MSN=${complete}`;
    }
    const [msn, part] =
      openParts > 0
        ? [complete + 1, openParts - 1]
        : [complete, (this.#segment(other, complete)?.parts.length ?? 1) - 1];
    return `#EXT-X-RENDITION-REPORT:URI="${other.name}",LAST-MSN=${msn},LAST-PART=${part}`;
  }

  #file(about: About, refuse: (status: number, maxAge: number, more?: object) => Draft): Draft {
    const { name, headers } = about;
    const found = this.#find(name);
    if (found === undefined) return refuse(this.#isHinted(name) ? 503 : 404, TARGET);
    const { body, type } = found;
    const told: Record<string, string> = {
      "Content-Type": type,
      "Cache-Control": "public, max-age=86400, immutable",
      "Accept-Ranges": "bytes",
      ETag: `"${name}"`,
    };
    if (headers["if-none-match"] === told["ETag"]) {
      return { status: 304, headers: told, body: new Uint8Array(), dribble: 0 };
    }
    const range = /^bytes=(\d*)-(\d*)$/.exec(headers["range"] ?? "");
    if (range === null) return { status: 200, headers: told, body, dribble: 0 };
    const [, first = "", last = ""] = range;
    const start = first === "" ? body.length - Number(last) : Number(first);
    const end = first === "" || last === "" ? body.length : Math.min(Number(last) + 1, body.length);
    if (start >= body.length) return refuse(416, 0, { "Content-Range": `bytes */${body.length}` });
    told["Content-Range"] = `bytes ${start}-${end - 1}/${body.length}`;
    return { status: 206, headers: told, body: body.subarray(start, end), dribble: 0 };
  }

  #find(name: string): { body: Uint8Array; type: string } | undefined {
    const [, text, id, sort, number] =
      /^(?:(text)-cc1|t(\d))-x-([ip]?)(\d+)\.\w+$/.exec(name) ?? [];
    const rendition = this.#renditions[text === undefined ? Number(id) - 1 : 2];
    if (rendition === undefined) return undefined;
    const type = rendition.kind === "subtitles" ? "text/vtt" : `${rendition.kind}/mp4`;
    const index = Number(number);
    const now = this.#nowOf(rendition) + (this.#defect.eager ?? 0);
    if (sort === "i") {
      const body = rendition.inits[index];
      return body && { body, type };
    }
    if (sort === "p") {
      const part = rendition.segments.flatMap(({ parts }) => parts)[index - 1];
      const isThere = part !== undefined && part.availableAt <= now;
      return isThere ? { body: part.bytes, type } : undefined;
    }
    const segment = rendition.segments[index - 1];
    if (segment === undefined || segment.completeAt > now) return undefined;
    return { body: segment.bytes, type };
  }
}

const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 0 } };
const PART = /^t(\d)-x-p(\d+)\.m4s$/;

const isoDate = (ms: number): string => new Date(DATE + Math.round(ms)).toISOString();

const multivariantText = (): string =>
  [
    ...["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-INDEPENDENT-SEGMENTS"],
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="t2.m3u8"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Captions",LANGUAGE="en",AUTOSELECT=YES,URI="text-cc1.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=40000,AVERAGE-BANDWIDTH=30000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=10.000,AUDIO="audio",SUBTITLES="text",CLOSED-CAPTIONS=NONE',
    "t1.m3u8",
    "",
  ].join("\n");
