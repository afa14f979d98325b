/** What players and pages are about, by the names people know; what the controls say: `web/controls/words`. */

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
  /** The server does not let this viewer in. */
  | { readonly name: "forbidden" }
  /** Nothing of the broadcast can be played here. */
  | {
      readonly name: "unplayable";
      readonly unsupported: readonly NamedTrack[];
      readonly unplayable: readonly NamedUnplayable[];
    };

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
