/** Whether the browser can decode that. */
export type Decodes = (track: {
  readonly mediaType: "video" | "audio";
  readonly codec: string;
}) => boolean;

/** A variant of a multivariant playlist: a picture with a group of sounds, or a sound alone. */
type Variant = {
  /** EXT-X-STREAM-INF */
  readonly line: string;
  readonly uri: string;
  readonly video: readonly string[];
  readonly audio: readonly string[];
  readonly group: string | undefined;
};

/**
 * Leaves in a multivariant playlist what the browser can play. hls.js takes a variant whole or not at
 * all: for a sound that it does not know, the picture would be lost as well, and the other way round.
 *
 * @param text as the server writes it
 * @returns where nothing can be played, what there was
 */
export function playableListing(text: string, decodes: Decodes): string {
  const lines = text.split("\n");
  const variants = variantsIn(lines);
  const isSeen = ({ video }: Variant) =>
    video.every((codec) => decodes({ mediaType: "video", codec }));
  const isHeard = ({ audio }: Variant) =>
    audio.every((codec) => decodes({ mediaType: "audio", codec }));
  const seen = variants.filter((variant) => variant.video.length > 0 && isSeen(variant));
  const heard = variants.filter((variant) => variant.audio.length > 0 && isHeard(variant));
  const whole = variants.filter((variant) => isSeen(variant) && isHeard(variant));
  const kept = [
    ...whole.map(({ line, uri }) => [named(line), uri]),
    ...without(whole, seen, ({ uri }) => uri).map(silent),
    ...(whole.length + seen.length > 0 ? [] : dark(heard, lines)),
  ].flat();
  if (kept.length === 0) return text;
  const listed = new Set(variants.flatMap(({ line, uri }) => [line, uri]));
  // hls.js waits for a sound that is there, though no picture goes with it.
  const groups = new Set(kept.map(groupOf));
  const others = lines.filter(
    (line) => line !== "" && !listed.has(line) && (!isSound(line) || groups.has(ownGroupOf(line))),
  );
  return [...others, ...kept, ""].join("\n");
}

/** Which tracks of which codecs are listed: two playlists that differ in it play differently. */
export function signatureOf(text: string): string {
  const lines = text.split("\n");
  const variants = variantsIn(lines).map(({ uri, video, audio }) =>
    [uri, ...[...video, ...audio].map((codec) => codec.split(".")[0]).sort()].join(" "),
  );
  const sounds = lines.flatMap((line) => (isSound(line) ? (uriOf(line) ?? []) : []));
  return [...variants, ...sounds].sort().join("\n");
}

function variantsIn(lines: readonly string[]): Variant[] {
  return lines.flatMap((line, index) => {
    const uri = lines[index + 1];
    if (!line.startsWith("#EXT-X-STREAM-INF:") || uri === undefined) return [];
    const codecs = (/,CODECS="([^"]*)"/.exec(line)?.[1] ?? "").split(",").filter(Boolean);
    return {
      ...{ line, uri, group: groupOf(line) },
      video: codecs.filter(isVideo),
      audio: codecs.filter((codec) => !isVideo(codec)),
    };
  });
}

/** What playlists call MP3. */
const MP3 = "mp4a.40.34";

const isVideo = (codec: string): boolean => /^(avc|hvc|hev|dvh|vvc|av01|vp0)/.test(codec);
const isSound = (line: string): boolean =>
  line.startsWith("#EXT-X-MEDIA:") && line.includes("TYPE=AUDIO");
const groupOf = (line: string): string | undefined => /,AUDIO="([^"]*)"/.exec(line)?.[1];
const ownGroupOf = (line: string): string | undefined => /,GROUP-ID="([^"]*)"/.exec(line)?.[1];
const uriOf = (line: string): string | undefined => /,URI="([^"]*)"/.exec(line)?.[1];

/** Of the others, one for each `key` that `those` do not have. */
function without<One>(
  those: readonly One[],
  others: readonly One[],
  key: (one: One) => string | undefined,
): readonly One[] {
  const had = new Set(those.map(key));
  return others.filter((one) => !had.has(key(one)) && had.add(key(one)));
}

/** MP3 has a name in playlists that browsers do not know: by it, hls.js leaves a group of sounds out. */
const named = (line: string): string => withCodecs(line, (codec) => codec !== MP3);

const silent = ({ line, uri }: Variant): string[] => [
  withCodecs(line, isVideo).replace(/,AUDIO="[^"]*"/, ""),
  uri,
];

/** The sounds of each group: the first of them is a variant. */
function dark(heard: readonly Variant[], lines: readonly string[]): string[][] {
  return without([], heard, ({ group }) => group).flatMap(({ line, audio, group }) => {
    const [uri, another] = lines.flatMap((media) =>
      isSound(media) && ownGroupOf(media) === group ? (uriOf(media) ?? []) : [],
    );
    if (uri === undefined) return [];
    const heardOnly = withCodecs(line, (codec) => !isVideo(codec)).replace(OF_PICTURES, "");
    const isChoice = another !== undefined && !audio.includes(MP3);
    return [[isChoice ? heardOnly : heardOnly.replace(/,AUDIO="[^"]*"/, ""), uri]];
  });
}

const OF_PICTURES = /,(RESOLUTION|FRAME-RATE|VIDEO-RANGE|CLOSED-CAPTIONS)=("[^"]*"|[^,]*)/g;

function withCodecs(line: string, isKept: (codec: string) => boolean): string {
  return line.replace(/,CODECS="([^"]*)"/, (_all, codecs: string) => {
    const kept = codecs.split(",").filter(isKept);
    return kept.length === 0 ? "" : `,CODECS="${kept.join(",")}"`;
  });
}
