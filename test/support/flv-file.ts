import { readFileSync, writeFileSync } from "node:fs";

/** A tag of an FLV file, which RTMP carries as one message. */
export type Tag = {
  readonly kind: "audio" | "video" | "data";
  /** ms, 32 bits. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
};

const KINDS = new Map([
  [8, "audio"],
  [9, "video"],
  [18, "data"],
] as const);

/** Reads the tags of a file that an encoder wrote (Video File Format 10.1, §E.4.1). */
export function readFlvFile(path: string): Tag[] {
  const file = readFileSync(path);
  if (file.toString("latin1", 0, 3) !== "FLV") throw new Error(`${path} is no FLV file`);
  const tags: Tag[] = [];
  for (let at = file.readUInt32BE(5) + 4; at + 11 <= file.length; ) {
    const kind = KINDS.get(file.readUInt8(at) as 8 | 9 | 18);
    const length = file.readUIntBE(at + 1, 3);
    const timestamp = file.readUInt8(at + 7) * 2 ** 24 + file.readUIntBE(at + 4, 3);
    const payload = Uint8Array.from(file.subarray(at + 11, at + 11 + length));
    if (kind !== undefined) tags.push({ kind, timestamp, payload });
    at += 11 + length + 4;
  }
  return tags;
}

/** Writes tags as a file, for clients that publish files. */
export function writeFlvFile(path: string, tags: readonly Tag[]): void {
  const pieces: Buffer[] = [Buffer.from("464c5601050000000900000000", "hex")];
  for (const { kind, timestamp, payload } of tags) {
    const header = Buffer.alloc(11);
    header.writeUInt8({ audio: 8, video: 9, data: 18 }[kind]);
    header.writeUIntBE(payload.length, 1, 3);
    header.writeUIntBE(timestamp % 2 ** 24, 4, 3);
    header.writeUInt8(Math.floor(timestamp / 2 ** 24), 7);
    const previousTagSize = Buffer.alloc(4);
    previousTagSize.writeUInt32BE(11 + payload.length);
    pieces.push(header, Buffer.from(payload), previousTagSize);
  }
  writeFileSync(path, Buffer.concat(pieces));
}

/** The same tags at other times, on RTMP's clock of 32 bits: so that they cross its end. */
export const shiftTags = (tags: readonly Tag[], ms: number): Tag[] =>
  tags.map((tag) => ({
    ...tag,
    timestamp: (((tag.timestamp + ms) % 2 ** 32) + 2 ** 32) % 2 ** 32,
  }));
