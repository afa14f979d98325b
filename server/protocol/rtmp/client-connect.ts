import { type Amf0Object, type Amf0Value, membersOf } from "../amf0/value.ts";
import {
  type Capabilities,
  CapsEx,
  capabilityFields,
  FourCcInfo,
  readCapabilities,
} from "./capabilities.ts";
import type { ConnectAnswer, Redirect } from "./client-effect.ts";
import type { Command } from "./command.ts";
import { readRelay } from "./net-connection.ts";
import { resolveTcUrl } from "./tc-url.ts";

/** What a client says of itself. */
export type ConnectOptions = {
  readonly app: string;
  readonly tcUrl: string;
  readonly flashVer: string;
  readonly capabilities: Capabilities;
  /** What the broadcast came through: see `relayTrail` of `ConnectRequest`. */
  readonly relayTrail: string | undefined;
};

/**
 * What a relay can do beyond RTMP 1.0: it passes on any codec, comes back when it is asked to,
 * reads several tracks, ModEx and nanoseconds.
 */
export const CLIENT_CAPABILITIES: Capabilities = {
  fourCcList: ["*"],
  videoFourCcInfoMap: { "*": FourCcInfo.CanForward },
  audioFourCcInfoMap: { "*": FourCcInfo.CanForward },
  capsEx: CapsEx.Reconnect | CapsEx.Multitrack | CapsEx.ModEx | CapsEx.TimestampNanoOffset,
};

/** The same of a client that stays with its connection, whatever it is asked. */
export const STAYING_CAPABILITIES: Capabilities = {
  ...CLIENT_CAPABILITIES,
  capsEx: CapsEx.Multitrack | CapsEx.ModEx | CapsEx.TimestampNanoOffset,
};

/** The object of `connect` (RTMP 1.0 §7.2.1.1) of a publisher, members in FFmpeg's order. */
export function connectObject(options: ConnectOptions): Amf0Object {
  const { app, tcUrl, flashVer, capabilities, relayTrail } = options;
  return {
    app,
    ...capabilityFields(capabilities),
    type: "nonprivate",
    flashVer,
    tcUrl,
    ...(relayTrail === undefined ? {} : { sluiceRelay: relayTrail }),
  };
}

/** What players say besides: what they could decode, and that they speak through no proxy. */
export const PLAYER_FIELDS: Amf0Object = {
  fpad: false,
  capabilities: 15,
  audioCodecs: 4071,
  videoCodecs: 252,
  videoFunction: 1,
};

/** Reads the answer to a `connect` that was taken: members of either of its objects. */
export function readConnectAnswer({ commandObject, parameters }: Command): ConnectAnswer {
  const properties = membersOf(commandObject) ?? {};
  const information = membersOf(parameters[0]) ?? {};
  return {
    capabilities: readCapabilities(properties) ?? readCapabilities(information),
    relayId: readRelay(properties),
  };
}

/** What a server says in the information object of a status or an answer. */
export type Information = {
  readonly level: string;
  readonly code: string;
  readonly description: string;
  readonly fields: Amf0Object;
};

/** Reads an information object; members of a wrong type are empty. */
export function readInformation(value: Amf0Value): Information {
  const fields = membersOf(value) ?? {};
  const text = (name: string): string => {
    const member = fields[name];
    return typeof member === "string" ? member : "";
  };
  return { level: text("level"), code: text("code"), description: text("description"), fields };
}

/**
 * Where a refusal sends its client: `ex: { code: 302, redirect }`, as Flash Media Server writes it
 * and nginx-rtmp, Wowza and SRS after it; SRS adds `redirect2`, with the stream's name.
 *
 * @param tcUrl the present one
 */
export function readRedirect({ fields }: Information, tcUrl: string): Redirect | undefined {
  const { code, redirect, redirect2 } = membersOf(fields["ex"]) ?? {};
  if (typeof redirect !== "string" || (code !== undefined && code !== 302)) return undefined;
  const resolved = resolveTcUrl(tcUrl, redirect);
  if (resolved === undefined) return undefined;
  const streamUrl = typeof redirect2 === "string" ? resolveTcUrl(tcUrl, redirect2) : undefined;
  return { tcUrl: resolved, streamUrl };
}
