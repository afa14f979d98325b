import { type Client, directed, whereOf } from "./client.ts";
import { checkDelta } from "./delta.ts";
import { Downloads } from "./downloads.ts";
import { HintWatch } from "./hint-watch.ts";
import { History } from "./history.ts";
import { checkCompression } from "./http-rules.ts";
import { edgeOf, lastComplete, type MediaPlaylist, readMediaPlaylist } from "./media-playlist.ts";
import { checkMediaPlaylist, type Kind } from "./media-rules.ts";
import { type Answer, decoded, nameOf, pause, textOf } from "./origin.ts";
import type { Member, Renditions } from "./renditions.ts";
import type { Report } from "./report.ts";

/** How one rendition is followed. */
export type FollowOptions = {
  readonly client: Client;
  readonly renditions: Renditions;
  /** URLs of all renditions, its own too. */
  readonly urls: readonly string[];
  /** ms by which a loaded machine may be late. */
  readonly slack: number;
  /** The broadcast pauses: nobody looks at the clock. */
  readonly mayPause: boolean;
  readonly isLowLatency: boolean;
  readonly signal: AbortSignal;
};

/** A server that blocks may be asked again at once, one that does not after this (ms). */
const POLL = 500;
/** Answers that come within this many ms of each other are of one moment. */
const TOGETHER = 20;
/** After the end: how often it is looked at, and how long there is between. */
const LAST_LOOKS = 2;

/**
 * Follows one rendition as several players at once: one asks for each part as soon as it is there,
 * one does so in a coding, one wants delta updates, one loads what is hinted, and one just looks.
 */
export class Follower implements Member {
  readonly url: string;
  readonly kind: Kind;
  readonly history: History;
  readonly downloads: Downloads;
  readonly #options: FollowOptions;
  readonly #report: Report;
  readonly #where: string;
  readonly #hints: HintWatch;
  #judged = "";

  constructor(url: string, kind: Kind, options: FollowOptions) {
    const { client, renditions, slack, signal } = options;
    this.url = url;
    this.kind = kind;
    this.#options = options;
    this.#report = client.report;
    this.#where = nameOf(url);
    this.history = new History(this.#where, client.report.say);
    this.downloads = new Downloads(client, this, renditions, signal);
    this.#hints = new HintWatch(client, this, slack);
  }

  /** Until the end of the stream, or until it is told to leave. */
  async follow(): Promise<void> {
    const { client, signal } = this.#options;
    await this.#look();
    while (!signal.aborted && !this.history.ended && this.history.latest !== undefined) {
      const { latest } = this.history;
      if (latest.control.get("CAN-BLOCK-RELOAD") !== "YES") await pause(client.clock, POLL, signal);
      else await this.#step(latest);
      if (!signal.aborted) await this.#look();
    }
    if (this.history.ended) {
      for (let look = 0; look < LAST_LOOKS && !signal.aborted; look += 1) {
        await pause(client.clock, POLL, signal);
        await this.#look();
      }
    }
  }

  /** Waits for what is still being downloaded. */
  async finish(): Promise<void> {
    this.#hints.finish();
    await this.downloads.finish();
  }

  /** A plain request, as any player sends it. */
  async #look(): Promise<void> {
    const answer = await this.#options.client.playlist(this.url, "playlist");
    if (answer === undefined) return;
    this.#report.saw("polled");
    this.#take(answer);
  }

  /** What comes next, asked for in four ways at once. */
  async #step(latest: MediaPlaylist): Promise<void> {
    const { client } = this.#options;
    const { clock } = client;
    const directives = nextOf(latest);
    const url = directed(this.url, directives);
    this.#hints.ask(latest);
    const allowed = [503];
    const ask = (coding: string, query = "") =>
      client.playlist(`${url}${query}`, "blocking", { coding, allowed });
    const [plain, zipped, shortened] = await Promise.all([
      ask("identity"),
      ask("gzip"),
      ask("br, gzip;q=0.5", "&_HLS_skip=YES"),
    ]);
    if (plain === undefined) return pause(clock, POLL, this.#options.signal);
    if (plain.status === 503) return this.#refused(plain);
    const playlist = this.#take(plain);
    if (playlist === undefined) return;
    this.#report.saw("blocked");
    this.#inTime(plain, directives);
    const [msn = 0, part] = directives.match(/\d+/g)?.map(Number) ?? [];
    const has =
      part === undefined ? lastComplete(playlist) >= msn : isThere(edgeOf(playlist), msn, part);
    if (!has && !playlist.ended) {
      const edge = JSON.stringify(edgeOf(playlist));
      this.#report.say("block-early", `${this.#where}, ${directives}`, `the edge is ${edge}`);
    }
    this.#compareCoded(plain, playlist, zipped);
    this.#takeDelta(shortened, latest, playlist);
  }

