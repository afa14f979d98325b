import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { type Fmp4Sample, readSamples } from "../fmp4.ts";
import { readPackedMp3 } from "../packed-mp3.ts";
import { boxAt, readBoxes, viewOf } from "./boxes.ts";
import type { InitFacts } from "./init.ts";
import type { ListedPart, ListedSegment } from "./media-playlist.ts";
import { type Kind, ROUNDING } from "./media-rules.ts";
import type { Report, Say } from "./report.ts";
import { isSyncByCoding } from "./sync.ts";

/** What the bytes of a part or segment turned out to be; times in seconds of the media's timeline. */
export type MediaFacts = {
  readonly decodeStart: number;
  /** The earliest time at which anything in it is shown or heard. */
  readonly presentationStart: number;
  readonly duration: number;
  readonly samples: number;
  readonly beginsWithSync: boolean;
  readonly hasSync: boolean;
};

/** What a sample, or a frame of packed audio, is here: in ticks. */
type Unit = {
  readonly dts: number;
  readonly offset: number;
  readonly duration: number;
  readonly isSync: boolean;
};

/** Of the newest part or segment: where the next one is to begin. */
type End = { readonly ticks: number; readonly timescale: number };

/** Packed audio counts in the clock of transport streams. */
const TRANSPORT = 90_000;
/** Its times are rounded to that clock. */
const PACKED_TOLERANCE = 2;

/** Judges what lies behind the URIs of one rendition: parts, then the segment that they make. */
export class MediaBytes {
  readonly #where: string;
  readonly #kind: Kind;
  readonly #report: Report;
  /** The newest fragment's number, behind each part and segment. */
  readonly #sequences = new Map<string, number>();
  /** By segment, of parts and of whole segments: where each ended. */
  readonly #ends = new Map<string, End>();
  /** Of packed audio: the newest one, with a time. */
  #tag: Uint8Array = new Uint8Array();

  constructor(where: string, kind: Kind, report: Report) {
    this.#where = where;
    this.#kind = kind;
    this.#report = report;
  }

  /** @param init undefined for packed audio */
  part(
    bytes: Uint8Array,
    { segment, part, index }: { segment: ListedSegment; part: ListedPart; index: number },
    init: InitFacts | undefined,
  ): void {
    const where = `${this.#where}, segment ${segment.msn}, part ${index}`;
    const { say } = this.#report;
    this.#report.saw("parts");
    // §3.1.4 wants the time of a segment's first sample: in its first part.
    const isUntimed = init === undefined && index > 0 && !hasTag(bytes);
    if (init === undefined && hasTag(bytes)) this.#tag = bytes.subarray(0, tagLength(bytes));
    const units = this.#units(isUntimed ? concat(this.#tag, bytes) : bytes, init, where);
    if (units === undefined) return;
    const timescale = init?.timescale ?? TRANSPORT;
    this.#report.saw("samples", units.length);
    const duration = sum(units) / timescale;
    if (Math.abs(duration - part.duration) > ROUNDING) {
      say(
        "part-duration",
        where,
        `its samples last ${duration.toFixed(5)} s, DURATION ${part.duration}`,
      );
    }
    const tolerance = init === undefined ? PACKED_TOLERANCE : 0;
    const before = index > 0 ? this.#ends.get(`${segment.msn} ${index - 1}`) : undefined;
    if (!isUntimed) {
      this.#follows(units, timescale, before, tolerance, where, this.#rule(init));
    }
    const last = units.at(-1);
    if (last !== undefined) {
      this.#ends.set(`${segment.msn} ${index}`, { ticks: last.dts + last.duration, timescale });
    }
    const hasSync = units.some(({ isSync }) => isSync);
    if (part.independent !== hasSync) {
      say("part-independent", where, hasSync ? "it has a sync sample" : "it has no sync sample");
    }
    if (init === undefined) return;
    this.#events(bytes, units, init, where);
    const place = `${segment.msn} ${index}`;
    this.#counted(bytes, index > 0 ? `${segment.msn} ${index - 1}` : undefined, place, where);
  }

  /** @param parts bytes of its parts, all of them; undefined where they were not all seen */
  segment(
    bytes: Uint8Array,
    segment: ListedSegment,
    parts: readonly Uint8Array[] | undefined,
    init: InitFacts | undefined,
    isPartChecked: boolean,
  ): MediaFacts | undefined {
    const where = `${this.#where}, segment ${segment.msn}`;
    const { say } = this.#report;
    this.#report.saw("segments");
    if (parts !== undefined && !Buffer.concat(parts).equals(bytes)) {
      const length = parts.reduce((total, part) => total + part.length, 0);
      say("segment-is-parts", where, `${bytes.length} bytes, its parts ${length}`);
      return undefined;
    }
    // What is wrong with a part is not told again of its segment.
    const units = this.#units(bytes, init, where, isPartChecked ? () => {} : say);
    const [first] = units ?? [];
    const last = units?.at(-1);
    if (units === undefined || first === undefined || last === undefined) return undefined;
    if (!isPartChecked) this.#report.saw("samples", units.length);
    const timescale = init?.timescale ?? TRANSPORT;
    const duration = sum(units) / timescale;
    if (Math.abs(duration - segment.duration) > ROUNDING) {
      const told = `its samples last ${duration.toFixed(5)} s, EXTINF ${segment.duration}`;
      say("segment-duration", where, told);
    }
    const before = segment.discontinuity ? undefined : this.#ends.get(String(segment.msn - 1));
    const tolerance = init === undefined ? PACKED_TOLERANCE : 0;
    const inner = isPartChecked ? units.slice(0, 1) : units;
    this.#follows(inner, timescale, before, tolerance, where, this.#rule(init));
    this.#ends.set(String(segment.msn), { ticks: last.dts + last.duration, timescale });
    if (init !== undefined) {
      this.#counted(bytes, String(segment.msn - 1), String(segment.msn), where, !isPartChecked);
    }
    const facts = {
      decodeStart: first.dts / timescale,
      presentationStart: Math.min(...units.map(({ dts, offset }) => dts + offset)) / timescale,
      samples: units.length,
      beginsWithSync: first.isSync,
      hasSync: units.some(({ isSync }) => isSync),
      duration,
    };
    if (this.#kind === "video" && !facts.hasSync) say("segment-sync", where, "it has none");
    return facts;
  }

  #rule(init: InitFacts | undefined): "decode-times" | "packed-audio" {
    return init === undefined ? "packed-audio" : "decode-times";
  }

