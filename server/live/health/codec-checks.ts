import { codecWords } from "../../protocol/codec/codec-words.ts";
import { advice } from "./advice.ts";
import { type Check, firstVideo, say } from "./check.ts";

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

/** What browsers can do with it. */
export const CODEC_CHECKS: readonly Check[] = [
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
];
