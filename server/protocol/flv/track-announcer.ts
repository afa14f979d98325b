import type { DataValue, MediaEvent } from "../media/sample.ts";
import {
  type AudioTrack,
  type ChannelLayout,
  isSameCoding,
  isSameLabel,
  type MediaType,
  type Track,
} from "../media/track.ts";
import { type ColourInfo, withColour } from "./colour-info.ts";
import type { OnIgnored } from "./track-demuxer.ts";
import { type LabelsOfTracks, NO_LABELS, readTrackLabels } from "./track-labels.ts";

/** What MultichannelConfig says of a track. */
export type SaidOfChannels = {
  readonly channels: number;
  readonly layout: ChannelLayout | undefined;
};

/** A track that is on air. */
type OnAir = {
  /** As its configuration describes it. */
  track: Track;
  /** The `colorInfo` that holds for it; another one may be waiting. */
  colour: ColourInfo | undefined;
  /** As it was announced. */
  told: Track;
  /** No frame came since its configuration. */
  isFresh: boolean;
};

/**
 * Completes tracks by what is said of them outside their configuration: onMetaData, `colorInfo`,
 * MultichannelConfig. These come before the configuration from some encoders, after it from others,
 * and again whenever they like: whatever changes is announced.
 *
 * Colours change at a sync sample only: with them goes a new init segment, behind which a player
 * begins at such a sample.
 */
export class TrackAnnouncer {
  readonly #onIgnored: OnIgnored;
  #labels: LabelsOfTracks = NO_LABELS;
  readonly #colours = new Map<number, ColourInfo>();
  readonly #channels = new Map<number, SaidOfChannels>();
  readonly #onAir: { readonly [mediaType in MediaType]: Map<number, OnAir> } = {
    video: new Map(),
    audio: new Map(),
  };
  /** Video tracks whose colours wait for a sync sample. */
  readonly #waiting = new Set<number>();

  constructor(onIgnored: OnIgnored) {
    this.#onIgnored = onIgnored;
  }

  /** Takes onMetaData. @returns the tracks that it changes */
  metadata(values: { readonly [name: string]: DataValue }): MediaEvent[] {
    this.#labels = readTrackLabels(values);
    const { video, audio } = this.#onAir;
    return [...video.values(), ...audio.values()].flatMap((onAir) => this.#update(onAir));
  }

  /** Takes `colorInfo`. @returns the track where it changes, and no picture of it is out yet */
  colour(trackIndex: number, info: ColourInfo): MediaEvent[] {
    this.#colours.set(trackIndex, info);
    const onAir = this.#onAir.video.get(trackIndex);
    if (onAir === undefined) return [];
    if (onAir.isFresh) return this.#recolour(onAir);
    this.#waiting.add(trackIndex);
    return [];
  }

  /** Takes MultichannelConfig. @returns the track where it changes */
  channels(trackIndex: number, said: SaidOfChannels): MediaEvent[] {
    this.#channels.set(trackIndex, said);
    const onAir = this.#onAir.audio.get(trackIndex);
    return onAir === undefined ? [] : this.#update(onAir);
  }

  /** Completes what a message gave, and puts in front of its samples what was waiting for them. */
  complete(events: readonly MediaEvent[]): MediaEvent[] {
    const completed: MediaEvent[] = [];
    for (const event of events) {
      switch (event.type) {
        case "track": {
          const { track } = event;
          completed.push({ type: "track", track: this.#begin(track) });
          break;
        }
        case "sample": {
          const { mediaType, trackIndex, isSync } = event.sample;
          const onAir = this.#onAir[mediaType].get(trackIndex);
          if (onAir !== undefined) {
            onAir.isFresh = false;
            const isDue = mediaType === "video" && isSync && this.#waiting.has(trackIndex);
            if (isDue) completed.push(...this.#recolour(onAir));
          }
          completed.push(event);
          break;
        }
        case "track-end":
          this.#onAir[event.mediaType].delete(event.trackIndex);
          completed.push(event);
          break;
        case "unplayable":
          this.#onAir[event.track.mediaType].delete(event.track.trackIndex);
          completed.push(event);
          break;
        default:
          completed.push(event);
      }
    }
    return completed;
  }

  #begin(track: Track): Track {
    const { mediaType, trackIndex } = track;
    const isVideo = mediaType === "video";
    const colour = isVideo ? this.#colours.get(trackIndex) : undefined;
    if (isVideo) this.#waiting.delete(trackIndex);
    const told = this.#completed(track, colour);
    this.#onAir[mediaType].set(trackIndex, { track, colour, told, isFresh: true });
    return told;
  }

  #recolour(onAir: OnAir): MediaEvent[] {
    const { trackIndex } = onAir.track;
    this.#waiting.delete(trackIndex);
    onAir.colour = this.#colours.get(trackIndex);
    return this.#update(onAir);
  }

  #update(onAir: OnAir): MediaEvent[] {
    const told = this.#completed(onAir.track, onAir.colour);
    if (isSameCoding(told, onAir.told) && isSameLabel(told, onAir.told)) return [];
    onAir.told = told;
    return [{ type: "track", track: told }];
  }

  #completed(track: Track, colour: ColourInfo | undefined): Track {
    const labels = this.#labels[track.mediaType].get(track.trackIndex);
    if (track.mediaType === "video") {
      return { ...labels, ...(colour === undefined ? track : withColour(track, colour)) };
    }
    const { frameRate: _, ...named } = labels ?? {};
    return { ...track, ...named, ...this.#layoutOf(track) };
  }

  /** Where the channels are heard, unless the sound itself has another number of them. */
  #layoutOf({ trackIndex, channels }: AudioTrack): { channelLayout?: ChannelLayout } {
    const said = this.#channels.get(trackIndex);
    if (said === undefined) return {};
    if (said.channels !== channels) {
      const text = `Audio track ${trackIndex} has ${channels} channels, and ${said.channels} by MultichannelConfig`;
      this.#onIgnored("FLV_CHANNELS", text);
      return {};
    }
    const { layout } = said;
    return layout === undefined || AS_EVER.has(layout.join()) ? {} : { channelLayout: layout };
  }
}

/** What one or two channels are anyway: FFmpeg tells it of every track. */
const AS_EVER: ReadonlySet<string> = new Set(["FC", "FL,FR"]);
