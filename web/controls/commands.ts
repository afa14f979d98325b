import type { MediaFace } from "../element/media-face.ts";
import type { Player } from "../player/player.ts";
import { snapshotName } from "./snapshot-name.ts";

/** What a viewer may ask of a player, by button, key, menu or touch. */
export class Commands {
  readonly element: MediaFace;
  readonly #root: ShadowRoot;
  /** Asked once: where a policy forbids it, each question is a line in the console. */
  readonly #mayPip: boolean = document.pictureInPictureEnabled === true;
  /** Where the last wish leads, ms on the timeline, until the player is on its way. */
  #wish: number | undefined;
  /** What was shown last, for who turns texts on and off by a key. */
  #lastText: string | undefined;

  constructor(element: MediaFace, root: ShadowRoot) {
    this.element = element;
    this.#root = root;
  }

  get player(): Player | undefined {
    return this.element.player;
  }

  /** The `<video>` that is on, where what plays is one. */
  get video(): HTMLVideoElement | undefined {
    return this.player?.surface.video;
  }

  /** Where the viewer is, or is on the way to. */
  get position(): number | undefined {
    const timeline = this.player?.timeline;
    if (timeline === undefined) return undefined;
    return this.#wish ?? (timeline.isLive ? timeline.end : timeline.position);
  }

  play(): void {
    this.element.play().catch(() => undefined);
  }

  togglePlay(): void {
    if (this.element.paused) this.play();
    else this.element.pause();
  }

  setMuted(muted: boolean): void {
    const { element } = this;
    element.muted = muted;
    if (!muted && element.volume === 0) element.volume = 0.5;
  }

  setVolume(volume: number): void {
    const { element } = this;
    element.volume = volume;
    if (element.muted && volume > 0) element.muted = false;
  }

  /** Of the whole element, with its controls; on an iPhone of the video alone. */
  toggleFullscreen(): void {
    const { element, video } = this;
    if (this.isFullscreen) document.exitFullscreen().catch(() => undefined);
    else if (document.fullscreenEnabled) element.requestFullscreen().catch(() => undefined);
    else video?.webkitEnterFullscreen?.();
  }

  get isFullscreen(): boolean {
    return this.element.matches(":fullscreen");
  }

  get canFullscreen(): boolean {
    return document.fullscreenEnabled || this.video?.webkitEnterFullscreen !== undefined;
  }

  togglePip(): void {
    if (this.isPip) document.exitPictureInPicture().catch(() => undefined);
    else if (this.canPip) this.element.requestPictureInPicture().catch(() => undefined);
  }

  get isPip(): boolean {
    return this.#root.pictureInPictureElement != null;
  }

  get canPip(): boolean {
    const width = this.player?.surface.width ?? 0;
    return this.#mayPip && width > 0 && !this.element.disablePictureInPicture;
  }

  /** Another surface took the stage: the small window goes with it. */
  keepPip(): void {
    const surface = this.player?.surface;
    const shown = this.#root.pictureInPictureElement;
    if (shown == null || surface === undefined || surface.element.contains(shown)) return;
    surface.requestPictureInPicture().catch(() => undefined);
  }

  toggleCaptions(): void {
    const { player } = this;
    if (player === undefined) return;
    const { textTracks } = player;
    const selected = textTracks.find(({ isSelected }) => isSelected);
    this.#lastText = selected?.id ?? this.#lastText;
    const last = textTracks.find(({ id }) => id === this.#lastText) ?? textTracks[0];
    player.selectTextTrack(selected === undefined ? last?.id : undefined);
  }

  goLive(): void {
    this.#wish = undefined;
    this.element.goLive();
  }

  /** @param seconds back or forward of where the viewer is */
  seekBy(seconds: number): void {
    const { player, position } = this;
    if (position === undefined || (player?.timeline?.isLive && seconds > 0)) return;
    this.seekTo(Math.max(0, position + seconds * 1_000));
  }

  /** @param time ms on the stream's timeline */
  seekTo(time: number): void {
    const { player } = this;
    if (player === undefined) return;
    this.#wish = time;
    player
      .seek(time)
      .catch(() => undefined)
      .finally(() => {
        if (this.#wish === time) this.#wish = undefined;
      });
  }

  /** @param share 0: the oldest moment, 1: live */
  seekToShare(share: number): void {
    const { player } = this;
    // A tap may be the first that is heard of the window.
    player
      ?.openTimeline()
      .then(() => {
        const { timeline } = player;
        if (timeline?.start === undefined || share >= 1) this.goLive();
        else this.seekTo(timeline.start + share * (timeline.end - timeline.start));
      })
      .catch(() => undefined);
  }

  /** Hands the picture that is shown to the browser, to be saved as a file. */
  async saveSnapshot(): Promise<void> {
    const { player } = this;
    if (player === undefined) return;
    const picture = await player.snapshot();
    const url = URL.createObjectURL(picture);
    const link = document.createElement("a");
    link.href = url;
    link.download = snapshotName(player.streamPath, new Date());
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000); // it is read some time after the click
  }
}
