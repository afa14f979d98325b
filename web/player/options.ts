import type { StreamAddress } from "../address.ts";

/**
 * How much media is held ahead of the playhead on a calm line: nothing (each picture is shown as it is
 * decoded), 100 ms, 300 ms, 1 s. An uneven line, or the encoder's own reordering, adds to it.
 */
export type LatencyMode = "instant" | "low" | "balanced" | "smooth";

/** A mode, or milliseconds. */
export type LatencySetting = LatencyMode | number;

/** Milliseconds of each mode. */
export const LATENCY_MODES: Readonly<Record<LatencyMode, number>> = {
  instant: 0,
  low: 100,
  balanced: 300,
  smooth: 1_000,
};

/** Seconds of media that are to be held ahead on a calm line. */
export const secondsAhead = (latency: LatencySetting): number =>
  (typeof latency === "number" ? latency : LATENCY_MODES[latency]) / 1_000;

/** How the broadcast comes: `auto` takes the WebSocket, and HLS where that fails. */
export type TransportSetting = "auto" | "websocket" | "hls";

/** What decodes it over the WebSocket: `auto` takes WebCodecs for less delay than MSE can hold. */
export type EngineSetting = "auto" | "mse" | "webcodecs";

/** What a player is told when it is made. */
export type PlayerOptions = {
  readonly address: StreamAddress;
  /** `low` unless told. */
  readonly latency?: LatencySetting;
  readonly transport?: TransportSetting;
  readonly engine?: EngineSetting;
  /** Players of the page with the same name show the same moment. */
  readonly syncGroup?: string;
  /** Learns where the stream stands and what tracks it has, and takes no media before `play()`. */
  readonly isStandby?: boolean;
};

/**
 * Reads a setting as it stands in an attribute or a query.
 *
 * @returns undefined where it is none: not a mode, and not a number of 0 to 30,000 ms
 */
export function readLatency(text: string): LatencySetting | undefined {
  if (text in LATENCY_MODES) return text as LatencyMode;
  const milliseconds = text.trim() === "" ? Number.NaN : Number(text);
  return milliseconds >= 0 && milliseconds <= 30_000 ? milliseconds : undefined;
}
