import { type Bytes, concat, NO_BYTES, type OwnBytes, u8, u16, u24, u32 } from "../bytes/bytes.ts";
import { avcPictureFormat, withBitstreamRestriction } from "../codec/avc.ts";
import { hevcPictureFormat } from "../codec/hevc.ts";
import type { PixelAspect } from "../codec/picture-format.ts";
import type { AudioTrack, Track, VideoTrack } from "../media/track.ts";
import { box, fullBox, zeros } from "./box.ts";
import { colourBoxes } from "./colour.ts";

/** The sample entry of a track (ISO/IEC 14496-12 §8.5.2), with its decoder's configuration. */
export const sampleEntry = (track: Track): OwnBytes =>
  track.mediaType === "video" ? videoSampleEntry(track) : audioSampleEntry(track);

/** Shape of a pixel, where an AVC or HEVC configuration tells it. */
export function pixelAspect(track: VideoTrack): PixelAspect | undefined {
  switch (track.codec) {
    case "avc":
      return avcPictureFormat(track.configuration).pixelAspect;
    case "hevc":
      return hevcPictureFormat(track.configuration).pixelAspect;
    default:
      return undefined;
  }
}

function videoSampleEntry(track: VideoTrack): OwnBytes {
  const { configuration } = track;
  const format = concat(...colourBoxes(track), pasp(pixelAspect(track)));
  switch (track.codec) {
    case "avc":
      return visual("avc1", track, box("avcC", withBitstreamRestriction(configuration)), format);
    case "hevc":
      return visual("hvc1", track, box("hvcC", configuration), format);
    case "vvc":
      return visual("vvc1", track, fullBox("vvcC", 0, 0, configuration), format);
    case "av1":
      return visual("av01", track, box("av1C", configuration), format);
    case "vp9":
      return visual("vp09", track, box("vpcC", configuration), format);
    case "vp8":
      return visual("vp08", track, box("vpcC", configuration), format);
  }
}

function audioSampleEntry(track: AudioTrack): OwnBytes {
  const { configuration } = track;
  switch (track.codec) {
    case "aac":
      return audio("mp4a", track, esds(0x40, configuration));
    case "mp3":
      // MPEG-2 and 2.5 have the rates below 32 kHz.
      return audio("mp4a", track, esds(track.sampleRate < 32_000 ? 0x69 : 0x6b, NO_BYTES));
    case "opus":
      return audio("Opus", track, box("dOps", configuration));
    case "flac":
      // A last metadata block (80) of type STREAMINFO, with its length.
      return audio(
        "fLaC",
        track,
        fullBox("dfLa", 0, 0, u8(0x80), u24(configuration.length), configuration),
      );
    case "ac-3":
      return audio("ac-3", track, box("dac3", configuration));
    case "ec-3":
      return audio("ec-3", track, box("dec3", configuration));
  }
}

/** VisualSampleEntry (ISO/IEC 14496-12 §12.1.3). */
const visual = (type: string, { width, height }: VideoTrack, ...children: Bytes[]): OwnBytes =>
  box(
    type,
    zeros(6),
    u16(1), // data_reference_index
    zeros(16),
    u16(width),
    u16(height),
    u32(0x0048_0000), // 72 dpi
    u32(0x0048_0000),
    zeros(4),
    u16(1), // frame_count
    zeros(32), // compressorname
    u16(24), // depth
    u16(0xffff),
    ...children,
  );

/** AudioSampleEntry (ISO/IEC 14496-12 §12.2.3). */
const audio = (type: string, track: AudioTrack, child: Bytes): OwnBytes =>
  box(
    type,
    zeros(6),
    u16(1), // data_reference_index
    zeros(8),
    u16(track.channels),
    u16(track.codec === "flac" ? flacSampleSize(track.configuration) : 16), // samplesize
    zeros(4),
    u32(representableRate(track) * 0x1_0000), // 16.16
    child,
  );

/** Bits per sample - 1, 5 bits of STREAMINFO behind 103 (RFC 9639 §8.2). */
const flacSampleSize = (streamInfo: Bytes): number =>
  ((((streamInfo[12] ?? 0) & 1) << 4) | ((streamInfo[13] ?? 0) >> 4)) + 1;

/** What does not fit is 0; of FLAC it is halved until it does, as its binding to MP4 asks for. */
function representableRate({ codec, sampleRate }: AudioTrack): number {
  if (codec !== "flac") return sampleRate > 0xffff ? 0 : sampleRate;
  let rate = sampleRate;
  while (rate > 0xffff) rate = Math.floor(rate / 2);
  return rate;
}

/** ES_Descriptor in its box (ISO/IEC 14496-14 §5.6, 14496-1 §7.2.6.5). */
function esds(objectTypeIndication: number, decoderSpecificInfo: Bytes): OwnBytes {
  const specific = decoderSpecificInfo.length > 0 ? descriptor(5, decoderSpecificInfo) : NO_BYTES;
  const decoderConfig = descriptor(
    4,
    u8(objectTypeIndication),
    u8((5 << 2) | 1), // streamType audio, upStream 0, reserved 1
    u24(0), // bufferSizeDB
    u32(0), // maxBitrate
    u32(0), // avgBitrate: varies
    specific,
  );
  const syncLayer = descriptor(6, u8(2)); // predefined for MP4
  // ES_ID is 0 in a file; no dependency, URL or clock.
  return fullBox("esds", 0, 0, descriptor(3, u16(0), u8(0), decoderConfig, syncLayer));
}

/** A descriptor: tag, length in 7 bits a byte, parts (ISO/IEC 14496-1 §8.3.3). */
function descriptor(tag: number, ...parts: readonly Bytes[]): OwnBytes {
  const body = concat(...parts);
  const length = [body.length & 0x7f];
  for (let left = body.length >>> 7; left > 0; left >>>= 7) length.unshift((left & 0x7f) | 0x80);
  return concat(u8(tag), Uint8Array.from(length), body);
}

/** PixelAspectRatioBox (ISO/IEC 14496-12 §12.1.4), where pixels are not square. */
const pasp = (aspect: PixelAspect | undefined): OwnBytes =>
  aspect === undefined || aspect.width === aspect.height
    ? NO_BYTES
    : box("pasp", u32(aspect.width), u32(aspect.height));
