import type { ListedStreamHealth } from "../../server/protocol/wire/stream-health.ts";
import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import { fetchStreams } from "../stream-list.ts";

/** Everything that the server answers about one stream. */
export class ServerFacts {
  readonly #base: URL;
  readonly #streamPath: string;

  constructor(base: URL, streamPath: string) {
    this.#base = base;
    this.#streamPath = streamPath;
  }

  /** @returns undefined while nobody publishes, or the server does not answer */
  async health(): Promise<ListedStreamHealth["health"] | undefined> {
    const path = this.#streamPath.split("/").map(encodeURIComponent).join("/");
    const answer = await this.#json(`api/v1/streams/${path}/health`);
    const health = (answer as Partial<ListedStreamHealth> | undefined)?.health;
    return typeof health === "object" && health !== null ? health : undefined;
  }

  /** Its entry in the list. */
  async listed(): Promise<ListedStream | undefined> {
    try {
      const { streams } = await fetchStreams(new URL("api/v1/streams", this.#base).href);
      return streams.find(({ path }) => path === this.#streamPath);
    } catch {
      return undefined;
    }
  }

  /** Of the server, and so of the player that it serves. */
  async version(): Promise<string | undefined> {
    const answer = await this.#json("api/v1/openapi.json");
    const info = (answer as { info?: { version?: unknown } } | undefined)?.info;
    return typeof info?.version === "string" ? info.version : undefined;
  }

  async #json(path: string): Promise<unknown> {
    try {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(new URL(path, this.#base), { cache: "no-store", signal });
      return response.ok ? await response.json() : undefined;
    } catch {
      return undefined;
    }
  }
}
