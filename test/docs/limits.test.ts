import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LIMITS } from "../../server/protocol/limits.ts";

const root = join(import.meta.dirname, "../..");

const INTRODUCTION = `# Limits

Every bound of the server, as \`server/protocol/limits.ts\` has it; a test keeps this table equal to
it (\`npx vitest run --config test/vitest.config.ts --root . docs/limits -u\` writes it anew). Times
are milliseconds, sizes bytes. What meets a bound ends there and nowhere else: the message, the
connection or the viewer that met it.
`;

/** `soundBatchTime` as words. */
function words(name: string): string {
  const [first = "", ...rest] = name.replace(/[A-Z]/g, " $&").toLowerCase().split(" ");
  const isAcronym = ["rtmp", "amf", "hls", "http", "tls", "rtmpt"].includes(first);
  const start = isAcronym ? first.toUpperCase() : first.charAt(0).toUpperCase() + first.slice(1);
  return [start, ...rest].join(" ");
}

/** Reads the table's own source: sections, comments and values, in their order. */
function limitsDocument(source: string): { text: string; names: string[] } {
  const names: string[] = [];
  let text = INTRODUCTION;
  let comment = "";
  const body = source.slice(source.indexOf("LIMITS = {"), source.indexOf("} as const"));
  for (const line of body.split("\n").map((one) => one.trim())) {
    const section = /^\/\/ (.+)$/.exec(line)?.[1];
    const entry = /^(\w+): ([\d_]+),(?: \/\/ (.+))?$/.exec(line);
    if (section !== undefined) {
      text += `\n## ${section}\n\n| limit | value | |\n|---|---:|---|\n`;
      comment = "";
    } else if (entry !== null) {
      const [, name = "", value = "", size] = entry;
      const grouped = Number(value.replaceAll("_", "")).toLocaleString("en-GB");
      const shown = size === undefined ? grouped : `${grouped} (${size})`;
      text += `| \`${name}\` | ${shown} | ${comment.trim().replace(/\.$/, "") || words(name)} |\n`;
      names.push(name);
      comment = "";
    } else if (/^(\/\*\*|\*)/.test(line)) {
      comment += ` ${line.replace(/^\/?\*+\/?|\*\/$/g, "").trim()}`;
    }
  }
  return { text, names };
}

test("docs/limits.md is the table of limits", async () => {
  const source = readFileSync(join(root, "server/protocol/limits.ts"), "utf8");
  const { text, names } = limitsDocument(source);
  expect(names).toEqual(Object.keys(LIMITS));
  await expect(text).toMatchFileSnapshot(join(root, "docs/limits.md"));
});
