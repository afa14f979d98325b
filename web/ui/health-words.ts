import type { ListedFinding, ListedHealth } from "../../server/protocol/wire/stream-health.ts";
import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import { concern } from "../control/wall-order.ts";
import { formatBitrate } from "./format.ts";

/** A figure of a card: what it is called, what it is now, and whether the doctor minds. */
export type HealthFigure = {
  readonly key: "bitrate" | "pictures" | "keyframes" | "av" | "jitter" | "drops";
  readonly name: string;
  readonly value: string;
  readonly severity: ListedFinding["severity"] | undefined;
};

/** Which figure shows what a finding is about. */
const FIGURE_OF: { readonly [code: string]: HealthFigure["key"] } = {
  NO_MEDIA: "bitrate",
  STANDS_STILL: "bitrate",
  BITRATE_UNSTEADY: "bitrate",
  BITRATE_HIGH: "bitrate",
  ARRIVAL_STALLS: "bitrate",
  SLOWER_THAN_TIME: "pictures",
  FASTER_THAN_TIME: "pictures",
  VIDEO_STOPPED: "pictures",
  FRAME_RATE_LOW: "pictures",
  FRAME_RATE_VARIABLE: "pictures",
  NO_KEYFRAME: "keyframes",
  KEYFRAMES_FAR_APART: "keyframes",
  KEYFRAMES_IRREGULAR: "keyframes",
  KEYFRAMES_LARGE: "keyframes",
  OPEN_GOP: "keyframes",
  AV_OFFSET: "av",
  ARRIVAL_JITTER: "jitter",
  FRAMES_DROPPED: "drops",
  ENCODER_OVERLOADED: "drops",
  PICTURES_MISSING: "drops",
  MESSAGES_DROPPED: "drops",
};

const UNKNOWN = "–";

/** A card's figures, always the same six in the same order. */
export function healthFigures(health: ListedHealth | undefined): readonly HealthFigure[] {
  const severityOf = (key: HealthFigure["key"]) =>
    health?.findings.find(({ code }) => FIGURE_OF[code] === key)?.severity;
  const figure = (key: HealthFigure["key"], name: string, value: string | undefined) => ({
    key,
    name,
    value: value ?? UNKNOWN,
    severity: severityOf(key),
  });
  return [
    figure("bitrate", "Bitrate", health && formatBitrate(health.bitrate.now)),
    figure("pictures", "Frame rate", health && frameRateWords(health)),
    figure("keyframes", "Keyframes", health && keyframeWords(health.keyframes)),
    figure("av", "A/V offset", health && offsetWords(health.avOffset)),
    figure("jitter", "Jitter", health?.jitter === undefined ? undefined : `${health.jitter} ms`),
    figure("drops", "Drops", health && String(allDrops(health))),
  ];
}

/** Everything that was lost, in one number. */
const allDrops = ({ drops: { encoder = 0, missing, badMessages } }: ListedHealth): number =>
  encoder + missing + badMessages;

/** "30 fps", and "24 of 30 fps" where the encoder announced more. */
function frameRateWords({ frameRate, declaredFrameRate }: ListedHealth): string | undefined {
  if (frameRate === undefined) return undefined;
  const short = (rate: number) => String(Number(rate.toFixed(rate < 100 ? 1 : 0)));
  const isLess = declaredFrameRate !== undefined && frameRate < 0.95 * declaredFrameRate;
  return `${short(frameRate)}${isLess ? ` of ${short(declaredFrameRate)}` : ""} fps`;
}

/** "2 s", and "1 – 4 s" where they differ. */
function keyframeWords(keyframes: ListedHealth["keyframes"]): string | undefined {
  const { last, longest, shortest } = keyframes ?? {};
  if (longest === undefined) return undefined;
  const seconds = (ms: number) => String(Number((ms / 1000).toFixed(1)));
  if (last === undefined) return `over ${Math.floor(longest / 1000)} s`;
  const differs = shortest !== undefined && longest > 1.25 * shortest && longest - shortest > 250;
  return differs ? `${seconds(shortest)} – ${seconds(longest)} s` : `${seconds(longest)} s`;
}

/** "+4 ms": pictures come later than sound; "−120 ms": sooner. */
function offsetWords(offset: number | undefined): string | undefined {
  if (offset === undefined) return undefined;
  const rounded = Math.round(offset);
  const sign = rounded > 0 ? "+" : rounded < 0 ? "−" : "";
  return `${sign}${Math.abs(rounded)} ms`;
}

/** How a stream is, in a word or two, and how bad that is. */
export function healthBadge(stream: ListedStream): {
  readonly level: "none" | "good" | "info" | "warning" | "error";
  readonly words: string;
} {
  if (stream.state === "reconnecting") return { level: "error", words: "Line lost" };
  if (stream.health === undefined) return { level: "none", words: "" };
  const count = stream.health.findings.length;
  switch (concern(stream)) {
    case 3:
      return { level: "error", words: "Fault" };
    case 2:
      return { level: "warning", words: "Needs attention" };
    case 1:
      return { level: "info", words: count === 1 ? "1 hint" : `${count} hints` };
    default:
      return { level: "good", words: "Healthy" };
  }
}

/** The doctor's findings, and with them what the server warned of before there was a doctor. */
export function findingsOf({ health, warnings }: ListedStream): readonly ListedFinding[] {
  const findings = health?.findings ?? [];
  const isTold = findings.some(({ code }) => FIGURE_OF[code] === "keyframes");
  const older = warnings
    .filter(({ code }) => !(code === "LONG_GOP" && isTold))
    .map(({ code, message }) => ({ code, severity: "warning" as const, message }));
  return [...findings, ...older];
}
