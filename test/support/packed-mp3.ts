/** A frame of MPEG audio and its time on the 90 kHz clock of HLS, in ms. */
export type PackedFrame = { readonly dts: number; readonly data: Uint8Array };

const TIMESTAMP_OWNER = "com.apple.streaming.transportStreamTimestamp\0";

/** kb/s by bitrate index, of Layer III: MPEG-1, then MPEG-2 and 2.5 (ISO/IEC 11172-3, 13818-3). */
const BITRATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;

/**
 * Takes a packed audio segment of MP3 apart (RFC 8216bis §3.1.4): an ID3 tag with the time of its
 * first sample, then frames without gaps.
 *
 * @throws Error where there is no such tag, or anything but whole frames follows
 */
export function readPackedMp3(bytes: Uint8Array): PackedFrame[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.toString("latin1", 0, 3) !== "ID3") throw new Error("Packed audio begins without ID3");
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10);
  const tagLength = 10 + (a << 21) + (b << 14) + (c << 7) + d;
  const owner = text.subarray(0, tagLength).indexOf(TIMESTAMP_OWNER, 0, "latin1");
  if (owner < 0) throw new Error("Packed audio has no transport stream timestamp");
  const ticks = Number(text.readBigUInt64BE(owner + TIMESTAMP_OWNER.length));
  if (ticks >= 2 ** 33) throw new Error("A transport stream timestamp has 33 bits");

  const frames: PackedFrame[] = [];
  let seconds = 0;
  for (let at = tagLength; at < bytes.length; ) {
    const header = text.readUInt32BE(at);
    const version = (header >> 19) & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    if (header >>> 21 !== 0x7ff || ((header >> 17) & 3) !== 1 || version === 1) {
      throw new Error(`Packed audio has no MP3 frame at ${at}`);
    }
    const isFirst = version === 3;
    const bitrate = BITRATES[isFirst ? 0 : 1][(header >> 12) & 15] ?? 0;
    const rates = [44_100, 48_000, 32_000];
    const divisor = version === 3 ? 1 : version === 2 ? 2 : 4;
    const sampleRate = (rates[(header >> 10) & 3] ?? 0) / divisor;
    const padding = (header >> 9) & 1;
    const length = Math.floor(((isFirst ? 144_000 : 72_000) * bitrate) / sampleRate) + padding;
    if (!(length > 4) || at + length > bytes.length) {
      throw new Error(`An MP3 frame at ${at} has ${length} bytes of ${bytes.length - at}`);
    }
    frames.push({ dts: ticks / 90 + seconds * 1000, data: bytes.subarray(at, at + length) });
    seconds += (isFirst ? 1152 : 576) / sampleRate;
    at += length;
  }
  return frames;
}
