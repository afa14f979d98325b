import type { DataValue } from "../protocol/media/sample.ts";
import type { MediaType } from "../protocol/media/track.ts";

const CODEC_ID = { video: "videocodecid", audio: "audiocodecid" } as const;
const HAS = { video: "hasVideo", audio: "hasAudio" } as const;

/**
 * What onMetaData says there will be: a kind that has a codec, as a number or a name, unless it is
 * said not to be there.
 *
 * @see Video File Format 10.1, §E.5
 */
export function announcedMediaTypes(values: { readonly [name: string]: DataValue }): MediaType[] {
  return (["video", "audio"] as const).filter((mediaType) => {
    const codec = values[CODEC_ID[mediaType]];
    const isNamed = typeof codec === "number" || (typeof codec === "string" && codec !== "");
    return isNamed && values[HAS[mediaType]] !== false;
  });
}
