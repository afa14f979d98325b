import { gunzipSync } from "node:zlib";
import { answer } from "./helper.ts";
import { following, readEdge } from "./hls-edge.ts";
import { HttpLine } from "./http-line.ts";

/**
 * Opens more viewers, tells what they did so far, or lets all of them leave. A viewer follows one
 * rendition as a player in low latency does: a blocking reload, then the part that it told of.
 */
export type HlsCrowdRequest =
  | {
      readonly type: "open";
      readonly port: number;
      readonly count: number;
      readonly playlist: string;
    }
  | { readonly type: "count" }
  | { readonly type: "leave" };

/** Of all viewers since the beginning. */
export type HlsCrowdCount = { readonly requests: number; readonly bytes: number };

const lines = new Set<HttpLine>();
let requests = 0;
let gone = 0;

answer<HlsCrowdRequest, HlsCrowdCount>(async (request) => {
  if (request.type === "open") {
    const { port, count, playlist } = request;
    for (let n = 0; n < count; n += 1) void watch(port, playlist);
  } else if (request.type === "leave") {
    for (const line of lines) {
      gone += line.bytes;
      line.close();
    }
    lines.clear();
  }
  let bytes = gone;
  for (const line of lines) bytes += line.bytes;
  return { requests, bytes };
});

const GZIP = { headers: "Accept-Encoding: gzip\r\n" };

async function watch(port: number, playlist: string): Promise<void> {
  const line = new HttpLine(port);
  lines.add(line);
  const folder = playlist.slice(0, playlist.lastIndexOf("/") + 1);
  const ask = async (path: string, keeps: boolean): Promise<Buffer | undefined> => {
    const { status, head, body } = await line.get(path, { ...GZIP, keeps });
    if (status !== 200) throw new Error(`A viewer was answered: ${head}`);
    requests += 1;
    return body;
  };
  let edge = read(await ask(playlist, true));
  while (lines.has(line)) {
    const known = edge.parts.at(-1) ?? "";
    edge = read(await ask(following(playlist, edge), true));
    const at = edge.parts.lastIndexOf(known);
    for (const part of edge.parts.slice(at + 1)) await ask(folder + part, false);
  }
}

let last: { readonly body: Buffer; readonly edge: ReturnType<typeof readEdge> } | undefined;

/** All viewers get the same playlists: each is read once, so that the crowd stays out of the way. */
function read(body: Buffer = Buffer.alloc(0)): ReturnType<typeof readEdge> {
  if (last?.body.equals(body) !== true) {
    const isGzip = body[0] === 0x1f;
    last = { body, edge: readEdge((isGzip ? gunzipSync(body) : body).toString()) };
  }
  return last.edge;
}
