import { z } from "zod";
import type { StreamReport } from "../../live/health/stream-health.ts";
import type { HealthHistory, Rates, TrackVitals, Vitals } from "../../live/health/vitals.ts";
import { codecWords } from "../../protocol/codec/codec-words.ts";
import type {
  ListedHealth,
  ListedKeyframes,
  ListedRates,
  ListedStreamHealth,
  ListedTrackHealth,
} from "../../protocol/wire/stream-health.ts";

const count = z.int().min(0);
const ms = z.number().min(0).describe("ms");
const bits = z.int().min(0);
const rates = z
  .strictObject({
    now: bits.describe("over the last four seconds"),
    mean: bits.describe("over the last minute"),
    peak: bits.describe("of its fullest second"),
  })
  .describe("bits a second");
const frameRate = z.number().min(0).describe("pictures a second, by their own times");
const declaredFrameRate = z.number().describe("what the encoder said");
const keyframes = z
  .strictObject({
    last: ms.optional().describe("ms between the newest two"),
    pictures: count.optional().describe("the same in pictures"),
    longest: ms.optional().describe("ms: the longest of the last eight, or the one that goes on"),
    shortest: ms.optional(),
    bytes: count.optional().describe("of one, mean of the last eight"),
  })
  .describe("how far keyframes are apart");
const jitter = ms.describe("ms: 95 of 100 arrive within this of the promptest, over ten seconds");
const avOffset = z
  .number()
  .describe(
    "ms by which pictures arrive later than sound of the same moment; below 0 the sound is late",
  );

const glance = {
  at: z.number().describe("when the last second ended that is in it: ms since 1970"),
  bitrate: rates,
  frameRate: frameRate.optional(),
  declaredFrameRate: declaredFrameRate.optional(),
  keyframes: keyframes.optional(),
  avOffset: avOffset.optional(),
  jitter: jitter.optional(),
  pause: z
    .strictObject({ current: ms.describe("up to now"), longest: ms.describe("in the last minute") })
    .describe("how long nothing came, ms"),
  drops: z
    .strictObject({
      encoder: count.optional().describe("pictures, as the encoder reports, where it does"),
      missing: count.describe("pictures that the timestamps leave room for"),
      badMessages: count.describe("messages that could not be understood"),
    })
    .describe("what was lost, since this publisher began"),
  findings: z
    .array(
      z.strictObject({
        code: z.string().describe("stable; docs/health.md has them all"),
        severity: z.enum(["error", "warning", "info"]),
        message: z.string().describe("for people: what is wrong, and which setting to change"),
      }),
    )
    .describe("what the stream doctor says, the worst first"),
};

/** The form of `ListedHealth`. */
export const healthSchema: z.ZodType<ListedHealth> = z
  .strictObject({
    ...glance,
    second: z
      .strictObject({ bitrate: bits, pictures: count.optional(), drops: count })
      .describe("the last second alone, for graphs"),
  })
  .describe("how well it comes; absent while nobody publishes it");

const track = z.strictObject({
  id: z.int().min(1),
  mediaType: z.enum(["video", "audio"]),
  name: z.string(),
  codec: z.string().describe("RFC 6381"),
  codecName: z.string().describe("for people"),
  profile: z.string().optional(),
  level: z.string().optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  sampleRate: z.int().optional(),
  channels: z.int().optional(),
  hasStopped: z.boolean().describe("it gives nothing any more, while others go on"),
  bitrate: rates,
  jitter: jitter.optional(),
  frameRate: frameRate.optional(),
  declaredFrameRate: declaredFrameRate.optional(),
  irregularity: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("how many distances of pictures are no multiple of the usual one"),
  keyframes: keyframes.optional(),
  reorderDepth: count.optional().describe("pictures decoded before one that is shown earlier"),
  reorderDelay: ms
    .optional()
    .describe("ms that B-frames add between camera and screen, most of it in the encoder"),
  missing: count.optional().describe("pictures that the timestamps leave room for"),
  disorder: count.describe(
    "of the last thirty seconds, those with timestamps that went backwards, or stood still among pictures",
  ),
  surplus: z
    .number()
    .optional()
    .describe(
      "how much longer sound lasts by its samples than by its timestamps: 0.02 is 2 %; below 0 shorter",
    ),
});

const figures = z.array(z.number().nullable());

/** The form of `ListedStreamHealth`. */
export const streamHealthSchema: z.ZodType<ListedStreamHealth> = z.strictObject({
  path: z.string().describe("APP/NAME"),
  health: z.strictObject({
    ...glance,
    age: ms.describe("ms since this publisher began"),
    bytes: count.describe("of sound and pictures, since then"),
    encoder: z.string().optional().describe("who made it, in its own words"),
    viewers: count,
    speed: z.number().optional().describe("media time that comes in a second; 1: the pace of time"),
    drift: z
      .strictObject({
        ppm: z.number().describe("millionths by which the encoder's clock is fast"),
        over: ms.describe("ms that it was measured over"),
      })
      .optional(),
    jumps: count.describe("of the timestamps"),
    encoderDrops: z
      .strictObject({
        dropped: count.describe("the line was too slow"),
        skipped: count.describe("the encoder was too slow"),
        lagged: count.describe("put together too late"),
      })
      .optional()
      .describe("what the encoder reports, where it does"),
    tracks: z.array(track),
    history: z
      .strictObject({
        interval: ms.describe("ms between two figures; the newest is of `at`"),
        bitrate: figures.describe("bits"),
        pictures: figures,
        jitter: figures.describe("ms"),
        avOffset: figures.describe("ms"),
        pause: figures.describe("ms: the longest time without anything"),
        drops: figures.describe("pictures and messages"),
      })
      .describe("of the last two minutes, oldest first, null where there was none"),
  }),
});

