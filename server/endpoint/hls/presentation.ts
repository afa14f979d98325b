import type { Clock } from "../../live/clock.ts";
import type { DateRange } from "../../live/date-range.ts";
import type { LiveState } from "../../live/live-observer.ts";
import type { OpenSegment, Part, Rendition, Segment } from "../../live/segment.ts";
import type { TextCue, TextTrack } from "../../live/text-track.ts";
import type { DeliveryDirectives, PlaylistEdge } from "../../protocol/hls/delivery-directives.ts";
import { skipBoundary } from "../../protocol/hls/media-playlist.ts";
import { multivariantPlaylist } from "../../protocol/hls/multivariant-playlist.ts";
import { packedAudioTag } from "../../protocol/hls/packed-audio.ts";
import {
  initName,
  MULTIVARIANT_NAME,
  partName,
  playlistName,
  type ResourceName,
  textPlaylistName,
} from "../../protocol/hls/resource-name.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { RenderedPlaylist } from "../http/rendered-playlist.ts";
import { DateRangeList, type ListedDateRanges } from "./date-range-list.ts";
import { type ListedSegment, listedSegment, segmentHead } from "./listed-segment.ts";
import { fileInArchive, fileInMemory, type MediaFile } from "./media-file.ts";
import { edgeOf, listingText, type MediaListing, reportOf } from "./media-listing.ts";
import { TextRendition } from "./text-rendition.ts";
import { contentType, isPacked } from "./track-facts.ts";
import { variantsOf } from "./variants.ts";

/** What HLS needs of a live stream. */
export type SegmentedStream = {
  readonly id: string;
  readonly state: LiveState;
  /** When the present broadcast began; undefined once nobody is expected to continue it. */
  readonly startedAt: Milliseconds | undefined;
  readonly dateRanges: readonly DateRange[];
  readonly textTracks: readonly TextTrack[];
  cues(trackId: string): readonly TextCue[];
  readonly segmenter: {
    readonly renditions: readonly Rendition[];
    readonly partTarget: Milliseconds | undefined;
    /** Where playlists begin: one number for all renditions, and never a smaller one. */
    readonly firstListed: number;
    /** Every track that gives samples has a part. */
    readonly isReady: boolean;
    /** Calls when parts or segments came or went. @returns takes the listener out again */
    onChange(listener: () => void): () => void;
  };
};

/** What is listed; times in ms. */
export type PresentationSettings = {
  /** Whole seconds. */
  readonly targetDuration: Milliseconds;
};

/** What has a name of a media playlist. */
export type MediaPlaylistName = Extract<
  ResourceName,
  { readonly type: "playlist" | "text-playlist" }
>;

/** What has a name of a file. */
export type FileName = Exclude<ResourceName, MediaPlaylistName | { readonly type: "multivariant" }>;

/** A live stream as HLS shows it: playlists, rendered once per change, and the files they name. */
export class Presentation {
  readonly #stream: SegmentedStream;
  readonly #settings: PresentationSettings;
  readonly #clock: Clock;
  /** As of the last change: at the end they are what is left. */
  #renditions: readonly Rendition[];
  #texts: readonly TextRendition[];
  #ranges: readonly DateRange[];
  #isEnded = false;
  /** Of the present state, by name and kind; made when somebody asks. */
  readonly #playlists = new Map<string, RenderedPlaylist>();
  readonly #listings = new Map<string, MediaListing | undefined>();
  readonly #lines = new WeakMap<Segment, ListedSegment>();
  readonly #dateRanges: DateRangeList;
  #listedRanges: ListedDateRanges | undefined;

  /** @param onChange called after each change, when what is asked for may have come */
  constructor(
    stream: SegmentedStream,
    {
      settings,
      clock,
      onChange,
    }: { settings: PresentationSettings; clock: Clock; onChange: () => void },
  ) {
    this.#stream = stream;
    this.#settings = settings;
    this.#clock = clock;
    this.#dateRanges = new DateRangeList(skipBoundary(settings.targetDuration));
    this.#renditions = stream.segmenter.renditions;
    this.#texts = this.#textRenditions([]);
    this.#ranges = stream.dateRanges;
    const stop = stream.segmenter.onChange(() => {
      this.#change();
      if (this.#isEnded) stop();
      onChange();
    });
  }

  /** Nobody returns: nothing will follow what is listed. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The longest a part may be; undefined where there are none. */
  get partTarget(): Milliseconds | undefined {
    return this.#stream.segmenter.partTarget;
  }

  /** Whether there is something of every track that gives samples, so that all can be named. */
  get isReady(): boolean {
    return this.#stream.segmenter.isReady && this.#renditions.length > 0;
  }

  /** The multivariant playlist; undefined while there is nothing to list. */
  multivariant(): RenderedPlaylist | undefined {
    const present = this.#present();
    if (present.length === 0) return undefined;
    return this.#render(MULTIVARIANT_NAME, () =>
      multivariantPlaylist(
        variantsOf(
          present,
          this.#texts.map(({ track }) => track),
        ),
      ),
    );
  }

