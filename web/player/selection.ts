import type { LineReading } from "../control/line-meter.ts";
import { isSegmented, type SegmentPlayback } from "../engine/playback.ts";
import type { Line } from "../line/line.ts";
import { Later } from "./later.ts";
import type { PlayerQualities, PlayerQuality, QualitySetting } from "./player-quality.ts";
import type { PlayerTracks } from "./player-tracks.ts";
import type { Succession } from "./succession.ts";

/** What is chosen from, and who is told. */
export type SelectionHost = {
  readonly tracks: PlayerTracks;
  readonly succession: Succession;
  readonly line: Line;
  /** Whether it plays at the live edge, and somebody may look. */
  isAwake(): boolean;
  /** A smaller picture is on its way: what the line lost before is not held against it. */
  onRelief(): void;
  /** `quality` or `qualities` are others. */
  onQuality(): void;
};

/** Which of the broadcast's tracks are played: what the viewer chose, and the size that the line allows. */
export class Selection {
  readonly #host: SelectionHost;
  readonly #qualities: Later<PlayerQualities>;
  #quality: QualitySetting = "auto";

  constructor(host: SelectionHost) {
    this.#host = host;
    const { tracks, succession, line } = host;
    this.#qualities = new Later(async () => {
      const { PlayerQualities } = await import("./player-quality.ts");
      return new PlayerQualities({
        setting: () => this.#quality,
        tracks: () => tracks.all,
        played: () => tracks.played.map(({ id }) => id),
        current: () => succession.current,
        line: (): LineReading => line.figures.reading,
        isAwake: () => host.isAwake(),
        select: (trackId) => {
          host.onRelief();
          line.prefer([trackId]);
        },
        onChange: () => host.onQuality(),
      });
    });
  }

  /** One of a kind, and where none of a kind is named, what plays goes on. */
  selectTracks(trackIds: readonly number[]): void {
    const video = trackIds.find((id) => this.#isVideo(id));
    if (video !== undefined) this.#quality = video;
    this.#host.line.prefer(trackIds);
    for (const playback of this.#segmented) playback.select(trackIds);
  }

  /** The sizes of the picture that can be played here, largest first; empty until they are known. */
  get qualities(): readonly PlayerQuality[] {
    this.look(true);
    return this.#qualities.value?.list ?? [];
  }

  /** As the line allows, or always this one. */
  get quality(): QualitySetting {
    return this.#quality;
  }

  set quality(quality: QualitySetting) {
    if (quality === this.#quality) return;
    if (quality !== "auto") {
      this.selectTracks([quality]);
      return;
    }
    this.#quality = "auto";
    for (const playback of this.#segmented) playback.adapt();
  }

  /** The tracks may be others: where there are sizes to choose from, or somebody asks, they are looked after. */
  look(isAsked = false): void {
    if (this.#qualities.value !== undefined) return;
    const videos = this.#host.tracks.all.filter(({ mediaType }) => mediaType === "video");
    if (isAsked || videos.length > 1) this.#qualities.use(() => {});
  }

  /** The server told what tracks cost. */
  learn(tracks: readonly { readonly id: number; readonly bitrate: number }[]): void {
    this.#qualities.use((qualities) => qualities.learn(tracks));
  }

  /** The server left pictures out. */
  lost(samples: number): void {
    this.#qualities.value?.lost(samples);
  }

  /** It stood still for what came too late. */
  stalled(): void {
    this.#qualities.value?.stalled();
  }

  /** Whether the line would not be helped by a smaller picture: there is none, or none is allowed. */
  get isExhausted(): boolean {
    return this.#qualities.value?.isExhausted ?? true;
  }

  /** To be called every 50 ms or so. */
  tick(now: number): void {
    this.#qualities.value?.tick(now);
  }

  /** It begins with what was played before, and adapts unless the viewer chose a size. */
  begin(playback: SegmentPlayback): void {
    const { preferred, plan } = this.#host.line.tracks;
    const isFixed = this.#quality !== "auto";
    playback.select(preferred.filter((id) => isFixed || !this.#isVideo(id)));
    if (!isFixed) playback.beginWith(plan.tracks.map(({ track }) => track.id));
  }

  get #segmented(): SegmentPlayback[] {
    const { current, next } = this.#host.succession;
    return [current, next].filter(isSegmented);
  }

  #isVideo(trackId: number): boolean {
    return this.#host.tracks.all.some(
      ({ id, mediaType }) => id === trackId && mediaType === "video",
    );
  }
}
