import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The secret of this server, and where it lies. */
export type PublishKey = { readonly key: string; readonly file: string };

/** The key's file cannot be used: one line for people; the start ends here. */
export class PublishKeyError extends Error {
  override readonly name = "PublishKeyError";
}

const FILE_NAME = "publish.key";
const RANDOM_BYTES = 24;
/** People may write a key of their own into the file, but not a guessable one, or a novel. */
const SHORTEST = 16;
const LONGEST = 256;

/**
 * Reads the server-wide publish key, or makes one on the first start, for its owner's eyes only.
 *
 * @param dataDir made where it is missing
 * @throws PublishKeyError where folder or file cannot be read or written, or holds no good key
 */
export function loadPublishKey(dataDir: string): PublishKey {
  const file = join(resolve(dataDir), FILE_NAME);
  try {
    makeFolder(resolve(dataDir));
  } catch (error) {
    throw new PublishKeyError(`--data-dir: cannot make ${resolve(dataDir)} (${reason(error)})`);
  }
  return { key: read(file) ?? generate(file), file };
}

/** Not by Node's `recursive`, which never returns where the system says ENOENT to the last step. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
}

function read(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw new PublishKeyError(`--data-dir: cannot read ${file} (${reason(error)})`);
  }
  const key = text.trim();
  if (key.length < SHORTEST || key.length > LONGEST || !/^[\w.~-]+$/.test(key)) {
    throw new PublishKeyError(
      `--data-dir: ${file} holds no publish key: ${SHORTEST} to ${LONGEST} of A-Z a-z 0-9 - _ . ~ are allowed; remove the file and a new one is made`,
    );
  }
  return key;
}

function generate(file: string): string {
  const key = randomBytes(RANDOM_BYTES).toString("base64url");
  try {
    // "wx": two servers that start at once must not end up with a key each.
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx" });
    return key;
  } catch (error) {
    const other = isCode(error, "EEXIST") ? read(file) : undefined;
    if (other !== undefined) return other;
    throw new PublishKeyError(`--data-dir: cannot write ${file} (${reason(error)})`);
  }
}

/**
 * Whether the key that somebody showed is the server's. Takes as long whatever is wrong with it,
 * its length included.
 */
export const isPublishKey = (shown: string, key: string): boolean =>
  timingSafeEqual(digest(shown), digest(key));

/** Names a key in logs and comparisons without giving it away. */
export const keyIdentity = (key: string): string => `key-${digest(key).toString("hex", 0, 4)}`;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
