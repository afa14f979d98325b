import { readFileSync } from "node:fs";
import { z } from "zod";
import { checkSpec, type RelaySpec, RelaySpecError } from "../endpoint/relay/relay-spec.ts";
import type { RelayKind } from "../endpoint/relay/relay-url.ts";

/** A relay that is set wrong; one line for people, without anything that may be secret. */
export class RelaySettingError extends Error {
  override readonly name = "RelaySettingError";
}

const object = z.strictObject({
  streamPath: z.string(),
  url: z.string(),
  streamKey: z.string().optional(),
  when: z.enum(["always", "demand"]).optional(),
  tls: z.strictObject({ ca: z.string().optional(), verify: z.boolean().optional() }).optional(),
  enhanced: z.boolean().optional(),
});

/** One or several, as `APP/NAME=URL` (several on the command line or with space between), or objects. */
const written = z.union([
  z.string().transform((text) => text.split(/\s+/).filter((one) => one !== "")),
  z.array(z.union([z.string(), object])),
]);

/**
 * Reads the relays of one setting.
 *
 * @param when of pulls that do not say it themselves
 * @throws RelaySettingError
 */
export function readRelays(
  value: unknown,
  kind: RelayKind,
  when?: RelaySpec["when"],
): readonly RelaySpec[] {
  const result = written.safeParse(value ?? []);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.join(".") ?? "";
    throw new RelaySettingError(where === "" ? "it is no list" : `${where} cannot be read`);
  }
  return result.data.map((one) => {
    const { tls, ...fields } = typeof one === "string" ? split(one) : { tls: undefined, ...one };
    const spec: RelaySpec = {
      kind,
      ...(when === undefined ? {} : { when }),
      ...fields,
      ...(tls === undefined ? {} : { tls: { ...tls, ca: tls.ca && readCa(tls.ca) } }),
    };
    try {
      checkSpec(spec);
    } catch (error) {
      if (!(error instanceof RelaySpecError)) throw error;
      const what = error.field === "url" ? "its URL cannot be used: " : "";
      throw new RelaySettingError(
        `${JSON.stringify(shown(spec.streamPath))}: ${what}${error.message}`,
      );
    }
    return spec;
  });
}

/** Certificates of authorities. @throws RelaySettingError where the file cannot be read */
export function readCa(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new RelaySettingError(`cannot read ${path} (${code})`);
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new RelaySettingError(`${path} holds no certificate (PEM)`);
}

/** The first `=` ends the path: URLs have more of them. */
function split(text: string): { streamPath: string; url: string; tls?: undefined } {
  const at = text.indexOf("=");
  if (at < 0) throw new RelaySettingError("there is no = between APP/NAME and URL");
  return { streamPath: text.slice(0, at), url: text.slice(at + 1) };
}

/** A path in which somebody may have written a URL. */
const shown = (streamPath: string): string =>
  /^[\w.~/*-]{1,255}$/.test(streamPath) ? streamPath : "***";
