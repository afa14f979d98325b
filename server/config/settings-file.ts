import { readFileSync } from "node:fs";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { SettingsError, show, wrong } from "./settings.ts";
import { type Layer, NAMES, TABLE } from "./table.ts";

/** A value as it is written: on the command line and in the environment always text. */
type Written = string | number | boolean;

/**
 * Reads a settings file, YAML.
 *
 * @throws SettingsError where it cannot be read, and at the first thing that is unknown or wrong
 */
export function readSettingsFile(path: string): Layer {
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
