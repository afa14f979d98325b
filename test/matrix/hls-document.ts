import { RULES } from "../support/hls-checker/rules.ts";
import { publishedIn, type Result, type Row, renderTable } from "./row.ts";

/** `docs/hls-players.md`: what the strict checker saw, every rule of it, and what players did. */
export function hlsDocument(results: readonly Result[]): string {
  const of = (name: Row["table"]) => results.filter(({ table }) => table === name);
  const columns = [
    ["Client", ({ client }: Result) => client],
    ["Published", publishedIn],
  ] as const;
  const rules = Object.entries(RULES).map(([rule, text]) => `| \`${rule}\` | ${text} |`);
  return `# HLS, checked and played

These tables are written by \`npm run test:matrix\` (\`test/matrix/hls.test.ts\`, \`hls-players.test.ts\`), for
a minute each; nothing in them is written by hand. [hls.md](hls.md) says what is served.

## Every rule, against the bytes

A checker of our own (\`test/support/hls-checker\`) reads a running stream as several low-latency players
would: one asks for each part behind a blocking reload, one does so compressed, one wants delta updates,
one loads what is hinted before it is there, one just looks; files are asked for in every way that HTTP
has, and playlists with directives of every kind. *Whole*: no rule was broken.

${renderTable(of("hls"), columns)}

## Players

Pictures carry numbers: *seen* are those that a look at each presented frame found, *decoded* what the
browser counts itself. FFmpeg's packets are accounted for by their payloads (MD5), decode times and
composition offsets.

${renderTable(of("hls-players"), columns)}

## The rules

Each has a broken example in \`test/support/hls-checker/check.test.ts\`. Sections are those of
draft-pantos-hls-rfc8216bis.

| rule | what it asks |
|---|---|
${rules.join("\n")}
`;
}
