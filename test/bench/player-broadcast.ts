import { encodeWithFfmpeg, type Publisher } from "../support/ffmpeg.ts";
import type { RunningSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

/** A broadcast of a counter clip, and a viewer in Node that keeps when each picture came. */
export type PlayerBroadcast = {
  readonly streamPath: string;
  readonly viewer: WsViewer;
  /** When the server received the picture with this number, ms since 1970. */
  cameAt(counter: number): number | undefined;
  /** Another publisher takes its place. @param first number on its first picture */
  replace(clip: string, first: number): Promise<void>;
  stop(): Promise<void>;
};

let count = 0;

/**
 * Publishes a clip (its counter from 0) in real time on a stream of its own, and waits until it is on air.
 *
 * @param options for ffmpeg between input and codecs (`-an`), and whether it begins again at its end
 */
export async function broadcastClip(
  server: RunningSluice,
  clip: string,
  { options = [], loops = false }: { options?: readonly string[]; loops?: boolean } = {},
): Promise<PlayerBroadcast> {
  count += 1;
  const streamPath = `live/bench-${count}`;
  const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state !== undefined);
  const url = server.rtmpUrl(streamPath);
  const publish = (input: string): Publisher => {
    const loop = loops ? ["-stream_loop", "-1"] : [];
    return encodeWithFfmpeg({
      source: ["-re", ...loop, "-i", input, ...options, "-c", "copy"],
      url,
    });
  };
  let publisher = publish(clip);
  let [first, skipped] = [0, 0];
  const pictures = () => {
    const track = viewer.track("video");
    return track === undefined ? [] : viewer.fragments(track.id);
  };
  await viewer.until("two seconds of pictures", () => pictures().length > 60);
  return {
    streamPath,
    viewer,
    cameAt: (counter) => pictureOf(pictures().slice(skipped), counter - first),
    replace: async (next, firstCounter) => {
      await publisher.stop();
      [first, skipped] = [firstCounter, pictures().length];
      publisher = publish(next);
      await viewer.until("pictures of the next one", () => pictures().length > skipped);
    },
    stop: async () => {
      await publisher.stop();
      await viewer.close();
    },
  };
}

/** The n-th in presentation order: where pictures are reordered, that is not the n-th to come. */
function pictureOf(pictures: ReturnType<WsViewer["fragments"]>, index: number): number | undefined {
  const reorders = pictures.some((one) => one.compositionOffset !== pictures[0]?.compositionOffset);
  if (!reorders) return pictures[index]?.serverTime;
  const near = pictures.slice(Math.max(0, index - 40), index + 40);
  const base = pictures.length > 0 ? Math.max(0, index - 40) : 0;
  const ordered = [...near].sort(
    (a, b) => a.dts + a.compositionOffset - b.dts - b.compositionOffset,
  );
  return ordered[index - base]?.serverTime;
}
