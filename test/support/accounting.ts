/**
 * Frame accounting: the sequence of coded frames that a viewer received equals the one that was
 * published, in payloads, decode times and composition offsets.
 *
 * The payloads compare as they are: an FLV tag holds length-prefixed NAL units (OBUs, audio frames)
 * just as `mdat` does. What may differ is said here and nowhere else: a constant offset in time for
 * each run of the publisher and behind each jump of its clock, for sound the way from whole milliseconds to samples, and for pictures
 * whose decode time repeats the tick by which a player wants each later than the one before, and in
 * HLS what a part lacks in length; they are shown when they were to be shown.
 */

/** A coded picture or the coded sound of one moment, as published or as received; times in ms. */
export type CodedFrame = {
  readonly dts: number;
  readonly compositionOffset: number;
  readonly size: number;
  readonly isSync: boolean;
  /** MD5 of the payload, in hex. */
  readonly hash: string;
};

export type AccountingOptions = {
  readonly mediaType: "video" | "audio";
  /** `late`: the viewer joined while it ran, and begins at some sync sample. */
  readonly joined?: "before" | "late";
  /** `early`: the viewer left (or its last segment was not finished) before the end. */
  readonly left?: "after" | "early";
  /** ms by which the file beside may round otherwise than what was sent; default 0. */
  readonly rounding?: number;
  /**
   * By HLS: a picture before which a part ends may be decoded earlier, and sound that was moved goes on
   * where its part ended.
   */
  readonly isInParts?: boolean;
  /** Fewer frames than this were received: a mistake of the test itself. */
  readonly atLeast?: number;
};

/** Ticks of 90 kHz are exact for whole ms; what is left is the rounding of a double. */
const VIDEO_TOLERANCE = 0.02;
/** One of 90 kHz, in ms. */
const VIDEO_TICK = 1 / 90;
/** Sound is counted in samples and re-anchored where it leaves RTMP's clock by more than 50 ms. */
const AUDIO_TOLERANCE = 51;
/** What the rules for parts of HLS may cost: a picture's decode time, and a frame of sound, in ms. */
const MOST_EARLY = 200;
const SOUND_FRAME = 25;

/**
 * Compares what was published with what was received.
 *
 * @param runs what each run of the publisher sent, in order; a restart begins another
 * @returns the first difference, for people; undefined where there is none
 */
export function accountFor(
  runs: readonly (readonly CodedFrame[])[],
  received: readonly CodedFrame[],
  options: AccountingOptions,
): string | undefined {
  const { joined = "before", left = "after", atLeast = 1 } = options;
  if (received.length < atLeast) {
    return `Received ${received.length} frames, where at least ${atLeast} were due`;
  }
  const published = runs.flatMap((frames, run) => frames.map((frame) => ({ run, frame })));
  const starts = [0];
  if (joined === "late") {
    published.forEach(({ frame }, index) => {
      if (index > 0 && frame.isSync && frame.hash === received[0]?.hash) starts.push(index);
    });
  }
  let best: { at: number; difference: string } | undefined;
  for (const start of starts) {
    const difference = firstDifference(published.slice(start), received, { ...options, left });
    if (difference === undefined) return undefined;
    if (best === undefined || difference.at > best.at) best = difference;
  }
  return best?.difference;
}

/** Throws what `accountFor` finds, with the name of the viewer. */
export function expectAccount(
  viewer: string,
  runs: readonly (readonly CodedFrame[])[],
  received: readonly CodedFrame[],
  options: AccountingOptions,
): void {
  const difference = accountFor(runs, received, options);
  if (difference !== undefined) throw new Error(`${viewer}, ${options.mediaType}: ${difference}`);
}

function firstDifference(
  published: readonly { run: number; frame: CodedFrame }[],
  received: readonly CodedFrame[],
  { mediaType, left, rounding = 0, isInParts = false }: AccountingOptions,
): { at: number; difference: string } | undefined {
  const isVideo = mediaType === "video";
  const audioTolerance = AUDIO_TOLERANCE + (isInParts ? SOUND_FRAME : 0);
  const tolerance = (isVideo ? VIDEO_TOLERANCE : audioTolerance) + rounding;
  const mostEarly = isVideo && isInParts ? MOST_EARLY : 0;
  let offset = 0;
  let run = -1;
  /** Sound behind a jump of the clock begins where its part ended, and lasts until its second frame. */
  let isStretched = false;
  let latest = 0;
  let ticks = 0;
  for (const [at, got] of received.entries()) {
    const due = published[at];
    const differs = (what: string) => ({
      at,
      difference: `frame ${at} of ${received.length} received (${published.length} published) ${what}
  due:      ${due === undefined ? "nothing" : `run ${due.run}, ${describe(due.frame, offset)}`}
  received: ${describe(got, 0)}
  ${whereabouts(published, received, at)}`,
    });
    if (due === undefined) return differs("was never published");
    if (due.frame.hash !== got.hash) return differs("has another payload");
    isStretched = false;
    if (due.run !== run || isJump(due.frame.dts - latest)) {
      run = due.run;
      offset = shownAt(got) - shownAt(due.frame);
      const [next, dueNext] = [received[at + 1], published[at + 1]];
      if (isInParts && !isVideo && next !== undefined && dueNext?.run === run) {
        offset = shownAt(next) - shownAt(dueNext.frame);
        isStretched = true;
      }
      latest = Number.NEGATIVE_INFINITY;
    }
    const { dts, compositionOffset } = due.frame;
    ticks = isVideo && dts <= latest ? ticks + 1 : 0;
    latest = Math.max(latest, dts);
    const repeated = ticks === 0 ? 0 : latest - dts + ticks * VIDEO_TICK;
    const early = offset + dts + repeated - got.dts;
    const moved = repeated - Math.min(mostEarly, Math.max(0, early));
    const isInTime = isStretched || Math.abs(got.dts - offset - dts - moved) <= tolerance;
    if (!isInTime) return differs("has another time");
    const reordering = Math.abs(got.compositionOffset + moved - compositionOffset);
    if (reordering > VIDEO_TOLERANCE + 2 * rounding) {
      return differs("has another composition offset");
    }
    if (isVideo && got.isSync !== due.frame.isSync) {
      return differs("differs in being a sync sample");
    }
  }
  if (left === "early" || received.length === published.length) return undefined;
  const missing = published[received.length];
  return {
    at: received.length,
    difference: `${published.length - received.length} of ${published.length} frames are missing at the end
  due:      ${missing === undefined ? "nothing" : describe(missing.frame, offset)}`,
  };
}

const shownAt = ({ dts, compositionOffset }: CodedFrame): number => dts + compositionOffset;

/** An encoder's clock that steps so far was set, or broke. */
const isJump = (step: number): boolean => step < -1000 || step > 5000;

const describe = (frame: CodedFrame, offset: number): string =>
  `dts ${(frame.dts + offset).toFixed(3)} ms, composition offset ${frame.compositionOffset.toFixed(3)} ms, ` +
  `${frame.size} bytes, ${frame.isSync ? "sync" : "not sync"}, MD5 ${frame.hash}`;

/** Whether frames were lost, repeated or invented: where the received payload was published. */
function whereabouts(
  published: readonly { frame: CodedFrame }[],
  received: readonly CodedFrame[],
  at: number,
): string {
  const hash = received[at]?.hash;
  const places = published.flatMap(({ frame }, index) => (frame.hash === hash ? [index] : []));
  if (places.length === 0) return "this payload was never published";
  return `this payload was published as frame ${places.slice(0, 5).join(", ")}`;
}
