import { INTERVAL, LONGEST_DVR, LONGEST_GRACE_SECONDS, TARGET_SECONDS } from "./config/bounds.ts";
import { readCommandLine } from "./config/command-line.ts";
import { readEnvironment } from "./config/environment.ts";
import { RelaySettingError, readCa, readRelays } from "./config/relay-settings.ts";
import { isTargetDuration, parseSettings } from "./config/schema.ts";
import { type CommandName, type Settings, SettingsError, show, wrong } from "./config/settings.ts";
import { readSettingsFile } from "./config/settings-file.ts";
import { isRelaySetting, type Layer, NAMES, type Name, TABLE } from "./config/table.ts";
import type { RelaySpec } from "./endpoint/relay/relay-spec.ts";
import { LIMITS } from "./protocol/limits.ts";

/** What the command line asks for. */
export type Invocation =
  | { readonly command: CommandName; readonly settings: Settings }
  /** Print this on stdout, and be done. */
  | { readonly command: "print"; readonly text: string };

/** What surrounds the command, given so that it can be set in tests. */
export type Surroundings = {
  readonly env: { readonly [name: string]: string | undefined };
  readonly isTerminal: boolean;
  readonly version: string;
};

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
  const layers = [
    ...(file === undefined ? [] : [readSettingsFile(file)]),
    environment.layer,
    line.layer,
  ];
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
  if (target !== undefined && !isTargetDuration(target / 1000)) {
    const [least, most] = [TARGET_SECONDS.least * 1000, TARGET_SECONDS.most * 1000];
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

function check(layer: Layer, isTerminal: boolean): Settings {
  const { relays, relayTlsCa } = checkRelays(layer);
  const values = Object.fromEntries([...layer].map(([name, { value }]) => [name, value]));
  const parsed = parseSettings(values, isTerminal);
  if ("wrong" in parsed) {
    const name = parsed.wrong as Name;
    const written = layer.get(name);
    throw wrong(written?.source ?? name, written?.value, TABLE[name].allowed);
  }
  const settings: Settings = { ...parsed.settings, relays, relayTlsCa };
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
