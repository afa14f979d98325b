import { LIMITS } from "../protocol/limits.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { TextCue, TextTrack } from "./text-track.ts";

/** A text as it is on the screen from some moment on. */
export type ShownText = {
  readonly text: string;
  readonly settings: string;
  /** The characters alone. */
  readonly plain: string;
  /** It grows while it is shown. */
  readonly isWritten: boolean;
};

/** What the texts of a live stream are told to. */
export type TextListener = {
  /** The tracks are others now. */
  readonly onTrack: () => void;
  /** A cue opened, changed or got its end. */
  readonly onCue: (cue: TextCue) => void;
};

type OpenCue = { cue: TextCue; readonly shown: ShownText };
type Channel = { readonly track: TextTrack; cues: TextCue[]; open: OpenCue[]; count: number };

/** How much of a text may be taken back while it is still the same: corrections of the last letters. */
const TAKEN_BACK = 2;
/** What a cue said before is kept this many steps back. */
const LONGEST_GROWTH = 96;

/**
 * The text tracks of a live stream, and their cues within its window.
 *
 * Nothing is ever said of the time before `settled`: what has been shown there, in segments that were
 * complete, stays as it is. What comes late begins, changes or ends there.
 */
export class TextTracks {
  readonly #listener: TextListener;
  readonly #window: Milliseconds;
  readonly #channels = new Map<string, Channel>();
  #tracks: readonly TextTrack[] = [];
  #settled: Milliseconds = 0;
  #cues = 0;
  #bytes = 0;
  /** No cue of a new track is called like one that there was: who watches may have it still. */
  #count = 0;
  /** What was told of in the present second. */
  #second = { number: 0, changes: 0, bytes: 0 };
  /** By track: what is to be shown when there is room for it. */
  readonly #late = new Map<string, { track: TextTrack; texts: readonly ShownText[] }>();

  /** @param window cues that ended longer ago than this are let go, ms */
  constructor(listener: TextListener, window: Milliseconds) {
    this.#listener = listener;
    this.#window = window;
  }

  /** Those that have shown something, captions first, in the order of their numbers and names. */
  get tracks(): readonly TextTrack[] {
    return this.#tracks;
  }

  /** Cues within the window, oldest first: as they are at any time, and at the end what was left. */
  cues(trackId: string): readonly TextCue[] {
    return this.#channels.get(trackId)?.cues ?? [];
  }

