import type { BitReader } from "../bytes/bit-reader.ts";
import { ProtocolError } from "../errors.ts";
import type { Colour } from "../media/track.ts";

/** Width and height of one pixel, relative to each other. */
export type PixelAspect = { readonly width: number; readonly height: number };

/** What the video usability information of AVC and HEVC say alike; absent where it says nothing. */
export type PictureFormat = {
  readonly pixelAspect?: PixelAspect;
  readonly colour?: Colour;
};

// ITU-T H.264 table E-1, H.265 table E.1.
const PIXEL_ASPECTS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_ASPECT = 255;

/**
 * The beginning of vui_parameters(), which AVC and HEVC share, up to and with chroma_loc_info
 * (ITU-T H.264 §E.1.1, H.265 §E.2.1).
 */
export function readPictureFormat(bits: BitReader): PictureFormat {
  let pixelAspect: PixelAspect | undefined;
  if (bits.flag()) {
    const index = bits.bits(8);
    const [width = 0, height = 0] =
      index === EXTENDED_ASPECT ? [bits.bits(16), bits.bits(16)] : (PIXEL_ASPECTS[index] ?? []);
    if (width > 0 && height > 0) pixelAspect = { width, height };
  }
  if (bits.flag()) bits.skip(1); // overscan_appropriate_flag
  let colour: Colour | undefined;
  if (bits.flag()) {
    bits.skip(3); // video_format
    const fullRange = bits.flag();
    if (bits.flag()) {
      const [primaries, transfer, matrix] = [bits.bits(8), bits.bits(8), bits.bits(8)];
      colour = namedColour({ primaries, transfer, matrix, fullRange });
    }
  }
  if (bits.flag()) {
    bits.ue(); // chroma_sample_loc_type_top_field
    bits.ue(); // chroma_sample_loc_type_bottom_field
  }
  return { ...(pixelAspect && { pixelAspect }), ...(colour && { colour }) };
}

/** What says something; undefined where all of it is unspecified, which is what absence means too. */
export function namedColour(colour: Colour): Colour | undefined {
  const { primaries, transfer, matrix, fullRange } = colour;
  const isNamed = [primaries, transfer, matrix].some((number) => number !== UNSPECIFIED);
  return isNamed || fullRange ? colour : undefined;
}

/** ISO/IEC 23091-2: the same number in all three tables. */
const UNSPECIFIED = 2;

/** Pictures a second as a configuration tells them, or undefined where nobody can mean it. */
export function plausibleFrameRate(frameRate: number): number | undefined {
  // A VUI made from a clock of 1 ms or 90 kHz says 1000 or 90000.
  return frameRate >= 1 && frameRate <= 300 ? frameRate : undefined;
}

// Sample entries hold 16 bits for each.
const MAX_SIDE = 65_535;

/**
 * @throws ProtocolError `code` (malformed) where a picture has no pixels, or more on a side than a
 *   sample entry can say
 */
export function checkDimensions(code: string, width: number, height: number): void {
  if (width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE) return;
  throw new ProtocolError("malformed", code, `Cannot show pictures of ${width}x${height} pixels`);
}
