import { type Bytes, NO_BYTES } from "../../protocol/bytes/bytes.ts";
import {
  type AudioRendition,
  multivariantPlaylist,
  type PlaylistRendition,
  type VideoRendition,
} from "../../protocol/hls/multivariant-playlist.ts";
import { recordedPlaylist } from "../../protocol/hls/recorded-playlist.ts";
import { trackInitSegment } from "../../protocol/isobmff/file-head.ts";
import type { RecordedTrack } from "../../store/recording-manifest.ts";
import type { RecordingSource } from "../../store/recordings.ts";
import { RenderedPlaylist } from "../http/rendered-playlist.ts";
import { playlistName, trackName } from "./recording-url.ts";
import { type SegmentSettings, TrackLayout } from "./track-layout.ts";

/** A recording as HLS shows it: for as long as somebody asks for it. */
export class RecordedPresentation {
  readonly #settings: SegmentSettings;
  readonly #layouts = new Map<number, TrackLayout>();
  readonly #rendered = new Map<
    string,
    { readonly stamp: string; readonly playlist: RenderedPlaylist | undefined }
  >();

  constructor(settings: SegmentSettings) {
    this.#settings = settings;
  }

  /** One track as a file of its own; undefined where there is none. */
  layout({ manifest, head, index }: RecordingSource, trackId: number): TrackLayout | undefined {
    const known = this.#layouts.get(trackId);
    if (known !== undefined) return known;
    const track = manifest.tracks.find(({ id }) => id === trackId);
    if (track === undefined) return undefined;
    const isPacked = isPackedTrack(track);
    const init: Bytes | undefined = isPacked ? NO_BYTES : trackInitSegment(head, trackId);
    if (init === undefined) return undefined;
    const layout = new TrackLayout(index, trackId, { init, isPacked, settings: this.#settings });
    this.#layouts.set(trackId, layout);
    return layout;
  }

  /** The multivariant playlist; undefined while there is nothing to list. */
  multivariant(source: RecordingSource): RenderedPlaylist | undefined {
    return this.#render("", source, () => this.#multivariantText(source));
  }

  /** A track's media playlist; undefined while there is nothing to list. */
  media(source: RecordingSource, trackId: number): RenderedPlaylist | undefined {
    return this.#render(String(trackId), source, () => this.#mediaText(source, trackId));
  }

  /** Once for all who ask before something is added. */
  #render(
    name: string,
    { index, isGrowing }: RecordingSource,
    write: () => string | undefined,
  ): RenderedPlaylist | undefined {
    const stamp = `${index.count} ${isGrowing}`;
    const known = this.#rendered.get(name);
    if (known?.stamp === stamp) return known.playlist;
    const text = write();
    const playlist = text === undefined ? undefined : new RenderedPlaylist(text);
    this.#rendered.set(name, { stamp, playlist });
    return playlist;
  }

  #multivariantText(source: RecordingSource): string | undefined {
    const tracks = source.manifest.tracks.toSorted((a, b) => a.index - b.index);
    const listed = tracks.flatMap((track) => {
      const common = this.#rendition(source, track);
      return common === undefined ? [] : [{ track, common }];
    });
    if (listed.length === 0) return undefined;
    const videos = listed.flatMap(({ track, common }) => videoRendition(track, common));
    const audios = listed.flatMap(({ track, common }) => audioRendition(track, common));
    return multivariantPlaylist({ videos, audios, texts: [], captions: [] });
  }

  #mediaText(source: RecordingSource, trackId: number): string | undefined {
    const { manifest, isGrowing } = source;
    const layout = this.layout(source, trackId);
    const track = manifest.tracks.find(({ id }) => id === trackId);
    const segments = layout?.segments(!isGrowing) ?? [];
    if (layout === undefined || track === undefined || segments.length === 0) return undefined;
    return recordedPlaylist({
      targetDuration: Math.round(this.#settings.longest),
      isOver: !isGrowing,
      begins: manifest.begins === null ? undefined : Date.parse(manifest.begins),
      uri: trackName(trackId, isPackedTrack(track)),
      initLength: layout.init.length,
      segments,
    });
  }

  #rendition(source: RecordingSource, track: RecordedTrack): PlaylistRendition | undefined {
    const segments = this.layout(source, track.id)?.segments(!source.isGrowing) ?? [];
    if (segments.length === 0) return undefined;
    let [bytes, seconds, peak] = [0, 0, 0];
    for (const { length, duration } of segments) {
      bytes += length;
      seconds += duration;
      // A runt at the end says little about the peak.
      if (duration >= SHORTEST_MEASURED) peak = Math.max(peak, (8 * length) / duration);
    }
    const averageBitrate = seconds > 0 ? (8 * bytes) / seconds : 0;
    return {
      uri: playlistName(track.id),
      codecs: [track.codec],
      peakBitrate: Math.max(peak, averageBitrate),
      averageBitrate,
    };
  }
}

const SHORTEST_MEASURED = 0.5;

/** MP3 travels as bare frames in HLS: browsers take no wrapping of it in MP4 there. */
export const isPackedTrack = ({ codec }: RecordedTrack): boolean =>
  codec === "mp3" || codec === "mp4a.6B" || codec === "mp4a.69";

function videoRendition(track: RecordedTrack, common: PlaylistRendition): VideoRendition[] {
  if (track.mediaType !== "video") return [];
  const { frameRate, transfer } = track;
  const size = { width: track.displayWidth ?? track.width ?? 0, height: track.height ?? 0 };
  return [
    {
      ...common,
      ...size,
      ...(frameRate === undefined ? {} : { frameRate }),
      ...(transfer === 16 ? { videoRange: "PQ" as const } : {}),
      ...(transfer === 18 ? { videoRange: "HLG" as const } : {}),
    },
  ];
}

function audioRendition(track: RecordedTrack, common: PlaylistRendition): AudioRendition[] {
  if (track.mediaType !== "audio") return [];
  const { name, language, channels = 2 } = track;
  return [{ ...common, name, language, channels }];
}
