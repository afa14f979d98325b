/** Of one speaker shared out to two, each gets so much: as loud as before. */
const HALF_POWER = Math.SQRT1_2;

/**
 * Decoded channels in an order that Web Audio knows (1, 2, 4: quad, 6: 5.1) and mixes down for the speakers
 * that are there (Web Audio 1.1 §4.2): of any other number it plays the first ones and drops the centre.
 *
 * @param planes in the order of FFmpeg's layouts of 3.0, 4.0, 5.0, 6.1 and 7.1, as browsers decode; some may
 *   be written to
 * @param codec RFC 6381: four channels of AAC have a centre and one behind, those of others are quad
 */
export function asWebAudioOrders(
  planes: readonly Float32Array<ArrayBuffer>[],
  codec: string,
): readonly Float32Array<ArrayBuffer>[] {
  const [left, right, centre, fourth, ...rest] = planes;
  if (left === undefined || right === undefined || centre === undefined) return planes;
  const silence = (): Float32Array<ArrayBuffer> => new Float32Array(left.length);
  if (fourth === undefined) return [left, right, centre, silence(), silence(), silence()];
  const [fifth, sixth, seventh, eighth] = rest;
  if (fifth === undefined) {
    if (!codec.startsWith("mp4a")) return planes;
    const [behind, other] = [silence(), silence()];
    add(behind, fourth);
    add(other, fourth);
    return [left, right, centre, silence(), behind, other];
  }
  if (sixth === undefined) return [left, right, centre, silence(), fourth, fifth];
  if (seventh === undefined) return planes;
  if (eighth === undefined) {
    // 6.1: what is behind comes before the sides.
    add(sixth, fifth);
    add(seventh, fifth);
    return [left, right, centre, fourth, sixth, seventh];
  }
  add(seventh, fifth);
  add(eighth, sixth);
  return [left, right, centre, fourth, seventh, eighth];
}

function add(to: Float32Array, from: Float32Array): void {
  for (let index = 0; index < to.length; index += 1) {
    to[index] = (to[index] ?? 0) + HALF_POWER * (from[index] ?? 0);
  }
}
