import { SettingsError } from "./settings.ts";
import { type Layer, NAMES, TABLE } from "./table.ts";

const PREFIX = "SLUICE_";
/** Kubernetes sets these in every container where a service has our name. */
const KUBERNETES_VARIABLE = /^SLUICE_(SERVICE_(HOST|PORT)\w*|PORT_\d+_(TCP|UDP|SCTP)\w*)$/;
const KUBERNETES_PORT = /^(tcp|udp|sctp):\/\//;
const variable = (flag: string): string => `${PREFIX}${flag.toUpperCase().replaceAll("-", "_")}`;

/**
 * Reads `SLUICE_…`.
 *
 * @returns `config`: the settings file that is named there
 * @throws SettingsError at the first one that is unknown
 */
export function readEnvironment(env: { readonly [name: string]: string | undefined }): {
  layer: Layer;
  config: string | undefined;
} {
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
