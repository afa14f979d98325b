import type { ServerMessage } from "../../server/protocol/wire/control.ts";

const KNOWN = [
  "hello",
  "state",
  "tracks",
  "selected",
  "history",
  "dropped",
  "bitrates",
  "data",
  "encoder",
  "text-tracks",
  "cue",
  "clock",
  "error",
];

/** Their `tracks` are a list. */
const LISTS = ["selected", "text-tracks", "bitrates"];

/**
 * Reads one text message of the server.
 *
 * @returns undefined for what is not ours: types that came later than this player are ignored
 */
export function parseServerMessage(text: string): ServerMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
  if (typeof message.type !== "string" || !KNOWN.includes(message.type)) return undefined;
  if (message.type === "tracks") {
    if (!("tracks" in message && Array.isArray(message.tracks))) return undefined;
    if (!("unplayable" in message && Array.isArray(message.unplayable))) return undefined;
  }
  if (LISTS.includes(message.type)) {
    if (!("tracks" in message && Array.isArray(message.tracks))) return undefined;
  }
  if (message.type === "data") {
    if (!("id" in message && typeof message.id === "string")) return undefined;
    if (!("name" in message && typeof message.name === "string")) return undefined;
    if (!("time" in message && typeof message.time === "number")) return undefined;
    if (!("values" in message && Array.isArray(message.values))) return undefined;
  }
  if (message.type === "cue" && !isCue(message)) return undefined;
  return message as ServerMessage;
}

function isCue(message: object): boolean {
  const has = (name: string, type: string) => typeof Reflect.get(message, name) === type;
  const isEnd = has("end", "number") || Reflect.get(message, "end") === null;
  const isPlaced = has("track", "string") && has("id", "number") && has("start", "number");
  return isPlaced && isEnd && has("text", "string") && has("settings", "string");
}
