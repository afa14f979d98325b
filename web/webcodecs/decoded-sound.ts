/** What of `AudioData` is read: a browser's own, or one that a test made. */
export type DecodedSound = Pick<
  AudioData,
  "format" | "numberOfChannels" | "numberOfFrames" | "copyTo"
>;

/** Of 32 bits and a sign, the loudest. */
const LOUDEST = 2 ** 31;

/**
 * Decoded sound, one array of our own a channel.
 *
 * Where `converts` (WebKit), it is asked for in other numbers than it has, all channels in one: a plain copy
 * frees memory that is not the browser's in WebKitGTK (with GLib before 2.76; the page ends), and the copy of a
 * single plane ends Safari 26 from the third channel on. Elsewhere by the conversion that every browser must know.
 *
 * @param most channels to take
 */
export function planesOf(
  data: DecodedSound,
  { most, converts }: { most: number; converts: boolean },
): Float32Array<ArrayBuffer>[] {
  const { numberOfChannels: channels, numberOfFrames: frames } = data;
  const planes = Array.from({ length: Math.min(most, channels) }, () => new Float32Array(frames));
  if (!converts) {
    for (const [planeIndex, plane] of planes.entries()) {
      data.copyTo(plane, { planeIndex, format: "f32-planar" });
    }
    return planes;
  }
  const isFloat = data.format?.startsWith("f32") === true;
  const samples = new (isFloat ? Int32Array : Float32Array)(frames * channels);
  data.copyTo(samples, { planeIndex: 0, format: isFloat ? "s32" : "f32" });
  const loudest = isFloat ? LOUDEST : 1;
  for (const [channel, plane] of planes.entries()) {
    for (let frame = 0; frame < frames; frame += 1) {
      plane[frame] = (samples[frame * channels + channel] ?? 0) / loudest;
    }
  }
  return planes;
}
