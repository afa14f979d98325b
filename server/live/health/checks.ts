import { codecWords } from "../../protocol/codec/codec-words.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { advice, type Topic } from "./advice.ts";
import type { FindingCode, Severity } from "./finding.ts";
import type { TrackVitals, Vitals } from "./vitals.ts";

/** One thing that may be amiss. */
export type Check = {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** It has to be there for so long. */
  readonly after: Milliseconds;
  /** Where one of these is told of, this one says nothing new. */
  readonly unless?: readonly FindingCode[];
  /**
   * @param isFound it was found before: it is gone only with a margin
   * @returns the sentence; undefined where all is well
   */
  readonly see: (vitals: Vitals, isFound: boolean) => string | undefined;
};

/** Sides of a picture that hardware decodes as H.264 (level 5.2: 36,864 macroblocks). */
const LARGEST_PICTURE = 4096 * 2304;

/** Codecs that are sure to play in every browser; others, and where they do not. */
const EVERYWHERE = /^(avc|mp4a|mp3|opus|flac)/i;
const LIMITED: readonly (readonly [RegExp, string])[] = [
  [/^(hvc1|hev1)/, "Chrome and Edge play it only where the graphics card does"],
  [/^av01/, "Safari plays it only on the newest devices"],
  [/^vp0[89]/, "Safari plays it not everywhere"],
  [/^vvc1/, "no common browser plays it yet"],
  [/^(ac-3|ec-3)/, "Chrome and Firefox do not play it"],
];

/** Profiles of H.264 beyond 8 bits and 4:2:0, by profile_idc (ITU-T H.264 §A.2). */
const RARE_PROFILES: readonly number[] = [110, 122, 244, 44];

