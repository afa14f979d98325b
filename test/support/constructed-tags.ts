import type { Tag } from "./flv-file.ts";

/*
 * Tags that no encoder at hand sends: marked as constructed wherever they are used. They are right
 * in their headers (Video File Format 10.1, §E.4; Enhanced RTMP v2); what follows is noise where no
 * browser would play it anyway.
 */

/** Codecs of classic FLV that are announced by name and not played. */
export type ConstructedCodec =
  | "Speex"
  | "Nellymoser"
  | "Nellymoser 8 kHz"
  | "Nellymoser 16 kHz"
  | "G.711 A-law"
  | "G.711 mu-law"
  | "PCM"
  | "PCM little-endian"
  | "ADPCM"
  | "Sorenson H.263"
  | "Screen video"
  | "VP6"
  | "VP6 with alpha";

/** First byte of an audio tag: format, then rate, size and channels; and how much comes how often. */
const AUDIO: Partial<Record<ConstructedCodec, { byte: number; length: number; every: number }>> = {
  Speex: { byte: 0xb2, length: 70, every: 20 },
  Nellymoser: { byte: 0x66, length: 64, every: 12 },
  "Nellymoser 8 kHz": { byte: 0x52, length: 64, every: 32 },
  "Nellymoser 16 kHz": { byte: 0x42, length: 64, every: 16 },
  "G.711 A-law": { byte: 0x72, length: 160, every: 20 },
  "G.711 mu-law": { byte: 0x82, length: 160, every: 20 },
  PCM: { byte: 0x0e, length: 1764, every: 20 },
  "PCM little-endian": { byte: 0x3e, length: 1764, every: 20 },
  ADPCM: { byte: 0x1e, length: 512, every: 46 },
};

/** Codec id of a video tag, and what lies between it and the data. */
const VIDEO: Partial<Record<ConstructedCodec, { id: number; prefix: readonly number[] }>> = {
  "Sorenson H.263": { id: 2, prefix: [] },
  "Screen video": { id: 3, prefix: [] },
  VP6: { id: 4, prefix: [0x00] },
  "VP6 with alpha": { id: 5, prefix: [0x00, 0, 0, 40] },
};

/** Tags of a codec, from 0 ms on; a key frame each second, 25 pictures a second. */
export function constructedTags(codec: ConstructedCodec, seconds: number): Tag[] {
  const audio = AUDIO[codec];
  const video = VIDEO[codec];
  const every = audio?.every ?? 40;
  return Array.from({ length: Math.floor((seconds * 1000) / every) }, (_, index): Tag => {
    const timestamp = index * every;
    if (audio !== undefined) {
      const payload = Uint8Array.of(audio.byte, ...noise(audio.length, index));
      return { kind: "audio", timestamp, payload };
    }
    const frameType = index % 25 === 0 ? 1 : 2;
    const head = [(frameType << 4) | (video?.id ?? 0), ...(video?.prefix ?? [])];
    return { kind: "video", timestamp, payload: Uint8Array.of(...head, ...noise(400, index)) };
  });
}

/** Sound and pictures in one broadcast, in the order of their times. */
export const interleave = (...lists: readonly (readonly Tag[])[]): Tag[] =>
  lists.flat().sort((a, b) => a.timestamp - b.timestamp);

/**
 * Classic H.264, AAC and MP3 tags of a real encoder, rewritten with Enhanced RTMP's headers by
 * FourCC on a single track, which encoders do only from the second track on.
 */
export function byFourCc(tags: readonly Tag[]): Tag[] {
  let mp3Began = false;
  return tags.flatMap((tag): Tag[] => {
    const [first = 0, second = 0] = tag.payload;
    if (tag.kind === "video" && (first & 0x0f) === 7) {
      const frameType = first & 0x70;
      const body = tag.payload.subarray(second === 1 ? 2 : 5);
      return [withHead(tag, [0x80 | frameType | second, ...ascii("avc1")], body)];
    }
    if (tag.kind === "audio" && first >> 4 === 10) {
      return [withHead(tag, [0x90 | second, ...ascii("mp4a")], tag.payload.subarray(2))];
    }
    if (tag.kind === "audio" && first >> 4 === 2) {
      const frame = withHead(tag, [0x91, ...ascii(".mp3")], tag.payload.subarray(1));
      if (mp3Began) return [frame];
      mp3Began = true;
      return [withHead(tag, [0x90, ...ascii(".mp3")], new Uint8Array(0)), frame];
    }
    return [tag];
  });
}

