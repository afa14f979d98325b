import type { Bytes } from "../bytes/bytes.ts";
import type { ChannelLayout } from "../media/track.ts";

/** AudioChannelMask (Enhanced RTMP v2): the speakers whose bits are set, in the order of the bits. */
export const layoutOfMask = (mask: number): ChannelLayout =>
  SPEAKERS.filter((_, bit) => ((mask >>> bit) & 1) === 1);

/** AudioChannel of each channel (Enhanced RTMP v2); what has no name here is a place nobody told. */
export const layoutOfMap = (map: Bytes): ChannelLayout =>
  [...map].map((code) => (code === UNUSED ? "-" : (SPEAKERS[code] ?? "?")));

const UNUSED = 0xfe;

/** By the codes of AudioChannel, which are also the bits of AudioChannelMask. */
const SPEAKERS: ChannelLayout = [
  ...["FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC"],
  ...["TFL", "TFC", "TFR", "TBL", "TBC", "TBR", "LFE2", "TSL", "TSR", "BFC", "BFL", "BFR"],
];
