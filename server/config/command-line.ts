import { Command, CommanderError, Option } from "commander";
import { type CommandName, SettingsError, wrong } from "./settings.ts";
import { FILE, type Layer, NAMES, TABLE } from "./table.ts";

/** A command with its settings, or what is to be printed. */
export type CommandLine =
  | { readonly command: CommandName; readonly config: string | undefined; readonly layer: Layer }
  | { readonly text: string };

/** @throws SettingsError at the first thing that is unknown or wrong */
export function readCommandLine(args: readonly string[], version: string): CommandLine {
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
