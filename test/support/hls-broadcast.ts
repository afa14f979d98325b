import { type CheckOptions, checkHls } from "./hls-checker/check.ts";
import type { Report } from "./hls-checker/report.ts";
import { eventually } from "./server-process.ts";
import type { RunningSluice } from "./sluice.ts";

/** What goes with a check of a broadcast. */
export type HlsBroadcast = Partial<CheckOptions> & {
  readonly streamPath: string;
  readonly seconds: number;
  /** How many renditions the multivariant playlist has, so that it is not read too early. */
  readonly playlists?: number;
};

/**
 * Checks a stream that is on air, or about to be.
 *
 * @param server whose HTTP port is asked, if `origin` is no other
 * @returns what was looked at; throws with every rule that was broken
 */
export async function expectStrictHls(
  server: RunningSluice,
  { streamPath, playlists = 1, ...options }: HlsBroadcast,
): Promise<Report> {
  const path = `/streams/${streamPath}/index.m3u8`;
  const url = options.url ?? server.httpUrl(path);
  // The request is held until there is something to list, if the stream is known at all.
  let text = "";
  await eventually(`${playlists} playlists of ${streamPath}`, async () => {
    const answer = await fetch(server.httpUrl(path));
    text = await answer.text();
    return answer.ok && new Set(text.match(/[\w-]+\.m3u8/g)).size >= playlists;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; the last one was\n${text}`);
  });
  const report = await checkHls({ ...options, url });
  const told = String(report);
  if (told !== "") {
    const log = server.logs().split("\n");
    const lines = log.filter((line) => line.includes(streamPath)).slice(-15);
    throw new Error(`${streamPath}: ${told}\n\nServer's log:\n${lines.join("\n")}`);
  }
  return report;
}
