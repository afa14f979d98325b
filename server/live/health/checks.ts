import { ARRIVAL_CHECKS } from "./arrival-checks.ts";
import type { Check } from "./check.ts";
import { CODEC_CHECKS } from "./codec-checks.ts";
import { ENCODER_CHECKS } from "./encoder-checks.ts";
import { PICTURE_CHECKS } from "./picture-checks.ts";
import { SOUND_CHECKS } from "./sound-checks.ts";

/** In the order in which they are told, among those of the same severity. */
export const CHECKS: readonly Check[] = [
  ...CODEC_CHECKS,
  ...ENCODER_CHECKS,
  ...ARRIVAL_CHECKS,
  ...PICTURE_CHECKS,
  ...SOUND_CHECKS,
];
