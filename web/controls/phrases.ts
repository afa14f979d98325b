import {
  codecName,
  describeCodec,
  type NamedTrack,
  type NamedUnplayable,
  type PlayerState,
} from "../ui/words.ts";
import type { Language } from "./language.ts";
import type { ControlWords } from "./words/en.ts";

/** What lies over the picture: a title, a sentence more where it helps, and a sign. */
export type Phrase = {
  readonly title: string;
  readonly detail: string;
  readonly sign: "busy" | "waiting" | "ended" | "broken";
};

/** @returns undefined where the picture speaks for itself */
export function statePhrase(language: Language, state: PlayerState): Phrase | undefined {
  const phrase = (
    sign: Phrase["sign"],
    title: keyof ControlWords,
    detail?: keyof ControlWords,
  ): Phrase => ({
    sign,
    title: language.say(title),
    detail: detail === undefined ? "" : language.say(detail),
  });
  switch (state.name) {
    case "connecting":
      return phrase("busy", "connecting");
    case "waiting":
      return phrase("waiting", "waiting", "waitingDetail");
    case "reconnecting":
      return state.whose === "publisher"
        ? phrase("busy", "interrupted", "interruptedDetail")
        : phrase("busy", "reconnecting", "reconnectingDetail");
    case "ended":
      return phrase("ended", "ended", "endedDetail");
    case "forbidden":
      return phrase("broken", "forbidden", "forbiddenDetail");
    case "unplayable":
      return { sign: "broken", ...cannotPlay(language, state.unsupported, state.unplayable) };
    default:
      return undefined;
  }
}

/** A text track's name for people: "CC1", "German", "CC1 (English)". */
export function textTrackName(
  language: Language,
  track: { readonly name: string; readonly language: string },
): string {
  return trackName(language, track) ?? language.say("text");
}

/** A track by its name and language; undefined where it has neither. */
export function trackName(
  language: Language,
  track: { readonly name: string; readonly language: string },
): string | undefined {
  const spoken = language.nameOf(track.language);
  if (track.name === "") return spoken;
  const isTold = spoken === undefined || track.name.toLowerCase().includes(spoken.toLowerCase());
  return isTold ? track.name : `${track.name} (${spoken})`;
}

/** How far behind the live edge somebody is, for screen readers: "1 minute 5 seconds behind live". */
export function behindLivePhrase(language: Language, ms: number): string {
  const time = language.span(ms);
  return time === "" ? language.say("live") : language.say("behindLive", { time });
}

/** Short notes beside a picture (or sound) that does play. */
export function notePhrases(
  language: Language,
  unsupported: readonly NamedTrack[],
  unplayable: readonly NamedUnplayable[],
): string[] {
  const notes = unsupported.map(({ mediaType, codec }) => {
    const note = mediaType === "audio" ? "noteSound" : "notePicture";
    return `${language.say(note, { codec: describeCodec(codec) })} ${language.say(cureOf(codec))}`;
  });
  for (const { mediaType, codecName } of unplayable) {
    const note = mediaType === "audio" ? "noteSoundNowhere" : "notePictureNowhere";
    notes.push(language.say(note, { codec: codecName }));
  }
  return notes;
}

function cannotPlay(
  language: Language,
  unsupported: readonly NamedTrack[],
  unplayable: readonly NamedUnplayable[],
): { title: string; detail: string } {
  const first = unsupported.find(({ mediaType }) => mediaType === "video") ?? unsupported[0];
  if (first !== undefined) {
    return {
      title: language.say("cannotPlay", { codec: describeCodec(first.codec) }),
      detail: language.say(cureOf(first.codec)),
    };
  }
  const names = language.list(unplayable.map(({ codecName }) => codecName));
  return {
    title: language.say("noBrowserPlays", { codec: names || language.say("thisBroadcast") }),
    detail: language.say("cureEncoder"),
  };
}

/** What would play it. */
function cureOf(codec: string): keyof ControlWords {
  switch (codecName(codec)) {
    case "HEVC":
      return "cureHevc";
    case "AV1":
      return "cureAv1";
    case "VP9":
    case "VP8":
      return "cureVp";
    case "H.264":
      return "cureAvc";
    case "AC-3":
    case "E-AC-3":
      return "cureAc3";
    case "MP3":
    case "Opus":
    case "FLAC":
    case "AAC":
      return "cureSound";
    default:
      return "cureOther";
  }
}
