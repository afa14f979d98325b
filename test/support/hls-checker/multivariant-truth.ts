import type { InitFacts } from "./init.ts";
import type { MediaFacts } from "./media-bytes.ts";
import { codecsOf, hasVideo, type Multivariant, type Variant } from "./multivariant.ts";
import type { Say } from "./report.ts";

/** A segment that was downloaded. */
export type Measured = MediaFacts & {
  readonly bytes: number;
  readonly init: InitFacts | undefined;
};

/** What was measured of the renditions, by URI as the multivariant playlist has it. */
export type Measurements = ReadonlyMap<string, readonly Measured[]>;

/** Shares of what is promised that a live stream may need (Apple). */
const MOST_PEAK = 1.25;
const MOST_AVERAGE = 1.1;

/** Less is no measure: rates belong to segments of a whole target duration or so. */
const ENOUGH_SECONDS = 2;

/** Compares what the multivariant playlist promises with what was served. */
export function checkMultivariantTruth(
  multivariant: Multivariant,
  measurements: Measurements,
  targetDuration: number,
  playlist: string,
  say: Say,
): void {
  // It is read once, at first; what an encoder changes later is no lie of it.
  const first = (uri: string | undefined) => measurements.get(uri ?? "")?.[0];
  for (const variant of multivariant.variants) {
    const { uri, attributes } = variant;
    const where = `${playlist}, ${uri}`;
    const own = measurements.get(uri) ?? [];
    const members = multivariant.media.filter(
      (one) => one.get("TYPE") === "AUDIO" && one.get("GROUP-ID") === attributes.get("AUDIO"),
    );
    checkRates(
      variant,
      own,
      members.map((one) => measurements.get(one.get("URI") ?? "") ?? []),
      targetDuration,
      where,
      say,
    );
    const inits = [uri, ...members.map((one) => one.get("URI"))].map(first);
    checkCodecs(variant, inits, where, say);
    const init = own[0]?.init;
    if (init !== undefined && hasVideo(variant)) checkPicture(variant, own, init, where, say);
  }
  for (const one of multivariant.media) {
    const init = first(one.get("URI"))?.init;
    const channels = Number((one.get("CHANNELS") ?? "").split("/")[0]);
    if (init?.mediaType !== "audio" || init.channels === channels) continue;
    say(
      "media-channels",
      `${playlist}, ${one.get("NAME")}`,
      `${channels}, the init segment ${init.channels}`,
    );
  }
  if (!multivariant.isIndependent) return;
  for (const [uri, segments] of measurements) {
    const broken = segments.filter(({ beginsWithSync }) => !beginsWithSync).length;
    if (broken > 0)
      say("multivariant-independent", `${playlist}, ${uri}`, `${broken} segments are not`);
  }
}

function checkRates(
  { attributes }: Variant,
  own: readonly Measured[],
  audio: readonly (readonly Measured[])[],
  targetDuration: number,
  where: string,
  say: Say,
): void {
  const total = own.reduce((sum, { duration }) => sum + duration, 0);
  if (total < Math.min(ENOUGH_SECONDS, targetDuration / 2)) return;
  const largest = (of: (segments: readonly Measured[]) => number) =>
    of(own) + Math.max(0, ...audio.map(of));
  const peak = largest((segments) => peakOf(segments, targetDuration));
  const average = largest(rateOf);
  const promised = {
    peak: Number(attributes.get("BANDWIDTH")),
    average: Number(attributes.get("AVERAGE-BANDWIDTH")),
  };
  if (promised.peak > 0 && peak > promised.peak * MOST_PEAK) {
    say("peak-bandwidth", where, `${Math.round(peak)} measured, BANDWIDTH ${promised.peak}`);
  }
  if (promised.average > 0 && average > promised.average * MOST_AVERAGE) {
    say(
      "average-bandwidth",
      where,
      `${Math.round(average)} measured, AVERAGE-BANDWIDTH ${promised.average}`,
    );
  }
}

/** The largest of any run of segments that lasts 0.5 to 1.5 target durations; bits a second. */
function peakOf(segments: readonly Measured[], targetDuration: number): number {
  let peak = 0;
  for (let from = 0; from < segments.length; from += 1) {
    for (let to = from + 1; to <= segments.length; to += 1) {
      const run = segments.slice(from, to);
      const seconds = run.reduce((sum, { duration }) => sum + duration, 0);
      if (seconds > 1.5 * targetDuration) break;
      if (seconds >= 0.5 * targetDuration) peak = Math.max(peak, rateOf(run));
    }
  }
  return peak;
}

function rateOf(segments: readonly Measured[]): number {
  const seconds = segments.reduce((sum, { duration }) => sum + duration, 0);
  return seconds === 0 ? 0 : (8 * segments.reduce((sum, { bytes }) => sum + bytes, 0)) / seconds;
}

/** Each codec of the files is named, and no other. What boxes cannot tell may follow: `av01.….0.110`. */
function checkCodecs(
  { attributes }: Variant,
  served: readonly (Measured | undefined)[],
  where: string,
  say: Say,
): void {
  if (served.some((one) => one === undefined)) return;
  const named = codecsOf(attributes);
  const found = served.map((one) => one?.init?.codec ?? "mp4a.40.34");
  const isThat = (name: string, codec: string) =>
    name.toLowerCase() === codec.toLowerCase() ||
    (/^(av01|vp09|vvc1)/.test(codec) && name.startsWith(codec));
  for (const codec of new Set(found)) {
    if (!named.some((name) => isThat(name, codec))) {
      say("variant-codecs", where, `${codec} is served, CODECS has ${named.join()}`);
    }
  }
  for (const name of named) {
    if (!found.some((codec) => isThat(name, codec)) && !/^(wvtt|stpp)/.test(name)) {
      say("variant-codecs", where, `${name} is named, and nothing served is that`);
    }
  }
}

function checkPicture(
  { attributes }: Variant,
  own: readonly Measured[],
  init: InitFacts,
  where: string,
  say: Say,
): void {
  const resolution = attributes.get("RESOLUTION");
  const size = `${Math.round(init.width)}x${Math.round(init.height)}`;
  if (resolution !== undefined && resolution !== size) {
    say("variant-resolution", where, `${resolution}, the init segment ${size}`);
  }
  const seconds = own.reduce((sum, { duration }) => sum + duration, 0);
  const rate = own.reduce((sum, { samples }) => sum + samples, 0) / seconds;
  const promised = Number(attributes.get("FRAME-RATE"));
  // A picture more or less at an end is no other rate.
  if (seconds > 0 && promised > 0 && Math.abs(rate - promised) > 0.005 * promised + 1 / seconds) {
    say("variant-frame-rate", where, `${promised}, measured ${rate.toFixed(3)}`);
  }
  const range = init.transfer === 16 ? "PQ" : init.transfer === 18 ? "HLG" : "SDR";
  const told = attributes.get("VIDEO-RANGE") ?? "SDR";
  if (told !== range) say("variant-video-range", where, `${told}, the init segment ${range}`);
}
