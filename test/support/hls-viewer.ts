import { setTimeout as sleep } from "node:timers/promises";
import { concat, NO_BYTES } from "../../server/protocol/bytes/bytes.ts";
import type { CodedFrame } from "./accounting.ts";
import { codedFrame, type Fmp4Init, md5, readInit, readSamples } from "./fmp4.ts";
import type { MediaPlaylist, MultivariantPlaylist } from "./hls-playlist.ts";
import { readMediaPlaylist, readMultivariantPlaylist } from "./hls-playlist.ts";
import { readPackedMp3 } from "./packed-mp3.ts";

/** A segment as it was downloaded. */
export type DownloadedSegment = {
  readonly mediaSequence: number;
  readonly uri: string;
  readonly duration: number;
  readonly discontinuity: boolean;
  readonly gap: boolean;
  readonly programDateTime: string | undefined;
  /** Absent for packed audio. */
  readonly init: Uint8Array | undefined;
  readonly bytes: Uint8Array;
  readonly samples: readonly CodedFrame[];
};

/** A media playlist that is followed. */
export type Rendition = {
  readonly mediaType: "video" | "audio";
  readonly url: string;
  readonly segments: DownloadedSegment[];
  playlist: MediaPlaylist | undefined;
};

/**
 * A strict HLS client (RFC 8216bis) that plays nothing and keeps everything: it takes the
 * multivariant playlist, then follows every rendition by polling, and downloads each segment.
 * What the server does against the rules is collected in `violations`.
 */
export class HlsViewer {
  readonly violations: string[] = [];
  readonly renditions: Rendition[] = [];
  multivariant: MultivariantPlaylist | undefined;
  readonly #url: string;
  readonly #leaving = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #inits = new Map<string, Promise<Uint8Array>>();
  readonly #work: Promise<void>;
  #failure: Error | undefined;