  #units(
    bytes: Uint8Array,
    init: InitFacts | undefined,
    where: string,
    say: Say = this.#report.say,
  ): Unit[] | undefined {
    try {
      if (init === undefined) return packedUnits(bytes);
      const samples = readSamples(bytes, init);
      const foreign = readBoxes(bytes).find(({ type }) => !KNOWN_BOXES.includes(type));
      if (foreign !== undefined) say("media-boxes", where, `a box ${foreign.type}`);
      if (samples.length === 0) say("media-boxes", where, "no samples");
      for (const sample of samples) checkSync(sample, init, where, say);
      return samples.map(({ dts, compositionOffset: offset, duration, isSync }) => ({
        ...{ dts, offset, duration },
        // Sound says so by its codec: players do not read its flags.
        isSync: isSync || init.mediaType === "audio",
      }));
    } catch (error) {
      const rule = init === undefined ? "packed-audio" : "media-boxes";
      say(rule, where, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Each begins where the one before it ended. */
  #follows(
    units: readonly Unit[],
    timescale: number,
    before: End | undefined,
    tolerance: number,
    where: string,
    rule: "decode-times" | "packed-audio",
  ): void {
    let due = before?.timescale === timescale ? before.ticks : undefined;
    for (const [index, { dts, duration }] of units.entries()) {
      if (due !== undefined && Math.abs(dts - due) > tolerance) {
        this.#report.say(
          rule,
          where,
          `sample ${index} is at ${dts}, due at ${due}, of ${timescale} a second`,
        );
      }
      due = dts + duration;
    }
  }

  /** @param isWhole whether fragments within are looked at, too */
  #counted(
    bytes: Uint8Array,
    before: string | undefined,
    place: string,
    where: string,
    isWhole = true,
  ): void {
    let due = before === undefined ? undefined : this.#sequences.get(before);
    let isFirst = true;
    for (const { type, body } of readBoxes(bytes)) {
      const mfhd = type === "moof" ? boxAt(readBoxes(body), "mfhd")?.body : undefined;
      if (mfhd === undefined) continue;
      const number = viewOf(mfhd).getUint32(4);
      if (due !== undefined && number !== due + 1 && (isFirst || isWhole)) {
        this.#report.say("fragment-sequence", where, `${number} behind ${due}`);
      }
      due = number;
      isFirst = false;
    }
    if (due !== undefined) this.#sequences.set(place, due);
  }

  #events(bytes: Uint8Array, units: readonly Unit[], init: InitFacts, where: string): void {
    const { say } = this.#report;
    const start = (units[0]?.dts ?? 0) / init.timescale;
    const end = start + sum(units) / init.timescale;
    for (const { type, body } of readBoxes(bytes)) {
      if (type !== "emsg") continue;
      this.#report.saw("events");
      if (body[0] !== 1 || body.length < 26) {
        say("emsg", where, `version ${body[0]}, ${body.length} bytes`);
        continue;
      }
      const view = viewOf(body);
      const at = Number(view.getBigUint64(8)) / view.getUint32(4);
      const [scheme = ""] = Buffer.from(body.subarray(24)).toString("utf8").split("\0");
      if (!/^[a-z][a-z0-9+.-]*:./i.test(scheme)) say("emsg", where, `scheme ${scheme}`);
      // What is heard or shown may lie behind its decoding.
      if (!(at >= start - 0.001 && at < end + 1)) {
        say(
          "emsg",
          where,
          `at ${at.toFixed(3)}, its part ${start.toFixed(3)} to ${end.toFixed(3)}`,
        );
      }
    }
  }
}

const hasTag = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 3)).toString("latin1") === "ID3";

function tagLength(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10);
  return 10 + (a << 21) + (b << 14) + (c << 7) + d;
}

const KNOWN_BOXES = ["styp", "emsg", "prft", "sidx", "moof", "mdat"];

const sum = (units: readonly Unit[]): number =>
  units.reduce((total, { duration }) => total + duration, 0);

function checkSync(sample: Fmp4Sample, init: InitFacts, where: string, say: Say): void {
  if (init.mediaType === "audio") return;
  const isSync = isSyncByCoding(sample.data, init);
  if (isSync === undefined || isSync === sample.isSync) return;
  const told = sample.isSync ? "is said to be one and is none" : "is one, and nobody says so";
  say("sync-samples", where, `the sample at ${sample.dts} ${told}`);
}

function packedUnits(bytes: Uint8Array): Unit[] {
  const frames = readPackedMp3(bytes).map(({ dts }) => (dts / 1000) * TRANSPORT);
  const step =
    frames.length > 1 ? ((frames.at(-1) ?? 0) - (frames[0] ?? 0)) / (frames.length - 1) : 0;
  return frames.map((dts) => ({ dts, offset: 0, duration: step, isSync: true }));
}
