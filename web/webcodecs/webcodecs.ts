import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import type { PlaybackHost } from "../engine/playback.ts";
import { CanvasSurface } from "./canvas-surface.ts";
import { CanvasTexts } from "./canvas-texts.ts";
import { audioConfig, videoConfig } from "./codec-config.ts";
import { SoundOutput } from "./sound-output.ts";
import { WebCodecsPlayback } from "./webcodecs-playback.ts";

/** BT.2020 and P3: colours that sRGB does not have. */
const WIDE = [9, 11, 12];

/** The engine of one player: its loudspeaker outlives a playback. */
export class WebCodecsEngine {
  readonly #output = new SoundOutput();

  /** Whether this browser decodes a track; a `VideoDecoder` it has. */
  async supports(track: AnnouncedTrack): Promise<boolean> {
    try {
      if (track.mediaType === "video") {
        return (await VideoDecoder.isConfigSupported(videoConfig(track))).supported === true;
      }
      if (typeof AudioDecoder === "undefined") return false;
      return (await AudioDecoder.isConfigSupported(audioConfig(track))).supported === true;
    } catch {
      return false;
    }
  }

  /** Makes a playback, on a surface of its own. */
  build(plan: readonly PlannedTrack[], host: PlaybackHost): WebCodecsPlayback {
    const video = plan.find(({ track }) => track.mediaType === "video")?.track;
    const isWide = WIDE.includes(video?.colour?.primaries ?? 0);
    const settings: CanvasRenderingContext2DSettings = {
      alpha: false,
      desynchronized: host.asked() === 0, // past the compositor, where a browser can
      ...(isWide && { colorSpace: "display-p3" }),
    };
    return new WebCodecsPlayback(plan, host, {
      surface: (canvasHost) => new CanvasSurface(canvasHost, new CanvasTexts(), settings),
      output: this.#output,
    });
  }

  destroy(): void {
    this.#output.close();
  }
}