  /** @param url of `index.m3u8`; where nothing is published yet, it asks again until there is */
  constructor(url: string) {
    this.#url = url;
    this.#work = this.#follow().catch((error: unknown) => {
      if (this.#leaving.signal.aborted) return;
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#notify();
    });
  }

  /** What ended it, if anything did. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The samples of all segments of a rendition of a kind, for `accountFor`. */
  coded(mediaType: "video" | "audio", index = 0): CodedFrame[] {
    const rendition = this.ofKind(mediaType)[index];
    return rendition?.segments.flatMap(({ samples }) => samples) ?? [];
  }

  /** The renditions of a kind, in the order they are listed. */
  ofKind(mediaType: "video" | "audio"): readonly Rendition[] {
    return this.renditions.filter((candidate) => candidate.mediaType === mediaType);
  }

  /** What was served, as files for ffmpeg: one for each init segment, or all packed audio in one. */
  files(mediaType: "video" | "audio", index = 0): Uint8Array[] {
    const rendition = this.ofKind(mediaType)[index];
    const files: { init: Uint8Array | undefined; pieces: Uint8Array[] }[] = [];
    for (const { init, bytes, gap } of rendition?.segments ?? []) {
      if (gap) continue;
      if (files.at(-1)?.init !== init || files.length === 0) {
        files.push({ init, pieces: init === undefined ? [] : [init] });
      }
      // An ID3 tag in the middle of a file of MP3 would be noise.
      const pieces = init === undefined ? readPackedMp3(bytes).map(({ data }) => data) : [bytes];
      files.at(-1)?.pieces.push(...pieces);
    }
    return files.map(({ pieces }) => concat(...pieces));
  }

  /** Resolves when `holds` does (looked at after each download); rejects after `timeout` ms. */
  until(what: string, holds: (viewer: this) => boolean, timeout = 30_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const look = () => {
        if (holds(this)) finish(resolve);
        else if (this.#failure !== undefined) finish(() => reject(this.#failure));
      };
      const timer = setTimeout(() => {
        const have = this.renditions.map(
          ({ mediaType, segments }) => `${mediaType}: ${segments.length} segments`,
        );
        const message = `Waited ${timeout} ms for ${what}; ${have.join(", ")}`;
        finish(() => reject(new Error(message)));
      }, timeout);
      this.#waiting.add(look);
      look();
    });
  }

  /** Stops asking. Throws what went wrong before. */
  async close(): Promise<void> {
    this.#leaving.abort();
    await this.#work;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #follow(): Promise<void> {
    const text = await this.#playlist(this.#url);
    const multivariant = readMultivariantPlaylist(text);
    this.violations.push(...multivariant.violations);
    this.multivariant = multivariant;
    const add = (mediaType: "video" | "audio", uri: string) => {
      const url = new URL(uri, this.#url).href;
      if (this.renditions.some((rendition) => rendition.url === url)) return;
      this.renditions.push({ mediaType, url, segments: [], playlist: undefined });
    };
    for (const variant of multivariant.variants) {
      add(variant.hasVideo ? "video" : "audio", variant.uri);
    }
    for (const { uri } of multivariant.audio) add("audio", uri);
    this.#notify();
    await Promise.all(this.renditions.map((rendition) => this.#followRendition(rendition)));
  }

  async #followRendition(rendition: Rendition): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      const asked = performance.now();
      const text = await this.#playlist(rendition.url);
      const playlist = readMediaPlaylist(text);
      const changed = await this.#take(rendition, playlist);
      if (playlist.ended) return;
      // §6.3.4: a target duration after the last load where it brought something, else half of it.
      const pause = playlist.targetDuration * 1000 * (changed ? 1 : 0.5);
      const newest = playlist.segments.at(-1)?.duration ?? playlist.targetDuration;
      const wait = asked + Math.min(pause, newest * 1000) - performance.now();
      await sleep(Math.max(wait, 50), undefined, { signal });
    }
  }

  async #take(rendition: Rendition, playlist: MediaPlaylist): Promise<boolean> {
    const say = (what: string) => this.violations.push(`${rendition.url}: ${what}`);
    for (const violation of playlist.violations) say(violation);
    const before = rendition.playlist;
    rendition.playlist = playlist;
    if (before !== undefined) {
      if (playlist.targetDuration !== before.targetDuration) say("EXT-X-TARGETDURATION changed");
      if (playlist.mediaSequence < before.mediaSequence) say("EXT-X-MEDIA-SEQUENCE went back");
      if (playlist.discontinuitySequence < before.discontinuitySequence) {
        say("EXT-X-DISCONTINUITY-SEQUENCE went back");
      }
      for (const known of before.segments) {
        const same = playlist.segments.find((now) => now.mediaSequence === known.mediaSequence);
        if (same !== undefined && JSON.stringify(same) !== JSON.stringify(known)) {
          say(`segment ${known.mediaSequence} changed after it was listed`);
        }
      }
    }
    const last = rendition.segments.at(-1)?.mediaSequence;
    let changed = false;
    for (const segment of playlist.segments) {
      if (last !== undefined && segment.mediaSequence <= last) continue;
      const previous = rendition.segments.at(-1)?.mediaSequence;
      if (previous !== undefined && segment.mediaSequence !== previous + 1) {
        say(`segments ${previous + 1} to ${segment.mediaSequence - 1} were gone before they came`);
      }
      const initUrl = segment.map === undefined ? undefined : new URL(segment.map, rendition.url);
      const url = new URL(segment.uri, rendition.url);
      const init = initUrl === undefined ? undefined : await this.#init(initUrl.href);
      const bytes = segment.gap ? NO_BYTES : await this.#bytes(url.href);
      const samples = segment.gap ? [] : this.#samples(bytes, init, say);
      rendition.segments.push({ ...segment, init, bytes, samples });
      changed = true;
      this.#notify();
    }
    return changed;
  }

  #samples(
    bytes: Uint8Array,
    init: Uint8Array | undefined,
    say: (what: string) => void,
  ): CodedFrame[] {
    if (init === undefined) {
      return readPackedMp3(bytes).map(({ dts, data }) => ({
        dts,
        compositionOffset: 0,
        size: data.length,
        isSync: true,
        hash: md5(data),
      }));
    }
    const header: Fmp4Init = readInit(init);
    const samples = readSamples(bytes, header);
    if (samples[0]?.isSync === false) say("a segment begins without a sync sample");
    return samples.map((sample) => codedFrame(sample, header.timescale));
  }

  /** A playlist; while there is nothing to list yet (404, 503) it asks again. */
  async #playlist(url: string): Promise<string> {
    const { signal } = this.#leaving;
    for (;;) {
      const response = await get(url, signal);
      if (response.ok) {
        const type = response.headers.get("content-type") ?? "";
        if (!/^(application\/vnd\.apple\.mpegurl|audio\/mpegurl)\b/i.test(type)) {
          this.violations.push(`${url}: a playlist is served as ${type}`);
        }
        return response.text();
      }
      await response.arrayBuffer();
      if (response.status !== 404 && response.status !== 503) {
        throw new Error(`${url} answered ${response.status}`);
      }
      await sleep(200, undefined, { signal });
    }
  }

  #init(url: string): Promise<Uint8Array> {
    const known = this.#inits.get(url);
    if (known !== undefined) return known;
    const init = this.#bytes(url);
    this.#inits.set(url, init);
    return init;
  }

  async #bytes(url: string): Promise<Uint8Array> {
    const response = await get(url, this.#leaving.signal);
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  #notify(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/**
 * As every HTTP client does: a kept connection may be closed just when it is used again, and then
 * the request is made anew (RFC 9112 §9.3.1).
 */
async function get(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal });
  } catch (error) {
    if (signal.aborted || !(error instanceof TypeError)) throw error;
    return fetch(url, { signal });
  }
}
