import { setMaxListeners } from "node:events";
import { Client } from "./client.ts";
import { DirectiveProbe } from "./directive-probe.ts";
import { probeFile, probeHead, probeMethods } from "./file-probe.ts";
import { Follower } from "./follower.ts";
import { checkCompression } from "./http-rules.ts";
import type { MediaPlaylist } from "./media-playlist.ts";
import { type Multivariant, readMultivariant, renditionsOf } from "./multivariant.ts";
import { checkMultivariantTruth, type Measured } from "./multivariant-truth.ts";
import { httpOrigin, realClock } from "./node-origin.ts";
import { type CheckerClock, decoded, nameOf, type Origin, pause, textOf } from "./origin.ts";
import { Renditions } from "./renditions.ts";
import { Report } from "./report.ts";
import type { Rule } from "./rules.ts";

/** What is checked, and how. */
export type CheckOptions = {
  /** Of the multivariant playlist. */
  readonly url: string;
  /** How long it is followed, if it does not end before. */
  readonly seconds: number;
  /** By default over HTTP/1.1. */
  readonly origin?: Origin;
  readonly clock?: CheckerClock;
  /** ms by which a loaded machine may be late; default 300. */
  readonly slack?: number;
  /** The publisher leaves and comes back: nobody looks at the clock. */
  readonly mayPause?: boolean;
  /** Parts and all that goes with them are due; default true. */
  readonly isLowLatency?: boolean;
  /** HTTP/2 is due, as for Apple's devices. */
  readonly needsHttp2?: boolean;
  /** Rules that this broadcast cannot but break: GOPs that are longer than segments may be. */
  readonly except?: readonly Rule[];
  /** Whether every kind of request is tried; default true. */
  readonly probes?: boolean;
  /** Told when each rendition has been looked at once. */
  readonly onFollowing?: () => void;
};

/**
 * Reads a running stream as several low-latency players at once would, for some seconds or until its
 * end, and verifies every rule (`RULES`) against the bytes.
 *
 * @returns what was broken, and what was looked at; rejects where there is no server
 */
export async function checkHls(options: CheckOptions): Promise<Report> {
  const { url, seconds, clock = realClock, slack = 300, probes = true } = options;
  const { origin = httpOrigin(), mayPause = false, isLowLatency = true } = options;
  const report = new Report(options.except);
  const leaving = new AbortController();
  const { signal } = leaving;
  setMaxListeners(0, signal); // many wait at once
  const client = new Client(origin, clock, report, signal);
  if (options.needsHttp2 === true && origin.protocol !== "h2") {
    report.say("http-version", nameOf(url), origin.protocol);
  }
  const multivariant = await loadMultivariant(client, url);
  if (multivariant === undefined) return report;
  const renditions = new Renditions(report.say, slack, mayPause);
  const found = renditionsOf(multivariant).map(({ uri, kind }) => ({
    ...{ uri, kind, url: new URL(uri, url).href },
  }));
  const urls = found.map((rendition) => rendition.url);
  const followed = found.map(({ uri, kind, url: own }) => {
    const options = { client, renditions, urls, slack, mayPause, isLowLatency, signal };
    return { uri, follower: new Follower(own, kind, options) };
  });
  renditions.members.push(...followed.map(({ follower }) => follower));
  const cancel = clock.after(seconds * 1000, () => leaving.abort());
  const following = followed.map(({ follower }) => quietly(follower.follow(), signal));
  const probing = probes
    ? quietly(probeAll(client, url, followed, { slack, signal, mayPause }), signal)
    : undefined;
  options.onFollowing?.();
  await Promise.all(following);
  // What was asked in time is answered in time; what lies behind the end is asked now.
  const [first] = followed;
  const last = first?.follower.history.latest;
  if (probes && first !== undefined && last?.ended === true && !signal.aborted) {
    await new DirectiveProbe(client, first.follower.url, slack, mayPause).ended(last);
  }
  leaving.abort();
  cancel();
  await probing;
  await Promise.all(followed.map(({ follower }) => quietly(follower.finish(), signal)));
  renditions.finish();
  const measurements = new Map<string, readonly Measured[]>(
    followed.map(({ uri, follower }) => [uri, follower.downloads.measured]),
  );
  const { targetDuration = 0 } = client;
  checkMultivariantTruth(multivariant, measurements, targetDuration, nameOf(url), report.say);
  return report;
}

/** What is cut off when all is over is nobody's fault. */
async function quietly(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function loadMultivariant(client: Client, url: string): Promise<Multivariant | undefined> {
  const { say } = client.report;
  const answer = await client.playlist(url, "multivariant");
  if (answer === undefined) return undefined;
  let text: string;
  try {
    text = textOf(answer);
  } catch (error) {
    say("text-form", nameOf(url), String(error));
    return undefined;
  }
  const zipped = await client.playlist(url, "multivariant", { coding: "gzip" });
  // Its rates may have been refined meanwhile: only that it can be read is looked at.
  if (zipped !== undefined) checkCompression(zipped, "gzip", undefined, nameOf(url), say);
  if (zipped !== undefined && decoded(zipped).length === 0)
    say("compression", nameOf(url), "empty");
  const names = ["content-type", "cache-control", "vary"];
  await probeHead(client, url, answer, names);
  return readMultivariant(text, nameOf(url), say);
}

/** A moment for the first playlists to come, and between looks at them (ms). */
const A_MOMENT = 20;

async function probeAll(
  client: Client,
  url: string,
  followed: readonly { readonly follower: Follower }[],
  { slack, signal, mayPause }: { slack: number; signal: AbortSignal; mayPause: boolean },
): Promise<void> {
  await probeMethods(client, url);
  for (const [index, { follower }] of followed.entries()) {
    let latest: MediaPlaylist | undefined;
    for (;;) {
      latest = follower.history.latest;
      if (latest !== undefined) break;
      await pause(client.clock, A_MOMENT, signal);
      if (signal.aborted) return;
    }
    const { kind } = follower;
    const at = (uri: string) => new URL(uri, follower.url).href;
    const segment = latest.segments.findLast(({ resource, gap }) => resource !== undefined && !gap);
    const part = latest.segments.findLast(({ parts }) => parts.length > 0)?.parts[0];
    const map = segment?.map ?? latest.segments.at(-1)?.map;
    if (segment?.resource !== undefined && segment.resource.range === undefined) {
      await probeFile(client, at(segment.resource.uri), { type: "segment", kind });
    }
    if (part !== undefined && part.range === undefined && !part.gap) {
      await probeFile(client, at(part.uri), { type: "part", kind });
    }
    if (map !== undefined && map.range === undefined) {
      await probeFile(client, at(map.uri), { type: "init", kind });
    }
    // One is enough: they are answered by the same code, and each waits for seconds.
    const canBlock = latest.control.get("CAN-BLOCK-RELOAD") === "YES";
    if (index > 0 || latest.ended || !canBlock) continue;
    await new DirectiveProbe(client, follower.url, slack, mayPause).live(
      follower.history.latest ?? latest,
    );
  }
}