/** Health at a glance. */
export const listedHealth = (report: StreamReport): ListedHealth => {
  const { vitals } = report;
  const { bits: bitrate, pictures, drops } = vitals.second;
  return {
    ...glanceOf(report),
    second: {
      bitrate,
      ...known("pictures", pictures),
      drops,
    },
  };
};

/** All of it. */
export function listedStreamHealth(
  path: string,
  report: StreamReport,
  history: HealthHistory,
  viewers: number,
): ListedStreamHealth {
  const { vitals } = report;
  const { age, bytes, encoder, speed, drift, jumps, drops, tracks } = vitals;
  return {
    path,
    health: {
      ...glanceOf(report),
      age: Math.round(age),
      bytes,
      ...(encoder.name !== "" && { encoder: encoder.name }),
      viewers,
      ...known("speed", speed, 3),
      ...(drift && { drift: { ppm: rounded(drift.ppm), over: rounded(drift.over) } }),
      jumps: jumps.total,
      ...(drops && { encoderDrops: drops.total }),
      tracks: tracks.map(listedTrack),
      history: {
        interval: 1000,
        bitrate: figuresOf(history.bitrate),
        pictures: figuresOf(history.pictures),
        jitter: figuresOf(history.jitter),
        avOffset: figuresOf(history.avOffset),
        pause: figuresOf(history.pause),
        drops: figuresOf(history.drops),
      },
    },
  };
}

function glanceOf({ vitals, findings }: StreamReport) {
  const { at, bitrate, avOffset, pause, badMessages, drops } = vitals;
  const first = firstVideo(vitals);
  const jitter = (first ?? vitals.tracks[0])?.jitter;
  const left = drops?.total;
  const declared = first?.live.track.mediaType === "video" ? first.live.track.frameRate : undefined;
  return {
    at: Math.round(at),
    bitrate: listedRates(bitrate),
    ...known("frameRate", first?.video?.frameRate, 2),
    ...known("declaredFrameRate", declared, 3),
    ...(first?.video && { keyframes: listedKeyframes(first.video.keyframes) }),
    ...known("avOffset", avOffset),
    ...known("jitter", jitter),
    pause: { current: rounded(pause.current), longest: rounded(pause.longest) },
    drops: {
      ...(left && { encoder: left.dropped + left.skipped + left.lagged }),
      missing: first?.video?.missing.total ?? 0,
      badMessages: badMessages.total,
    },
    findings: findings.map(({ code, severity, message }) => ({ code, severity, message })),
  };
}

const firstVideo = ({ tracks }: Vitals): TrackVitals | undefined =>
  tracks.find(({ video, isActive }) => isActive && video !== undefined);

function listedTrack(vitals: TrackVitals): ListedTrackHealth {
  const { live, isActive, bitrate, jitter, disorder, surplus, video } = vitals;
  const { track: description } = live;
  const { name: codecName, profile, level } = codecWords(description.codecString);
  return {
    id: live.id,
    mediaType: description.mediaType,
    name: live.name,
    codec: description.codecString,
    codecName,
    ...(profile !== undefined && { profile }),
    ...(level !== undefined && { level }),
    ...(description.mediaType === "video"
      ? {
          width: description.width,
          height: description.height,
          ...known("declaredFrameRate", description.frameRate, 3),
        }
      : { sampleRate: description.sampleRate, channels: description.channels }),
    hasStopped: !isActive,
    bitrate: listedRates(bitrate),
    ...known("jitter", jitter),
    disorder,
    ...known("surplus", surplus, 4),
    ...(video && {
      ...known("frameRate", video.frameRate, 2),
      irregularity: rounded(video.irregularity, 3),
      keyframes: listedKeyframes(video.keyframes),
      reorderDepth: video.reorderDepth,
      reorderDelay: rounded(video.reorderDelay),
      missing: video.missing.total,
    }),
  };
}

const listedRates = ({ now, mean, peak }: Rates): ListedRates => ({
  now: rounded(now),
  mean: rounded(mean),
  peak: rounded(peak),
});

const listedKeyframes = ({
  last,
  pictures,
  longest,
  shortest,
  bytes,
}: NonNullable<TrackVitals["video"]>["keyframes"]): ListedKeyframes => ({
  ...known("last", last),
  ...(pictures !== undefined && { pictures }),
  ...known("longest", longest),
  ...known("shortest", shortest),
  ...known("bytes", bytes),
});

/** A figure that may not be known is absent then. */
const known = <Name extends string>(
  name: Name,
  value: number | undefined,
  digits = 0,
): { [name in Name]?: number } =>
  value === undefined || Number.isNaN(value)
    ? {}
    : ({ [name]: rounded(value, digits) } as { [name in Name]: number });

const rounded = (value: number, digits = 0): number => {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale + 0; // no -0: JSON would lose it, and tests with it
};

const figuresOf = (values: readonly number[]): (number | null)[] =>
  values.map((value) => (Number.isNaN(value) ? null : rounded(value)));
