import { fromBase64 } from "../bytes/base64.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { LIMITS } from "../limits.ts";
import { languageTag } from "../media/language-tag.ts";
import type { DataValue } from "../media/sample.ts";
import { readCcData } from "./cc-data.ts";
import { cueText } from "./webvtt.ts";

/** What script data says in words, or in captions of another kind. */
export type TextMessage =
  | {
      readonly type: "text";
      /** BCP 47; absent where the encoder did not say. */
      readonly language: string | undefined;
      /** The encoder's own number of the track; 0 where it has one only. */
      readonly trackIndex: number;
      /** WebVTT cue text; empty: what was shown is over. */
      readonly text: string;
    }
  /** Triplets, as SEI carries them. */
  | { readonly type: "captions"; readonly data: Bytes };

/**
 * Reads text that goes with a broadcast as script data:
 *
 *     onTextData     { type: "Text", text, language?, trackid? }          Wowza, Adobe, FFmpeg
 *     onCaptionInfo  { type: "708", data: Base64 or bytes }               Elemental, FMLE
 *                    { type: "WebVTT", data or text, language?, trackid? }
 *
 * @returns undefined where it is none of them, or cannot be read
 */
export function readTextMessage(
  name: string,
  values: readonly DataValue[],
): TextMessage | undefined {
  if (name !== "onTextData" && name !== "onCaptionInfo") return undefined;
  const fields = values.find(isObject);
  if (fields === undefined) return undefined;
  const { type, data, text } = fields;
  if (name === "onCaptionInfo" && (type === "708" || type === "608" || type === 708)) {
    const bytes = typeof data === "string" ? fromBase64(data) : data;
    const triplets = bytes instanceof Uint8Array ? readCcData(bytes) : undefined;
    return triplets && { type: "captions", data: triplets.slice(0, LIMITS.captionBytes) };
  }
  const words = typeof text === "string" ? text : name === "onCaptionInfo" ? data : undefined;
  if (typeof words !== "string") return undefined;
  const given = fields["trackid"] ?? fields["trackId"];
  // Others have no number: an object without a prototype cannot even be asked.
  const isNumeral = typeof given === "number" || typeof given === "string";
  const trackIndex = isNumeral ? Number(given) : 0;
  return {
    type: "text",
    language: languageTag(fields["language"] ?? fields["lang"]),
    trackIndex: Number.isSafeInteger(trackIndex) ? trackIndex : 0,
    text: cueText(words, LIMITS.textLength),
  };
}

const isObject = (value: DataValue): value is { readonly [name: string]: DataValue } =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array);
