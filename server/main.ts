#!/usr/bin/env node
import { networkInterfaces } from "node:os";
import { PublishKeyError } from "./access/publish-key.ts";
import { processClock } from "./clock.ts";
import { capture } from "./command/capture.ts";
import { publishDemo } from "./command/demo.ts";
import { specificHost } from "./command/instructions.ts";
import { replay } from "./command/replay.ts";
import { type Surroundings, serve } from "./command/serve.ts";
import { type Settings, SettingsError } from "./config/settings.ts";
import { type Invocation, readInvocation } from "./config.ts";
import { CertificateError } from "./endpoint/entry/certificate.ts";
import { ListenError } from "./endpoint/entry/entry.ts";
import { createLog, type ProcessLog } from "./log.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { packageVersion } from "./package-root.ts";
import { createSluice } from "./sluice.ts";
import { CaptureFolderError } from "./store/capture-folder.ts";
import { RecordingsError } from "./store/recordings.ts";
import { readToolInvocation, type ToolInvocation } from "./tool-config.ts";

/** Ended by a fault of ours; could not start as it was told to. */
const EXIT_FAULT = 1;
const EXIT_SETTINGS = 2;

const isTerminal = process.stderr.isTTY === true;
// Whoever reads the ready line may go away: that ends nothing.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

await main();

async function main(): Promise<void> {
  let log: ProcessLog | undefined;
  try {
    const tool = readToolInvocation(process.argv.slice(2));
    if (tool !== undefined) process.exit(await runTool(tool));
    const version = packageVersion();
    const invocation = readInvocation(process.argv.slice(2), {
      env: process.env,
      isTerminal,
      version,
    });
    if (invocation.command === "print") {
      process.stdout.write(invocation.text);
      return;
    }
    log = processLog(invocation.settings);
    await serve(invocation.settings, surroundings(invocation, log));
    log.flush();
    process.exit(0);
  } catch (error) {
    if (!isAboutSettings(error)) log?.error("cannot go on", { error });
    log?.flush();
    if (isAboutSettings(error)) process.stderr.write(`sluice: ${error.message}\n`);
    else if (log === undefined) process.stderr.write(`sluice: ${String(error)}\n`);
    process.exit(isAboutSettings(error) ? EXIT_SETTINGS : EXIT_FAULT);
  }
}

/** Runs a command beside the server. @returns its exit code */
async function runTool(tool: ToolInvocation): Promise<number> {
  const print = (text: string): void => void process.stdout.write(text);
  switch (tool.command) {
    case "print":
      print(tool.text);
      return 0;
    case "capture": {
      const tell = (line: string): void => void process.stderr.write(`${line}\n`);
      await capture(tool, { clock: processClock, print, tell, asked: askedToEnd() });
      return 0;
    }
    case "replay": {
      const isTaken = await replay(tool, {
        ...{ clock: processClock, crypto: nodeCrypto, print, asked: askedToEnd() },
      });
      return isTaken ? 0 : EXIT_FAULT;
    }
  }
}

/** What whoever started us can set right. */
function isAboutSettings(error: unknown): error is Error {
  return (
    error instanceof SettingsError ||
    error instanceof PublishKeyError ||
    error instanceof CertificateError ||
    error instanceof CaptureFolderError ||
    error instanceof RecordingsError ||
    error instanceof ListenError
  );
}

function processLog({ logLevel, logFormat }: Settings): ProcessLog {
  const log = createLog({ level: logLevel, format: logFormat, colour: isTerminal });
  const die = (error: unknown): void => {
    log.error("a fault of ours", { error });
    log.flush();
    process.exit(EXIT_FAULT);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  return log;
}

function surroundings(
  { command, settings }: Exclude<Invocation, { command: "print" }>,
  log: ProcessLog,
): Surroundings {
  return {
    create: createSluice,
    log,
    clock: processClock,
    print: (text) => void process.stdout.write(text),
    tell: isTerminal ? (text) => void process.stderr.write(text) : undefined,
    addresses: ownAddresses(),
    asked: askedToEnd(),
    ...(command === "demo"
      ? {
          whenReady: ({ rtmp }, { publishKey }) => demo(settings, rtmp, publishKey, log),
        }
      : {}),
  };
}

/** Publishes the bundled clip to ourselves, as an encoder on this machine would. */
async function demo(
  { host }: Settings,
  port: number,
  publishKey: string,
  log: ProcessLog,
): Promise<() => void> {
  const target = {
    host: specificHost(host) ?? "127.0.0.1",
    port,
    app: "live",
    streamName: `demo?key=${publishKey}`,
  };
  try {
    return await publishDemo(target, { clock: processClock, log });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError(`demo: cannot publish the bundled clip (${reason})`);
  }
}

/** The first signal asks; who signals again will not wait. */
function askedToEnd(): Promise<string> {
  return new Promise((resolve) => {
    let isAsked = false;
    const onSignal = (signal: string): void => {
      if (isAsked) process.exit(EXIT_FAULT);
      isAsked = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/** As others on the network reach this machine: IPv4 first, it is shorter to type. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => address);
}
