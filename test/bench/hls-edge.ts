/** The end of a media playlist, as a player in low latency needs it. */
export type Edge = {
  /** What to ask for next: `_HLS_msn` and `_HLS_part`. */
  readonly msn: number;
  readonly part: number;
  /** All parts that are listed, in order. */
  readonly parts: readonly string[];
  /** Of the newest segment. */
  readonly map: string | undefined;
  /** Both in s. */
  readonly partTarget: number;
  readonly targetDuration: number;
};

/** Reads a media playlist that is whole (no delta update). */
export function readEdge(text: string): Edge {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  let msn = number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/);
  let part = 0;
  let map: string | undefined;
  const parts: string[] = [];
  for (const line of text.split("\n")) {
    const uri = /URI="([^"]*)"/.exec(line)?.[1] ?? "";
    if (line.startsWith("#EXT-X-PART:")) {
      parts.push(uri);
      part += 1;
    } else if (line.startsWith("#EXT-X-MAP:")) {
      map = uri;
    } else if (line !== "" && !line.startsWith("#")) {
      msn += 1;
      part = 0;
    }
  }
  return {
    ...{ msn, part, parts, map },
    partTarget: number(/PART-TARGET=([\d.]+)/),
    targetDuration: number(/#EXT-X-TARGETDURATION:(\d+)/),
  };
}

/** The playlist that has more than this. */
export const following = (playlist: string, { msn, part }: Pick<Edge, "msn" | "part">): string =>
  `${playlist}?_HLS_msn=${msn}&_HLS_part=${part}`;
