import type { Kind } from "./media-rules.ts";
import { type Answer, decoded, maxAge } from "./origin.ts";
import type { Say } from "./report.ts";

/** What an answer is to a client: each has its headers. */
export type Purpose =
  | { readonly type: "multivariant" | "playlist" }
  /** `isFinal`: the end came instead of what was asked for. */
  | { readonly type: "blocking"; readonly isFinal?: boolean }
  | { readonly type: "init" | "segment" | "part"; readonly kind: Kind }
  | { readonly type: "refusal"; readonly of: "playlist" | "blocking" | "file" };

const PLAYLIST_TYPES = /^(application\/vnd\.apple\.mpegurl|audio\/mpegurl)(;|$)/i;

/**
 * Judges the headers of an answer, whatever its body is.
 *
 * @param targetDuration seconds; undefined where it is not known yet
 */
export function checkHeaders(
  answer: Answer,
  purpose: Purpose,
  targetDuration: number | undefined,
  where: string,
  say: Say,
): void {
  const { headers, status, body } = answer;
  if (headers["access-control-allow-origin"] !== "*") {
    say("cors", where, `Access-Control-Allow-Origin: ${headers["access-control-allow-origin"]}`);
  }
  const exposed = (headers["access-control-expose-headers"] ?? "").toLowerCase().split(/\s*,\s*/);
  const hidden = ["age", "date", "content-length"].filter((name) => !exposed.includes(name));
  if (hidden.length > 0) say("cors", where, `not exposed: ${hidden.join(", ")}`);
  const length = headers["content-length"];
  if (length !== undefined && status !== 304 && Number(length) !== body.length) {
    say("content-length", where, `${length}, and ${body.length} bytes came`);
  }
  const urgency = /\bu=(\d)/.exec(headers["priority"] ?? "")?.[1];
  checkCache(answer, purpose, targetDuration, where, say);
  if (purpose.type === "refusal") return;

  const type = headers["content-type"] ?? "";
  const isPlaylist = ["multivariant", "playlist", "blocking"].includes(purpose.type);
  if (urgency !== undefined && (isPlaylist ? urgency !== "1" : !/[2-6]/.test(urgency))) {
    say("priority", where, `u=${urgency}`);
  }
  if (isPlaylist) {
    if (!PLAYLIST_TYPES.test(type)) say("content-type", where, type);
    if (!/\baccept-encoding\b/i.test(headers["vary"] ?? ""))
      say("vary", where, `${headers["vary"]}`);
  } else if ("kind" in purpose) {
    const due = typeOf(answer.url, purpose.kind, purpose.type);
    if (!due.test(type)) say("content-type", where, `${type} for ${purpose.kind}`);
    if (length === undefined) say("content-length", where, "it is missing");
  }
}

function typeOf(url: string, kind: Kind, type: string): RegExp {
  const { pathname } = new URL(url);
  if (kind === "subtitles") return /^text\/vtt(;|$)/;
  if (/\.mp3$/.test(pathname) && type !== "init") return /^audio\/mpeg$/;
  return kind === "audio" ? /^audio\/mp4$/ : /^video\/mp4$/;
}

function checkCache(
  answer: Answer,
  purpose: Purpose,
  targetDuration: number | undefined,
  where: string,
  say: Say,
): void {
  const age = maxAge(answer);
  const told = `Cache-Control: ${answer.headers["cache-control"]}`;
  if (answer.status === 400 || answer.status === 503) {
    if (!/\bno-store\b/.test(told)) say("cache-refused", where, told);
    return;
  }
  if (targetDuration === undefined) return;
  const rounded = `${told}, target ${targetDuration} s`;
  if (answer.status === 404 && purpose.type === "refusal") {
    const isBlocking = purpose.of === "blocking";
    const most = targetDuration * (isBlocking ? 4 : 1);
    const rule = isBlocking ? "cache-missing-playlist" : "cache-missing";
    if (age === undefined || age > most) say(rule, where, rounded);
  } else if (purpose.type === "blocking") {
    const isShort = purpose.isFinal === true && age !== undefined && age <= targetDuration / 2;
    if (age !== 6 * targetDuration && !isShort) say("cache-blocking", where, rounded);
  } else if (purpose.type === "playlist" || purpose.type === "multivariant") {
    if (age === undefined || age > targetDuration / 2) say("cache-playlist", where, rounded);
  } else if (purpose.type !== "refusal" && answer.status < 300) {
    if (age === undefined || age < 6 * targetDuration) say("cache-file", where, rounded);
  }
}

/** Judges a playlist that was asked for in a coding, beside the same one without. */
export function checkCompression(
  answer: Answer,
  coding: "gzip" | "br",
  plain: Uint8Array | undefined,
  where: string,
  say: Say,
): void {
  const told = answer.headers["content-encoding"];
  if (told === undefined && coding === "gzip") say("compression", where, "gzip was not used");
  if (told !== undefined && told !== coding) say("compression", where, `${told} was not wanted`);
  let text: Uint8Array;
  try {
    text = decoded(answer);
  } catch (error) {
    say("compression", where, String(error));
    return;
  }
  if (plain !== undefined && !Buffer.from(plain).equals(text)) {
    say("compression", where, `${coding} says something else`);
  }
}
