import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { z } from "zod";
import type { RelaySpec } from "./endpoint/relay/relay-spec.ts";
import { LIMITS } from "./protocol/limits.ts";
import type { Milliseconds } from "./protocol/media/sample.ts";
import { RelaySettingError, readCa, readRelays } from "./relay-settings.ts";
import { isRecordingPattern } from "./store/recording-rules.ts";

/** Everything that can be set, read and checked. */
export type Settings = {
  /** Address to listen on; undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** undefined: not opened. */
  readonly rtmpsPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** Paths of certificate and private key: both or none. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** The newest TLS that is spoken with RTMP clients. */
  readonly rtmpsTlsMax: RtmpsTlsMax;
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

/** TLS versions that RTMP may be bounded to. */
export type RtmpsTlsMax = "1.2" | "1.3";

/** What is logged: this, and whatever is worse. */
export type LogLevel = "debug" | "info" | "warn" | "error";
/** Lines for people, or for machines. */
export type LogFormat = "pretty" | "json";

/** What the command line asks for. */
export type Invocation =
  | { readonly command: CommandName; readonly settings: Settings }
  /** Print this on stdout, and be done. */
  | { readonly command: "print"; readonly text: string };
export type CommandName = "serve" | "demo";

/** A setting that is unknown or wrong: one line that names it, its value and what is allowed. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** What surrounds the command, given so that it can be set in tests. */
export type Surroundings = {
  readonly env: { readonly [name: string]: string | undefined };
  readonly isTerminal: boolean;
  readonly version: string;
};

/** A value as it is written: on the command line and in the environment always text. */
type Written = string | number | boolean;

const PORT = "a whole number from 0 to 65535 (0: any free port)";
const FILE = "the path of a file";
const RELAY = "APP/NAME=rtmp://HOST[:PORT]/APP/NAME, or rtmps, rtmpt, rtmpts, rtmpe, rtmpte";
const LONGEST_GRACE_SECONDS = 3600;
const PATTERN = "APP/NAME, where * is any part of a name and ** any names: live/*";
/** Times of a recording's interval, in seconds. */
const INTERVAL = { least: 0.2, most: 60 } as const;
const TIME_UNITS = { s: 1000, m: 60_000, h: 3_600_000 };
const LONGEST_DVR: Milliseconds = 48 * 3_600_000;
const SIZE_UNITS: { readonly [unit: string]: number } = { MB: 1e6, GB: 1e9, TB: 1e12 };
const AGE_UNITS: { readonly [unit: string]: Milliseconds } = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SMALLEST_DISK = 10_000_000;

const SHORTEST_PART = 100;
const LONGEST_PART = 1000;
const SHORTEST_TARGET_SECONDS = 2;
const LONGEST_TARGET_SECONDS = 60;

const port = z.coerce
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().max(65_535));
const path = z
  .string()
  .min(1)
  .regex(/^[^\0]*$/);
const onOff = z.union([
  z.boolean(),
  z.enum(["on", "true", "yes", "1"]).transform(() => true),
  z.enum(["off", "false", "no", "0"]).transform(() => false),
]);
const seconds = z.coerce
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform((text) => Number(text) * 1000)
  .pipe(z.number().max(LONGEST_GRACE_SECONDS * 1000));

const hlsPart = z.coerce
  .string()
  .regex(/^\d{3,4}$/)
  .transform(Number)
  .pipe(z.int().min(SHORTEST_PART).max(LONGEST_PART));
const hlsTargetDuration = z.coerce
  .string()
  .regex(/^\d{1,2}$/)
  .transform((text) => Number(text) * 1000)
  .pipe(
    z
      .int()
      .min(SHORTEST_TARGET_SECONDS * 1000)
      .max(LONGEST_TARGET_SECONDS * 1000),
  );
const interval = z.coerce
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform((text) => Number(text) * 1000)
  .pipe(
    z
      .number()
      .min(INTERVAL.least * 1000)
      .max(INTERVAL.most * 1000),
  );
