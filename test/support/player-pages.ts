import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readCounter } from "./counter.ts";
import { recordPage } from "./page-recorder.ts";

/** Hz of the beeps of a `counterClip`: ffmpeg's `sine` beeps at four times its frequency. */
export const BEEP = 1_320;

/** Somebody's page with players of a server that is not his. */
export type PlayerPages = {
  /** The page with one `<sluice-player>` for each record of attributes. */
  url(players: readonly Readonly<Record<string, string>>[]): string;
  close(): Promise<void>;
};

/**
 * Serves pages with players, on an origin of their own, which record what is seen and heard
 * (`page-recorder.ts`).
 *
 * @param sluice where `/player.js` is
 * @param policy Content-Security-Policy of the pages, if they have one
 */
export async function servePlayerPages(
  sluice: string,
  { policy }: { policy?: string } = {},
): Promise<PlayerPages> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://page");
    const players = searchParams.getAll("player").map((text) => JSON.parse(text) as object);
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    if (policy !== undefined) response.setHeader("Content-Security-Policy", policy);
    response.end(page(sluice, players));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (players) => {
      const query = players.map((one) => `player=${encodeURIComponent(JSON.stringify(one))}`);
      return `http://127.0.0.1:${port}/?${query.join("&")}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function page(sluice: string, players: readonly object[]): string {
  const elements = players.map((attributes) => {
    const written = Object.entries(attributes).map(
      ([name, value]) => ` ${name}="${String(value).replaceAll('"', "&quot;")}"`,
    );
    return `<sluice-player${written.join("")}></sluice-player>`;
  });
  return `<!doctype html>
<meta charset="utf-8">
<title>Somebody's page</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 } sluice-player { width: 640px; height: 360px }</style>
<script>(${recordPage})(${readCounter}, ${BEEP});</script>
<script type="module" src="${sluice}player.js"></script>
${elements.join("\n")}
`;
}
