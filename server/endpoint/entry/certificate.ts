import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Clock } from "../../live/clock.ts";
import type { Log } from "../../log.ts";

/** Where a certificate (with its chain) and its private key lie, in PEM. */
export type CertificateFiles = { readonly cert: string; readonly key: string };

/** What is read from them. */
export type KeyPair = { readonly cert: Buffer; readonly key: Buffer };

/** The certificate cannot be used: one line for people that names the setting. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** What tells one state of a file from another, a replaced one included. */
type FileState = { readonly ino: number; readonly mtimeMs: number; readonly size: number };

const SETTINGS = { cert: "--tls-cert", key: "--tls-key" } as const;

/**
 * A certificate that follows its files. They are looked at again and again rather than watched:
 * whoever renews them may write in place, rename, or turn a symbolic link, on any file system. While
 * the two do not fit together (one is replaced after the other), the last good pair stays.
 */
export class Certificate {
  readonly #files: CertificateFiles;
  #pair: KeyPair;
  /** Of what was read last, whether it could be used or not. */
  #states: string;
  readonly #listeners: ((pair: KeyPair) => void)[] = [];
  #cancel: (() => void) | undefined;
  #isClosed = false;

  /** @throws CertificateError where a file cannot be read, or the two do not belong together */
  constructor(files: CertificateFiles) {
    this.#files = files;
    const read = (which: "cert" | "key"): { bytes: Buffer; state: string } => {
      try {
        return { state: stateOf(statSync(files[which])), bytes: readFileSync(files[which]) };
      } catch (error) {
        throw new CertificateError(unreadable(files, which, error));
      }
    };
    const [cert, key] = [read("cert"), read("key")];
    this.#states = `${cert.state} ${key.state}`;
    this.#pair = { cert: cert.bytes, key: key.bytes };
    const unfit = whyUnfit(files, this.#pair);
    if (unfit !== undefined) throw new CertificateError(unfit);
  }

  get pair(): KeyPair {
    return this.#pair;
  }

  /** Told of each new pair. */
  onChange(listener: (pair: KeyPair) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files every so many ms, until `close`. */
  follow({ clock, every, log }: { clock: Clock; every: number; log: Log }): void {
    let complained = "";
    const look = async (): Promise<void> => {
      const result = await this.#look();
      if (this.#isClosed) return;
      if (result === "changed") log.info("the certificate's files changed: it is used from now on");
      else if (result !== "same" && result !== complained) {
        log.warn(`the certificate stays as it was: ${result}`, { code: "TLS_CERTIFICATE" });
      }
      if (result !== "same") complained = result;
      again();
    };
    const again = (): void => {
      this.#cancel = clock.after(every, () => void look());
    };
    again();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  /** @returns why what changed cannot be used, or that it can, or that nothing did */
  async #look(): Promise<string> {
    let which: "cert" | "key" = "cert";
    try {
      const certState = stateOf(await stat(this.#files.cert));
      which = "key";
      const keyState = stateOf(await stat(this.#files.key));
      const states = `${certState} ${keyState}`;
      if (states === this.#states) return "same";
      which = "cert";
      const cert = await readFile(this.#files.cert);
      which = "key";
      const key = await readFile(this.#files.key);
      // The states are older than the bytes: what is written meanwhile is seen the next time.
      this.#states = states;
      const unfit = whyUnfit(this.#files, { cert, key });
      if (unfit !== undefined) return unfit;
      this.#pair = { cert, key };
      for (const listener of this.#listeners) listener(this.#pair);
      return "changed";
    } catch (error) {
      return unreadable(this.#files, which, error);
    }
  }
}

const stateOf = ({ ino, mtimeMs, size }: FileState): string => `${ino}/${mtimeMs}/${size}`;

const unreadable = (files: CertificateFiles, which: "cert" | "key", error: unknown): string =>
  `${SETTINGS[which]}: cannot read ${files[which]} (${codeOf(error)})`;

/** Why a pair cannot be used, for people; undefined where it can. */
function whyUnfit(files: CertificateFiles, { cert, key }: KeyPair): string | undefined {
  try {
    createSecureContext({ cert });
  } catch (error) {
    return `${SETTINGS.cert}: ${files.cert} holds no certificate in PEM (${codeOf(error)})`;
  }
  try {
    createSecureContext({ key });
  } catch (error) {
    return `${SETTINGS.key}: ${files.key} holds no private key in PEM without a password (${codeOf(error)})`;
  }
  try {
    // OpenSSL itself takes a key of another kind than the certificate's, and then answers nobody.
    const isItsKey = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    return isItsKey ? undefined : `${SETTINGS.key}: ${files.key} is not the key of ${files.cert}`;
  } catch (error) {
    return `${SETTINGS.key}: ${files.key} is not the key of ${files.cert} (${codeOf(error)})`;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
