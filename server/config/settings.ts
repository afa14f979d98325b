import type { EntrySettings } from "../endpoint/entry/entry.ts";
import type { RelaySpec } from "../endpoint/relay/relay-spec.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";

/** Everything that can be set, read and checked. */
export type Settings = EntrySettings & {
  readonly dataDir: string;
  /** Anyone who reaches the port may publish. */
  readonly open: boolean;
  /** Who publishes from this machine needs no key. */
  readonly localPublish: boolean;
  /** Whether encrypted RTMP (RTMPE, RTMPTE) is taken. */
  readonly rtmpe: boolean;
  /** Where captures of RTMP connections are kept; undefined: nowhere. */
  readonly captureDir: string | undefined;
  readonly gracePeriod: Milliseconds;
  /** How long a part of low-latency HLS is meant to be. */
  readonly hlsPart: Milliseconds;
  /** EXT-X-TARGETDURATION: no segment is longer. Whole seconds. */
  readonly hlsTargetDuration: Milliseconds;
  /** Which streams are recorded: APP/NAME, `*` for any part of a name, `**` for any names. */
  readonly record: readonly string[];
  /** Where recordings are kept; undefined: `recordings` in the data directory. */
  readonly recordDir: string | undefined;
  /** What a loss of power may cost a recording, at most. */
  readonly recordInterval: Milliseconds;
  /** Older recordings are removed; undefined: none are. */
  readonly recordKeep: Milliseconds | undefined;
  /** Bytes of all recordings together; the oldest are removed. */
  readonly recordDisk: number;
  /** How far viewers may rewind. */
  readonly dvr: Milliseconds;
  /** What that may take of the disk, all streams together: bytes. */
  readonly dvrDisk: number;
  /** Streams that are brought here, and those that are taken elsewhere: secrets are in them. */
  readonly relays: readonly RelaySpec[];
  /** Certificates of authorities that relays trust besides the usual ones, PEM. */
  readonly relayTlsCa: string | undefined;
  /** Who may show an embedded player in a frame: `*`, `none`, or origins, `self` among them. */
  readonly embedOrigins: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
};

/** What is logged: this, and whatever is worse. */
export type LogLevel = "debug" | "info" | "warn" | "error";
/** Lines for people, or for machines. */
export type LogFormat = "pretty" | "json";

/** What the program is to do. */
export type CommandName = "serve" | "demo";

/** A setting that is unknown or wrong: one line that names it, its value and what is allowed. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** @param source where the value was written: `--rtmp-port` @param allowed for people */
export const wrong = (source: string, value: unknown, allowed: string): SettingsError =>
  new SettingsError(`${source}: ${show(value)} is not allowed here; allowed: ${allowed}`);

/** A value for a message of one line, whatever it is. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
