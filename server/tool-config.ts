import { Command, CommanderError, Option } from "commander";
import { SettingsError } from "./config/settings.ts";

/** A server's address as somebody writes it. */
export type RtmpTarget = {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** All parts of its path but the last one, where it has two or more; else the one it has. */
  readonly app: string | undefined;
  /** The last part, query included. */
  readonly streamName: string | undefined;
  /** `rtmp://HOST:PORT`, as it stands in a tcUrl. */
  readonly origin: string;
};

/** What `sluice capture` is told. */
export type CaptureOptions = {
  readonly command: "capture";
  /** Address to listen on; undefined: all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
  readonly to: RtmpTarget;
  /** Undefined: named by the time. */
  readonly out: string | undefined;
  readonly blank: boolean;
  readonly keepNames: boolean;
};

/** What `sluice replay` is told. */
export type ReplayOptions = {
  readonly command: "replay";
  readonly file: string;
  readonly to: RtmpTarget;
  /** 1 is the capture's own pace; infinite: as fast as the server takes it. */
  readonly speed: number;
  readonly key: string | undefined;
};

/** What a command beside the server is told, or what it prints instead. */
export type ToolInvocation =
  | CaptureOptions
  | ReplayOptions
  | { readonly command: "print"; readonly text: string };

const TARGET = /^(rtmps?):\/\/(\[[0-9a-f:.]+\]|[^/?#:@[\]\s]+)(?::(\d{1,5}))?(?:\/([^#\s]*))?$/i;
const DEFAULT_PORT = 1935;
const DEFAULT_TLS_PORT = 443;
const HIGHEST_PORT = 65_535;

/**
 * Reads the command line of `capture` and `replay`.
 *
 * @param args without `node` and the script
 * @returns undefined where it is another command's
 * @throws SettingsError at the first thing that is unknown or wrong
 */
export function readToolInvocation(args: readonly string[]): ToolInvocation | undefined {
  const [command, ...rest] = args;
  if (command === "capture") return readCapture(rest);
  return command === "replay" ? readReplay(rest) : undefined;
}

function readCapture(args: readonly string[]): ToolInvocation {
  const program = newProgram("capture")
    .usage("--listen PORT --to URL [options]")
    .description(
      "Stands between an RTMP client and a server and records what both say, without keys.\n" +
        "Point the encoder here instead of to the server; each connection becomes a file.",
    )
    .addOption(new Option("--listen <PORT>", "port for the client; 0: any free port"))
    .addOption(new Option("--host <ADDRESS>", "address to listen on (default: all interfaces)"))
    .addOption(new Option("--to <URL>", "the server: rtmp://HOST[:PORT] or rtmps://HOST[:PORT]"))
    .addOption(new Option("--out <FILE>", "where to write (default: named by the time, here)"))
    .addOption(new Option("--blank", "overwrite picture and sound, at equal size"))
    .addOption(new Option("--keep-names", "keep stream names: where they are public, not keys"));
  const read = parse(program, args);
  if ("text" in read) return { command: "print", text: read.text };
  const { options } = read;
  if (read.args.length > 0)
    throw new SettingsError(`capture: ${read.args[0]} is not expected here`);
  const { host, out } = options;
  return {
    command: "capture",
    host: textOf(host),
    port: readPort(options["listen"]),
    to: readTarget("capture", options["to"]),
    out: textOf(out),
    blank: options["blank"] === true,
    keepNames: options["keepNames"] === true,
  };
}

function readReplay(args: readonly string[]): ToolInvocation {
  const program = newProgram("replay")
    .usage("FILE --to URL [options]")
    .description(
      "Plays the client's side of a capture to a server, and says what the server answers.\n" +
        "The exit code is 1 where the server refuses it or does not take all of it.",
    )
    .argument("[file]")
    .addOption(
      new Option("--to <URL>", "the server: rtmp://HOST[:PORT][/APP[/NAME]], rtmps:// too"),
    )
    .addOption(
      new Option("--speed <N>", "1: as it was recorded; 2: twice as fast; max (default: 1)"),
    )
    .addOption(new Option("--key <PUBLISHKEY>", "the publish key, which is not in the capture"));
  const read = parse(program, args);
  if ("text" in read) return { command: "print", text: read.text };
  const { options } = read;
  const [file, excess] = read.args;
  if (file === undefined) throw new SettingsError("replay: a file is missing");
  if (excess !== undefined) throw new SettingsError("replay: only one file is allowed");
  return {
    command: "replay",
    file,
    to: readTarget("replay", options["to"]),
    speed: readSpeed(options["speed"]),
    key: textOf(options["key"]),
  };
}

type Options = { readonly [name: string]: unknown };

function newProgram(name: string): Command {
  return new Command(`sluice ${name}`)
    .helpOption("--help", "print this")
    .allowExcessArguments(true)
    .exitOverride()
    .configureHelp({ helpWidth: 100, visibleArguments: () => [] });
}

function parse(
  program: Command,
  args: readonly string[],
): { readonly options: Options; readonly args: readonly string[] } | { readonly text: string } {
  let text = "";
  program.configureOutput({
    writeOut: (out) => {
      text += out;
    },
    writeErr: () => {},
  });
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { text };
    const reason = error.message.replace(/^error: /, "").replace(/\s+/g, " ");
    throw new SettingsError(`${program.name().replace("sluice ", "")}: ${reason}`);
  }
  return { options: program.opts(), args: program.args };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

function readPort(value: unknown): number {
  const text = textOf(value) ?? "";
  if (/^\d{1,5}$/.test(text) && Number(text) <= HIGHEST_PORT) return Number(text);
  throw wrong("--listen", text, "a whole number from 0 to 65535 (0: any free port)");
}

function readSpeed(value: unknown): number {
  const text = textOf(value) ?? "1";
  if (text === "max") return Number.POSITIVE_INFINITY;
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw wrong("--speed", text, "a number above 0, or max");
}

function readTarget(command: string, value: unknown): RtmpTarget {
  const text = textOf(value) ?? "";
  const match = TARGET.exec(text);
  const [, scheme = "", host = "", portText, path = ""] = match ?? [];
  const tls = scheme.toLowerCase() === "rtmps";
  const port = Number(portText ?? (tls ? DEFAULT_TLS_PORT : DEFAULT_PORT));
  if (match === null || port === 0 || port > HIGHEST_PORT) {
    const example = command === "replay" ? "rtmp://HOST[:PORT][/APP[/NAME]]" : "rtmp://HOST[:PORT]";
    throw wrong("--to", text.replace(/\?.*/, "?…"), `${example}, or rtmps://`);
  }
  const question = path.indexOf("?");
  const parts = (question < 0 ? path : path.slice(0, question))
    .split("/")
    .filter((it) => it !== "");
  const query = question < 0 ? "" : path.slice(question);
  const name = parts.length > 1 ? parts.pop() : undefined;
  return {
    ...{ tls, host: host.replace(/^\[|\]$/g, ""), port },
    app: parts.length === 0 ? undefined : parts.join("/"),
    streamName: name === undefined ? undefined : `${name}${query}`,
    origin: `${scheme.toLowerCase()}://${host}:${port}`,
  };
}

const wrong = (name: string, value: string, allowed: string): SettingsError =>
  new SettingsError(`${name}: ${JSON.stringify(value)} is not allowed here; allowed: ${allowed}`);
