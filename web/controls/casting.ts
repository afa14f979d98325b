/**
 * Other screens, where the platform has them: AirPlay (Safari), and the Remote Playback API. Neither is
 * there for media that comes over MSE; HLS by the browser's own means has them.
 */
export class Casting {
  readonly #onChange: () => void;
  #video: HTMLVideoElement | undefined;
  #end = new AbortController();
  #hasAirplay = false;
  #hasRemote = false;

  /** @param onChange is called when there are other screens, or none any more */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get canAirplay(): boolean {
    return this.#hasAirplay && this.#video?.webkitShowPlaybackTargetPicker !== undefined;
  }

  get isAirplaying(): boolean {
    return this.#video?.webkitCurrentPlaybackTargetIsWireless === true;
  }

  /** Where there is AirPlay, its own picker knows more. */
  get canRemote(): boolean {
    return this.#hasRemote && !this.canAirplay;
  }

  /** In a gesture. */
  pickAirplay(): void {
    this.#video?.webkitShowPlaybackTargetPicker?.();
  }

  /** In a gesture. */
  pickRemote(): void {
    this.#video?.remote?.prompt().catch(() => undefined);
  }

  /** This one is on now. */
  watch(video: HTMLVideoElement | undefined): void {
    if (video === this.#video) return;
    this.stop();
    this.#video = video;
    if (video === undefined) return;
    this.#end = new AbortController();
    const { signal } = this.#end;
    const onAvailable = (event: Event & { readonly availability?: string }) => {
      this.#hasAirplay = event.availability === "available";
      this.#onChange();
    };
    video.addEventListener("webkitplaybacktargetavailabilitychanged", onAvailable, { signal });
    video.addEventListener("webkitcurrentplaybacktargetiswirelesschanged", () => this.#onChange(), {
      signal,
    });
    // Firefox has no `remote`; it rejects where the medium, or the page, does not allow it.
    video.remote
      ?.watchAvailability((isThere) => {
        if (signal.aborted) return;
        this.#hasRemote = isThere;
        this.#onChange();
      })
      .catch(() => undefined);
  }

  stop(): void {
    this.#end.abort();
    this.#video?.remote?.cancelWatchAvailability().catch(() => undefined);
    this.#video = undefined;
    this.#hasAirplay = false;
    this.#hasRemote = false;
  }
}
