import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { LiveTrack } from "../../live/live-track.ts";
import type { Rendition, Segment } from "../../live/segment.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { packedAudioTag } from "../../protocol/hls/packed-audio.ts";
import {
  type AudioRendition,
  mediaPlaylist,
  multivariantPlaylist,
  type PlaylistRendition,
  type VideoRendition,
} from "../../protocol/hls/playlist.ts";
import {
  initName,
  MULTIVARIANT_NAME,
  playlistName,
  segmentName,
} from "../../protocol/hls/resource-name.ts";
import { displayWidth } from "../../protocol/isobmff/movie.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { VideoTrack } from "../../protocol/media/track.ts";

/** What HLS needs of a live stream. */
export type SegmentedStream = {
  readonly id: string;
  readonly segmenter: {
    readonly renditions: readonly Rendition[];
    /** Every track that gives samples has a segment. */
    readonly isReady: boolean;
    /** Calls when segments came or went. @returns takes the listener out again */
    onChange(listener: () => void): () => void;
  };
};

/** What is listed; times in ms. */
export type PresentationSettings = {
  readonly targetDuration: Milliseconds;
  /** Media playlists list this much; older segments can still be had while the hub holds them. */
  readonly listed: Milliseconds;
};

/** A playlist, ready to be sent to all who ask until something changes. */
export type RenderedPlaylist = {
  readonly body: Buffer;
  /** Without quotes. */
  readonly tag: string;
  /** Made when the first one asks. */
  readonly gzipped: Buffer;
};

/** Bytes with a name that is never used again for others. */
export type MediaFile = { readonly pieces: readonly Bytes[]; readonly contentType: string };

/** A live stream as HLS shows it: playlists, rendered once per change, and the files they name. */
export class Presentation {
  readonly #stream: SegmentedStream;
  readonly #settings: PresentationSettings;
  readonly #playlists = new Map<string, RenderedPlaylist>();
  /** Where playlists begin: one number for all renditions, and never a smaller one. */
  #firstListed = 0;

  constructor(stream: SegmentedStream, settings: PresentationSettings) {
    this.#stream = stream;
    this.#settings = settings;
    // For as long as the stream lives: the listener goes with it.
    stream.segmenter.onChange(() => this.#playlists.clear());
  }

  /** Whether every track that gives samples has a complete segment. */
  get isReady(): boolean {
    const { isReady, renditions } = this.#stream.segmenter;
    return isReady && renditions.every((one) => one.isRetired || one.segments.length > 0);
  }

  /** Renditions that have something to list. */
  get #renditions(): readonly Rendition[] {
    return this.#stream.segmenter.renditions.filter(({ segments }) => segments.length > 0);
  }

