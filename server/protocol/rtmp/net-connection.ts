import { type Amf0Object, type Amf0Value, membersOf } from "../amf0/value.ts";
import { LIMITS } from "../limits.ts";
import {
  type Capabilities,
  capabilityFields,
  readCapabilities,
  SERVER_CAPABILITIES,
} from "./capabilities.ts";
import { answer, type Command, information } from "./command.ts";
import type { Message } from "./message.ts";

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
  /**
   * From a server of our own kind: what the broadcast came through, or whom it is played for, as
   * `TOKEN,TOKEN,…`, by which a relay in a circle is found. Undefined from all others.
   */
  readonly relayTrail: string | undefined;
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
    relayTrail: readRelay(fields),
  };
}

/**
 * The answer to a `connect` that is accepted.
 *
 * @param relayId this server's name, for other servers of our kind
 */
export function connectResult(
  transactionId: number,
  request: ConnectRequest,
  relayId?: string,
): Message {
  const properties: Amf0Object = {
    fmsVer: "FMS/3,0,1,123", // some clients expect to talk to Flash Media Server
    capabilities: 31,
    mode: 1,
    // Only to those who know of them: old clients are not used to more members.
    ...(request.capabilities === undefined ? {} : capabilityFields(SERVER_CAPABILITIES)),
    ...(request.relayTrail === undefined || relayId === undefined ? {} : { sluiceRelay: relayId }),
  };
  const status = information("status", "NetConnection.Connect.Success", "Connection succeeded.");
  return answer("_result", transactionId, properties, {
    ...status,
    objectEncoding: request.objectEncoding,
  });
}

/** What servers of our own kind tell each other in `connect` and its answer: letters and commas. */
export function readRelay({ sluiceRelay }: Amf0Object): string | undefined {
  if (typeof sluiceRelay !== "string" || sluiceRelay.length > LIMITS.relayTrail) return undefined;
  return /^[\w,-]*$/.test(sluiceRelay) ? sluiceRelay : undefined;
}

const textOf = (value: Amf0Value): string => (typeof value === "string" ? value : "");
