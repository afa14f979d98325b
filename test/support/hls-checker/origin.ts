import { brotliDecompressSync, gunzipSync } from "node:zlib";

/** What is asked of an origin. */
export type Asked = {
  readonly method?: "GET" | "HEAD" | "OPTIONS" | "POST";
  readonly headers?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
};

/** An answer as it came over the wire, and when; times in ms of the checker's clock. */
export type Answer = {
  readonly url: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  /** Not decoded: what Content-Encoding says lies around it. */
  readonly body: Uint8Array;
  readonly askedAt: number;
  /** The first byte of the body, or the end where there is none. */
  readonly firstByteAt: number;
  readonly endedAt: number;
};

/** Who answers: a server over HTTP, or a fake in the same process. */
export type Origin = {
  /** "h2", "http/1.1" */
  readonly protocol: string;
  /** Rejects where there is no answer at all. */
  request(url: string, asked?: Asked): Promise<Answer>;
};

/** Time, as an input. */
export type CheckerClock = {
  /** ms. */
  now(): number;
  /** @returns calls it off */
  after(delay: number, callback: () => void): () => void;
};

/** Resolves after `ms`, or as soon as `signal` is raised. */
export function pause(clock: CheckerClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end);
  });
}

/** @throws where the body is not what Content-Encoding says */
export function decoded({ headers, body }: Answer): Uint8Array {
  const coding = headers["content-encoding"];
  if (coding === undefined || coding === "identity") return body;
  if (coding === "gzip") return gunzipSync(body);
  if (coding === "br") return brotliDecompressSync(body);
  throw new Error(`Content-Encoding is ${coding}`);
}

/** The body as text; a BOM stays. */
export const textOf = (answer: Answer): string =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(decoded(answer));

/** Seconds of max-age; 0 where nothing may be kept, undefined where nothing is said. */
export function maxAge({ headers }: Answer): number | undefined {
  const control = headers["cache-control"] ?? "";
  if (/\bno-store\b|\bno-cache\b/.test(control)) return 0;
  const seconds = /\bmax-age=(\d+)/.exec(control)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** The last part of a URL's path: how people know it. */
export const nameOf = (url: string): string =>
  decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? url);
