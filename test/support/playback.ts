import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectAccount } from "./accounting.ts";
import { publishWithFfmpeg } from "./ffmpeg.ts";
import { expectedPackets } from "./ffprobe.ts";
import { playWith, type RtmpPlayer, type RtmpPlayerName } from "./rtmp-players.ts";
import type { RunningSluice } from "./sluice.ts";
import { WsViewer } from "./ws-viewer.ts";

export type Playback = {
  readonly player: RtmpPlayerName;
  /** Of the stream, in the variant that is played. */
  readonly url: string;
  readonly streamPath: string;
  /** The clip that ffmpeg publishes, and for how long at least: it is looped. */
  readonly input: string;
  readonly seconds: number;
  /** Others are stopped here when the broadcast is over. */
  readonly endsByItself?: boolean;
};

/** Frames of each kind that who waited got, and who came late. */
export type PlaybackAccount = readonly {
  readonly mediaType: "video" | "audio";
  readonly waited: number;
  readonly late: number;
}[];

/** Pictures. */
const SECOND = 30;

/**
 * Frame accounting of a broadcast that is published plainly and played in some variant: by a player
 * who waits for it, and by one who joins in the middle of a GOP. Throws with the first difference.
 *
 * @param server ends broadcasts soon (`--grace-period`), and logs at level debug where an endless
 *   output is played
 */
export async function accountForPlayback(
  server: RunningSluice,
  { player, url, streamPath, input, seconds, endsByItself = true }: Playback,
): Promise<PlaybackAccount> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-playback-"));
  const beside = join(folder, "beside.flv");
  const logged = (messages: string, times = 1) => {
    const line = `"streamPath":"${streamPath}"[^\\n]*"msg":"(?:${messages})"[^]*`;
    return server.child.line(new RegExp(line.repeat(times)));
  };
  const watching = new WsViewer(server.wsUrl(streamPath));
  const waiting = playWith(player, url);
  let late: RtmpPlayer | undefined;
  try {
    await logged("playing|viewer came");
    const publisher = publishWithFfmpeg({
      ...{ input, url: server.rtmpUrl(streamPath), beside, loops: 0 },
    });
    const middle = (viewer: WsViewer) => viewer.coded("video").length > 45;
    await watching.until("the middle of the second GOP", middle, 30_000);
    late = playWith(player, url);
    await logged("playing|viewer came", 2);
    const enough = Math.max(watching.coded("video").length + SECOND, seconds * SECOND);
    const isEnough = (viewer: WsViewer) => viewer.coded("video").length >= enough;
    await watching.until("its length", isEnough, seconds * 1000 + 30_000);
    await publisher.stop();
    await watching.until("the end", ({ state }) => state !== "live");
    const players = [waiting, late];
    if (endsByItself) {
      await Promise.all(players.map(({ ended }) => ended));
    } else {
      await logged("playing ended");
      for (const { child } of players) await child.stop("SIGKILL");
    }
    const got = players.map((one) => one.packets());
    return expectedPackets(beside).map(({ mediaType, frames }) => {
      const [all = [], some = []] = got.map(
        (streams) => streams.find((stream) => stream.mediaType === mediaType)?.frames,
      );
      expectAccount("who waited", [frames], all, { mediaType });
      expectAccount("who came late", [frames], some, { mediaType, joined: "late" });
      return { mediaType, waited: all.length, late: some.length };
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const said = [waiting, late].map((one) => one?.child.stderr().slice(-500)).join("\n");
    const log = server.logs().split("\n");
    const told = log.filter((line) => line.includes(streamPath)).slice(-20);
    throw new Error(`${streamPath}: ${why}\n\n${said}\n\nServer's log:\n${told.join("\n")}`);
  } finally {
    await Promise.allSettled([waiting.close(), late?.close(), watching.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}
