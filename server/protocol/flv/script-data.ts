import { decodeAmf0 } from "../amf0/decode.ts";
import { type Amf0Value, membersOf, newAmf0Object } from "../amf0/value.ts";
import { type Bytes, NO_BYTES } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { DataValue } from "../media/sample.ts";
import { toDataValue, toDataValues } from "./data-value.ts";

const SET_DATA_FRAME = "@setDataFrame";
/** As an AMF0 string: marker, length, text. */
const SET_DATA_FRAME_LENGTH = 3 + SET_DATA_FRAME.length;

/** How a data message is written: RTMP types 18 and 15. */
export type ScriptDataEncoding = "amf0" | "amf3";

/** What a script data message says. */
export type ScriptData =
  /** `onMetaData`, whole: it replaces the one before. Empty when the encoder takes it back. */
  | {
      readonly type: "metadata";
      readonly values: { readonly [name: string]: DataValue };
      /** The AMF0 values from the name on, a view; empty where it is taken back. */
      readonly body: Bytes;
    }
  /** Any other handler with its arguments. */
  | {
      readonly type: "data";
      readonly name: string;
      readonly values: readonly DataValue[];
      /** The AMF0 values from the name on, a view. */
      readonly body: Bytes;
    };

/**
 * Opens the body of a data message or script data tag:
 *
 *     ["@setDataFrame"] | name | values, in AMF0; in AMF3's flavour with a format selector u8 (0)
 *     "@clearDataFrame" | name
 *
 * @returns undefined for an empty body, and for the removal of anything but `onMetaData`
 * @throws ProtocolError `FLV_SCRIPT_DATA` (malformed) without a name, `FLV_METADATA` (limit), and
 *   whatever `decodeAmf0` throws
 * @see Video File Format 10.1, §E.4.4
 */
export function readScriptData(body: Bytes, encoding: ScriptDataEncoding): ScriptData | undefined {
  // The values behind the selector are AMF0 all the same; AMF3 hides behind its marker 0x11.
  const hasSelector = encoding === "amf3" && body[0] === 0;
  const whole = hasSelector ? body.subarray(1) : body;
  const values = decodeAmf0(whole);
  if (values.length === 0) return undefined;
  if (values[0] === "@clearDataFrame") {
    return values[1] === "onMetaData"
      ? { type: "metadata", values: {}, body: NO_BYTES }
      : undefined;
  }
  const [name, ...args] = values[0] === SET_DATA_FRAME ? values.slice(1) : values;
  if (typeof name !== "string") {
    const message = `Cannot read script data that begins with a ${typeof name}`;
    throw new ProtocolError("malformed", "FLV_SCRIPT_DATA", message);
  }
  const named = values[0] === SET_DATA_FRAME ? whole.subarray(SET_DATA_FRAME_LENGTH) : whole;
  if (name === "onMetaData") return readMetadata(named, args);
  return { type: "data", name, values: args.map(toDataValue), body: named };
}

function readMetadata(body: Bytes, args: readonly Amf0Value[]): ScriptData {
  if (body.length > LIMITS.metadataBytes) {
    const message = `Cannot keep ${body.length} bytes of metadata: the limit is ${LIMITS.metadataBytes}`;
    throw new ProtocolError("limit", "FLV_METADATA", message);
  }
  const values = toDataValues(membersOf(args[0]) ?? newAmf0Object());
  return { type: "metadata", values, body };
}
