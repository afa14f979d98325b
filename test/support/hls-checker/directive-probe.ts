import { type Client, directed, whereOf } from "./client.ts";
import { absent } from "./file-probe.ts";
import { edgeOf, lastComplete, type MediaPlaylist, readMediaPlaylist } from "./media-playlist.ts";
import { type Answer, textOf } from "./origin.ts";
import type { Rule } from "./rules.ts";

/** Answers that nothing needs to be waited for: they come within this (ms), and some slack. */
const AT_ONCE = 100;

/** One media playlist, asked for by directives of every kind (§6.2.5). */
export class DirectiveProbe {
  readonly #client: Client;
  readonly #url: string;
  readonly #slack: number;
  readonly #mayPause: boolean;

  /** @param mayPause it may be that nothing comes for so long that a request is refused */
  constructor(client: Client, url: string, slack: number, mayPause: boolean) {
    this.#client = client;
    this.#url = url;
    this.#slack = slack;
    this.#mayPause = mayPause;
  }

  /** While the stream is on air. */
  async live(playlist: MediaPlaylist): Promise<void> {
    const complete = lastComplete(playlist);
    const { mediaSequence, partTarget } = playlist;
    await this.#refused("directive-part-alone", "_HLS_part=0");
    for (const nonsense of ["abc", "-1", "1.5", "", "1e3", "0x10", "99999999999999999999999"]) {
      await this.#refused("directive-nonsense", `_HLS_msn=${nonsense}`);
    }
    for (const nonsense of ["x", "-1", ""]) {
      await this.#refused("directive-nonsense", `_HLS_msn=${complete + 1}&_HLS_part=${nonsense}`);
    }
    for (const ahead of [4, 1000, 2 ** 40]) {
      await this.#refused("directive-far", `_HLS_msn=${complete + ahead}`);
    }
    await this.#refused("directive-far", `_HLS_msn=${complete + 50}&_HLS_part=0`);
    for (const query of [`_HLS_msn=${mediaSequence}`, "_HLS_msn=0", `_HLS_msn=${complete}`]) {
      await this.#answered("directive-past", query);
    }
    if (partTarget !== undefined) {
      await this.#answered("directive-past", `_HLS_msn=${complete}&_HLS_part=0`);
    }
    await this.#answered("directive-unknown", "_HLS_foo=bar");
    await this.#answered("directive-unknown", "token=a%26b&_HLS_push=0");
    await this.#answered("directive-unknown", `a=1&_HLS_msn=${mediaSequence}&z=2`);
    await this.#missing(complete);
    await Promise.all([
      this.#near(complete + 2, undefined),
      ...(partTarget === undefined ? [] : [this.#parts(partTarget)]),
    ]);
  }

  /** Behind EXT-X-ENDLIST. */
  async ended(playlist: MediaPlaylist): Promise<void> {
    const last = lastComplete(playlist);
    for (const query of [`_HLS_msn=${last + 1}&_HLS_part=0`, `_HLS_msn=${last + 500}`]) {
      await this.#answered("directive-ended", query);
    }
  }

  async #ask(query: string): Promise<Answer> {
    this.#client.report.saw("probes");
    const headers = { "accept-encoding": "identity" };
    return this.#client.ask(directed(this.#url, query), { headers });
  }

  async #refused(rule: Rule, query: string): Promise<void> {
    const answer = await this.#ask(query);
    const where = whereOf(answer.url);
    this.#client.judge(answer, { type: "refusal", of: "blocking" }, where);
    if (answer.status !== 400) this.#client.report.say(rule, where, `${answer.status}`);
    else this.#atOnce(rule, answer, where);
  }

