/** All that the player says to people, in one place. */

/** A track as far as words need it. */
export type NamedTrack = { readonly mediaType: "video" | "audio"; readonly codec: string };

/** A track of a codec that no browser plays. */
export type NamedUnplayable = {
  readonly mediaType: "video" | "audio";
  readonly codecName: string;
};

/** Where the player stands, as people may know it. */
export type PlayerState =
  /** It is on air, and nobody asked to see it yet. */
  | { readonly name: "idle" }
  | { readonly name: "connecting" }
  | { readonly name: "waiting" }
  | { readonly name: "live" }
  /** Whose line was lost: the publisher's, or ours. */
  | { readonly name: "reconnecting"; readonly whose: "publisher" | "viewer" }
  | { readonly name: "ended" }
  /** Nothing of the broadcast can be played here. */
  | {
      readonly name: "unplayable";
      readonly unsupported: readonly NamedTrack[];
      readonly unplayable: readonly NamedUnplayable[];
    };

/** What the overlay says: a title, and a sentence more where it helps. */
export type Words = { readonly title: string; readonly detail: string };

/** @returns undefined where the picture speaks for itself */
export function wordsFor(state: PlayerState): Words | undefined {
  switch (state.name) {
    case "connecting":
      return { title: "Connecting…", detail: "" };
    case "waiting":
      return {
        title: "Waiting for the broadcast",
        detail: "It starts here by itself as soon as it is on air.",
      };
    case "idle":
    case "live":
      return undefined;
    case "reconnecting":
      return state.whose === "publisher"
        ? { title: "The broadcast was interrupted", detail: "Waiting for the encoder to return." }
        : { title: "Reconnecting…", detail: "The connection to the server was lost." };
    case "ended":
      return {
        title: "The broadcast has ended",
        detail: "If it comes back, it goes on here by itself.",
      };
    case "unplayable":
      return cannotPlay(state.unsupported, state.unplayable);
  }
}

/** A text track's name for people: "CC1", "German", "CC1 (English)". */
export function textTrackWords({ name, language }: { name: string; language: string }): string {
  const spoken = languageName(language);
  if (name === "") return spoken ?? "Text";
  const isTold = spoken === undefined || name.toLowerCase().includes(spoken.toLowerCase());
  return isTold ? name : `${name} (${spoken})`;
}

/** @returns undefined where it is not known */
function languageName(language: string): string | undefined {
  if (language === "" || language === "und") return undefined;
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(language);
  } catch {
    return undefined;
  }
}

/** How far behind the live edge somebody is, for screen readers: "1 minute 5 seconds behind live". */
export function behindLiveWords(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1_000));
  if (whole === 0) return "Live";
  const parts: string[] = [];
  for (const [count, unit] of [
    [Math.floor(whole / 3_600), "hour"],
    [Math.floor(whole / 60) % 60, "minute"],
    [whole % 60, "second"],
  ] as const) {
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return `${parts.join(" ")} behind live`;
}

/** Short notes beside a picture (or sound) that does play. */
export function notesFor(
  unsupported: readonly NamedTrack[],
  unplayable: readonly NamedUnplayable[],
): string[] {
  const notes = unsupported.map(({ mediaType, codec }) => {
    const what = mediaType === "audio" ? "sound" : "picture";
    return `This browser cannot play the ${what}: it is ${describeCodec(codec)}. ${cure(codec)}`;
  });
  for (const { mediaType, codecName } of unplayable) {
    const what = mediaType === "audio" ? "sound" : "picture";
    notes.push(`This broadcast's ${what} is ${codecName}, which no browser plays.`);
  }
  return notes;
}

function cannotPlay(
  unsupported: readonly NamedTrack[],
  unplayable: readonly NamedUnplayable[],
): Words {
  const first = unsupported.find(({ mediaType }) => mediaType === "video") ?? unsupported[0];
  if (first !== undefined) {
    return {
      title: `This browser cannot play ${describeCodec(first.codec)}`,
      detail: cure(first.codec),
    };
  }
  const names = unplayable.map(({ codecName }) => codecName).join(" and ");
  return {
    title: `No browser can play ${names || "this broadcast"}`,
    detail: "Set the encoder to H.264 and AAC.",
  };
}

/** Why there is no still of a stream on the dashboard; empty where one is on its way. */
export function noPosterWords(
  { tracks, unplayable }: { tracks: readonly NamedTrack[]; unplayable: readonly NamedUnplayable[] },
  isShowable: (track: NamedTrack) => boolean,
): string {
  const pictures = tracks.filter(({ mediaType }) => mediaType === "video");
  const [first] = pictures;
  if (first !== undefined) {
    return pictures.some(isShowable) ? "" : `${codecName(first.codec)}: no preview in this browser`;
  }
  const dark = unplayable.find(({ mediaType }) => mediaType === "video");
  if (dark !== undefined) return `${dark.codecName}: no browser shows it`;
  return tracks.length > 0 ? "Sound only" : "";
}

/** "HEVC (hvc1.1.6.L93.B0)" */
export function describeCodec(codec: string): string {
  const name = codecName(codec);
  return name === codec ? codec : `${name} (${codec})`;
}

const NAMES: readonly (readonly [prefix: string, name: string])[] = [
  ["avc", "H.264"],
  ["hvc", "HEVC"],
  ["hev", "HEVC"],
  ["av01", "AV1"],
  ["vp09", "VP9"],
  ["vp08", "VP8"],
  ["vvc1", "H.266"],
  ["mp4a.40.34", "MP3"],
  ["mp4a.6b", "MP3"],
  ["mp4a.69", "MP3"],
  ["mp4a", "AAC"],
  ["mp3", "MP3"],
  ["opus", "Opus"],
  ["flac", "FLAC"],
  ["ac-3", "AC-3"],
  ["ec-3", "E-AC-3"],
];

/** The name people know: "H.264" for `avc1.64001f`; the codec string itself where there is none. */
export function codecName(codec: string): string {
  const lower = codec.toLowerCase();
  return NAMES.find(([prefix]) => lower.startsWith(prefix))?.[1] ?? codec;
}

function cure(codec: string): string {
  switch (codecName(codec)) {
    case "HEVC":
      return "Safari and Firefox play it, Chrome and Edge where the graphics card decodes it. H.264 plays everywhere.";
    case "AV1":
      return "Current Chrome, Edge and Firefox play it. H.264 plays everywhere.";
    case "VP9":
    case "VP8":
      return "Chrome, Edge and Firefox play it. H.264 plays everywhere.";
    case "H.264":
      return "Its profile is not supported here: encode with profile High, 4:2:0 and 8 bits.";
    case "AC-3":
    case "E-AC-3":
      return "Safari plays it. AAC plays everywhere.";
    case "MP3":
    case "Opus":
    case "FLAC":
    case "AAC":
      return "AAC (LC) plays everywhere.";
    default:
      return "H.264 and AAC play everywhere.";
  }
}