  /** Whether a media playlist has a complete segment: players that know of no parts need one. */
  hasSegment(name: MediaPlaylistName): boolean {
    return (this.#listing(name)?.segments.length ?? 0) > 0;
  }

  /** How far a media playlist has come; undefined where there is no such, or nothing in it. */
  edge(name: MediaPlaylistName): PlaylistEdge | undefined {
    const listing = this.#listing(name);
    return listing && edgeOf(listing);
  }

  /** A media playlist or a delta update of it; undefined while there is nothing to list. */
  media(name: MediaPlaylistName, skip?: DeliveryDirectives["skip"]): RenderedPlaylist | undefined {
    const listing = this.#listing(name);
    if (listing === undefined) return undefined;
    const uri = uriOf(name);
    return this.#render(`${uri} ${skip}`, () => {
      const { partTarget } = this;
      const targetDuration = Math.round(this.#settings.targetDuration / 1000);
      const presented = {
        control: { targetDuration, partTarget },
        dateRanges: this.#rangesListed(),
        reports: this.#others(uri).flatMap((other) => {
          const report = this.#listing(other);
          return (report && reportOf(report, uriOf(other))) ?? [];
        }),
        isEnded: this.#isEnded,
      };
      return listingText(listing, presented, skip);
    });
  }

  /** A file, also of segments that are listed no more. */
  file(name: FileName): MediaFile | undefined {
    if (name.life !== this.#stream.id) return undefined;
    switch (name.type) {
      case "init":
        return this.#init(name.trackId, name.configuration);
      case "segment":
        return this.#segment(name.trackId, name.mediaSequence, name.isPacked);
      case "part":
        return this.#part(name.trackId, name.number, name.isPacked);
      case "text-segment":
        return this.#textSegment(name.textId, name.mediaSequence);
      case "text-part":
        return this.#textPart(name.textId, name.trackId, name.number);
    }
  }

  /** Whether this is the part that comes next: worth waiting for. */
  isNext(name: FileName): boolean {
    if (name.life !== this.#stream.id || this.#isEnded) return false;
    if (name.type === "part") {
      const rendition = this.#rendition(name.trackId);
      return rendition !== undefined && hintedPart(rendition, name.life) === partNameOf(name);
    }
    if (name.type !== "text-part") return false;
    const [leading] = this.#renditions;
    const { trackId, number } = name;
    const isThere = this.#text(name.textId) !== undefined;
    return isThere && leading?.track.id === trackId && leading.nextPart === number;
  }

  #change(): void {
    this.#playlists.clear();
    this.#listings.clear();
    this.#listedRanges = undefined;
    if (this.#stream.startedAt === undefined && this.#renditions.length > 0) {
      this.#isEnded = true;
      return;
    }
    this.#renditions = this.#stream.segmenter.renditions;
    this.#texts = this.#textRenditions(this.#texts);
    this.#ranges = this.#stream.dateRanges;
  }

  /** Renditions that newcomers are to know of. */
  #present(): readonly Rendition[] {
    return this.#isEnded ? [] : this.#renditions.filter(({ isRetired }) => !isRetired);
  }

  /** The media playlists that the multivariant playlist names, but for one. */
  #others(uri: string): readonly MediaPlaylistName[] {
    const tracks = this.#present().map(
      ({ track }): MediaPlaylistName => ({ type: "playlist", trackId: track.id }),
    );
    const texts = this.#texts.map(
      ({ track }): MediaPlaylistName => ({ type: "text-playlist", textId: track.id }),
    );
    return [...tracks, ...texts].filter((name) => uriOf(name) !== uri);
  }

  #rendition(trackId: number): Rendition | undefined {
    return this.#renditions.find(({ track }) => track.id === trackId);
  }

  #render(key: string, write: () => string): RenderedPlaylist {
    const known = this.#playlists.get(key);
    if (known !== undefined) return known;
    const playlist = new RenderedPlaylist(write());
    this.#playlists.set(key, playlist);
    return playlist;
  }

  #listing(name: MediaPlaylistName): MediaListing | undefined {
    const uri = uriOf(name);
    const known = this.#listings.get(uri);
    if (known !== undefined || this.#listings.has(uri)) return known;
    const listing =
      name.type === "playlist" ? this.#trackListing(name.trackId) : this.#textListing(name.textId);
    this.#listings.set(uri, listing);
    return listing;
  }

  #trackListing(trackId: number): MediaListing | undefined {
    const rendition = this.#rendition(trackId);
    if (rendition === undefined) return undefined;
    const { id: life } = this.#stream;
    const open = this.partTarget === undefined || this.#isEnded ? undefined : rendition.open;
    const segments = this.#listed(rendition, open);
    if (segments.length === 0 && open === undefined) return undefined;
    return {
      hasParts: this.partTarget !== undefined,
      segments,
      listed: (segment) => {
        const known = this.#lines.get(segment);
        if (known !== undefined) return known;
        const lines = listedSegment(segment, life);
        this.#lines.set(segment, lines);
        return lines;
      },
      open: open && { segment: open, head: segmentHead(open, life) },
      discontinuitySequence: discontinuitiesBefore(rendition, segments[0] ?? open),
      hints: this.#hints(rendition, open ?? segments.at(-1)),
    };
  }

  /** Text follows the leading rendition: the same stretches under the same numbers. */
  #textListing(textId: string): MediaListing | undefined {
    const [leading] = this.#renditions;
    const text = this.#text(textId);
    if (leading === undefined || text === undefined) return undefined;
    const open = this.partTarget === undefined || this.#isEnded ? undefined : leading.open;
    const segments = this.#listed(leading, open);
    if (segments.length === 0 && open === undefined) return undefined;
    return {
      hasParts: this.partTarget !== undefined,
      segments,
      listed: (segment) => text.listed(segment),
      open: open && { segment: open, head: text.head(open) },
      discontinuitySequence: discontinuitiesBefore(leading, segments[0] ?? open),
      hints: this.#isComing(leading) ? { part: text.hint(leading) } : {},
    };
  }

  #isComing({ isRetired }: Rendition): boolean {
    return this.partTarget !== undefined && !this.#isEnded && !isRetired;
  }

  /** What comes next, where something is to come. */
  #hints(rendition: Rendition, newest: Segment | OpenSegment | undefined): MediaListing["hints"] {
    if (!this.#isComing(rendition)) return {};
    const { id: life } = this.#stream;
    const part = hintedPart(rendition, life);
    const { track } = rendition;
    const isNew = newest !== undefined && newest.track.configuration !== track.configuration;
    return isNew && !isPacked(track)
      ? { part, map: initName(track.id, life, track.configuration) }
      : { part };
  }

  #rangesListed(): ListedDateRanges {
    const [leading] = this.#renditions;
    const first = leading && (this.#listed(leading, leading.open)[0] ?? leading.open);
    const from = first?.programDateTime ?? Number.POSITIVE_INFINITY;
    this.#listedRanges ??= this.#dateRanges.list(this.#ranges, from, this.#clock.now());
    return this.#listedRanges;
  }

  /** The newest segments: the same stretch of time in every rendition. */
  #listed({ segments }: Rendition, open: OpenSegment | undefined): readonly Segment[] {
    const from = this.#stream.segmenter.firstListed;
    const first = segments.findIndex(({ mediaSequence }) => mediaSequence >= from);
    const inWindow = first === -1 ? segments.slice(-1) : segments.slice(first);
    // There is no tag that ends an EXT-X-MAP: packed audio cannot follow fMP4 in one playlist.
    const newest = open ?? inWindow.at(-1);
    if (newest === undefined || newest.track.track.mediaType === "video") return inWindow;
    const packed = isPacked(newest.track);
    const lastOther = inWindow.findLastIndex(({ track }) => isPacked(track) !== packed);
    return lastOther === -1 ? inWindow : inWindow.slice(lastOther + 1);
  }

  #init(trackId: number, configuration: number): MediaFile | undefined {
    const rendition = this.#rendition(trackId);
    if (rendition === undefined) return undefined;
    const { open, segments } = rendition;
    const candidates = [rendition.track, ...(open === undefined ? [] : [open.track])];
    const track =
      candidates.find((candidate) => candidate.configuration === configuration) ??
      segments.find((segment) => segment.track.configuration === configuration)?.track;
    if (track === undefined || isPacked(track)) return undefined;
    return fileInMemory(contentType(track), [track.initSegment]);
  }

  #segment(trackId: number, mediaSequence: number, asPacked: boolean): MediaFile | undefined {
    const segments = this.#rendition(trackId)?.segments ?? [];
    const segment = segments[mediaSequence - (segments[0]?.mediaSequence ?? 0)];
    if (segment === undefined || segment.isGap) return undefined;
    const { track, parts, stored } = segment;
    if (isPacked(track) !== asPacked) return undefined;
    const head = asPacked ? packedAudioTag(segment.start, track.timescale) : undefined;
    if (parts.length === 0) {
      return stored && fileInArchive(contentType(track), head, stored);
    }
    const pieces = parts.flatMap((part) => part.pieces);
    return fileInMemory(contentType(track), head === undefined ? pieces : [head, ...pieces]);
  }

  /** A part that is in memory; the first one of packed audio has the segment's tag. */
  #part(trackId: number, number: number, asPacked: boolean): MediaFile | undefined {
    const found = this.#findPart(trackId, number);
    if (found === undefined || isPacked(found.segment.track) !== asPacked) return undefined;
    const { segment, part } = found;
    const { track } = segment;
    const hasTag = asPacked && part.partIndex === 0;
    const head = hasTag ? [packedAudioTag(part.start, track.timescale)] : [];
    return fileInMemory(contentType(track), [...head, ...part.pieces]);
  }

  #findPart(
    trackId: number,
    number: number,
  ): { segment: Segment | OpenSegment; part: Part } | undefined {
    const rendition = this.#rendition(trackId);
    if (rendition === undefined || number >= rendition.nextPart) return undefined;
    const has = ({ parts }: Segment | OpenSegment): boolean =>
      (parts[0]?.number ?? Number.POSITIVE_INFINITY) <= number;
    const { open, segments } = rendition;
    const segment = open !== undefined && has(open) ? open : segments.findLast(has);
    const part = segment?.parts.find((candidate) => candidate.number === number);
    return segment && part && { segment, part };
  }

  #text(textId: string): TextRendition | undefined {
    return this.#texts.find(({ track }) => track.id === textId);
  }

  #textRenditions(known: readonly TextRendition[]): readonly TextRendition[] {
    const { textTracks, id } = this.#stream;
    const isSame = textTracks.every((track, index) => track === known[index]?.track);
    if (isSame && textTracks.length === known.length) return known;
    return textTracks.map(
      (track) =>
        known.find((one) => one.track === track) ??
        new TextRendition(track, this.#stream.cues(track.id), id),
    );
  }

  #textSegment(textId: string, mediaSequence: number): MediaFile | undefined {
    const segments = this.#renditions[0]?.segments ?? [];
    const segment = segments[mediaSequence - (segments[0]?.mediaSequence ?? 0)];
    return segment && this.#text(textId)?.file(segment, segment);
  }

  #textPart(textId: string, trackId: number, number: number): MediaFile | undefined {
    const found = this.#findPart(trackId, number);
    return found && this.#text(textId)?.file(found.segment, found.part);
  }
}

const uriOf = (name: MediaPlaylistName): string =>
  name.type === "playlist" ? playlistName(name.trackId) : textPlaylistName(name.textId);

/** Known before it is known to which segment it will belong. */
const hintedPart = ({ track, nextPart }: Rendition, life: string): string =>
  partName(track.id, life, nextPart, isPacked(track));

const partNameOf = (name: Extract<FileName, { readonly type: "part" }>): string =>
  partName(name.trackId, name.life, name.number, name.isPacked);

/** Discontinuities that came before the first segment listed. */
function discontinuitiesBefore(
  { discontinuitySequence, segments }: Rendition,
  first: Segment | OpenSegment | undefined,
): number {
  let count = discontinuitySequence;
  for (const segment of segments) {
    if (first === undefined || segment.mediaSequence >= first.mediaSequence) break;
    if (segment.isDiscontinuity) count += 1;
  }
  return count;
}
