import { ascii, type Bytes, NO_BYTES, type OwnBytes, u8, u16, u32 } from "../bytes/bytes.ts";
import type {
  Chromaticity,
  Colour,
  ContentLight,
  MasteringDisplay,
  VideoTrack,
} from "../media/track.ts";
import { box } from "./box.ts";

/** What a sample entry says of a track's colours: as many boxes as there is something to say. */
export const colourBoxes = ({ colour, masteringDisplay, contentLight }: VideoTrack): Bytes[] => [
  colour === undefined ? NO_BYTES : colr(colour),
  masteringDisplay === undefined ? NO_BYTES : mdcv(masteringDisplay),
  contentLight === undefined ? NO_BYTES : clli(contentLight),
];

/** ColourInformationBox (ISO/IEC 14496-12 §12.1.5). */
const colr = ({ primaries, transfer, matrix, fullRange }: Colour): OwnBytes =>
  box("colr", ascii("nclx"), u16(primaries), u16(transfer), u16(matrix), u8(fullRange ? 0x80 : 0));

/**
 * MasteringDisplayColourVolumeBox (ISO/IEC 14496-12 §12.1.7): primaries as green, blue, red in steps
 * of 0.00002, luminance in steps of 0.0001 cd/m².
 */
function mdcv(display: MasteringDisplay): OwnBytes {
  const { green, blue, red, whitePoint, maxLuminance, minLuminance } = display;
  const points = [green, blue, red, whitePoint].flatMap(([x, y]: Chromaticity) => [
    u16(Math.round(x * 50_000)),
    u16(Math.round(y * 50_000)),
  ]);
  const luminances = [maxLuminance, minLuminance].map((value) => u32(Math.round(value * 10_000)));
  return box("mdcv", ...points, ...luminances);
}

/** ContentLightLevelBox (ISO/IEC 14496-12 §12.1.6): whole cd/m². */
const clli = ({ maxCll, maxFall }: ContentLight): OwnBytes =>
  box("clli", u16(Math.round(maxCll)), u16(Math.round(maxFall)));