  /** The multivariant playlist; undefined while there is nothing to list. */
  multivariant(): RenderedPlaylist | undefined {
    const present = this.#renditions.filter(({ isRetired }) => !isRetired);
    const renditions = present.toSorted((a, b) => indexOf(a) - indexOf(b));
    if (renditions.length === 0) return undefined;
    return this.#render(MULTIVARIANT_NAME, () => {
      const videos = renditions.map(videoRendition).filter((one) => one !== undefined);
      const audios = renditions.map(audioRendition).filter((one) => one !== undefined);
      return multivariantPlaylist(videos, audios);
    });
  }

  /** A track's media playlist; undefined while there is nothing to list. */
  media(trackId: number): RenderedPlaylist | undefined {
    const rendition = this.#rendition(trackId);
    if (rendition === undefined) return undefined;
    return this.#render(playlistName(trackId), () => this.#mediaText(rendition));
  }

  /** The init segment of one configuration of a track. */
  init(trackId: number, life: string, configuration: number): MediaFile | undefined {
    if (life !== this.#stream.id) return undefined;
    const rendition = this.#rendition(trackId);
    if (rendition === undefined) return undefined;
    const track = rendition.segments
      .map((segment) => segment.track)
      .find((candidate) => candidate.configuration === configuration);
    if (track === undefined || isPacked(track)) return undefined;
    return { pieces: [track.initSegment], contentType: contentType(track) };
  }

  /** A complete segment, also one that is listed no more. */
  segment(
    trackId: number,
    life: string,
    mediaSequence: number,
    asPacked: boolean,
  ): MediaFile | undefined {
    if (life !== this.#stream.id) return undefined;
    const segments = this.#rendition(trackId)?.segments ?? [];
    const segment = segments.find((candidate) => candidate.mediaSequence === mediaSequence);
    if (segment === undefined) return undefined;
    const { track } = segment;
    if (segment.isGap || isPacked(track) !== asPacked) return undefined;
    const pieces = segment.parts.flatMap((part) => part.pieces);
    const tag = asPacked ? [packedAudioTag(segment.start, track.timescale)] : [];
    return { pieces: [...tag, ...pieces], contentType: contentType(track) };
  }

  #rendition(trackId: number): Rendition | undefined {
    return this.#renditions.find(({ track }) => track.id === trackId);
  }

  #render(name: string, write: () => string): RenderedPlaylist {
    const known = this.#playlists.get(name);
    if (known !== undefined) return known;
    const body = Buffer.from(write());
    let gzipped: Buffer | undefined;
    const playlist: RenderedPlaylist = {
      body,
      tag: createHash("sha1").update(body).digest("base64url"),
      get gzipped() {
        gzipped ??= gzipSync(body);
        return gzipped;
      },
    };
    this.#playlists.set(name, playlist);
    return playlist;
  }

  #mediaText(rendition: Rendition): string {
    const { id } = this.#stream;
    const listed = this.#listed(rendition);
    const [first] = listed;
    const left = rendition.segments.filter(
      ({ mediaSequence }) => mediaSequence < (first?.mediaSequence ?? 0),
    );
    return mediaPlaylist({
      targetDuration: Math.round(this.#settings.targetDuration / 1000),
      mediaSequence: first?.mediaSequence ?? 1,
      discontinuitySequence:
        rendition.discontinuitySequence + left.filter((one) => one.isDiscontinuity).length,
      segments: listed.map((segment) => {
        const { track, mediaSequence } = segment;
        const packed = isPacked(track);
        return {
          uri: segmentName(track.id, id, mediaSequence, packed),
          duration: seconds(segment),
          programDateTime: segment.programDateTime,
          isDiscontinuity: segment.isDiscontinuity,
          isGap: segment.isGap,
          isIndependent: segment.isIndependent,
          map: packed ? undefined : initName(track.id, id, track.configuration),
        };
      }),
    });
  }

  /** The newest segments: enough of them, and the same stretch of time in every rendition. */
  #listed({ segments }: Rendition): readonly Segment[] {
    const leading = this.#renditions[0]?.segments ?? [];
    let listedSeconds = 0;
    const first = leading.findLast((segment) => {
      listedSeconds += seconds(segment);
      return listedSeconds * 1000 >= this.#settings.listed;
    });
    const from = first?.mediaSequence ?? leading[0]?.mediaSequence ?? 0;
    this.#firstListed = Math.max(this.#firstListed, from);
    const inWindow = segments.filter(({ mediaSequence }) => mediaSequence >= this.#firstListed);
    const listed = inWindow.length > 0 ? inWindow : segments.slice(-1);
    // There is no tag that ends an EXT-X-MAP: packed audio cannot follow fMP4 in one playlist.
    const newest = listed.at(-1);
    const packed = newest !== undefined && isPacked(newest.track);
    const lastOther = listed.findLastIndex(({ track }) => isPacked(track) !== packed);
    return listed.slice(lastOther + 1);
  }
}

/** MP3 travels as bare frames: no browser-wide wrapping in MP4 exists for it. */
const isPacked = (track: LiveTrack): boolean => track.track.codec === "mp3";

const seconds = (segment: Segment): number => segment.duration / segment.track.timescale;

const contentType = (track: LiveTrack): string =>
  isPacked(track) ? "audio/mpeg" : `${track.track.mediaType}/mp4`;

/** What a newcomer will play: the newest segment's configuration, not that of older ones. */
const newestTrack = (rendition: Rendition): LiveTrack =>
  rendition.segments.at(-1)?.track ?? rendition.track;

/** The encoder's own order: its first of each kind is what players begin with. */
const indexOf = (rendition: Rendition): number => newestTrack(rendition).track.trackIndex;

function common(rendition: Rendition, live: LiveTrack): PlaylistRendition {
  return {
    uri: playlistName(live.id),
    codecs: [live.track.codecString],
    peakBitrate: rendition.peakBitrate,
    averageBitrate: rendition.averageBitrate,
  };
}

function videoRendition(rendition: Rendition): VideoRendition | undefined {
  const live = newestTrack(rendition);
  const { track } = live;
  if (track.mediaType !== "video") return undefined;
  const frameRate = track.frameRate ?? measuredFrameRate(rendition);
  return {
    ...common(rendition, live),
    width: displayWidth(track),
    height: track.height,
    ...(frameRate === undefined ? {} : { frameRate }),
    ...rangeOf(track),
  };
}

/** By transfer characteristics (ISO/IEC 23091-2): what is neither PQ nor HLG is SDR. */
function rangeOf({ colour }: VideoTrack): Pick<VideoRendition, "videoRange"> {
  switch (colour?.transfer) {
    case 16:
      return { videoRange: "PQ" };
    case 18:
      return { videoRange: "HLG" };
    default:
      return {};
  }
}

function audioRendition(rendition: Rendition): AudioRendition | undefined {
  const live = newestTrack(rendition);
  const { track } = live;
  if (track.mediaType !== "audio") return undefined;
  const { name, language } = live;
  return { ...common(rendition, live), name, language, channels: track.channels };
}

/** Where neither configuration nor metadata tell. */
function measuredFrameRate(rendition: Rendition): number | undefined {
  const segment = rendition.segments.findLast(({ isGap }) => !isGap);
  if (segment === undefined) return undefined;
  const pictures = segment.parts.reduce((sum, part) => sum + part.samples, 0);
  return pictures / seconds(segment);
}