/**
 * Classic H.264 and AAC tags of a real encoder as a further track of a multitrack broadcast: one
 * track a message (Enhanced RTMP v2, "Enhanced Video", "Enhanced Audio"; AvMultitrackType OneTrack).
 */
export function onTrack(tags: readonly Tag[], trackId: number): Tag[] {
  return tags.flatMap((tag): Tag[] => {
    const [first = 0, packetType = 0] = tag.payload;
    if (tag.kind === "video" && (first & 0x0f) === 7) {
      const head = [0x80 | (first & 0x70) | 6, packetType, ...ascii("avc1"), trackId];
      return [withHead(tag, head, tag.payload.subarray(packetType === 1 ? 2 : 5))];
    }
    if (tag.kind === "audio" && first >> 4 === 10) {
      const head = [0x95, packetType, ...ascii("mp4a"), trackId];
      return [withHead(tag, head, tag.payload.subarray(2))];
    }
    return [];
  });
}

/** Pictures of VP8 out of an IVF file, which FFmpeg puts into no FLV. */
export function vp8Tags(ivf: Buffer, frameRate: number): Tag[] {
  const record = [0, 30, 0x82, 2, 2, 2, 0, 0]; // vpcC without version: level 3, 4:2:0, no colours
  const tags: Tag[] = [
    { kind: "video", timestamp: 0, payload: Uint8Array.of(0x90, ...ascii("vp08"), ...record) },
  ];
  for (let at = 32; at + 12 <= ivf.length; ) {
    const length = ivf.readUInt32LE(at);
    const data = ivf.subarray(at + 12, at + 12 + length);
    const timestamp = Math.round((ivf.readUInt32LE(at + 4) * 1000) / frameRate);
    const head = [((data[0] ?? 1) & 1) === 0 ? 0x91 : 0xa1, ...ascii("vp08")];
    tags.push(withHead({ kind: "video", timestamp, payload: data }, head, data));
    at += 12 + length;
  }
  return tags;
}

/** H.264 tags with a NAL unit behind each key frame: what an encoder says of itself. */
export const withUnits = (
  tags: readonly Tag[],
  unitsOf: (key: number) => readonly Uint8Array[],
) => {
  let key = 0;
  return tags.map((tag): Tag => {
    const [first = 0, second = 0] = tag.payload;
    if (tag.kind !== "video" || first !== 0x17 || second !== 1) return tag;
    const units = unitsOf(key).flatMap((unit) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(unit.length);
      return [length, unit];
    });
    key += 1;
    return { ...tag, payload: Uint8Array.from(Buffer.concat([tag.payload, ...units])) };
  });
};

/** Enhanced HEVC tags of a real encoder under codec id 12, as IP cameras and older SDKs send them. */
export function asHevcUnderCodecId12(tags: readonly Tag[]): Tag[] {
  return tags.flatMap((tag): Tag[] => {
    const [first = 0] = tag.payload;
    if (tag.kind !== "video" || (first & 0x80) === 0) return [tag];
    const head = (first & 0x70) | 12;
    const body = tag.payload.subarray(5);
    switch (first & 0x0f) {
      case 0:
        return [withHead(tag, [head, 0, 0, 0, 0], body)];
      case 1:
        return [withHead(tag, [head, 1], body)];
      case 2:
        return [withHead(tag, [head, 2, 0, 0, 0], body)];
      case 3:
        return [withHead(tag, [head, 1, 0, 0, 0], body)];
      default:
        return []; // Metadata has no classic form
    }
  });
}

const ascii = (text: string): number[] => [...Buffer.from(text, "latin1")];

function withHead(tag: Tag, head: readonly number[], body: Uint8Array): Tag {
  const payload = new Uint8Array(head.length + body.length);
  payload.set(head);
  payload.set(body, head.length);
  return { ...tag, payload };
}

/** Bytes that look like nothing, the same in every run. */
function noise(length: number, seed: number): Uint8Array {
  let state = (seed + 1) * 2_654_435_761;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
