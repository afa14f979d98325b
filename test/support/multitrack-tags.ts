import type { Tag } from "./flv-file.ts";

/*
 * Multitrack messages in the layouts that no encoder at hand writes: marked as constructed wherever
 * they are used (Enhanced RTMP v2, "Enhanced Video", "Enhanced Audio", AvMultitrackType).
 */

/** AvMultitrackType. */
export const Layout = { OneTrack: 0, ManyTracks: 1, ManyTracksManyCodecs: 2 } as const;
export type Layout = (typeof Layout)[keyof typeof Layout];

/** What a tag of one track says, whatever form its header has. */
type Part = {
  readonly kind: "audio" | "video";
  readonly timestamp: number;
  /** Of pictures; 0 of sound. */
  readonly frameType: number;
  /** SequenceStart 0, CodedFrames 1, SequenceEnd 2. */
  readonly packetType: number;
  readonly fourCc: string;
  readonly trackId: number;
  readonly body: Uint8Array;
};

/**
 * Tags of real encoders, one list for each track, as one multitrack broadcast. What falls together in
 * time and kind, and may share a message in this layout, does so.
 *
 * @param tracks the first has track id 0
 */
export function multitrack(tracks: readonly (readonly Tag[])[], layout: Layout): Tag[] {
  const data = tracks[0]?.filter(({ kind }) => kind === "data") ?? [];
  const messages = new Map<string, Part[]>();
  for (const [trackId, tags] of tracks.entries()) {
    let nth = 0;
    for (const tag of tags) {
      const part = readPart(tag, trackId);
      if (part === undefined) continue;
      const { kind, timestamp, frameType, packetType, fourCc } = part;
      const shared: unknown[] = [kind, timestamp, frameType, packetType];
      if (layout === Layout.ManyTracks) shared.push(fourCc);
      if (layout === Layout.OneTrack) shared.push(trackId, nth);
      nth += 1;
      const key = shared.join(" ");
      const together = messages.get(key) ?? [];
      // The same track twice cannot be in one message.
      if (together.some((other) => other.trackId === trackId))
        messages.set(`${key} ${nth}`, [part]);
      else messages.set(key, [...together, part]);
    }
  }
  // Configurations have the time of the first frame, and come before it.
  const order = ([part]: readonly Part[]) =>
    (part?.timestamp ?? 0) - (part?.packetType === 0 ? 0.5 : 0);
  const sorted = [...messages.values()].sort((a, b) => order(a) - order(b));
  return [...data, ...sorted.map((parts) => write(parts, layout))];
}

/** @returns undefined for what is not of a track's own stream */
function readPart({ kind, timestamp, payload }: Tag, trackId: number): Part | undefined {
  const [first = 0, second = 0] = payload;
  const common = { timestamp, trackId };
  if (kind === "video" && (first & 0x80) === 0) {
    // Composition time belongs to a picture only.
    const body = payload.subarray(second === 0 ? 5 : 2);
    const avc = { kind, packetType: second, fourCc: "avc1", frameType: first >> 4 } as const;
    return (first & 15) === 7 && second < 2 ? { ...common, ...avc, body } : undefined;
  }
  if (kind === "audio" && first >> 4 === 10) {
    const aac = { kind, packetType: second, fourCc: "mp4a", frameType: 0 } as const;
    return { ...common, ...aac, body: payload.subarray(2) };
  }
  if (kind === "data" || (kind === "audio" && first >> 4 !== 9)) return undefined;
  const packetType = first & 15;
  if (packetType > 3) return undefined; // metadata, channel maps
  const fourCc = Buffer.from(payload.subarray(1, 5)).toString("latin1");
  const frameType = kind === "video" ? (first >> 4) & 7 : 0;
  const body = payload.subarray(5);
  // CodedFramesX is CodedFrames whose composition time is 0: so it can share a message with others.
  if (packetType === 3) {
    const timed = Uint8Array.of(0, 0, 0, ...body);
    return { ...common, kind, packetType: 1, fourCc, frameType, body: timed };
  }
  return { ...common, kind, packetType, fourCc, frameType, body };
}

function write(parts: readonly Part[], layout: Layout): Tag {
  const [first] = parts;
  if (first === undefined) throw new Error("A message needs a track");
  const { kind, timestamp, frameType, packetType, fourCc } = first;
  const head = kind === "video" ? 0x80 | (frameType << 4) | 6 : 0x95;
  const pieces: Uint8Array[] = [Uint8Array.of(head, (layout << 4) | packetType)];
  if (layout !== Layout.ManyTracksManyCodecs) pieces.push(Buffer.from(fourCc, "latin1"));
  for (const { fourCc: own, trackId, body } of parts) {
    if (layout === Layout.ManyTracksManyCodecs) pieces.push(Buffer.from(own, "latin1"));
    pieces.push(Uint8Array.of(trackId));
    const { length } = body;
    if (layout !== Layout.OneTrack) pieces.push(Uint8Array.of(length >> 16, length >> 8, length));
    pieces.push(body);
  }
  return { kind, timestamp, payload: Uint8Array.from(Buffer.concat(pieces)) };
}
