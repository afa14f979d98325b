import { ACCOUNTING, publishedIn, type Result, type Row, renderTable } from "./row.ts";

/** `docs/clients.md`: encoders, codecs and timelines. */
export function clientsDocument(results: readonly Result[]): string {
  const table = (name: Row["table"]) =>
    renderTable(
      results.filter((result) => result.table === name),
      [
        ["Client", ({ client }) => client],
        ["Published", publishedIn],
      ],
    );
  return `# Clients

What publishes to Sluice, and what came out at the other end. These tables are written by
\`npm run test:matrix\`, which runs every line with real clients; nothing in them is written by hand.
[protocols.md](protocols.md) has every other way in, and every way out.

${ACCOUNTING}

*Constructed* marks what no encoder at hand sends: tags of a real encoder, rewritten or moved in time by
the test, and published over a socket.

## Publishers over plain RTMP

${table("publishers")}

## Codecs

${table("codecs")}

## Timelines and changes

${table("timelines")}
`;
}
