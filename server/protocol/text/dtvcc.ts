import { type Bytes, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";

/** What one service is sent in one packet; a view that holds until the next pair. */
export type ServiceBlock = { readonly service: number; readonly data: Bytes };

/** Bytes of the longest packet. */
const LONGEST_PACKET = 128;
/** A standard service number that says that an extended one follows. */
const EXTENDED = 7;
const MOST_SERVICES = 63;

/**
 * Puts the caption channel packets of DTVCC together (CTA-708 §5, §6):
 *
 *     sequence number u2 | size code u6 | service blocks: service u3, size u5, [00, service u6,] data
 *
 * A packet is taken apart as soon as its last byte is there. One that ends early, because the next
 * one begins, gives the blocks that are whole.
 */
export class DtvccAssembler {
  readonly #packet: OwnBytes = new Uint8Array(LONGEST_PACKET);
  #length = 0;
  /** 0: between packets. */
  #size = 0;

  /** Takes one pair. @param isStart it begins a packet @returns blocks that became complete */
  push(first: number, second: number, isStart: boolean): readonly ServiceBlock[] {
    let unfinished: readonly ServiceBlock[] = NOTHING;
    if (isStart) {
      // The views in it are read before the packet is written to: it is given back as a copy.
      if (this.#size > 0) unfinished = serviceBlocks(this.#packet.slice(1, this.#length));
      const sizeCode = first & 63;
      this.#size = sizeCode === 0 ? LONGEST_PACKET : sizeCode * 2;
      this.#length = 0;
    }
    if (this.#size === 0) return unfinished;
    this.#packet[this.#length] = first;
    this.#packet[this.#length + 1] = second;
    this.#length += 2;
    if (this.#length < this.#size) return unfinished;
    this.#size = 0;
    const complete = serviceBlocks(this.#packet.subarray(1, this.#length));
    return unfinished.length === 0 ? complete : [...unfinished, ...complete];
  }

  /** What follows is another broadcast's. */
  reset(): void {
    this.#size = 0;
  }
}

const NOTHING: readonly ServiceBlock[] = [];

function serviceBlocks(bytes: Bytes): ServiceBlock[] {
  const blocks: ServiceBlock[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const head = bytes[offset] ?? 0;
    offset += 1;
    const size = head & 31;
    let service = head >> 5;
    if (service === EXTENDED && size > 0) {
      service = (bytes[offset] ?? 0) & MOST_SERVICES;
      offset += 1;
    }
    if (service === 0 || offset + size > bytes.length) break; // the null block ends a packet
    const data = size === 0 ? NO_BYTES : bytes.subarray(offset, offset + size);
    if (size > 0) blocks.push({ service, data });
    offset += size;
  }
  return blocks;
}
