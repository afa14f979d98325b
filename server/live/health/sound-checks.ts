import { adviceFor, type Check, firstVideo, say, tracksOf } from "./check.ts";
import { tens } from "./figure-words.ts";

/** How the sound comes, and whether it fits the pictures. */
export const SOUND_CHECKS: readonly Check[] = [
  {
    code: "AV_OFFSET",
    severity: "warning",
    after: 3000,
    unless: ["TIMESTAMPS_DISORDERED"],
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
    code: "AUDIO_CLOCK",
    severity: "warning",
    after: 5000,
    see: (vitals, isFound) => {
      const { surplus = 0 } = tracksOf(vitals, "audio").find(({ isActive }) => isActive) ?? {};
      if (Math.abs(surplus) <= (isFound ? 0.003 : 0.005)) return undefined;
      const much = `${Number((100 * Math.abs(surplus)).toFixed(1))} %`;
      const what = `The sound lasts ${much} ${surplus > 0 ? "longer" : "shorter"} than its timestamps say, and cracks`;
      return say(vitals, "audio-clock", what);
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
];
