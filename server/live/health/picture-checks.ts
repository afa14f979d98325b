import { adviceFor, type Check, firstVideo, say, tracksOf } from "./check.ts";
import { count, rate, seconds, tens } from "./figure-words.ts";

/** Sides of a picture that hardware decodes as H.264 (level 5.2: 36,864 macroblocks). */
const LARGEST_PICTURE = 4096 * 2304;

/** Bits that a line does not mind, however few there are beside them. */
const LARGE_KEYFRAME = 3e6;

/** How the pictures come: keyframes, their order, their pace, their size. */
export const PICTURE_CHECKS: readonly Check[] = [
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
    code: "VIDEO_STOPPED",
    severity: "error",
    after: 0,
    see: (vitals) => {
      const pictures = tracksOf(vitals, "video");
      const hasStopped = pictures.length > 0 && pictures.every(({ isActive }) => !isActive);
      return hasStopped && tracksOf(vitals, "audio").some(({ isActive }) => isActive)
        ? say(vitals, "video", "The pictures have stopped, and the sound goes on")
        : undefined;
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
    after: 5000, // a rate that is low, or varies, is known by then
    unless: [
      "FRAMES_DROPPED",
      "ENCODER_OVERLOADED",
      "FRAME_RATE_LOW",
      "FRAME_RATE_VARIABLE",
      "TIMESTAMPS_DISORDERED",
    ],
    see: (vitals, isFound) => {
      const missing = firstVideo(vitals)?.video.missing.recent ?? 0;
      if (missing < (isFound ? 1 : 3)) return undefined;
      const what = `${count(missing, "picture")} ${missing === 1 ? "is" : "are"} missing in the last half a minute, by the timestamps: the encoder leaves them out`;
      return say(vitals, "load", what);
    },
  },
  {
    code: "KEYFRAMES_IRREGULAR",
    severity: "info",
    after: 3000,
    unless: [
      "KEYFRAMES_FAR_APART",
      "FRAME_RATE_LOW",
      "FRAME_RATE_VARIABLE",
      "TIMESTAMPS_DISORDERED",
    ],
    see: (vitals, isFound) => {
      const keyframes = firstVideo(vitals)?.video.keyframes;
      const { longest = 0, shortest = longest, uneven = 0 } = keyframes ?? {};
      const spread = longest / Math.max(1, shortest);
      if (longest <= 1000 || spread < (isFound ? 1.4 : 1.7)) return undefined;
      if (uneven < (isFound ? 2 : 3)) return undefined; // a scene cut now and then harms nobody
      const what = `Keyframes come at intervals of ${seconds(shortest)} to ${seconds(longest)}, and HLS segments differ as much`;
      return say(vitals, "scene-cuts", what);
    },
  },
  {
    code: "KEYFRAMES_LARGE",
    severity: "info",
    after: 3000,
    see: (vitals, isFound) => {
      const first = firstVideo(vitals);
      const bits = 8 * (first?.video.keyframes.bytes ?? 0);
      if (first === undefined || vitals.age < 10_000 || bits < LARGE_KEYFRAME) return undefined;
      const share = bits / first.bitrate.mean;
      if (share < (isFound ? 0.5 : 0.7)) return undefined;
      const what = `Keyframes have ${(bits / 8e6).toFixed(1)} MB each, as much as ${seconds(1000 * share)} of the broadcast, and lines stall on that`;
      return say(vitals, "rate-control", what);
    },
  },
  {
    code: "OPEN_GOP",
    severity: "info",
    after: 0,
    unless: ["TIMESTAMPS_DISORDERED"],
    see: (vitals) =>
      firstVideo(vitals)?.video.isOpenGop === true
        ? say(
            vitals,
            "open-gop",
            "Pictures behind a keyframe need some from before it (open GOP): who joins there sees them broken, or not at all",
          )
        : undefined,
  },
  {
    code: "INTERLACED",
    severity: "info",
    after: 0,
    see: (vitals) =>
      firstVideo(vitals)?.isInterlaced === true
        ? say(
            vitals,
            "interlaced",
            "The pictures are coded as interlaced, and browsers show combs where things move",
          )
        : undefined,
  },
  {
    code: "B_FRAMES",
    severity: "info",
    after: 3000,
    see: (vitals, isFound) => {
      const { reorderDelay = 0 } = firstVideo(vitals)?.video ?? {};
      if (reorderDelay <= (isFound ? 120 : 150)) return undefined;
      const what = `B-frames add ${tens(reorderDelay)} ms of delay, most of it in the encoder`;
      return `${what}; for the least, ${adviceFor(vitals, "b-frames")}`;
    },
  },
  {
    code: "FRAME_RATE_VARIABLE",
    severity: "info",
    after: 5000,
    unless: ["FRAME_RATE_LOW", "TIMESTAMPS_DISORDERED"],
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
];
