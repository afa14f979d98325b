import type Hls from "hls.js";
import type { LevelDetails } from "hls.js";
import { playableListing, signatureOf } from "./hls-listing.ts";
import { playlistLoader } from "./hls-loader.ts";
import { withMpegAudio } from "./hls-mpeg-audio.ts";
import { admitted, holdBackOf, withStart } from "./hls-playlist.ts";
import { HlsRecovery } from "./hls-recovery.ts";
import type { TimestampOffsets } from "./hls-timeline.ts";
import { canPlayListed } from "./platform.ts";

/** What hls.js tells of its work. */
export type HlsSourceListener = {
  /** The multivariant playlist was read: which tracks of which codecs it lists (`signatureOf`). */
  onListing(signature: string): void;
  /** Renditions can be chosen from. */
  onRenditions(): void;
  onTextTracks(): void;
  onCues(cues: readonly VTTCue[]): void;
  onDetails(details: LevelDetails): void;
  onOffsets(offsets: TimestampOffsets): void;
  /** An ID3 tag that lies at so many seconds. */
  onTag(tag: Uint8Array, at: number): void;
  /** It cannot go on. */
  onFailed(error: Error): void;
};

/**
 * Loads hls.js, a chunk of its own, and begins to play with it. What it can mend is mended here.
 *
 * @param url of a multivariant playlist
 * @param startPosition seconds from the beginning of the window; -1: the live edge …
 * @param startOffset … or so many seconds before the end of a media playlist, whose hold-back it takes; asked
 *   for each that comes
 * @returns undefined where that was aborted meanwhile
 * @throws where there is no MSE, or the chunk does not come
 */
export async function openHls(
  video: HTMLVideoElement,
  {
    url,
    startPosition,
    startOffset,
    signal,
  }: {
    readonly url: string;
    readonly startPosition: number;
    readonly startOffset: (holdBack: number) => number | undefined;
    readonly signal: AbortSignal;
  },
  listener: HlsSourceListener,
): Promise<Hls | undefined> {
  const { default: HlsClass } = await import("hls.js");
  if (signal.aborted) return undefined;
  if (!HlsClass.isSupported()) throw new Error("Cannot play here: neither MediaSource nor HLS");
  const { DefaultConfig, Events } = HlsClass;
  const hls = new HlsClass({
    pLoader: playlistLoader(DefaultConfig.loader, {
      multivariant: (text) => {
        listener.onListing(signatureOf(text));
        return playableListing(text, canPlayListed);
      },
      variant: (text) => withStart(text, startOffset(holdBackOf(text))),
    }),
    bufferController: withMpegAudio(DefaultConfig.bufferController),
    xhrSetup: (request, address) => request.open("GET", admitted(address, url)),
    enableWorker: false,
    lowLatencyMode: true,
    startPosition,
    liveSyncOnStallIncrease: 0.25,
    maxLiveSyncPlaybackRate: 1, // that is ours
    backBufferLength: 20,
    maxBufferLength: 20,
    liveDurationInfinity: true,
    capLevelToPlayerSize: true,
    enableCEA708Captions: false, // the server reads them, and has a rendition of them
    renderTextTracksNatively: false,
  });
  const recovery = new HlsRecovery();
  hls.on(Events.ERROR, (_event, { fatal, type, details }) => {
    if (!fatal) return;
    const cure = recovery.cureFor({ type, details }, performance.now());
    if (cure === "load-again") hls.startLoad();
    else if (cure === "reset-media") hls.recoverMediaError();
    else listener.onFailed(new Error(`${type}: ${details}`));
  });
  hls.on(Events.MANIFEST_PARSED, () => listener.onRenditions());
  hls.on(Events.SUBTITLE_TRACKS_UPDATED, () => listener.onTextTracks());
  hls.on(Events.CUES_PARSED, (_event, { type, cues }) => {
    if (type === "subtitles") listener.onCues(cues);
  });
  hls.on(Events.LEVEL_UPDATED, (_event, { details }) => listener.onDetails(details));
  hls.on(Events.INIT_PTS_FOUND, (_event, { id, timestampOffsets }) => {
    if (id === "main") listener.onOffsets(timestampOffsets);
  });
  hls.on(Events.FRAG_PARSING_METADATA, (_event, { samples }) => {
    for (const { data, pts } of samples) listener.onTag(data, pts);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return hls;
}
