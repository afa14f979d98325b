import { type Client, whereOf } from "./client.ts";
import type { HintWatch } from "./hint-watch.ts";
import { checkInit, type InitFacts } from "./init.ts";
import { MediaBytes } from "./media-bytes.ts";
import type { ListedSegment, MediaPlaylist, Resource } from "./media-playlist.ts";
import { needsNoMap, ROUNDING } from "./media-rules.ts";
import type { Measured } from "./multivariant-truth.ts";
import { nameOf, pause } from "./origin.ts";
import type { Member, Renditions } from "./renditions.ts";
import { checkWebVtt } from "./webvtt.ts";

/** Of what a playlist lists at first, so many segments at its end are looked into. */
const FIRST_SEGMENTS = 3;

/** What is known of a segment's bytes. */
type Loaded = { parts: (Uint8Array | undefined)[]; isDone: boolean; areParts: boolean };

/** Downloads what one rendition lists, one after the other, and judges it. */
export class Downloads {
  readonly measured: Measured[] = [];
  readonly #client: Client;
  readonly #rendition: Member;
  readonly #renditions: Renditions;
  readonly #bytes: MediaBytes;
  readonly #signal: AbortSignal;
  readonly #loaded = new Map<number, Loaded>();
  readonly #inits = new Map<string, Promise<InitFacts | undefined>>();
  readonly #known = new Map<number, ListedSegment>();
  readonly #texts: { segment: ListedSegment; part: number | undefined; bytes: Uint8Array }[] = [];
  readonly #later: Promise<void>[] = [];
  #work: Promise<void> = Promise.resolve();
  #from: number | undefined;
  #first: number | undefined;

  constructor(client: Client, rendition: Member, renditions: Renditions, signal: AbortSignal) {
    this.#client = client;
    this.#rendition = rendition;
    this.#renditions = renditions;
    this.#signal = signal;
    this.#bytes = new MediaBytes(nameOf(rendition.url), rendition.kind, client.report);
  }

