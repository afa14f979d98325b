import { type Bytes, type OwnBytes, utf8 } from "../bytes/bytes.ts";

/** What stands for each byte of a secret. */
export const FILLER = "x";

const FILLER_BYTE = 0x78;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const QUESTION = 0x3f;
const SLASH = 0x2f;

/** A text and what stands for it, both in UTF-8 and of one length; and what was taken out. */
export type Masked = {
  readonly original: Bytes;
  readonly masked: OwnBytes;
  readonly secrets: readonly Bytes[];
};

/** Which part of a path is kept: all of it, only its first part (an application), or none of it. */
export type KeptPath = "all" | "first" | "none";

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/([^/?@]*@)?[^/?]*\/?/i;
const FILE_PREFIX = /^(?:flv|mp4|f4v|mp3):/;

/**
 * A stream name, application or URL without its secrets: what stands before `@` in a URL, values of
 * the query, and the parts of the path that are not kept. Slashes, `?`, `&` and the names of
 * parameters stay, so that one sees what it was.
 */
export function masked(text: string, kept: KeptPath): Masked {
  const original = utf8(text);
  const result = original.slice();
  const secrets: Bytes[] = [];
  const take = (from: number, to: number): void => {
    if (from >= to) return;
    secrets.push(original.slice(from, to));
    result.fill(FILLER_BYTE, from, to);
  };
  const origin = ORIGIN.exec(text);
  const originLength = utf8(origin?.[0] ?? FILE_PREFIX.exec(text)?.[0] ?? "").length;
  const login = origin?.[1];
  if (login !== undefined) {
    const from = (origin?.[0] ?? "").indexOf(login);
    take(from, from + utf8(login).length - 1);
  }
  const question = original.indexOf(QUESTION, originLength);
  const pathEnd = question === -1 ? original.length : question;
  if (kept !== "all") {
    // An empty part (a slash in front) is no first part.
    let isFirst = kept === "first";
    for (const { from, to } of parts(original, SLASH, originLength, pathEnd)) {
      if (isFirst && to > from) isFirst = false;
      else take(from, to);
    }
  }
  for (const { from, to } of parts(original, AMPERSAND, pathEnd + 1, original.length)) {
    const equals = original.subarray(0, to).indexOf(EQUALS, from);
    take(equals === -1 ? from : equals + 1, to);
  }
  return { original, masked: result, secrets };
}

/** All of a text taken out. */
export const maskedWhole = (text: string): Masked => maskedBytes(utf8(text));

/** All of some bytes taken out: a copy of them is kept. */
export function maskedBytes(bytes: Bytes): Masked {
  const original = new Uint8Array(bytes);
  const filler = new Uint8Array(original.length).fill(FILLER_BYTE);
  return { original, masked: filler, secrets: original.length === 0 ? [] : [original] };
}

function* parts(
  bytes: Bytes,
  separator: number,
  start: number,
  end: number,
): Generator<{ from: number; to: number }> {
  for (let from = start; from <= end && from < bytes.length; ) {
    const found = bytes.subarray(0, end).indexOf(separator, from);
    const to = found === -1 ? end : found;
    yield { from, to };
    from = to + 1;
  }
}
