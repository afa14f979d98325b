import { type Check, say } from "./check.ts";
import { count } from "./figure-words.ts";

/** What the encoder reports of itself. */
export const ENCODER_CHECKS: readonly Check[] = [
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
];
