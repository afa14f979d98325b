import { type Amf0Object, type Amf0Value, isAmf0Array, membersOf } from "../amf0/value.ts";
import { LIMITS } from "../limits.ts";
import { answer, type Command, information } from "./command.ts";
import type { Message } from "./message.ts";

/** What a peer says it can do beyond RTMP 1.0 (Enhanced RTMP v2, "Enhancing NetConnection connect"). */
export type Capabilities = {
  /** Codecs it can handle; "*" is any. */
  readonly fourCcList?: readonly string[];
  /** FourCC → 1 can decode, 2 can encode, 4 can forward. */
  readonly videoFourCcInfoMap?: { readonly [fourCc: string]: number };
  readonly audioFourCcInfoMap?: { readonly [fourCc: string]: number };
  /** 1 reconnect, 2 multitrack, 4 ModEx, 8 nanosecond offsets. */
  readonly capsEx?: number;
  /** 1 client seek, 2 HDR, 4 video metadata, 8 large-scale tile. */
  readonly videoFunction?: number;
};

/** What `connect` asks for (RTMP 1.0 §7.2.1.1). */
export type ConnectRequest = {
  /** As sent: may hold an instance, more parts, a query with secrets. Empty where missing. */
  readonly app: string;
  /** As sent: may hold a query with secrets. Empty where missing. */
  readonly tcUrl: string;
  /** The client's name for itself, as sent, at most 256 characters; empty where missing. */
  readonly flashVer: string;
  /** 0: AMF0 only; 3: AMF3 too. */
  readonly objectEncoding: number;
  /** Undefined where the client speaks of no capability at all (OBS, most others). */
  readonly capabilities: Capabilities | undefined;
};

/** What this server says it can do: it forwards any codec, and reads past ModEx. */
export const SERVER_CAPABILITIES: Capabilities = {
  fourCcList: ["*"],
  videoFourCcInfoMap: { "*": 4 },
  audioFourCcInfoMap: { "*": 4 },
  capsEx: 4 | 8,
  videoFunction: 0,
};

/** Reads the object of `connect`, which may be an ECMA array; fields of a wrong type are missing. */
export function readConnect({ commandObject }: Command): ConnectRequest {
  const fields = membersOf(commandObject) ?? {};
  const { app, tcUrl, tcurl, flashVer, objectEncoding } = fields;
  return {
    app: textOf(app),
    tcUrl: textOf(tcUrl ?? tcurl), // one sender writes it so
    flashVer: textOf(flashVer).slice(0, 256),
    objectEncoding: objectEncoding === 3 ? 3 : 0,
    capabilities: readCapabilities(fields),
  };
}

/** The answer to a `connect` that is accepted. */
export function connectResult(transactionId: number, request: ConnectRequest): Message {
  const properties: Amf0Object = {
    fmsVer: "FMS/3,0,1,123", // some clients expect to talk to Flash Media Server
    capabilities: 31,
    mode: 1,
    // Only to those who know of them: old clients are not used to more members.
    ...(request.capabilities === undefined ? {} : capabilityFields(SERVER_CAPABILITIES)),
  };
  const status = information("status", "NetConnection.Connect.Success", "Connection succeeded.");
  return answer("_result", transactionId, properties, {
    ...status,
    objectEncoding: request.objectEncoding,
  });
}

/** Capabilities as members of an object, for `connect` and its answer. */
export const capabilityFields = (capabilities: Capabilities): Amf0Object => ({ ...capabilities });

function readCapabilities(fields: Amf0Object): Capabilities | undefined {
  const { fourCcList, videoFourCcInfoMap, audioFourCcInfoMap, capsEx, videoFunction } = fields;
  const videoMap = readNumbers(videoFourCcInfoMap);
  const audioMap = readNumbers(audioFourCcInfoMap);
  const capabilities: Capabilities = {
    ...(isAmf0Array(fourCcList) && {
      fourCcList: fourCcList.slice(0, LIMITS.fourCcs).filter(isText),
    }),
    ...(videoMap && { videoFourCcInfoMap: videoMap }),
    ...(audioMap && { audioFourCcInfoMap: audioMap }),
    ...(typeof capsEx === "number" && { capsEx }),
    ...(typeof videoFunction === "number" && { videoFunction }),
  };
  // videoFunction is older than the others: RTMP 1.0 players send it (librtmp, FFmpeg).
  const { videoFunction: _, ...enhanced } = capabilities;
  return Object.keys(enhanced).length === 0 ? undefined : capabilities;
}

function readNumbers(value: Amf0Value): { [name: string]: number } | undefined {
  const members = membersOf(value);
  if (members === undefined) return undefined;
  const entries = Object.entries(members).slice(0, LIMITS.fourCcs);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

const isText = (value: Amf0Value): value is string => typeof value === "string";

const textOf = (value: Amf0Value): string => (typeof value === "string" ? value : "");
