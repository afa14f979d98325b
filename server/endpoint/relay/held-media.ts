import type { Clock } from "../../live/clock.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { MediaEffect } from "../../protocol/rtmp/session-effect.ts";
import type { RelayLine } from "./line.ts";

/** What a line plays before it takes over from another one. */
export type HeldMedia = {
  readonly line: RelayLine;
  /** @returns all that was held, once it can be gone on with; undefined before */
  push(media: MediaEffect): readonly MediaEffect[] | undefined;
};

/** Sound alone is gone on with after this long. */
const WITHOUT_PICTURES = 1000;

/** Holds what comes until a picture that decoding can begin with, or for a bounded time or size. */
export function holdMedia(line: RelayLine, clock: Clock): HeldMedia {
  const begun = clock.now();
  const held: MediaEffect[] = [];
  let bytes = 0;
  let hasVideo = false;
  return {
    line,
    push: (media) => {
      held.push(media);
      bytes += media.payload.length;
      if (media.kind === "video") hasVideo = true;
      const isFull = held.length >= LIMITS.heldMessages || bytes >= LIMITS.heldBytes;
      const isSoundOnly = !hasVideo && clock.now() - begun > WITHOUT_PICTURES;
      const canBegin = media.kind === "video" && isKeyFrame(media.payload);
      return canBegin || isSoundOnly || isFull ? held : undefined;
    },
  };
}

/** Whether a video tag body holds a picture of frame type "key", and no mere configuration. */
function isKeyFrame(body: Uint8Array): boolean {
  const first = body[0] ?? 0;
  if (((first >> 4) & 7) !== 1) return false;
  // Enhanced: the packet type's lower half; classic AVC, HEVC: the packet type behind it.
  if (first >= 0x80) return (first & 15) !== 0;
  const hasPacketType = (first & 15) === 7 || (first & 15) === 12;
  return !hasPacketType || body[1] === 1;
}
