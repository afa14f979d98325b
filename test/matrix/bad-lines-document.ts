import { type Result, renderTable } from "./row.ts";

/** `docs/bad-lines.md`: what a player made of each bad line. */
export function badLinesDocument(results: readonly Result[]): string {
  const rows = results.filter(({ table }) => table === "bad-lines");
  const columns = [
    ["Browser", ({ client }: Result) => client],
    ["The line", ({ published }: Result) => published],
  ] as const;
  return `# Bad lines

This table is written by \`npm run test:matrix\` (\`test/matrix/bad-lines.test.ts\`); nothing in it is written
by hand. Between browser and server stands a TCP proxy (\`test/support/line.ts\`) that delays, shapes, cuts,
resets and refuses; the pictures carry numbers, so that what was lost or seen twice is counted, and their
delay from server to screen is known. H.264 and AAC, 30 pictures a second.

What the player does about it: an uneven line raises what is held ahead (see
[benchmarks.md](benchmarks.md)); a full one lowers the quality, where the broadcast has several sizes, else
the server, told of what stands on the way, leaves out pictures up to the next sync sample while sound goes
on; a WebSocket that does not come to be, or loses too much (four bad seconds of twenty), gives way to HLS,
and is tried again after half a minute, then ever more rarely. \`stats().reason\` says why it plays as it
does.

${renderTable(rows, columns)}
`;
}
