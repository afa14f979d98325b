import type { Bytes } from "../bytes/bytes.ts";
import { splitAdts } from "../codec/aac.ts";
import { splitAc3Frames, splitEac3Frames } from "../codec/ac3.ts";
import { attempt } from "../codec/attempt.ts";
import { someObu } from "../codec/av1-obu.ts";
import { splitMpegAudioFrames } from "../codec/mp3.ts";
import { annexBNalUnits, isAnnexB } from "../codec/nal-units.ts";
import { type AudioPacket, readAudioTag } from "../flv/audio-tag.ts";
import { readVideoTag, type VideoPacket } from "../flv/video-tag.ts";

/** What stands for picture and sound. It makes no start code, no sync word and no index. */
const BLANK = 0x55;

/** Bytes of a frame that are kept where nothing better is known. */
const HEAD = 16;
/** Bytes of a slice or tile that are kept behind its own header: type, frame number … */
const SLICE_HEAD = 8;

/** NAL unit types that hold parts of pictures; all others say how to read them. */
const isAvcSlice = (unit: Bytes): boolean => {
  const type = (unit[0] ?? 0) & 0x1f;
  return (type >= 1 && type <= 5) || type >= 19;
};
const isHevcSlice = (unit: Bytes): boolean => (((unit[0] ?? 0) >> 1) & 0x3f) < 32;
const isVvcSlice = (unit: Bytes): boolean => (unit[1] ?? 0) >> 3 < 12;

const OBU_FRAME_HEADER = 3;
const OBU_TILE_GROUP = 4;
const OBU_FRAME = 6;
const OBU_REDUNDANT_FRAME_HEADER = 7;
const OBU_TILE_LIST = 8;
const OBU_PADDING = 15;
const CODED_OBUS: ReadonlySet<number> = new Set([
  ...[OBU_FRAME_HEADER, OBU_TILE_GROUP, OBU_FRAME, OBU_REDUNDANT_FRAME_HEADER],
  ...[OBU_TILE_LIST, OBU_PADDING],
]);

type VideoFrame = Extract<VideoPacket, { readonly type: "frame" }>;
type AudioFrame = Extract<AudioPacket, { readonly type: "frame" }>;

/**
 * Overwrites picture and sound in messages of one connection, in place and at equal size. Whatever
 * a demuxer reads stays: tag headers, configurations, lengths and heads of NAL units, OBUs and
 * audio frames, parameter sets, SEI.
 */
export class Blanking {
  /** Bytes of a NAL unit's length, of each video track. */
  readonly #nalLengthSizes = new Map<number, number>();

  /** @param body of a video message; what cannot be read keeps its first bytes only */
  video(body: Bytes): void {
    const packets = attempt(() => readVideoTag(body));
    if (packets === undefined) blank(body, HEAD);
    for (const packet of packets ?? []) {
      if (packet.type === "configuration") this.#configure(packet);
      else if (packet.type === "frame") this.#videoFrame(packet);
    }
  }

  /** @param body of an audio message */
  audio(body: Bytes): void {
    const packets = attempt(() => readAudioTag(body));
    if (packets === undefined) blank(body, HEAD);
    for (const packet of packets ?? []) if (packet.type === "frame") blankSound(packet);
  }

  #configure({ codec, trackIndex, record }: Extract<VideoPacket, { type: "configuration" }>): void {
    let lengthSizeMinusOne: number | undefined;
    if (codec === "avc") lengthSizeMinusOne = record[4];
    else if (codec === "hevc") lengthSizeMinusOne = record[21];
    else if (codec === "vvc") lengthSizeMinusOne = (record[0] ?? 0) >> 1;
    if (lengthSizeMinusOne === undefined) return;
    this.#nalLengthSizes.set(trackIndex, (lengthSizeMinusOne & 3) + 1);
  }

  #videoFrame({ codec, trackIndex, data }: VideoFrame): void {
    const lengthSize = this.#nalLengthSizes.get(trackIndex) ?? 4;
    switch (codec) {
      case "avc":
        blankSlices(data, lengthSize, isAvcSlice, 1 + SLICE_HEAD);
        return;
      case "hevc":
        blankSlices(data, lengthSize, isHevcSlice, 2 + SLICE_HEAD);
        return;
      case "vvc":
        blankSlices(data, lengthSize, isVvcSlice, 2 + SLICE_HEAD);
        return;
      case "av1": {
        const isRead = attempt(() =>
          someObu(data, (type, _, start, end) => {
            if (CODED_OBUS.has(type)) blank(data.subarray(start, end), SLICE_HEAD);
            return false;
          }),
        );
        if (isRead === undefined) blank(data, HEAD);
        return;
      }
      default:
        blank(data, HEAD);
    }
  }
}

function blankSlices(
  data: Bytes,
  lengthSize: number,
  isSlice: (unit: Bytes) => boolean,
  head: number,
): void {
  const units = attempt(() => unitsOf(data, lengthSize));
  if (units === undefined) blank(data, HEAD);
  for (const unit of units ?? []) if (isSlice(unit)) blank(unit, head);
}

function blankSound({ codec, data }: AudioFrame): void {
  switch (codec) {
    case "aac":
      // Behind the headers of ADTS, where some senders have them.
      blankEach(data, (bytes) => splitAdts(bytes).map((frame) => ({ data: frame })), 1);
      return;
    case "mp3":
      blankEach(data, splitMpegAudioFrames, HEAD);
      return;
    case "ac-3":
      blankEach(data, splitAc3Frames, HEAD);
      return;
    case "ec-3":
      blankEach(data, splitEac3Frames, HEAD);
      return;
    case "opus":
      blank(data, 2); // the table of contents, and how many frames there are
      return;
    case "pcm":
      blank(data, 0);
      return;
    default:
      blank(data, HEAD);
  }
}

function blankEach(
  data: Bytes,
  split: (data: Bytes) => readonly { readonly data: Bytes }[],
  head: number,
): void {
  const frames = attempt(() => split(data)) ?? [];
  if (frames.length === 0) blank(data, head);
  for (const frame of frames) blank(frame.data, head);
}

/** NAL units, without what is before them; views. A length that leads nowhere ends them. */
function unitsOf(data: Bytes, lengthSize: number): Bytes[] {
  if (isAnnexB(data)) return annexBNalUnits(data);
  const units: Bytes[] = [];
  for (let at = 0; at + lengthSize < data.length; ) {
    let length = 0;
    for (let byte = 0; byte < lengthSize; byte += 1) length = length * 256 + (data[at + byte] ?? 0);
    at += lengthSize;
    units.push(data.subarray(at, at + length));
    at += length;
  }
  return units;
}

const blank = (bytes: Bytes, from: number): void => {
  bytes.fill(BLANK, Math.min(from, bytes.length));
};