  /**
   * What is on the screen of a track from `at` on; nothing else is. Where there is more of this in a
   * second than anybody can read, the last of it is shown a little later.
   */
  show(track: TextTrack, texts: readonly ShownText[], at: Milliseconds): void {
    this.#late.delete(track.id);
    if (this.#isWithinRate(at)) this.#show(track, texts, at);
    else if (this.#late.size < LIMITS.textTracks) this.#late.set(track.id, { track, texts });
  }

  #show(track: TextTrack, texts: readonly ShownText[], at: Milliseconds): void {
    const known = this.#channels.get(track.id);
    if (known === undefined && texts.length === 0) return;
    const channel = known ?? this.#begin(track);
    if (channel === undefined) return;
    const moment = Math.max(at, this.#settled);
    const before = channel.open;
    channel.open = [];
    const going = texts.map((text) => {
      const index = before.findIndex(({ shown }) => isSame(shown, text) || isGrown(shown, text));
      return index === -1 ? undefined : before.splice(index, 1)[0];
    });
    for (const { cue } of before) this.#replace(channel, { ...cue, end: moment });
    for (const [index, shown] of texts.entries()) {
      const open = going[index];
      if (open === undefined) this.#open(channel, shown, moment);
      else channel.open.push(this.#grow(channel, open, shown, moment));
    }
  }

  /** Everything that is shown ends. */
  closeAll(at: Milliseconds): void {
    this.#late.clear();
    for (const channel of this.#channels.values()) this.#show(channel.track, [], at);
  }

  /** What lies before is complete: see the class. */
  settle(at: Milliseconds): void {
    this.#settled = Math.max(this.#settled, at);
    for (const { track, texts } of this.#late.values()) {
      if (this.#isWithinRate(at)) this.show(track, texts, at);
    }
  }

  /** What there was is over, for good. */
  clear(): void {
    if (this.#tracks.length === 0) return;
    for (const { count } of this.#channels.values()) this.#count = Math.max(this.#count, count);
    this.#late.clear();
    this.#channels.clear();
    this.#tracks = [];
    this.#cues = 0;
    this.#bytes = 0;
    this.#listener.onTrack();
  }

  #isWithinRate(at: Milliseconds): boolean {
    const number = Math.floor(at / 1000);
    if (number !== this.#second.number) this.#second = { number, changes: 0, bytes: 0 };
    const { changes, bytes } = this.#second;
    return changes < LIMITS.textChangesPerSecond && bytes < LIMITS.textBytesPerSecond;
  }

  #tell(cue: TextCue): void {
    this.#second.changes += 1;
    this.#second.bytes += cue.text.length + cue.settings.length;
    this.#listener.onCue(cue);
  }

  #begin(track: TextTrack): Channel | undefined {
    if (this.#channels.size >= LIMITS.textTracks) return undefined;
    const channel = { track, cues: [], open: [], count: this.#count };
    this.#channels.set(track.id, channel);
    this.#tracks = [...this.#channels.values()].map((one) => one.track).sort(inOrder);
    this.#listener.onTrack();
    return channel;
  }

  #open(channel: Channel, shown: ShownText, start: Milliseconds): void {
    channel.count += 1;
    const { id: trackId } = channel.track;
    const { text, settings } = shown;
    const cue = { trackId, id: channel.count, start, end: undefined, text, settings, earlier: [] };
    channel.cues.push(cue);
    channel.open.push({ cue, shown });
    this.#cues += 1;
    this.#bytes += sizeOf(cue);
    this.#tell(cue);
    this.#trim(start);
  }

  #grow(channel: Channel, open: OpenCue, shown: ShownText, at: Milliseconds): OpenCue {
    const { cue } = open;
    if (cue.text === shown.text) return { cue, shown };
    const last = { text: cue.text, until: at };
    const earlier = at > cue.start ? [...cue.earlier, last].slice(-LONGEST_GROWTH) : cue.earlier;
    const grown = { ...cue, text: shown.text, earlier };
    this.#replace(channel, grown);
    return { cue: grown, shown };
  }

  #replace(channel: Channel, cue: TextCue): void {
    const index = channel.cues.findLastIndex(({ id }) => id === cue.id);
    const old = channel.cues[index];
    if (old !== undefined) {
      channel.cues[index] = cue;
      this.#bytes += sizeOf(cue) - sizeOf(old);
    }
    this.#tell(cue);
  }

  /** Lets go of what left the window, and of the oldest where there is too much. */
  #trim(newest: Milliseconds): void {
    for (const channel of this.#channels.values()) {
      while (isOver(channel.cues[0], newest - this.#window)) this.#forgetOldest(channel);
    }
    while (this.#cues > LIMITS.textCues || this.#bytes > LIMITS.textBytes) {
      const oldest = [...this.#channels.values()]
        .filter(({ cues }) => cues.length > 0)
        .reduce((a, b) => ((b.cues[0]?.start ?? 0) < (a.cues[0]?.start ?? 0) ? b : a));
      this.#forgetOldest(oldest);
    }
  }

  #forgetOldest(channel: Channel): void {
    const oldest = channel.cues.shift();
    if (oldest === undefined) return;
    this.#cues -= 1;
    this.#bytes -= sizeOf(oldest);
  }
}

const isOver = (cue: TextCue | undefined, before: Milliseconds): boolean =>
  cue?.end !== undefined && cue.end < before;

const isSame = (a: ShownText, b: ShownText): boolean =>
  a.text === b.text && a.settings === b.settings;

/** Whether it is the same text, some letters further on. */
function isGrown(before: ShownText, now: ShownText): boolean {
  if (!before.isWritten || !now.isWritten || before.settings !== now.settings) return false;
  let common = 0;
  while (common < before.plain.length && before.plain[common] === now.plain[common]) common += 1;
  return common >= Math.max(1, before.plain.length - TAKEN_BACK);
}

/** Bytes that a cue takes, about. */
const sizeOf = ({ text, settings, earlier }: TextCue): number =>
  200 +
  2 * (text.length + settings.length) +
  earlier.reduce((sum, { text: old }) => sum + 50 + 2 * old.length, 0);

const RANKS = ["cc", "service", "text-"];

function inOrder(a: TextTrack, b: TextTrack): number {
  const rank = ({ id }: TextTrack): number => RANKS.findIndex((prefix) => id.startsWith(prefix));
  const number = ({ id }: TextTrack): number => Number(/\d+$/.exec(id)?.[0] ?? 0);
  const byNumber = rank(a) < 2 ? number(a) - number(b) : a.id < b.id ? -1 : 1;
  return rank(a) - rank(b) || byNumber;
}
