import type { Milliseconds } from "../protocol/media/sample.ts";

/** Text that goes with a live stream: captions of one channel, or subtitles of one language. */
export type TextTrack = {
  /**
   * Within the live stream, fit for a file's name: `cc1` to `cc4` (CEA-608), `service1` to `service63`
   * (CEA-708), `text-` and a language (onTextData).
   */
  readonly id: string;
  readonly kind: "captions" | "subtitles";
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  /** For people. */
  readonly name: string;
  /** It lies among the pictures: players that look there find it, too. */
  readonly isInPictures?: true;
};

/** One text on the screen; times on the live stream's timeline. */
export type TextCue = {
  /** Of its text track. */
  readonly trackId: string;
  /** Counts the cues of its track. */
  readonly id: number;
  readonly start: Milliseconds;
  /** undefined: it is still shown, and nobody knows for how long. */
  readonly end: Milliseconds | undefined;
  /** WebVTT cue text (§4.2.2): escaped, with its tags. */
  readonly text: string;
  /** WebVTT cue settings (§4.4), such as `line:80% position:10% align:start`; may be empty. */
  readonly settings: string;
  /** What it said before, oldest first: text of captions grows while it is shown. */
  readonly earlier: readonly EarlierText[];
};

/** What a cue said, and until when. */
export type EarlierText = { readonly text: string; readonly until: Milliseconds };

/** The last that a cue said before a moment: what came later was not known by then. */
export const textBefore = ({ earlier, text }: TextCue, moment: Milliseconds): string =>
  earlier.find(({ until }) => until >= moment)?.text ?? text;
