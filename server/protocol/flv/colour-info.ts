import { decodeAmf0 } from "../amf0/decode.ts";
import { encodeAmf0 } from "../amf0/encode.ts";
import { type Amf0Object, type Amf0Value, membersOf } from "../amf0/value.ts";
import { decodeAmf3 } from "../amf3/decode.ts";
import { AMF3_MARKER } from "../amf3/marker.ts";
import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { namedColour } from "../codec/picture-format.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Chromaticity, ContentLight, MasteringDisplay, VideoTrack } from "../media/track.ts";

/** What `colorInfo` says; what is absent is as the bitstream says. */
export type ColourInfo = {
  readonly primaries?: number;
  readonly transfer?: number;
  readonly matrix?: number;
  readonly masteringDisplay?: MasteringDisplay;
  readonly contentLight?: ContentLight;
};

/**
 * The body of VideoPacketType.Metadata (Enhanced RTMP v2, "Metadata Frame"): pairs of a name and a
 * value in AMF, of which `colorInfo` is the only one there is.
 *
 * @returns the info: without members where it is reset (undefined, `{}`) or says nothing (FFmpeg, of
 *   every SDR stream); undefined where there is no `colorInfo`
 * @throws ProtocolError `FLV_METADATA` (limit) and whatever decoding AMF throws
 */
export function readColourInfo(body: Bytes): ColourInfo | undefined {
  if (body.length > LIMITS.metadataBytes) {
    const message = `Cannot read ${body.length} bytes of metadata: the limit is ${LIMITS.metadataBytes}`;
    throw new ProtocolError("limit", "FLV_METADATA", message);
  }
  // Names are strings: behind this marker they are AMF3's, to which `connect` may have agreed.
  const values = body[0] === AMF3_MARKER.string ? decodeAmf3(body) : decodeAmf0(body);
  const at = values.findIndex((value, index) => index % 2 === 0 && value === "colorInfo");
  if (at === -1) return undefined;
  const info = membersOf(values[at + 1]) ?? {};
  const { colorPrimaries, transferCharacteristics, matrixCoefficients } =
    membersOf(info["colorConfig"]) ?? {};
  const primaries = tableNumber(colorPrimaries);
  const transfer = tableNumber(transferCharacteristics);
  const matrix = tableNumber(matrixCoefficients);
  const masteringDisplay = readMasteringDisplay(membersOf(info["hdrMdcv"]) ?? {});
  const contentLight = readContentLight(membersOf(info["hdrCll"]) ?? {});
  return {
    ...(primaries !== undefined && { primaries }),
    ...(transfer !== undefined && { transfer }),
    ...(matrix !== undefined && { matrix }),
    ...(masteringDisplay && { masteringDisplay }),
    ...(contentLight && { contentLight }),
  };
}

/**
 * The same body for a track of high dynamic range, or of which a display or light levels are known.
 *
 * @returns undefined for all others: of those the bitstream says enough
 */
export function writeColourInfo(track: VideoTrack): OwnBytes | undefined {
  const { colour, masteringDisplay: display, contentLight } = track;
  const isHdr = colour?.transfer === PQ || colour?.transfer === HLG;
  if (!isHdr && display === undefined && contentLight === undefined) return undefined;
  return encodeAmf0("colorInfo", {
    ...(colour && {
      colorConfig: {
        colorPrimaries: colour.primaries,
        transferCharacteristics: colour.transfer,
        matrixCoefficients: colour.matrix,
      },
    }),
    ...(contentLight && {
      hdrCll: { maxFall: contentLight.maxFall, maxCLL: contentLight.maxCll },
    }),
    ...(display && {
      hdrMdcv: {
        ...{ redX: display.red[0], redY: display.red[1] },
        ...{ greenX: display.green[0], greenY: display.green[1] },
        ...{ blueX: display.blue[0], blueY: display.blue[1] },
        ...{ whitePointX: display.whitePoint[0], whitePointY: display.whitePoint[1] },
        ...{ maxLuminance: display.maxLuminance, minLuminance: display.minLuminance },
      },
    }),
  });
}

/** A track with the colours it has by `info`; the same object where `info` says nothing. */
export function withColour(track: VideoTrack, info: ColourInfo): VideoTrack {
  if (Object.keys(info).length === 0) return track;
  const { masteringDisplay, contentLight, ...numbers } = info;
  const { colour: told, ...rest } = track;
  const { primaries, transfer, matrix, fullRange } = { ...(told ?? UNSPECIFIED), ...numbers };
  const colour = namedColour({ primaries, transfer, matrix, fullRange });
  return {
    ...rest,
    ...(colour && { colour }),
    ...(masteringDisplay && { masteringDisplay }),
    ...(contentLight && { contentLight }),
  };
}

/** TransferCharacteristics (ISO/IEC 23091-2). */
const PQ = 16;
const HLG = 18;

const UNSPECIFIED = { primaries: 2, transfer: 2, matrix: 2, fullRange: false } as const;

/** A number of ISO/IEC 23091-2's tables; 2 is "unspecified", as absence is. */
const tableNumber = (value: Amf0Value): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255 && value !== 2
    ? value
    : undefined;

/** Whole, or nothing: OBS tells luminances without chromaticities, from which no box can be made. */
function readMasteringDisplay(fields: Amf0Object): MasteringDisplay | undefined {
  const red = chromaticity(fields["redX"], fields["redY"]);
  const green = chromaticity(fields["greenX"], fields["greenY"]);
  const blue = chromaticity(fields["blueX"], fields["blueY"]);
  const whitePoint = chromaticity(fields["whitePointX"], fields["whitePointY"]);
  const maxLuminance = luminance(fields["maxLuminance"]);
  const minLuminance = luminance(fields["minLuminance"]);
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  if (whitePoint === undefined || !maxLuminance || minLuminance === undefined) return undefined;
  return { red, green, blue, whitePoint, maxLuminance, minLuminance };
}

function readContentLight({ maxCLL, maxFall }: Amf0Object): ContentLight | undefined {
  const maxCll = luminance(maxCLL);
  return maxCll ? { maxCll, maxFall: luminance(maxFall) ?? 0 } : undefined;
}

const chromaticity = (x: Amf0Value, y: Amf0Value): Chromaticity | undefined =>
  isWithin(x, 1) && isWithin(y, 1) ? [x, y] : undefined;

/** cd/m², as far as PQ reaches. */
const luminance = (value: Amf0Value): number | undefined =>
  isWithin(value, 10_000) ? value : undefined;

const isWithin = (value: Amf0Value, most: number): value is number =>
  typeof value === "number" && value >= 0 && value <= most;
