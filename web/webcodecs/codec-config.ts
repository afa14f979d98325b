import type { Bytes, OwnBytes } from "../../server/protocol/bytes/bytes.ts";
import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";

/** Codecs whose pictures come with lengths and without parameter sets: those are in the description. */
const DESCRIBED = /^(avc|hvc|hev|vvc|vvi)/;

/** `fLaC`, and the header of a last metadata block of 34 bytes of STREAMINFO (RFC 9639 §8). */
const FLAC_HEAD = [0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34];

/** ISO/IEC 23091-2 in the words of WebCodecs, as far as it has them. */
const PRIMARIES: Record<number, string> = {
  1: "bt709",
  5: "bt470bg",
  6: "smpte170m",
  9: "bt2020",
  12: "smpte432",
};
const TRANSFER: Record<number, string> = {
  1: "bt709",
  6: "smpte170m",
  13: "iec61966-2-1",
  16: "pq",
  18: "hlg",
};
const MATRIX: Record<number, string> = {
  0: "rgb",
  1: "bt709",
  5: "bt470bg",
  6: "smpte170m",
  9: "bt2020-ncl",
};

/** What `VideoDecoder.configure` is told of a track (WebCodecs codec registry). */
export function videoConfig(track: AnnouncedTrack): VideoDecoderConfig {
  const { codec, width, height, colour } = track;
  return {
    codec: codec.startsWith("vp08") ? "vp8" : codec,
    ...(width !== undefined && height !== undefined && { codedWidth: width, codedHeight: height }),
    ...(DESCRIBED.test(codec) && { description: decoderConfiguration(track) }),
    ...(colour !== undefined && { colorSpace: colorSpaceOf(colour) }),
    optimizeForLatency: true,
  };
}

/** What `AudioDecoder.configure` is told of a track. */
export function audioConfig(track: AnnouncedTrack): AudioDecoderConfig {
  const { codec, sampleRate = 48_000, channels = 2 } = track;
  const description = soundDescription(codec, decoderConfiguration(track));
  return {
    codec,
    sampleRate,
    numberOfChannels: channels,
    ...(description !== undefined && { description }),
  };
}

function soundDescription(codec: string, configuration: OwnBytes): OwnBytes | undefined {
  if (codec === "flac") return Uint8Array.from([...FLAC_HEAD, ...configuration]);
  if (codec.startsWith("mp4a.40")) return configuration;
  // One or two channels need no head, and without it nothing is cut off for a start that is not ours.
  if (codec === "opus" && (configuration[10] ?? 0) !== 0) return opusHead(configuration);
  return undefined;
}

/**
 * The identification header (RFC 7845 §5.1) out of the body of `dOps`, which has the other byte order:
 *
 *     version u8 | channels u8 | pre-skip u16 | input rate u32 | gain i16 | family u8 | mapping
 */
function opusHead(dOps: Bytes): OwnBytes {
  const head = Uint8Array.from([0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64, ...dOps]);
  head[8] = 1;
  head.subarray(10, 12).reverse();
  head.subarray(12, 16).reverse();
  head.subarray(16, 18).reverse();
  return head;
}

/** As it was announced, of memory of its own. */
const decoderConfiguration = (track: AnnouncedTrack): OwnBytes =>
  Uint8Array.from(atob(track.decoderConfiguration), (letter) => letter.charCodeAt(0));

function colorSpaceOf(colour: NonNullable<AnnouncedTrack["colour"]>): VideoColorSpaceInit {
  return {
    primaries: (PRIMARIES[colour.primaries] ?? null) as VideoColorPrimaries | null,
    transfer: (TRANSFER[colour.transfer] ?? null) as VideoTransferCharacteristics | null,
    matrix: (MATRIX[colour.matrix] ?? null) as VideoMatrixCoefficients | null,
    fullRange: colour.fullRange,
  };
}
