import type { ListedStreamHealth } from "../server/protocol/wire/stream-health.ts";
import type { StreamList } from "../server/protocol/wire/stream-list.ts";

/** Asks for the list. @throws where the server does not answer with one */
export async function fetchStreams(url: string): Promise<StreamList> {
  return readStreamList(await fetchJson(url));
}

/** Asks how well a stream comes. @throws where nobody publishes it, or the server does not answer so */
export async function fetchHealth(url: string): Promise<ListedStreamHealth> {
  const value = await fetchJson(url);
  const isHealth = typeof value === "object" && value !== null && "health" in value;
  if (!isHealth) throw new Error("Cannot read a stream's health");
  return value as ListedStreamHealth;
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`Cannot read ${url}: ${response.status}`);
  return response.json();
}

/** Takes what the server sent for a list. @throws where it is none */
export function readStreamList(value: unknown): StreamList {
  if (typeof value !== "object" || value === null) throw new Error("Cannot read the stream list");
  if (!("streams" in value && Array.isArray(value.streams))) {
    throw new Error("Cannot read the stream list: no streams");
  }
  return value as StreamList;
}
