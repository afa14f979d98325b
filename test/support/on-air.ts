import { type ClipOptions, counterClip } from "./counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "./ffmpeg.ts";
import { publishWithFfmpeg8 } from "./node-av.ts";
import { Broadcast } from "./screen.ts";
import type { RunningSluice } from "./sluice.ts";
import { WsViewer } from "./ws-viewer.ts";

/** A counter clip on air, in a loop. */
export type OnAir = {
  /** Who was there before it, and keeps when each frame came. */
  readonly viewer: WsViewer;
  /** When the server had each of its pictures. */
  readonly broadcast: Broadcast;
  readonly publisher: Publisher;
  /** Ends the publisher, if that still goes, and the viewer who kept the times. */
  end(): Promise<void>;
};

/**
 * Publishes a counter clip in a loop until it is ended; resolves when the server has some of it.
 *
 * @param clip H.264 and AAC for a minute (at 30 pictures a second), where it does not say otherwise
 */
export async function putOnAir(
  server: RunningSluice,
  streamPath: string,
  clip: Partial<ClipOptions> = {},
): Promise<OnAir> {
  const options = { video: "h264", audio: "aac", seconds: 60, ...clip } as const;
  const input = await counterClip(options);
  const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state !== undefined);
  const { seconds, frameRate = 30, firstCounter = 0 } = options;
  const broadcast = new Broadcast(viewer, { frames: seconds * frameRate, firstCounter });
  const publish = input.endsWith(".flv") ? publishWithFfmpeg : publishWithFfmpeg8;
  const publisher = publish({ input, url: server.rtmpUrl(streamPath), loops: 0 });
  await viewer.until("media", ({ frames }) => frames.length > 0);
  const end = async () => {
    await publisher.stop();
    await viewer.close();
  };
  return { viewer, broadcast, publisher, end };
}
