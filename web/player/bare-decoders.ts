import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import type { ChoiceSituation, WebCodecsPresence } from "../control/choice.ts";
import { mediaSourceClass, webCodecsPresence } from "../engine/platform.ts";
import type { FallbackReason } from "../webcodecs/fallback.ts";
import type { WebCodecsEngine } from "../webcodecs/webcodecs.ts";

type Decodes = ChoiceSituation["decodes"];

/** Configurations remembered: an encoder that changes its own without end is asked for again. */
const MOST_KNOWN = 64;

/** WebCodecs as the player knows it: whether it is there, what it decodes, and its code when it is wanted. */
export class BareDecoders {
  readonly presence: WebCodecsPresence = webCodecsPresence();
  readonly #onKnown: () => void;
  #engine: WebCodecsEngine | undefined;
  #isComing = false;
  #isDestroyed = false;
  /** Whether it decodes a track of this configuration; undefined while it is being asked. */
  readonly #known = new Map<string, boolean | undefined>();
  #refused: readonly string[] = [];
  /** Given up, until somebody asks for it anew. */
  #fallback: FallbackReason | undefined;

  /** @param onKnown its code is there, or more is known of what it decodes */
  constructor(onKnown: () => void) {
    this.#onKnown = () => {
      if (!this.#isDestroyed) onKnown();
    };
  }

  /** Undefined until its code is there. */
  get engine(): WebCodecsEngine | undefined {
    return this.#engine;
  }

  /** Why it does not play any more, although it was wanted. */
  get fallback(): FallbackReason | undefined {
    return this.#fallback;
  }

  /** It is about to play these: its code is loaded. @returns whether everything is known */
  want(tracks: readonly AnnouncedTrack[]): boolean {
    const engine = this.#engine;
    if (engine === undefined) {
      this.#load();
      return false;
    }
    const isKnown = tracks.map((track) => this.#ask(engine, track) !== undefined);
    return isKnown.every(Boolean);
  }

  /** MIME types of these that it is known not to decode; the same array until they are others. */
  refused(tracks: readonly AnnouncedTrack[]): readonly string[] {
    const refused = tracks
      .filter((track) => this.#known.get(keyOf(track)) === false)
      .flatMap(({ mimeTypes }) => mimeTypes);
    if (String(refused) !== String(this.#refused)) this.#refused = refused;
    return this.#refused;
  }

  /** Which engine decodes as many kinds of these as the other one does; undefined where nobody knows. */
  decodes(tracks: readonly AnnouncedTrack[]): Decodes {
    const MediaSourceClass = mediaSourceClass();
    const kindsOf = (decodes: (track: AnnouncedTrack) => boolean | undefined): number =>
      new Set(tracks.filter(decodes).map(({ mediaType }) => mediaType)).size;
    const all = kindsOf(() => true);
    const mse = kindsOf(({ mimeTypes }) =>
      mimeTypes.some((type) => MediaSourceClass?.isTypeSupported(type)),
    );
    if (mse < all && this.presence === "there") this.want(tracks);
    const isKnown = tracks.every((track) => this.#known.get(keyOf(track)) !== undefined);
    const bare = kindsOf((track) => this.#known.get(keyOf(track)));
    if (!isKnown || mse + bare === 0) return { mse: undefined, webCodecs: undefined };
    return { mse: mse >= bare, webCodecs: bare >= mse };
  }

  /** A playback of its failed. @returns whether it is given up for that */
  failed(error: unknown): boolean {
    if (!(error instanceof Error && "reason" in error)) return false;
    this.#fallback = error.reason as FallbackReason;
    return true;
  }

  /** Somebody asks for it anew. */
  tryAgain(): void {
    this.#fallback = undefined;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#engine?.destroy();
  }

  #load(): void {
    if (this.#isComing) return;
    this.#isComing = true;
    import("../webcodecs/webcodecs.ts").then(
      ({ WebCodecsEngine }) => {
        if (this.#isDestroyed) return;
        this.#engine = new WebCodecsEngine();
        this.#onKnown();
      },
      () => {
        this.#fallback = "code";
        this.#onKnown();
      },
    );
  }

  #ask(engine: WebCodecsEngine, track: AnnouncedTrack): boolean | undefined {
    const key = keyOf(track);
    if (this.#known.has(key)) return this.#known.get(key);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(key, undefined);
    const answered = (isSupported: boolean): void => {
      this.#known.set(key, isSupported);
      this.#onKnown();
    };
    engine.supports(track).then(answered, () => answered(false));
    return undefined;
  }
}

const keyOf = ({ codec, decoderConfiguration }: AnnouncedTrack): string =>
  `${codec} ${decoderConfiguration}`;
