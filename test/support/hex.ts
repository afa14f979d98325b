import type { Bytes, OwnBytes } from "../../server/protocol/bytes/bytes.ts";

/**
 * Bytes from hexadecimal digits: white space and `//` comments are skipped, and an interpolated
 * `Bytes` stands for itself.
 */
export function hex(texts: TemplateStringsArray, ...values: readonly Bytes[]): OwnBytes {
  const out: number[] = [];
  for (const [index, text] of texts.entries()) {
    const digits = text.replaceAll(/\/\/.*$/gm, "").replaceAll(/\s/g, "");
    if (digits.length % 2 === 1 || /[^0-9a-f]/i.test(digits)) {
      throw new Error(`Cannot read hexadecimal digits: ${digits}`);
    }
    for (let at = 0; at < digits.length; at += 2)
      out.push(Number.parseInt(digits.slice(at, at + 2), 16));
    out.push(...(values[index] ?? []));
  }
  return Uint8Array.from(out);
}

/** Cuts bytes into pieces of at most `size`, as a socket might. */
export function cut(bytes: Bytes, size: number): Bytes[] {
  const pieces: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
