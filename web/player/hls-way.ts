import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import type { StreamAddress } from "../address.ts";
import { HlsLookout } from "../engine/hls-lookout.ts";
import {
  type HlsStart,
  isSegmented,
  type Playback,
  type PlaybackHost,
  type SegmentPlayback,
  type StandingPicture,
} from "../engine/playback.ts";
import type { VideoSurface } from "../engine/video-surface.ts";
import type { PlayerTracks } from "./player-tracks.ts";
import type { Succession } from "./succession.ts";

/** What is there besides, and what is asked of it. */
export type HlsWayHost = {
  readonly succession: Succession;
  readonly tracks: PlayerTracks;
  readonly playbacks: PlaybackHost;
  /** Whether HLS is what should play, at the live edge. */
  isChosen(): boolean;
  /** Whether the past is played, or about to be. */
  isRewound(): boolean;
  /** The picture that stands still: there HLS goes on. Undefined while it moves. */
  standsAt(): StandingPicture | undefined;
  freeVideo(): VideoSurface;
  /** It is about to begin: with which tracks is for the host to say. */
  onBegin(playback: SegmentPlayback): void;
  /** This plays from now on, as soon as it has a picture. */
  made(playback: Playback, isPast: boolean): void;
  /** Its code did not come. */
  onError(error: unknown): void;
  /** Where the stream stands, by the server's list. */
  onState(stream: ListedStream | undefined): void;
  onChange(): void;
};

/** The way over HLS: looked for where the WebSocket fails, and for the past. */
export class HlsWay {
  readonly #address: StreamAddress;
  readonly #host: HlsWayHost;
  /** While HLS is looked for, or plays. */
  #lookout: HlsLookout | undefined;
  /** The playback whose code is on its way. */
  #coming: object | undefined;
  /** What the server's playlist lists, now and when HLS was begun (`signatureOf`). */
  #listing: string | undefined;
  #begunWith: string | undefined;
  #isLost = false;
  #isRefused = false;

  constructor(address: StreamAddress, host: HlsWayHost) {
    this.#address = address;
    this.#host = host;
  }

  /** The server cannot be reached. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The server does not let this viewer in. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** The server does let this viewer in. */
  admitted(): void {
    this.#isRefused = false;
  }

  /** Looks for the broadcast, and plays it where it should. To be called as often as one likes. */
  enter(): void {
    if (this.#lookout !== undefined) return;
    this.#lookout = new HlsLookout(this.#address, {
      onState: (stream) => {
        this.#isLost = false;
        this.#host.tracks.list(stream);
        this.#host.onState(stream);
      },
      onLost: () => {
        this.#isLost = true;
        this.#host.onChange();
      },
      onRefused: () => {
        this.#isRefused = true;
        this.#host.onChange();
      },
      onPlaylist: (listing) => {
        this.#listing = listing;
        this.admitted();
        this.#look();
      },
    });
    this.#lookout.start();
  }

  /** It is not looked for any more. */
  leave(): void {
    this.#lookout?.stop();
    this.#lookout = undefined;
  }

  /** Makes a playback, to be swapped in when it has a picture. @param start in the past; else at the edge */
  build(start?: HlsStart): void {
    const coming = {};
    this.#coming = coming;
    import("../engine/hls-playback.ts").then(
      ({ HlsPlayback }) => {
        if (this.#coming !== coming) return;
        this.#coming = undefined;
        if (start === undefined && !this.#isNeeded && !this.#isOld) return;
        this.#begunWith = this.#listing;
        const { playbacks } = this.#host;
        const playback = new HlsPlayback(
          this.#host.freeVideo(),
          this.#address.playlist,
          playbacks,
          { ...start, standsAt: () => this.#host.standsAt(), follows: () => this.#playsAt },
        );
        this.#host.onBegin(playback);
        this.#host.made(playback, start !== undefined);
      },
      (error: unknown) => {
        if (this.#coming !== coming) return;
        this.#coming = undefined;
        this.#host.onError(error);
      },
    );
  }

  /** What was to be built is not wanted any more. */
  cancel(): void {
    this.#coming = undefined;
  }

  destroy(): void {
    this.leave();
    this.cancel();
  }

  #look(): void {
    if (this.#coming === undefined && (this.#isNeeded || this.#isOld)) this.build();
  }

  /** Whether HLS could play something that nothing else plays. */
  get #isNeeded(): boolean {
    const { isAnything, unsupported, unplayable } = this.#host.tracks.playable;
    if (!isAnything && unsupported.length + unplayable.length > 0) return false;
    const { current, next } = this.#host.succession;
    return !isSegmented(current) && !isSegmented(next) && this.#host.isChosen();
  }

  /** Whether HLS plays a broadcast that has other tracks, or other codecs, by now: it reads its list once. */
  get #isOld(): boolean {
    const { current, next } = this.#host.succession;
    if (!isSegmented(current) || next !== undefined || this.#host.isRewound()) return false;
    const read = current.listing ?? this.#begunWith;
    return read !== undefined && this.#listing !== undefined && read !== this.#listing;
  }

  /** Where segments are played already, ms on the timeline. */
  get #playsAt(): number | undefined {
    const { current } = this.#host.succession;
    return isSegmented(current) && current.isReady ? current.place?.position : undefined;
  }
}
