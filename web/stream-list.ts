/** `GET /api/v1/streams`, as the pages use it. */
export type ListedTrack = {
  readonly id: number;
  readonly mediaType: "video" | "audio";
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** bits/s */
  readonly bitrate: number;
};

export type ListedStream = {
  readonly path: string;
  readonly state: "live" | "reconnecting" | "ended" | "waiting";
  /** ISO 8601 */
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** bits/s */
  readonly bitrate: number;
  readonly viewers: {
    readonly websocket: number;
    readonly hls: number;
    readonly flv: number;
    readonly mp4: number;
    readonly rtmp: number;
    readonly total: number;
  };
  readonly tracks: readonly ListedTrack[];
  readonly unplayable: readonly {
    readonly mediaType: "video" | "audio";
    readonly codecName: string;
  }[];
};

export type StreamList = {
  readonly streams: readonly ListedStream[];
  /** Only for who may see the key: a direct peer on this machine. */
  readonly publish?: { readonly server: string; readonly streamKey: string };
};

/** Asks for the list. @throws where the server does not answer with one */
export async function fetchStreams(url: string): Promise<StreamList> {
  const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`Cannot read ${url}: ${response.status}`);
  return readStreamList(await response.json());
}

/** Takes what the server sent for a list. @throws where it is none */
export function readStreamList(value: unknown): StreamList {
  if (typeof value !== "object" || value === null) throw new Error("Cannot read the stream list");
  if (!("streams" in value && Array.isArray(value.streams))) {
    throw new Error("Cannot read the stream list: no streams");
  }
  return value as StreamList;
}
