/** µ-law's segments begin this far below zero: 33 of its 14-bit values. */
const BIAS = 0x84;

/** Linear value (16 bit, of which A-law uses 13) of each of the 256 codes (ITU-T G.711, table 1). */
export const A_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const even = code ^ 0x55; // every other bit is sent inverted
  const segment = (even >> 4) & 7;
  const step = ((even & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return (even & 0x80) === 0 ? -magnitude : magnitude;
});

/** Linear value (16 bit, of which µ-law uses 14) of each of the 256 codes (ITU-T G.711, table 2). */
export const MU_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code;
  const segment = (inverted >> 4) & 7;
  const magnitude = ((((inverted & 15) << 3) + BIAS) << segment) - BIAS;
  return (inverted & 0x80) === 0 ? magnitude : -magnitude;
});