/** In the order in which they are told, among those of the same severity. */
export const CHECKS: readonly Check[] = [
  {
    code: "NO_MEDIA",
    severity: "error",
    after: 2000,
    see: ({ age, bytes, encoder }) =>
      age >= 3000 && bytes === 0
        ? `The encoder is connected and sends no picture or sound: ${advice(encoder.kind, "source")}`
        : undefined,
  },
  {
    code: "NO_KEYFRAME",
    severity: "error",
    after: 3000,
    see: (vitals) =>
      firstVideo(vitals)?.video.lacksSync === true
        ? say(
            vitals,
            "keyframes",
            "No keyframe came since the broadcast began: nothing can be shown",
          )
        : undefined,
  },
  {
    code: "CODEC_UNPLAYABLE",
    severity: "error",
    after: 0,
    see: (vitals) => {
      const [first] = vitals.unplayable;
      if (first === undefined) return undefined;
      const isSound = first.mediaType === "audio";
      const what = `The ${isSound ? "sound" : "picture"} is ${first.codecName}, which no browser plays`;
      return say(vitals, isSound ? "audio-codec" : "video-codec", what);
    },
  },
  {
    code: "ARRIVAL_STALLS",
    severity: "warning",
    after: 0,
    unless: ["NO_MEDIA"],
    see: (vitals, isFound) => {
      const { pause, stalls, bitrate } = vitals;
      const isLong = pause.longest > 3000 && vitals.age > 5000;
      if (!isLong && stalls < (isFound ? 1 : 3)) return undefined;
      const what = `The broadcast comes in bursts, with up to ${seconds(pause.longest)} of nothing, as on a line that does not carry its ${megabits(bitrate.mean)}`;
      return say(vitals, "bitrate", what);
    },
  },
  {
    code: "FRAMES_DROPPED",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const dropped = vitals.drops?.recent.dropped ?? 0;
      const what = `The encoder left out ${count(dropped, "picture")} in the last half a minute, since its line is too slow`;
      return dropped > 0 ? say(vitals, "bitrate", what) : undefined;
    },
  },
  {
    code: "ENCODER_OVERLOADED",
    severity: "warning",
    after: 0,
    see: (vitals, isFound) => {
      const { skipped, lagged } = vitals.drops?.recent ?? { skipped: 0, lagged: 0 };
      if (skipped + lagged < (isFound ? 1 : 5)) return undefined;
      const what = `The encoder is overloaded: it missed ${count(skipped + lagged, "picture")} in the last half a minute`;
      return say(vitals, "load", what);
    },
  },
  {
    code: "SLOWER_THAN_TIME",
    severity: "warning",
    after: 5000,
    unless: ["ARRIVAL_STALLS"],
    see: (vitals, isFound) => {
      const { speed = 1, pause } = vitals;
      if (speed >= (isFound ? 0.98 : 0.95) || pause.current > 1000) return undefined;
      const what = `Only ${percent(speed)} of each second arrives: the encoder or its line is too slow`;
      return say(vitals, "load", what);
    },
  },
  {
    code: "FASTER_THAN_TIME",
    severity: "warning",
    after: 5000,
    see: (vitals, isFound) => {
      const { speed = 1 } = vitals;
      if (speed <= (isFound ? 1.03 : 1.1)) return undefined;
      const what = `It is sent ${speed.toFixed(1)} times as fast as it is to be shown: viewers fall behind`;
      return say(vitals, "pace", what);
    },
  },
  {
    code: "KEYFRAMES_FAR_APART",
    severity: "warning",
    after: 0,
    unless: ["NO_KEYFRAME"],
    see: (vitals, isFound) => {
      const keyframes = firstVideo(vitals)?.video.keyframes;
      const longest = keyframes?.longest ?? 0;
      if (keyframes === undefined || longest <= (isFound ? 4000 : 4200)) return undefined;
      const isOpen = longest === keyframes.open;
      const interval = isOpen
        ? `over ${seconds(Math.floor(longest / 1000) * 1000)}`
        : seconds(longest);
      return say(vitals, "keyframes", `Keyframe interval is ${interval}`);
    },
  },
  {
    code: "FRAME_RATE_LOW",
    severity: "warning",
    after: 5000,
    see: (vitals, isFound) => {
      const first = firstVideo(vitals);
      const measured = first?.video.frameRate;
      const declared = first?.declared;
      if (measured === undefined || declared === undefined) return undefined;
      if (measured >= declared * (isFound ? 0.95 : 0.9)) return undefined;
      const what = `Only ${rate(measured)} of the ${rate(declared)} pictures a second that are announced arrive`;
      return say(vitals, "frame-rate", what);
    },
  },
  {
    code: "PICTURES_MISSING",
    severity: "warning",
    after: 0,
    unless: ["FRAMES_DROPPED", "ENCODER_OVERLOADED", "FRAME_RATE_LOW", "FRAME_RATE_VARIABLE"],
    see: (vitals, isFound) => {
      const missing = firstVideo(vitals)?.video.missing.recent ?? 0;
      if (missing < (isFound ? 1 : 3)) return undefined;
      const what = `${count(missing, "picture")} ${missing === 1 ? "is" : "are"} missing in the last half a minute, by the timestamps: the encoder leaves them out`;
      return say(vitals, "load", what);
    },
  },
  {
    code: "AV_OFFSET",
    severity: "warning",
    after: 3000,
    see: (vitals, isFound) => {
      const offset = vitals.avOffset ?? 0;
      if (Math.abs(offset) <= (isFound ? 110 : 150)) return undefined;
      const [late, early] =
        offset > 0 ? ["Pictures come", "their sound"] : ["Sound comes", "its pictures"];
      return say(
        vitals,
        "audio-offset",
        `${late} ${tens(Math.abs(offset))} ms later than ${early}`,
      );
    },
  },
  {
    code: "AUDIO_STOPPED",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const sound = tracksOf(vitals, "audio");
      const hasStopped = sound.length > 0 && sound.every(({ isActive }) => !isActive);
      return hasStopped && firstVideo(vitals) !== undefined
        ? say(vitals, "audio", "The sound has stopped, and the pictures go on")
        : undefined;
    },
  },
  {
    code: "AUDIO_SILENT",
    severity: "warning",
    after: 10_000,
    see: (vitals) => {
      const sound = tracksOf(vitals, "audio").find(({ isActive }) => isActive);
      const bytes = sound?.bytesPerSample;
      // Coded silence: 6 bytes of AAC, 3 of Opus, 14 and a bit of FLAC.
      return bytes !== undefined && bytes < 16
        ? say(vitals, "audio-level", "The sound is silence")
        : undefined;
    },
  },
  {
    code: "VIDEO_PROFILE",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const codec = firstVideo(vitals)?.codec ?? "";
      const profile = /^avc[13]\.([0-9a-f]{2})/i.exec(codec)?.[1];
      if (profile === undefined || !RARE_PROFILES.includes(Number.parseInt(profile, 16))) {
        return undefined;
      }
      const { profile: name = "" } = codecWords(codec);
      return say(vitals, "profile", `H.264 ${name} plays in hardly any browser but Chrome`);
    },
  },
  {
    code: "CODEC_LIMITED",
    severity: "info",
    after: 0,
    see: (vitals) => {
      for (const { live, isActive } of vitals.tracks) {
        const { codecString, mediaType } = live.track;
        if (!isActive || EVERYWHERE.test(codecString)) continue;
        const where = LIMITED.find(([pattern]) => pattern.test(codecString))?.[1];
        if (where === undefined) continue;
        const topic = mediaType === "audio" ? "audio-codec" : "video-codec";
        const what = `The ${mediaType === "audio" ? "sound" : "picture"} is ${codecWords(codecString).name}: ${where}`;
        return `${what}; for all of them, ${advice(vitals.encoder.kind, topic)}`;
      }
      return undefined;
    },
  },
  {
    code: "TIMESTAMP_JUMPS",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const jumps = vitals.jumps.recent;
      const what = `The timestamps jumped ${jumps === 1 ? "once" : `${jumps} times`} in the last minute: viewers see a cut`;
      return jumps > 0 ? say(vitals, "source", what) : undefined;
    },
  },
  {
    code: "MESSAGES_DROPPED",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const { recent } = vitals.badMessages;
      if (recent === 0) return undefined;
      const what = `${count(recent, "message")} of the last minute could not be understood and ${recent === 1 ? "was" : "were"} dropped (the server's log says why)`;
      return say(vitals, "restart", what);
    },
  },
  {
    code: "ARRIVAL_JITTER",
    severity: "warning",
    after: 5000,
    unless: ["ARRIVAL_STALLS", "SLOWER_THAN_TIME", "FASTER_THAN_TIME"],
    see: (vitals, isFound) => {
      const pictures = firstVideo(vitals);
      const jitter = (pictures ?? tracksOf(vitals, "audio")[0])?.jitter ?? 0;
      if (jitter <= (isFound ? 80 : 120)) return undefined;
      const what = `${pictures === undefined ? "Sound arrives" : "Pictures arrive"} unevenly, up to ${tens(jitter)} ms late, and players hold more for it: use a cable in place of Wi-Fi, or`;
      return `${what} ${advice(vitals.encoder.kind, "bitrate")}`;
    },
  },
  {
    code: "KEYFRAMES_IRREGULAR",
    severity: "info",
    after: 3000,
    unless: ["KEYFRAMES_FAR_APART"],
    see: (vitals, isFound) => {
      const { longest = 0, shortest = longest } = firstVideo(vitals)?.video.keyframes ?? {};
      const spread = longest / Math.max(1, shortest);
      if (longest <= 1000 || spread < (isFound ? 1.4 : 1.7)) return undefined;
      const what = `Keyframes come at intervals of ${seconds(shortest)} to ${seconds(longest)}: HLS segments differ as much`;
      const cure =
        vitals.encoder.kind === "ffmpeg" ? "add -sc_threshold 0" : "switch scene-cut keyframes off";
      return `${what}; ${cure}, and ${adviceFor(vitals, "keyframes")}`;
    },
  },
  {
    code: "B_FRAMES",
    severity: "info",
    after: 3000,
    see: (vitals) => {
      const first = firstVideo(vitals);
      const depth = first?.video.reorderDepth ?? 0;
      if (first === undefined || depth === 0) return undefined;
      const delay = Math.round((depth * 1000) / (first.video.frameRate ?? 30));
      const what = `B-frames (${count(depth, "picture")} deep) add ${delay} ms of delay`;
      return `${what}; for the least, ${adviceFor(vitals, "b-frames")}`;
    },
  },
  {
    code: "FRAME_RATE_VARIABLE",
    severity: "info",
    after: 5000,
    see: (vitals, isFound) => {
      const irregularity = firstVideo(vitals)?.video.irregularity ?? 0;
      return irregularity > (isFound ? 0.06 : 0.12)
        ? say(
            vitals,
            "frame-rate",
            "The frame rate varies: motion is uneven, and delay is harder to hold",
          )
        : undefined;
    },
  },
  {
    code: "BITRATE_UNSTEADY",
    severity: "info",
    after: 0,
    unless: ["ARRIVAL_STALLS", "FASTER_THAN_TIME"],
    see: (vitals, isFound) => {
      const { swell, bitrate, age } = vitals;
      if (age < 20_000 || bitrate.mean < 200_000) return undefined;
      if (swell < bitrate.mean * (isFound ? 2 : 2.5)) return undefined;
      const what = `The bitrate swells to ${megabits(swell)}, ${(swell / bitrate.mean).toFixed(1)} times its mean, and lines stall on that`;
      return say(vitals, "rate-control", what);
    },
  },
  {
    code: "AUDIO_MISSING",
    severity: "info",
    after: 5000,
    see: (vitals) => {
      const hasSound =
        tracksOf(vitals, "audio").length > 0 ||
        vitals.unplayable.some(({ mediaType }) => mediaType === "audio");
      return !hasSound && firstVideo(vitals) !== undefined
        ? `There is no sound; if there should be some, ${adviceFor(vitals, "audio")}`
        : undefined;
    },
  },
  {
    code: "AUDIO_SAMPLE_RATE",
    severity: "info",
    after: 0,
    see: (vitals) => {
      const sound = tracksOf(vitals, "audio").find(({ isActive }) => isActive)?.live.track;
      if (sound?.mediaType !== "audio") return undefined;
      // HE-AAC tells the rate of its core, half of what is heard.
      const isHalf = /^mp4a\.40\.(5|29)$/.test(sound.codecString);
      const heard = isHalf ? 2 * sound.sampleRate : sound.sampleRate;
      if (heard === 44_100 || heard === 48_000) return undefined;
      const what = `The sound has ${Number((heard / 1000).toFixed(3))} kHz, which devices have to convert`;
      return say(vitals, "audio-rate", what);
    },
  },
  {
    code: "RESOLUTION_ODD",
    severity: "info",
    after: 0,
    see: (vitals) => {
      const { width = 0, height = 0 } = firstVideo(vitals) ?? {};
      return width % 2 === 1 || height % 2 === 1
        ? say(
            vitals,
            "resolution",
            `Pictures of ${width} × ${height} have an odd side, which hardware decoders refuse`,
          )
        : undefined;
    },
  },
  {
    code: "RESOLUTION_LARGE",
    severity: "info",
    after: 0,
    see: (vitals) => {
      const { width = 0, height = 0 } = firstVideo(vitals) ?? {};
      return width * height > LARGEST_PICTURE
        ? say(
            vitals,
            "resolution",
            `Pictures of ${width} × ${height} are more than most devices decode`,
          )
        : undefined;
    },
  },
  {
    code: "CLOCK_DRIFT",
    severity: "info",
    after: 10_000,
    unless: ["SLOWER_THAN_TIME", "FASTER_THAN_TIME", "ARRIVAL_STALLS"],
    see: (vitals, isFound) => {
      const { drift } = vitals;
      if (drift === undefined || drift.over < 110_000) return undefined;
      if (Math.abs(drift.ppm) <= (isFound ? 400 : 600)) return undefined;
      const way = drift.ppm > 0 ? "fast" : "slow";
      const each = seconds(Math.abs(drift.ppm) * 3.6);
      return say(vitals, "source", `The encoder's clock is ${way} by ${each} an hour`);
    },
  },
];