  /** A request that waits longer than three target durations is refused. */
  #inTime({ askedAt, endedAt }: Answer, directives: string): void {
    const most = 3000 * (this.#options.client.targetDuration ?? Number.POSITIVE_INFINITY);
    const waited = endedAt - askedAt;
    if (waited <= most + this.#options.slack) return;
    const told = `answered after ${Math.round(waited)} ms`;
    this.#report.say("directive-timeout", `${this.#where}, ${directives}`, told);
  }

  async #refused(answer: Answer): Promise<void> {
    const { client, slack, signal } = this.#options;
    const waited = answer.endedAt - answer.askedAt;
    if (waited < 3000 * (client.targetDuration ?? 0) - slack) {
      const told = `503 after ${Math.round(waited)} ms`;
      this.#report.say("directive-timeout", whereOf(answer.url), told);
    }
    await pause(client.clock, POLL, signal);
  }

  #take(answer: Answer): MediaPlaylist | undefined {
    const { client, renditions, slack, mayPause, isLowLatency, urls } = this.#options;
    let text: string;
    try {
      text = textOf(answer);
    } catch (error) {
      this.#report.say("text-form", this.#where, String(error));
      return undefined;
    }
    const isNew = text !== this.#judged;
    this.#judged = text;
    const say = isNew ? this.#report.say : () => {};
    const playlist = readMediaPlaylist(text, this.#where, say);
    this.#report.saw("playlists");
    client.targetDuration ??= playlist.targetDuration;
    const moment = { askedAt: answer.askedAt, at: answer.endedAt };
    if (isNew) {
      const others = urls.filter((url) => url !== this.url);
      const { url, kind } = this;
      const place = { where: this.#where, kind, others, url, isLowLatency };
      checkMediaPlaylist(playlist, place, say);
    }
    this.history.take(playlist, moment, mayPause ? undefined : { slack });
    this.#report.saw("reports", playlist.reports.length);
    renditions.take(this, playlist, moment);
    this.#hints.listed(playlist, answer.endedAt);
    this.downloads.take(playlist, this.#hints);
    return playlist;
  }

  #compareCoded(plain: Answer, playlist: MediaPlaylist, zipped: Answer | undefined): void {
    if (zipped?.status !== 200) return;
    let other: MediaPlaylist;
    try {
      other = readMediaPlaylist(textOf(zipped), "", () => {});
    } catch {
      checkCompression(zipped, "gzip", undefined, whereOf(zipped.url), this.#report.say);
      return;
    }
    const isSame = isSameMoment(playlist, other);
    const waited = (answer: Answer) => answer.endedAt - answer.askedAt;
    const apart = Math.abs(plain.endedAt - zipped.endedAt);
    // What is there already is answered as it is at that moment.
    if (!isSame && Math.min(waited(plain), waited(zipped)) > 50 && apart < TOGETHER) {
      const [one, two] = [edgeOf(playlist), edgeOf(other)].map((edge) => JSON.stringify(edge));
      this.#report.say("block-same", whereOf(plain.url), `${one} and ${two}`);
    }
    const body = isSame ? decoded(plain) : undefined;
    checkCompression(zipped, "gzip", body, whereOf(zipped.url), this.#report.say);
  }

  #takeDelta(answer: Answer | undefined, before: MediaPlaylist, full: MediaPlaylist): void {
    if (answer?.status !== 200) return;
    let text: string;
    try {
      text = textOf(answer);
    } catch (error) {
      this.#report.say("compression", whereOf(answer.url), String(error));
      return;
    }
    const { say } = this.#report;
    const delta = readMediaPlaylist(text, this.#where, say);
    if (delta.skipped !== undefined) this.#report.saw("deltas");
    const same = isSameMoment(full, delta) ? full : undefined;
    checkDelta(delta, before, same, this.#where, say);
  }
}

function nextOf(playlist: MediaPlaylist): string {
  const last = playlist.segments.at(-1);
  if (playlist.partTarget === undefined) {
    return `_HLS_msn=${lastComplete(playlist) + 1}`;
  }
  const isOpen = last !== undefined && last.resource === undefined;
  const [msn, part] = isOpen ? [last.msn, last.parts.length] : [lastComplete(playlist) + 1, 0];
  return `_HLS_msn=${msn}&_HLS_part=${part}`;
}

/** Whether an edge is at a part, or behind it. */
const isThere = (
  edge: { msn: number; part: number | undefined } | undefined,
  msn: number,
  part: number,
): boolean =>
  edge !== undefined && (edge.msn > msn || (edge.msn === msn && (edge.part ?? -1) >= part));

function isSameMoment(a: MediaPlaylist, b: MediaPlaylist): boolean {
  const key = (playlist: MediaPlaylist) => [
    ...[edgeOf(playlist), lastComplete(playlist), playlist.mediaSequence, playlist.ended],
    playlist.hints.map(({ uri }) => uri),
    playlist.reports.map((report) => [...report]),
  ];
  return JSON.stringify(key(a)) === JSON.stringify(key(b));
}
