import { join } from "node:path";
import type { ListedRecording } from "../../server/protocol/wire/recording-list.ts";
import { eventually } from "./server-process.ts";
import type { RunningSluice } from "./sluice.ts";

/** The recordings of a server, the newest first. */
export async function listRecordings(server: RunningSluice): Promise<readonly ListedRecording[]> {
  const response = await fetch(server.httpUrl("/api/v1/recordings"));
  return ((await response.json()) as { recordings: ListedRecording[] }).recordings;
}

/** Waits until a recording of a stream is as it shall be. @returns the newest one */
export async function untilRecorded(
  server: RunningSluice,
  streamPath: string,
  what: string,
  is: (recording: ListedRecording) => boolean,
): Promise<ListedRecording> {
  let found: ListedRecording | undefined;
  await eventually(`${what} of ${streamPath}`, async () => {
    const all = await listRecordings(server);
    found = all.find((one) => one.streamPath === streamPath && is(one));
    return found !== undefined;
  });
  if (found === undefined) throw new Error(`There is no recording of ${streamPath}`);
  return found;
}

/** Where a recording's file lies. */
export const recordingFile = (folder: string, { id }: ListedRecording): string =>
  join(folder, `${id}.mp4`);