/** The first video track that is announced, with what its track says of it. */
function firstVideo(vitals: Vitals) {
  for (const track of vitals.tracks) {
    const { live, isActive, video, jitter } = track;
    if (!isActive || video === undefined || live.track.mediaType !== "video") continue;
    const { frameRate: declared, codecString: codec, width, height } = live.track;
    return { video, jitter, declared, codec, width, height };
  }
  return undefined;
}

const tracksOf = ({ tracks }: Vitals, mediaType: "audio" | "video"): readonly TrackVitals[] =>
  tracks.filter(({ live }) => live.track.mediaType === mediaType);

const adviceFor = (vitals: Vitals, topic: Topic): string => {
  const first = firstVideo(vitals);
  return advice(vitals.encoder.kind, topic, first?.declared ?? first?.video.frameRate);
};

const say = (vitals: Vitals, topic: Topic, what: string): string =>
  `${what}: ${adviceFor(vitals, topic)}`;

const seconds = (ms: Milliseconds): string => `${Number((ms / 1000).toFixed(1))} s`;
const megabits = (bitrate: number): string =>
  bitrate < 1e6 ? `${Math.round(bitrate / 1e3)} kbit/s` : `${(bitrate / 1e6).toFixed(1)} Mbit/s`;
const percent = (part: number): string => `${Math.round(100 * part)} %`;
const rate = (perSecond: number): string => `${Number(perSecond.toFixed(1))}`;
const tens = (ms: Milliseconds): number => 10 * Math.round(ms / 10);
const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? "" : "s"}`;