/** A number and one of some units. */
const measure = (units: { readonly [unit: string]: number }) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,6}(\\.\\d+)?(${Object.keys(units).join("|")})$`))
    .transform((text) => {
      const unit = Object.keys(units).find((one) => text.endsWith(one)) ?? "";
      return Math.round(Number(text.slice(0, -unit.length)) * (units[unit] ?? 1));
    });
const age = z.union([z.literal("off").transform(() => undefined), measure(AGE_UNITS)]);
const size = z.union([z.number(), measure(SIZE_UNITS)]).pipe(z.number().min(SMALLEST_DISK));
/** One or several, with space between, or a list. */
const patterns = z
  .union([
    z.string().transform((text) => text.split(/\s+/).filter((one) => one !== "")),
    z.array(z.string()),
  ])
  .pipe(z.array(z.string().refine(isRecordingPattern)).max(LIMITS.recordRules));

const EMBED_WORDS = ["*", "self", "none"];
const EMBED_ORIGIN = /^https?:\/\/(\*\.)?[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:(\d{1,5}|\*))?$/i;
const embedOrigins = z
  .union([
    z.string().transform((text) => text.split(/\s+/).filter((one) => one !== "")),
    z.array(z.string()),
  ])
  .pipe(
    z
      .array(z.string().refine((one) => EMBED_WORDS.includes(one) || EMBED_ORIGIN.test(one)))
      .min(1)
      .max(LIMITS.embedOrigins)
      .refine((all) => all.length === 1 || !all.some((one) => one === "*" || one === "none")),
  );

const dvr = measure(TIME_UNITS).pipe(z.number().max(LONGEST_DVR));

/** What can be written: all relays together are three of them. */
type Name = Exclude<keyof Settings, "relays"> | RelaySetting;
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
const TABLE: { readonly [name in Name]: Setting } = {
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
    allowed: `a whole number of ms from ${SHORTEST_PART} to ${LONGEST_PART}`,
  },
  hlsTargetDuration: {
    flag: "hls-target-duration",
    value: "SECONDS",
    description: "no HLS segment is longer; key frames must not be further apart",
    defaultText: String(LIMITS.hlsTargetDuration / 1000),
    allowed: `a whole number of seconds from ${SHORTEST_TARGET_SECONDS} to ${LONGEST_TARGET_SECONDS}`,
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

const NAMES = Object.keys(TABLE) as readonly Name[];

/** The whole of the settings; whoever was not set takes its default here. */
const schema = (isTerminal: boolean) =>
  z.object({
    host: z
      .string()
      .regex(/^[\w.:%-]{1,255}$/)
      .optional(),
    rtmpPort: port.default(1935),
    httpPort: port.default(8080),
    rtmpsPort: port.optional(),
    httpsPort: port.optional(),
    tlsCert: path.optional(),
    tlsKey: path.optional(),
    rtmpsTlsMax: z.coerce
      .string()
      .pipe(z.enum(["1.2", "1.3"]))
      .default("1.2"),
    dataDir: path.default("./data"),
    open: onOff.default(false),
    localPublish: onOff.default(true),
    rtmpe: onOff.default(true),
    captureDir: z
      .string()
      .min(1)
      .regex(/^[^\0]*$/)
      .optional(),
    gracePeriod: seconds.default(LIMITS.gracePeriod),
    hlsPart: hlsPart.default(LIMITS.hlsPart),
    hlsTargetDuration: hlsTargetDuration.default(LIMITS.hlsTargetDuration),
    dvr: dvr.default(LIMITS.hlsMemoryWindow),
    dvrDisk: size.default(LIMITS.dvrDisk),
    record: patterns.default([]),
    recordDir: path.optional(),
    recordInterval: interval.default(1000),
    recordKeep: age.optional(),
    recordDisk: size.default(50e9),
    embedOrigins: embedOrigins.default(["*"]),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
    logFormat: z.enum(["pretty", "json"]).default(isTerminal ? "pretty" : "json"),
  });

/** A setting and where it was written, for the error message. */
type Layer = Map<Name, { readonly value: unknown; readonly source: string }>;

/**
 * Reads the command line, the environment and the settings file. Flags beat the environment, which
 * beats the file, which beats the defaults.
 *
 * @param args without `node` and the script
 * @throws SettingsError at the first thing that is unknown or wrong
 */
export function readInvocation(args: readonly string[], surroundings: Surroundings): Invocation {
  const line = readCommandLine(args, surroundings.version);
  if ("text" in line) return { command: "print", text: line.text };
  const environment = readEnvironment(surroundings.env);
  const file = line.config ?? environment.config;
  const layers = [...(file === undefined ? [] : [readFile(file)]), environment.layer, line.layer];
  const merged: Layer = new Map(layers.flatMap((layer) => [...layer]));
  return { command: line.command, settings: check(merged, surroundings.isTerminal) };
}

/**
 * Settings for a program that makes a server itself: what it does not set takes the same default as on
 * the command line, and what it sets meets the same rules.
 *
 * @throws SettingsError at the first thing that is unknown or wrong
 */
export function completeSettings(given: Partial<Settings>): Settings {
  const { gracePeriod, hlsTargetDuration: target, relays, relayTlsCa, ...rest } = given;
  const { recordInterval, recordKeep, dvr: rewind, ...others } = rest;
  const layer: Layer = new Map();
  for (const [key, value] of Object.entries(others)) {
    const name = NAMES.find((known) => known === key);
    if (name === undefined || isRelaySetting(name)) {
      const allowed = [...NAMES.filter((known) => !isRelaySetting(known)), "relays"].join(" ");
      throw new SettingsError(`settings.${key} is no setting; allowed: ${allowed}`);
    }
    if (value !== undefined) layer.set(name, { value, source: `settings.${name}` });
  }
  // Written in seconds everywhere else.
  const longest = LONGEST_GRACE_SECONDS * 1000;
  if (gracePeriod !== undefined && !(gracePeriod >= 0 && gracePeriod <= longest)) {
    throw wrong("settings.gracePeriod", gracePeriod, `a number of ms from 0 to ${longest}`);
  }
  if (target !== undefined && !hlsTargetDuration.safeParse(target / 1000).success) {
    const [least, most] = [SHORTEST_TARGET_SECONDS * 1000, LONGEST_TARGET_SECONDS * 1000];
    const allowed = `a number of ms from ${least} to ${most}, whole seconds`;
    throw wrong("settings.hlsTargetDuration", target, allowed);
  }
  const { least, most } = INTERVAL;
  const isInterval = (value: number) => value >= least * 1000 && value <= most * 1000;
  if (recordInterval !== undefined && !isInterval(recordInterval)) {
    const allowed = `a number of ms from ${least * 1000} to ${most * 1000}`;
    throw wrong("settings.recordInterval", recordInterval, allowed);
  }
  if (recordKeep !== undefined && !(recordKeep > 0)) {
    throw wrong("settings.recordKeep", recordKeep, "a number of ms");
  }
  if (rewind !== undefined && !(rewind >= 0 && rewind <= LONGEST_DVR)) {
    throw wrong("settings.dvr", rewind, `a number of ms from 0 to ${LONGEST_DVR}`);
  }
  const checked = check(layer, false);
  return {
    ...checked,
    dvr: rewind ?? checked.dvr,
    gracePeriod: gracePeriod ?? checked.gracePeriod,
    hlsTargetDuration: target ?? checked.hlsTargetDuration,
    recordInterval: recordInterval ?? checked.recordInterval,
    recordKeep: recordKeep ?? checked.recordKeep,
    relays: relays ?? checked.relays,
    relayTlsCa: relayTlsCa ?? checked.relayTlsCa,
  };
}

const isRelaySetting = (name: Name): boolean =>
  name === "pull" || name === "pullAlways" || name === "push";

function check(layer: Layer, isTerminal: boolean): Settings {
  const { relays, relayTlsCa } = checkRelays(layer);
  const values = Object.fromEntries([...layer].map(([name, { value }]) => [name, value]));
  const result = schema(isTerminal).safeParse(values);
  if (!result.success) {
    const name = result.error.issues[0]?.path[0] as Name;
    const written = layer.get(name);
    throw wrong(written?.source ?? name, written?.value, TABLE[name].allowed);
  }
  const { host, rtmpsPort, httpsPort, tlsCert, tlsKey, captureDir, ...others } = result.data;
  const { recordDir, recordKeep, ...rest } = others;
  const settings: Settings = {
    ...{ host, rtmpsPort, httpsPort, tlsCert, tlsKey, captureDir },
    ...{ relays, relayTlsCa, recordDir, recordKeep },
    ...rest,
  };
  checkPorts(settings, layer);
  checkTls(settings, layer);
  return settings;
}

/** What is wrong with one is told without its URL: secrets are in it. */
function checkRelays(layer: Layer): Pick<Settings, "relays" | "relayTlsCa"> {
  const read = <Value>(name: Name, how: (value: unknown) => Value): Value => {
    try {
      return how(layer.get(name)?.value);
    } catch (error) {
      if (!(error instanceof RelaySettingError)) throw error;
      const source = layer.get(name)?.source ?? `--${TABLE[name].flag}`;
      throw new SettingsError(`${source}: ${error.message}; allowed: ${TABLE[name].allowed}`);
    }
  };
  let count = 0;
  const bounded = (relays: readonly RelaySpec[]): readonly RelaySpec[] => {
    count += relays.length;
    if (count <= LIMITS.relays) return relays;
    throw new RelaySettingError(`no more than ${LIMITS.relays} relays can be set, of all kinds`);
  };
  return {
    relays: [
      ...read("pull", (value) => bounded(readRelays(value, "pull"))),
      ...read("pullAlways", (value) => bounded(readRelays(value, "pull", "always"))),
      ...read("push", (value) => bounded(readRelays(value, "push"))),
    ],
    relayTlsCa: read("relayTlsCa", (value) =>
      value === undefined ? undefined : readCa(String(value)),
    ),
  };
}

/** Each port is another one, but for those that are any free one. */
function checkPorts(settings: Settings, layer: Layer): void {
  const taken = new Map<number, Name>();
  for (const name of ["rtmpPort", "httpPort", "rtmpsPort", "httpsPort"] as const) {
    const value = settings[name];
    if (value === undefined || value === 0) continue;
    const other = taken.get(value);
    if (other !== undefined) {
      const source = (layer.get(name) ?? layer.get(other))?.source ?? `--${TABLE[name].flag}`;
      throw wrong(source, value, "a port of its own for RTMP, HTTP, RTMPS and HTTPS each");
    }
    taken.set(value, name);
  }
}

/** A certificate is nothing without its key, and TLS nothing without both. */
function checkTls(settings: Settings, layer: Layer): void {
  const { tlsCert, tlsKey } = settings;
  if (tlsCert !== undefined && tlsKey !== undefined) return;
  const missing = [
    ...(tlsCert === undefined ? ["--tls-cert"] : []),
    ...(tlsKey === undefined ? ["--tls-key"] : []),
  ].join(" and ");
  for (const name of ["rtmpsPort", "httpsPort", "tlsCert", "tlsKey"] as const) {
    if (settings[name] === undefined) continue;
    const source = layer.get(name)?.source ?? `--${TABLE[name].flag}`;
    throw new SettingsError(`${source}: ${show(settings[name])} also needs ${missing}`);
  }
}

const wrong = (source: string, value: unknown, allowed: string): SettingsError =>
  new SettingsError(`${source}: ${show(value)} is not allowed here; allowed: ${allowed}`);

/** A value for a message of one line, whatever it is. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

type CommandLine =
  | { readonly command: CommandName; readonly config: string | undefined; readonly layer: Layer }
  | { readonly text: string };

function readCommandLine(args: readonly string[], version: string): CommandLine {
  let text = "";
  let command: CommandName = "serve";
  const program = new Command("sluice")
    .usage("[serve|demo|capture|replay] [options]")
    .description(
      "Takes a live RTMP broadcast and shows it in a browser, at once.\n\n" +
        "  serve   take publishers and viewers (what happens without a command)\n" +
        "  demo    the same, and publish a small clip to itself in a loop\n" +
        "  capture, replay   record an RTMP connection without its keys, and play it again:\n" +
        "                    `sluice capture --help`, `sluice replay --help`",
    )
    .argument("[command]")
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this")
    .exitOverride()
    .configureHelp({ helpWidth: 100, visibleArguments: () => [] })
    .configureOutput({
      writeOut: (out) => {
        text += out;
      },
      writeErr: () => {},
    });
  for (const name of NAMES) {
    const { flag, value, description, defaultText, isList } = TABLE[name];
    const flags = value === undefined ? `--${flag}` : `--${flag} <${value}>`;
    const option = new Option(flags, `${description} (default: ${defaultText})`);
    if (isList) option.argParser((one: string, before: string[] = []) => [...before, one]);
    program.addOption(option);
    if (value === undefined) program.addOption(new Option(`--no-${flag}`).hideHelp());
  }
  program.addOption(new Option("--config <FILE>", "read settings from a YAML file"));
  program.addHelpText("after", HELP_AFTER);
  program.action((given: string | undefined) => {
    command = readCommand(given);
  });
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { text };
    throw new SettingsError(commandLineMessage(error));
  }
  const options: { readonly [name: string]: unknown } = program.opts();
  const layer: Layer = new Map();
  for (const name of NAMES) {
    // commander gives `--no-open` a default of its own: only what was written counts.
    if (program.getOptionValueSource(name) !== "cli") continue;
    layer.set(name, { value: options[name], source: `--${TABLE[name].flag}` });
  }
  const { config } = options;
  return { command, config: typeof config === "string" ? config : undefined, layer };
}

const HELP_AFTER = `
Each setting can also come from the environment (SLUICE_RTMP_PORT=1935) or from the file
(rtmp-port: 1935). Flags beat the environment, which beats the file, which beats the defaults.
When it takes publishers and viewers it prints one line: sluice ready rtmp=1935 http=8080`;

function readCommand(given: string | undefined): CommandName {
  if (given === undefined || given === "serve") return "serve";
  if (given === "demo") return "demo";
  throw wrong("command", given, "serve or demo");
}

const FLAG_LIST = [...NAMES.map((name) => `--${TABLE[name].flag}`), "--config"].join(" ");

/** commander's own message in our form, on one line. */
function commandLineMessage(error: CommanderError): string {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownOption":
      // What follows may be the secret of a relay.
      return `${quoted.split("=", 1)[0]} is no setting; allowed: ${FLAG_LIST} --help --version`;
    case "commander.optionMissingArgument": {
      const flag = quoted.split(" ")[0] ?? "";
      const setting = NAMES.map((name) => TABLE[name]).find((one) => `--${one.flag}` === flag);
      return `${flag}: a value is missing; allowed: ${setting?.allowed ?? FILE}`;
    }
    case "commander.excessArguments":
      return "command: only one is allowed: serve or demo";
    default:
      return error.message.replace(/^error: /, "").replace(/\s+/g, " ");
  }
}

const PREFIX = "SLUICE_";
/** Kubernetes sets these in every container where a service has our name. */
const KUBERNETES_VARIABLE = /^SLUICE_(SERVICE_(HOST|PORT)\w*|PORT_\d+_(TCP|UDP|SCTP)\w*)$/;
const KUBERNETES_PORT = /^(tcp|udp|sctp):\/\//;
const variable = (flag: string): string => `${PREFIX}${flag.toUpperCase().replaceAll("-", "_")}`;

function readEnvironment(env: Surroundings["env"]): { layer: Layer; config: string | undefined } {
  const layer: Layer = new Map();
  const byVariable = new Map(NAMES.map((name) => [variable(TABLE[name].flag), name]));
  const configVariable = variable("config");
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith(PREFIX) || value === undefined || key === configVariable) continue;
    const isPort = key === `${PREFIX}PORT` && KUBERNETES_PORT.test(value);
    if (isPort || KUBERNETES_VARIABLE.test(key)) continue;
    const name = byVariable.get(key);
    if (name === undefined) {
      const allowed = [...byVariable.keys(), configVariable].join(" ");
      throw new SettingsError(`${key} is no setting; allowed: ${allowed}`);
    }
    layer.set(name, { value, source: key });
  }
  return { layer, config: env[configVariable] };
}

function readFile(path: string): Layer {
  const content = parseFile(path);
  const layer: Layer = new Map();
  if (content === null || content === undefined) return layer; // an empty file sets nothing
  if (typeof content !== "object" || Array.isArray(content)) {
    throw wrong(`--config ${path}`, content, "lines such as `rtmp-port: 1935`");
  }
  const byFlag = new Map(NAMES.map((name) => [TABLE[name].flag, name]));
  for (const [key, value] of Object.entries(content)) {
    const name = byFlag.get(key);
    if (name === undefined) {
      const allowed = [...byFlag.keys()].join(" ");
      throw new SettingsError(`${show(key)} in ${path} is no setting; allowed: ${allowed}`);
    }
    const source = `${key} in ${path}`;
    // A list is looked at by who reads it, who also knows what must not be told of it.
    const isList = TABLE[name].isList === true;
    if (!isWritten(value) && !isList) throw wrong(source, value, TABLE[name].allowed);
    layer.set(name, { value, source });
  }
  return layer;
}

const isWritten = (value: unknown): value is Written =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

function parseFile(path: string): unknown {
  try {
    return parseYaml(readFileSync(path, "utf8"), { prettyErrors: true, logLevel: "error" });
  } catch (error) {
    if (error instanceof YAMLParseError) {
      const line = error.linePos?.[0].line ?? 1;
      const reason = error.message.split(/ at line |\n/)[0] ?? error.code;
      throw new SettingsError(`--config: ${path}, line ${line}, is not YAML: ${reason}`);
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new SettingsError(`--config: cannot read ${path} (${code})`);
  }
}