  /** Whatever is new in a playlist is loaded. */
  take(playlist: MediaPlaylist, hints: HintWatch): void {
    const { segments, mediaSequence } = playlist;
    this.#from ??= segments.at(-FIRST_SEGMENTS)?.msn ?? mediaSequence;
    for (const segment of segments) {
      if (segment.msn >= this.#from) this.#takeSegment(segment, hints);
      const before = this.#known.get(segment.msn);
      if (before !== undefined && before.parts.length > 0 && segment.parts.length === 0) {
        const [part] = before.parts;
        if (part !== undefined && !part.gap) this.#queue(() => this.#stillThere(part, segment.msn));
      }
      this.#known.set(segment.msn, segment);
    }
    for (let msn = this.#first ?? mediaSequence; msn < mediaSequence; msn += 1) {
      const gone = this.#known.get(msn);
      if (gone?.resource !== undefined && !gone.gap) this.#removed(gone, gone.resource);
    }
    this.#first = Math.max(this.#first ?? 0, mediaSequence);
  }

  /** Waits for what is on its way, then judges what needs all of it. */
  async finish(): Promise<void> {
    await this.#work;
    await Promise.all(this.#later);
    for (const { segment, part, bytes } of this.#texts) {
      const { msn, date, discontinuityNumber } = segment;
      const { say } = this.#client.report;
      const start =
        date === undefined ? undefined : this.#renditions.mediaTime(discontinuityNumber, date);
      const before = segment.parts.slice(0, part ?? 0).reduce((sum, one) => sum + one.duration, 0);
      const place = {
        where: `${nameOf(this.#rendition.url)}, segment ${msn}${part === undefined ? "" : `, part ${part}`}`,
        start: start === undefined ? undefined : start + before,
        duration: part === undefined ? segment.duration : (segment.parts[part]?.duration ?? 0),
      };
      const cues = checkWebVtt(bytes, place, say);
      this.#client.report.saw("cues", cues.length);
    }
  }

  #queue(job: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      try {
        await job();
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#client.report.say("available", nameOf(this.#rendition.url), String(error));
      }
    });
  }

  #takeSegment(segment: ListedSegment, hints: HintWatch): void {
    const { msn, parts, resource, gap } = segment;
    const loaded = this.#loaded.get(msn) ?? { parts: [], isDone: false, areParts: true };
    this.#loaded.set(msn, loaded);
    if (loaded.isDone) return;
    for (let index = loaded.parts.length; index < parts.length; index += 1) {
      loaded.parts[index] = undefined;
      this.#queue(() => this.#part(segment, index, loaded, hints));
    }
    if (resource === undefined) return;
    loaded.isDone = true;
    if (gap) this.#queue(() => this.#gap(resource, msn));
    else this.#queue(() => this.#segment(segment, resource, loaded));
  }

  async #part(
    segment: ListedSegment,
    index: number,
    loaded: Loaded,
    hints: HintWatch,
  ): Promise<void> {
    const part = segment.parts[index];
    if (part === undefined || part.gap) return;
    const { url, kind } = this.#rendition;
    const bytes = await this.#client.file(part, url, "part", kind);
    if (bytes === undefined) return;
    const hinted = hints.bytesOf(new URL(part.uri, url).href);
    if (hinted !== undefined && part.range === undefined && !Buffer.from(hinted).equals(bytes)) {
      const where = `${nameOf(url)}, segment ${segment.msn}, part ${index}`;
      this.#client.report.say("part-changed", where, "other bytes than when it was hinted");
    }
    if (kind === "subtitles") {
      // Each has a head of its own: nothing is to be put together.
      this.#client.report.saw("parts");
      this.#texts.push({ segment, part: index, bytes });
      return;
    }
    loaded.parts[index] = bytes;
    const init = await this.#init(segment.map);
    if (init === undefined && (segment.map !== undefined || !needsNoMap(part.uri))) return;
    this.#bytes.part(bytes, { segment, part, index }, init);
  }

  async #segment(segment: ListedSegment, resource: Resource, { parts }: Loaded): Promise<void> {
    const { url, kind } = this.#rendition;
    const bytes = await this.#client.file(resource, url, "segment", kind);
    if (bytes === undefined) return;
    if (kind === "subtitles") {
      this.#client.report.saw("segments");
      this.#texts.push({ segment, part: undefined, bytes });
      return;
    }
    const init = await this.#init(segment.map);
    if (init === undefined && (segment.map !== undefined || !needsNoMap(resource.uri))) return;
    const whole = parts.filter((part) => part !== undefined);
    // Of what came at once after a pause, some parts were never listed.
    const listed = segment.parts.reduce((sum, part) => sum + part.duration, 0);
    const isListed = Math.abs(listed - segment.duration) <= ROUNDING;
    const hasAll = isListed && parts.length > 0 && whole.length === parts.length;
    const all = hasAll ? whole : undefined;
    const facts = this.#bytes.segment(bytes, segment, all, init, hasAll);
    if (facts === undefined) return;
    this.measured.push({ ...facts, bytes: bytes.length, init });
    this.#renditions.place(this.#rendition, segment, facts);
    const { latest } = this.#rendition.history;
    if (latest?.isIndependent === true && !facts.beginsWithSync) {
      const isListed = latest.segments.some(({ msn }) => msn === segment.msn);
      const where = `${nameOf(url)}, segment ${segment.msn}`;
      if (isListed) this.#client.report.say("independent-segments", where, "it is claimed");
    }
  }

  #init(map: Resource | undefined): Promise<InitFacts | undefined> {
    if (map === undefined) return Promise.resolve(undefined);
    const { url, kind } = this.#rendition;
    const key = JSON.stringify(map);
    const known = this.#inits.get(key);
    if (known !== undefined) return known;
    const loading = this.#client.file(map, url, "init", kind).then((bytes) => {
      if (bytes === undefined) return undefined;
      this.#client.report.saw("inits");
      const where = `${nameOf(url)}, ${map.uri}`;
      return checkInit(bytes, where, this.#client.report.say);
    });
    this.#inits.set(key, loading);
    return loading;
  }

  /** What is said to be missing is not there. */
  async #gap({ uri }: Resource, msn: number): Promise<void> {
    const answer = await this.#client.ask(new URL(uri, this.#rendition.url).href);
    const where = `${nameOf(this.#rendition.url)}, segment ${msn}`;
    if (answer.status < 300) this.#client.report.say("gap", where, `it answered ${answer.status}`);
  }

  /** A segment that just left the playlist: there now, and a while later. */
  #removed(segment: ListedSegment, resource: Resource): void {
    this.#queue(() => this.#stillThere(resource, segment.msn));
    const { clock } = this.#client;
    const later = async () => {
      await pause(clock, segment.duration * 500, this.#signal);
      if (!this.#signal.aborted) await this.#stillThere(resource, segment.msn);
    };
    this.#later.push(later().catch(() => {}));
  }

  async #stillThere({ uri }: Resource, msn: number): Promise<void> {
    const url = new URL(uri, this.#rendition.url).href;
    const answer = await this.#client.ask(url);
    this.#client.report.saw("removed");
    if (answer.status === 200) return;
    const where = `${nameOf(this.#rendition.url)}, segment ${msn}`;
    this.#client.report.say("removed-available", where, `${whereOf(url)}: ${answer.status}`);
  }
}
