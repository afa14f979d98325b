import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answer } from "./helper.ts";

/** What a real server answered, to be answered again. */
export type HlsFloorRequest = {
  /** One after another, each as its part comes, and the parts. */
  readonly playlists: readonly Buffer[];
  readonly part: Buffer;
  /** From one part to the next, ms. */
  readonly interval: number;
  readonly headers: { readonly playlist: string[]; readonly part: string[] };
};

/**
 * A bare HTTP server: reloads wait for the next tick and get the bytes of a playlist, parts are there.
 * It knows nothing of what it sends.
 */
let floor: HlsFloorRequest | undefined;
let at = 0;
let timer: NodeJS.Timeout | undefined;
const waiting: ServerResponse[] = [];

const server = createServer((request, response) => {
  if (floor === undefined) return;
  if (request.url?.includes("_HLS_msn") === true) {
    waiting.push(response);
  } else if (request.url?.includes(".m3u8") === true) {
    sendPlaylist(response);
  } else {
    response.writeHead(200, [...floor.headers.part, "Content-Length", String(floor.part.length)]);
    response.end(floor.part);
  }
});

function sendPlaylist(response: ServerResponse): void {
  if (floor === undefined) return;
  const body = floor.playlists[at] ?? Buffer.alloc(0);
  response.writeHead(200, [...floor.headers.playlist, "Content-Length", String(body.length)]);
  response.end(body);
}

answer<HlsFloorRequest, number>(async (request) => {
  floor = request;
  at = 0;
  clearInterval(timer);
  timer = setInterval(() => {
    at = (at + 1) % request.playlists.length;
    for (const response of waiting.splice(0)) sendPlaylist(response);
  }, request.interval);
  if (!server.listening) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  return (server.address() as AddressInfo).port;
});
