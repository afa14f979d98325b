import { NO_BYTES } from "../protocol/bytes/bytes.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { DataValue, Milliseconds } from "../protocol/media/sample.ts";
import type { VideoCodec } from "../protocol/media/track.ts";
import { CcDataFinder } from "../protocol/text/cc-data.ts";
import { type CaptionChange, CaptionDecoder } from "../protocol/text/cea.ts";
import { type OrderedPicture, PresentationOrder } from "../protocol/text/presentation-order.ts";
import { readTextMessage, type TextMessage } from "../protocol/text/text-message.ts";
import type { LiveSample } from "./live-sample.ts";
import { ticksToMs } from "./live-track.ts";
import type { TextTrack } from "./text-track.ts";
import type { TextTracks } from "./text-tracks.ts";

/** Captions among the pictures go before the same ones in script data, if they came this lately. */
const SAME_SOURCE: Milliseconds = 10_000;

type Text = Extract<TextMessage, { readonly type: "text" }>;

/**
 * Reads the text of a broadcast: closed captions among the pictures of its leading video track, and
 * what script data says. A broadcast without any costs a look at the headers of its pictures' units.
 */
export class TextReader {
  readonly #tracks: TextTracks;
  #finder: { readonly codec: VideoCodec; readonly finder: CcDataFinder } | undefined;
  /** Of the track it comes from; both are made with the first caption data. */
  #decoder: CaptionDecoder | undefined;
  #order = new PresentationOrder();
  #epoch = 0;
  /** When captions came among the pictures last. */
  #captionsAt: Milliseconds | undefined;
  #isInPictures = true;
  /** By text track: what was said last. */
  readonly #texts = new Map<string, { readonly track: TextTrack; readonly at: Milliseconds }>();
  /** Text tracks by language and the encoder's number. */
  readonly #byMessage = new Map<string, TextTrack>();

  constructor(tracks: TextTracks) {
    this.#tracks = tracks;
  }

  /** The next picture of the leading video track. */
  picture(sample: LiveSample): void {
    const { track } = sample.track;
    if (track.mediaType !== "video") return;
    if (this.#finder?.codec !== track.codec) {
      this.#finder = { codec: track.codec, finder: new CcDataFinder(track.codec) };
    }
    const data = this.#finder.finder.find(sample.data);
    if (data === undefined && this.#decoder === undefined) return;
    if (sample.epoch.index !== this.#epoch) {
      this.#epoch = sample.epoch.index;
      this.#flush();
    }
    this.#decoder ??= new CaptionDecoder();
    const decodedAt = ticksToMs(sample.track, sample.dts);
    const shownAt = ticksToMs(sample.track, sample.dts + sample.compositionOffset);
    if (data !== undefined) {
      this.#captionsAt = decodedAt;
      this.#isInPictures = true;
    }
    for (const picture of this.#order.push({ decodedAt, shownAt, data }, track.reorderDepth)) {
      this.#decode(picture);
    }
  }

  /** Script data, at its moment on the live stream's timeline. */
  data(name: string, values: readonly DataValue[], at: Milliseconds): void {
    const message = readTextMessage(name, values);
    if (message === undefined) return;
    if (message.type === "text") {
      this.#say(message, at);
      return;
    }
    const isKnown = this.#captionsAt !== undefined && at - this.#captionsAt < SAME_SOURCE;
    if (isKnown) return;
    this.#decoder ??= new CaptionDecoder();
    this.#isInPictures = false;
    this.#show(this.#decoder.push(message.data, at), at);
  }

  /**
   * The leading track has come this far, and its segments with it: nothing is said of earlier times any
   * more, and texts that nobody ended are over.
   */
  pass(at: Milliseconds): void {
    for (const [id, { track, at: since }] of this.#texts) {
      if (at - since < LIMITS.captionTime) continue;
      this.#texts.delete(id);
      this.#tracks.show(track, [], since + LIMITS.captionTime);
    }
    if (this.#decoder !== undefined && this.#order.isEmpty) {
      this.#show(this.#decoder.push(NO_BYTES, at, LIMITS.captionTime), at);
    }
    this.#tracks.settle(at);
  }

  /** The broadcast is over, or another encoder's from here on. */
  end(at: Milliseconds): void {
    this.#flush();
    this.#tracks.closeAll(at);
    this.#decoder = undefined;
    this.#captionsAt = undefined;
    this.#texts.clear();
  }

  /** Nobody comes back: what the tracks were called is forgotten. */
  clear(): void {
    this.#byMessage.clear();
    this.#tracks.clear();
  }

  #flush(): void {
    for (const picture of this.#order.flush()) this.#decode(picture);
  }

  #decode({ data = NO_BYTES, shownAt }: OrderedPicture): void {
    if (this.#decoder === undefined) return;
    this.#show(this.#decoder.push(data, shownAt, LIMITS.captionTime), shownAt);
  }

  #show(changes: readonly CaptionChange[], at: Milliseconds): void {
    for (const { channel, blocks } of changes) {
      this.#tracks.show(captionTrack(channel, this.#isInPictures), blocks, at);
    }
  }

  #say({ language, trackIndex, text }: Text, at: Milliseconds): void {
    const track = this.#textTrack(language, trackIndex);
    const texts = text === "" ? [] : [{ text, settings: "", plain: text, isWritten: false }];
    this.#tracks.show(track, texts, at);
    if (text === "") this.#texts.delete(track.id);
    else if (this.#texts.size < LIMITS.textTracks || this.#texts.has(track.id)) {
      this.#texts.set(track.id, { track, at });
    }
  }

  #textTrack(language: string | undefined, trackIndex: number): TextTrack {
    const key = `${language ?? "und"} ${trackIndex}`;
    const known = this.#byMessage.get(key);
    if (known !== undefined) return known;
    const tag = language ?? "und";
    const namesakes = [...this.#byMessage.values()].filter((one) => one.language === tag).length;
    const number = namesakes === 0 ? "" : ` ${namesakes + 1}`;
    const track: TextTrack = {
      id: `text-${tag.toLowerCase()}${number.replace(" ", "-")}`,
      kind: "subtitles",
      language: tag,
      name: `${language === undefined ? "Subtitles" : languageName(language)}${number}`,
    };
    if (this.#byMessage.size < LIMITS.textTracks) this.#byMessage.set(key, track);
    return track;
  }
}

/** `cc1` is CC1, `service1` Service 1: where nobody tells, that is all there is to know. */
function captionTrack(id: string, isInPictures: boolean): TextTrack {
  const name = id.startsWith("cc") ? id.toUpperCase() : id.replace("service", "Service ");
  const track = { id, kind: "captions", language: "und", name } as const;
  return isInPictures ? { ...track, isInPictures } : track;
}

const LANGUAGE_NAMES = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

const languageName = (language: string): string => LANGUAGE_NAMES.of(language) ?? language;
