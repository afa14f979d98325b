import { type FlvTag, FlvTagReader, FlvTagType } from "../protocol/flv/tag.ts";

/** A tag of a clip that is played over and over: when, on a line that goes on for ever. */
export type LoopedTag = { readonly tag: FlvTag; readonly at: number };

/** A clip, ready to be looped. */
export type Clip = {
  /** onMetaData and sequence headers: to be sent once. */
  readonly headers: readonly FlvTag[];
  readonly frames: readonly FlvTag[];
  /** How long one round takes, ms. */
  readonly duration: number;
};

/**
 * Reads an FLV file for looping.
 *
 * @throws ProtocolError `FLV_HEADER` where it is none
 */
export function readClip(file: Uint8Array): Clip {
  const tags = new FlvTagReader().push(file);
  const headers = tags.filter(isHeader);
  const frames = tags.filter((tag) => !isHeader(tag) && isMedia(tag));
  const videoTimes = frames
    .filter(({ typeId }) => typeId === FlvTagType.Video)
    .map(({ timestamp }) => timestamp);
  const first = videoTimes[0] ?? 0;
  const last = videoTimes.at(-1) ?? 0;
  const step = videoTimes.length > 1 ? (last - first) / (videoTimes.length - 1) : 0;
  return { headers, frames, duration: Math.round(last - first + step) };
}

/** All tags of a clip in order, for ever, with the times they are due. */
export function* looped(clip: Clip): Generator<LoopedTag> {
  for (const tag of clip.headers) yield { tag, at: 0 };
  if (clip.frames.length === 0 || clip.duration <= 0) return;
  for (let round = 0; ; round += 1) {
    for (const tag of clip.frames) yield { tag, at: tag.timestamp + round * clip.duration };
  }
}

const isMedia = ({ typeId }: FlvTag): boolean =>
  typeId === FlvTagType.Video || typeId === FlvTagType.Audio;

/** Sequence headers and endings (AVC and AAC, as the clip has them), and metadata. */
function isHeader({ typeId, payload }: FlvTag): boolean {
  if (typeId === FlvTagType.Data) return true;
  const packetType = payload[1];
  if (typeId === FlvTagType.Video) return packetType !== 1;
  return typeId === FlvTagType.Audio && packetType === 0;
}
