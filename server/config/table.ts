import { LIMITS } from "../protocol/limits.ts";
import { INTERVAL, LONGEST_GRACE_SECONDS, PART, TARGET_SECONDS } from "./bounds.ts";
import type { Settings } from "./settings.ts";

const PORT = "a whole number from 0 to 65535 (0: any free port)";
/** What else than a setting takes a file. */
export const FILE = "the path of a file";
const RELAY = "APP/NAME=rtmp://HOST[:PORT]/APP/NAME, or rtmps, rtmpt, rtmpts, rtmpe, rtmpte";
const PATTERN = "APP/NAME, where * is any part of a name and ** any names: live/*";

/** What can be written: all relays together are three of them. */
export type Name = Exclude<keyof Settings, "relays"> | RelaySetting;
type RelaySetting = "pull" | "pullAlways" | "push";

type Setting = {
  readonly flag: string;
  /** What stands for the value in the help; absent: the flag takes none. */
  readonly value?: string;
  readonly description: string;
  readonly defaultText: string;
  /** For people, after "allowed:". */
  readonly allowed: string;
  /** May be given several times. */
  readonly isList?: true;
};

/** Each setting's name everywhere: `--rtmp-port`, SLUICE_RTMP_PORT, `rtmp-port:` in the file. */
export const TABLE: { readonly [name in Name]: Setting } = {
  host: {
    flag: "host",
    value: "ADDRESS",
    description: "address to listen on",
    defaultText: "all interfaces",
    allowed: "an IP address or a host name",
  },
  rtmpPort: {
    flag: "rtmp-port",
    value: "PORT",
    description: "port for publishers; 0: any free port",
    defaultText: "1935",
    allowed: PORT,
  },
  httpPort: {
    flag: "http-port",
    value: "PORT",
    description: "port for pages, API, WebSocket and HLS; 0: any free port",
    defaultText: "8080",
    allowed: PORT,
  },
  rtmpsPort: {
    flag: "rtmps-port",
    value: "PORT",
    description: "port for publishers over TLS only",
    defaultText: "off; the RTMP port takes TLS too",
    allowed: PORT,
  },
  httpsPort: {
    flag: "https-port",
    value: "PORT",
    description: "port for all of the HTTP port over TLS",
    defaultText: "off",
    allowed: PORT,
  },
  tlsCert: {
    flag: "tls-cert",
    value: "FILE",
    description: "certificate and its chain, PEM; followed when it changes",
    defaultText: "none",
    allowed: FILE,
  },
  tlsKey: {
    flag: "tls-key",
    value: "FILE",
    description: "its private key, PEM, without a password",
    defaultText: "none",
    allowed: FILE,
  },
  rtmpsTlsMax: {
    flag: "rtmps-tls-max",
    value: "1.2|1.3",
    description: "newest TLS for RTMP; librtmp of Debian fails with 1.3",
    defaultText: "1.2",
    allowed: "1.2 or 1.3",
  },
  dataDir: {
    flag: "data-dir",
    value: "FOLDER",
    description: "where the publish key and recordings lie",
    defaultText: "./data",
    allowed: "the path of a folder",
  },
  open: {
    flag: "open",
    description: "anyone who reaches the port may publish, without a key",
    defaultText: "off",
    allowed: "on or off",
  },
  localPublish: {
    flag: "local-publish",
    value: "on|off",
    description: "whether this machine publishes without a key; off where a proxy is in front",
    defaultText: "on",
    allowed: "on or off",
  },
  rtmpe: {
    flag: "rtmpe",
    value: "on|off",
    description: "whether RTMPE and RTMPTE are taken: old obfuscation, not security",
    defaultText: "on",
    allowed: "on or off",
  },
  captureDir: {
    flag: "capture-dir",
    value: "FOLDER",
    description: "keep what the latest RTMP connections say, without keys, to look for a fault",
    defaultText: "off",
    allowed: "the path of a folder",
  },
  gracePeriod: {
    flag: "grace-period",
    value: "SECONDS",
    description: "how long viewers wait for a publisher who left to come back",
    defaultText: String(LIMITS.gracePeriod / 1000),
    allowed: `a number of seconds from 0 to ${LONGEST_GRACE_SECONDS}`,
  },
  hlsPart: {
    flag: "hls-part",
    value: "MS",
    description:
      "how long parts of low-latency HLS are meant to be; delay there is about four of them",
    defaultText: String(LIMITS.hlsPart),
    allowed: `a whole number of ms from ${PART.least} to ${PART.most}`,
  },
  hlsTargetDuration: {
    flag: "hls-target-duration",
    value: "SECONDS",
    description: "no HLS segment is longer; key frames must not be further apart",
    defaultText: String(LIMITS.hlsTargetDuration / 1000),
    allowed: `a whole number of seconds from ${TARGET_SECONDS.least} to ${TARGET_SECONDS.most}`,
  },
  record: {
    flag: "record",
    value: "PATTERN",
    description: "record these streams, each publish in a file of its own; may be repeated",
    defaultText: "none",
    allowed: PATTERN,
    isList: true,
  },
  recordDir: {
    flag: "record-dir",
    value: "FOLDER",
    description: "where recordings are kept",
    defaultText: "recordings in the data directory",
    allowed: "the path of a folder",
  },
  recordInterval: {
    flag: "record-interval",
    value: "SECONDS",
    description: "how much of a recording a loss of power may cost",
    defaultText: "1",
    allowed: `a number of seconds from ${INTERVAL.least} to ${INTERVAL.most}`,
  },
  recordKeep: {
    flag: "record-keep",
    value: "AGE",
    description: "remove recordings that are older: 30d, 12h, 90m",
    defaultText: "off",
    allowed: "a number with m, h or d behind it, or off",
  },
  recordDisk: {
    flag: "record-disk",
    value: "SIZE",
    description: "how much all recordings may take; the oldest are removed",
    defaultText: "50GB",
    allowed: "a number with MB, GB or TB behind it, 10MB at least",
  },
  dvr: {
    flag: "dvr",
    value: "TIME",
    description: `how far viewers may rewind; more than ${LIMITS.hlsMemoryWindow / 1000}s lies on disk, below the data folder`,
    defaultText: `${LIMITS.hlsMemoryWindow / 1000}s`,
    allowed: "a time such as 90s, 30m or 4h, up to 48h",
  },
  dvrDisk: {
    flag: "dvr-disk",
    value: "SIZE",
    description: "what that may take of the disk, all streams together; the oldest goes first",
    defaultText: "10GB",
    allowed: "a number with MB, GB or TB behind it, 10MB at least",
  },
  pull: {
    flag: "pull",
    value: "APP/NAME=URL",
    description: "play this from another server while somebody watches; may be repeated",
    defaultText: "none",
    allowed: RELAY,
    isList: true,
  },
  pullAlways: {
    flag: "pull-always",
    value: "APP/NAME=URL",
    description: "the same all the time; may be repeated",
    defaultText: "none",
    allowed: RELAY,
    isList: true,
  },
  push: {
    flag: "push",
    value: "APP/NAME=URL",
    description: "publish this to another server too; may be repeated",
    defaultText: "none",
    allowed: `${RELAY}, also APP/*=rtmp://HOST/APP/*`,
    isList: true,
  },
  relayTlsCa: {
    flag: "relay-tls-ca",
    value: "FILE",
    description: "certificate authorities that relays trust besides the usual ones, PEM",
    defaultText: "none",
    allowed: FILE,
  },
  embedOrigins: {
    flag: "embed-origins",
    value: "ORIGIN",
    description: "whose pages may show the player of /embed in a frame; may be repeated",
    defaultText: "*: anybody's",
    allowed: "*, self, none, or origins such as https://example.com and https://*.example.com",
    isList: true,
  },
  logLevel: {
    flag: "log-level",
    value: "LEVEL",
    description: "debug, info, warn or error",
    defaultText: "info",
    allowed: "debug, info, warn or error",
  },
  logFormat: {
    flag: "log-format",
    value: "FORMAT",
    description: "pretty or json",
    defaultText: "pretty at a terminal, else json",
    allowed: "pretty or json",
  },
};

/** All of them, in the order of the help. */
export const NAMES: readonly Name[] = Object.keys(TABLE) as readonly Name[];

/** Whether it is one of those that are relays together. */
export const isRelaySetting = (name: Name): boolean =>
  name === "pull" || name === "pullAlways" || name === "push";

/** A setting and where it was written, for the error message. */
export type Layer = Map<Name, { readonly value: unknown; readonly source: string }>;
