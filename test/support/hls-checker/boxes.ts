/** A box: its type and what lies behind its header. */
export type Box = { readonly type: string; readonly body: Uint8Array };

/** Reads the boxes that fill `bytes`. @throws Error where they do not */
export function readBoxes(bytes: Uint8Array): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length)
      throw new Error(`${bytes.length - at} bytes where a box should begin`);
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString("latin1");
    const short = view.getUint32(at);
    const header = short === 1 ? 16 : 8;
    if (at + header > bytes.length) throw new Error(`Box ${type} is cut`);
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (size < header || at + size > bytes.length)
      throw new Error(`Box ${type} has a size of ${size}`);
    boxes.push({ type, body: bytes.subarray(at + header, at + size) });
    at += size;
  }
  return boxes;
}

/** The first box at a path of types through plain containers: `moov/trak`. */
export function boxAt(boxes: readonly Box[], path: string): Box | undefined {
  const [type, ...rest] = path.split("/");
  const box = boxes.find((candidate) => candidate.type === type);
  if (box === undefined || rest.length === 0) return box;
  return boxAt(readBoxes(box.body), rest.join("/"));
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
