import { checkHeaders, type Purpose } from "./http-rules.ts";
import type { Resource } from "./media-playlist.ts";
import type { Kind } from "./media-rules.ts";
import {
  type Answer,
  type Asked,
  type CheckerClock,
  nameOf,
  type Origin,
  textOf,
} from "./origin.ts";
import type { Report } from "./report.ts";

/** Asks an origin, and judges the headers of every answer. */
export class Client {
  readonly clock: CheckerClock;
  readonly report: Report;
  /** Seconds; known with the first media playlist. */
  targetDuration: number | undefined;
  readonly #origin: Origin;
  readonly #signal: AbortSignal;

  constructor(origin: Origin, clock: CheckerClock, report: Report, signal: AbortSignal) {
    this.#origin = origin;
    this.clock = clock;
    this.report = report;
    this.#signal = signal;
  }

  /** Whatever comes back; rejects where nothing does. */
  ask(url: string, asked: Asked = {}): Promise<Answer> {
    return this.#origin.request(url, { signal: this.#signal, ...asked });
  }

  /** A playlist; `available` is said of any other status than those in `allowed`. */
  async playlist(
    url: string,
    purpose: "multivariant" | "playlist" | "blocking",
    { coding = "identity", allowed = [] }: { coding?: string; allowed?: readonly number[] } = {},
  ): Promise<Answer | undefined> {
    const answer = await this.ask(url, { headers: { "accept-encoding": coding } });
    const where = whereOf(url);
    if (answer.status === 200) {
      const isFinal = purpose === "blocking" && endsIn(answer);
      this.judge(answer, isFinal ? { type: purpose, isFinal } : { type: purpose }, where);
      if (coding === "identity" && (answer.headers["content-encoding"] ?? coding) !== coding) {
        const told = answer.headers["content-encoding"];
        this.report.say("compression", where, `${told}, and nobody can read it`);
        return undefined;
      }
      return answer;
    }
    const of = purpose === "blocking" ? "blocking" : "playlist";
    this.judge(answer, { type: "refusal", of }, where);
    if (!allowed.includes(answer.status)) {
      this.report.say("available", where, `answered ${answer.status}`);
    }
    return allowed.includes(answer.status) ? answer : undefined;
  }

  /** A file that is listed; undefined where it is not to be had, which is said. */
  async file(
    { uri, range }: Resource,
    base: string,
    type: "init" | "segment" | "part",
    kind: Kind,
  ): Promise<Uint8Array | undefined> {
    const url = new URL(uri, base).href;
    const bytes = range && `bytes=${range.start}-${range.start + range.length - 1}`;
    const answer = await this.ask(url, bytes === undefined ? {} : { headers: { range: bytes } });
    const where = whereOf(url);
    if (answer.status !== (range === undefined ? 200 : 206)) {
      this.report.say("available", where, `a ${type} answered ${answer.status}`);
      return undefined;
    }
    this.judge(answer, { type, kind }, where);
    return answer.body;
  }

  judge(answer: Answer, purpose: Purpose, where: string): void {
    checkHeaders(answer, purpose, this.targetDuration, where, this.report.say);
  }
}

function endsIn(answer: Answer): boolean {
  try {
    return textOf(answer).includes("#EXT-X-ENDLIST");
  } catch {
    return false; // told where it is read
  }
}

/** Name and query of a URL. */
export const whereOf = (url: string): string => `${nameOf(url)}${new URL(url).search}`;

/** @returns the URL with directives behind what its query has already */
export function directed(url: string, directives: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${directives}`;
}
