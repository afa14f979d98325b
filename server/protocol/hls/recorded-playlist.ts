/** A segment of a recording: bytes of a file that all of its track's segments lie in. */
export type RecordedSegment = {
  /** Seconds. */
  readonly duration: number;
  readonly offset: number;
  readonly length: number;
  /** It begins with a sync sample. */
  readonly isIndependent: boolean;
};

/** What a recorded track's media playlist is made of. */
export type RecordedPlaylist = {
  /** Whole seconds. */
  readonly targetDuration: number;
  /** Nothing will be added. */
  readonly isOver: boolean;
  /** Wall clock of the recording's first moment, ms since 1970, where known. */
  readonly begins: number | undefined;
  /** The file, relative to the playlist. */
  readonly uri: string;
  /** Bytes of the init segment, with which the file begins; 0: it needs none. */
  readonly initLength: number;
  readonly segments: readonly RecordedSegment[];
};

/**
 * The media playlist of one track of a recording (RFC 8216bis §4.4.3.5): an EVENT while it grows, which
 * is only added to, VOD when it is complete. Segments and init segment are byte ranges of one file.
 *
 * EXT-X-INDEPENDENT-SEGMENTS is claimed when it is known of all segments.
 */
export function recordedPlaylist(playlist: RecordedPlaylist): string {
  const { segments, isOver, begins, uri, initLength } = playlist;
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:6", // EXT-X-MAP without I-frames only
    `#EXT-X-TARGETDURATION:${playlist.targetDuration}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${isOver ? "VOD" : "EVENT"}`,
  ];
  if (isOver && segments.every(({ isIndependent }) => isIndependent)) {
    lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  }
  if (initLength > 0) lines.push(`#EXT-X-MAP:URI="${uri}",BYTERANGE="${initLength}@0"`);
  if (begins !== undefined) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(begins)).toISOString()}`);
  }
  for (const { duration, offset, length } of segments) {
    lines.push(`#EXTINF:${duration.toFixed(5)},`, `#EXT-X-BYTERANGE:${length}@${offset}`, uri);
  }
  if (isOver) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}