  async #answered(rule: Rule, query: string): Promise<void> {
    const answer = await this.#ask(query);
    const where = whereOf(answer.url);
    if (answer.status !== 200) return this.#client.report.say(rule, where, `${answer.status}`);
    this.#atOnce(rule, answer, where);
    const playlist = this.#read(answer);
    if (playlist.skipped !== undefined || playlist.segments.length === 0) {
      this.#client.report.say(rule, where, "not the whole playlist");
    }
  }

  #atOnce(rule: Rule, { askedAt, endedAt }: Answer, where: string): void {
    const waited = endedAt - askedAt;
    if (waited <= AT_ONCE + this.#slack) return;
    this.#client.report.say(rule, where, `after ${Math.round(waited)} ms`);
  }

  /** A playlist that is not there at all, asked for in a way that blocks. */
  async #missing(complete: number): Promise<void> {
    const url = absent(this.#url);
    if (url === this.#url) return;
    for (const directives of ["", `_HLS_msn=${complete + 1}&_HLS_part=0`]) {
      const answer = await this.#client.ask(directives === "" ? url : directed(url, directives));
      const where = whereOf(answer.url);
      if (answer.status !== 404) this.#client.report.say("not-found", where, `${answer.status}`);
      const of = directives === "" ? "playlist" : "blocking";
      this.#client.judge(answer, { type: "refusal", of }, where);
    }
  }

  /** Asks for what is not there yet, but soon: the answer has it. */
  async #near(msn: number, part: number | undefined): Promise<MediaPlaylist | undefined> {
    const query = part === undefined ? `_HLS_msn=${msn}` : `_HLS_msn=${msn}&_HLS_part=${part}`;
    const answer = await this.#ask(query);
    const where = whereOf(answer.url);
    const { say } = this.#client.report;
    if (answer.status === 503 && this.#mayPause) return undefined;
    if (answer.status !== 200) {
      const waited = Math.round(answer.endedAt - answer.askedAt);
      say("directive-near", where, `${answer.status} after ${waited} ms`);
      return undefined;
    }
    this.#client.judge(answer, { type: "blocking" }, where);
    const playlist = this.#read(answer);
    if (part === undefined && lastComplete(playlist) < msn && !playlist.ended) {
      say("block-early", where, `segment ${lastComplete(playlist)} is the last complete one`);
    }
    return playlist;
  }

  /** Parts of the segment that is being made: within the limit, behind its end, and too far. */
  async #parts(partTarget: number): Promise<void> {
    const { report } = this.#client;
    const limit = Math.ceil(partTarget < 1 ? 3 / partTarget : 3);
    const now = await this.#current();
    if (now === undefined) return;
    const open = now.segments.at(-1);
    const [msn, last] =
      open?.resource === undefined && open !== undefined
        ? [open.msn, open.parts.length - 1]
        : [lastComplete(now) + 1, -1];
    await this.#refused("directive-far-part", `_HLS_msn=${msn}&_HLS_part=${last + limit + 8}`);
    const far = last + limit - 2;
    const query = `_HLS_msn=${msn}&_HLS_part=${far}`;
    const answer = await this.#ask(query);
    const where = whereOf(answer.url);
    if (answer.status === 503 && this.#mayPause) return;
    if (answer.status !== 200) {
      return report.say("directive-near", where, `${answer.status}, the limit is ${limit} parts`);
    }
    const playlist = this.#read(answer);
    const edge = edgeOf(playlist);
    const segment = playlist.segments.find((candidate) => candidate.msn === msn);
    const has = (segment?.parts.length ?? 0) > far || (edge !== undefined && edge.msn > msn);
    if (!has && !playlist.ended)
      report.say("block-early", where, `the edge is ${JSON.stringify(edge)}`);
    await this.#pastEnd(playlist);
  }

  /** A part number behind the last of a segment that is complete: the first of the next. */
  async #pastEnd(playlist: MediaPlaylist): Promise<void> {
    const { report } = this.#client;
    // A segment that is complete, with nothing behind it, or with what follows.
    const segment = playlist.segments.findLast(
      ({ resource, parts }) => resource !== undefined && parts.length > 0,
    );
    if (segment === undefined) return;
    const query = `_HLS_msn=${segment.msn}&_HLS_part=${segment.parts.length}`;
    const answer = await this.#ask(query);
    const where = whereOf(answer.url);
    if (answer.status !== 200) return report.say("directive-past-end", where, `${answer.status}`);
    const now = this.#read(answer);
    const edge = edgeOf(now);
    const follows = edge !== undefined && edge.msn > segment.msn;
    if (!follows && !now.ended) {
      report.say("directive-past-end", where, `the edge is ${JSON.stringify(edge)}`);
    }
  }

  async #current(): Promise<MediaPlaylist | undefined> {
    const answer = await this.#client.playlist(this.#url, "playlist");
    return answer === undefined ? undefined : this.#read(answer);
  }

  #read(answer: Answer): MediaPlaylist {
    // Its form is judged where it is followed.
    return readMediaPlaylist(textOf(answer), "", () => {});
  }
}
