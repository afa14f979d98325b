/*
 * What an embedded player and the page around it say to each other by `postMessage`, version 1: plain
 * objects with `sluice: 1`. Both ends take what the other sends for anything at all, and look at it here.
 */

import type { PlayerErrorCode } from "../element/player-error.ts";
import type { ElementState, PlayerEventMap } from "../element/player-event-map.ts";
import { type LatencySetting, readLatency } from "../player/options.ts";
import type { PlayerQuality, QualitySetting } from "../player/player-quality.ts";
import type { PlayerStats } from "../player/player-stats.ts";
import type { PlayerTextTrack } from "../player/player-text.ts";
import type { PlayerTrack } from "../player/player-tracks.ts";

/** The version that both ends must speak. */
export const VERSION = 1;

/** What a command is given, by its name; `undefined`: nothing. */
export type EmbedCommands = {
  play: undefined;
  pause: undefined;
  mute: undefined;
  unmute: undefined;
  /** 0 to 1 */
  setVolume: number;
  /** Seconds on the stream's timeline; negative: so many behind the live edge. */
  seek: number;
  seekToLive: undefined;
  /** A mode, or ms. */
  setLatency: LatencySetting;
  /** `auto`, or an id out of `qualities`. */
  setQuality: QualitySetting;
  /** An id out of `textTracks`; null: none. */
  selectTextTrack: string | null;
  getStats: undefined;
  subscribe: Subscription;
};

/** Which events are to be sent from now on, in place of those before. */
export type Subscription = {
  readonly events: readonly EmbedEventName[];
  /** How often `stats` is sent, ms, from 250 to 60,000; 1,000 unless told. */
  readonly statsEvery?: number;
};

/** What answers a command, where that is more than its being done. */
export type EmbedAnswers = { getStats: PlayerStats | undefined; subscribe: EmbedState };

/** Where a player stands. */
export type EmbedState = {
  readonly version: typeof VERSION;
  readonly state: ElementState;
  /** Whether somebody publishes; undefined while that is not known. */
  readonly isOnline: boolean | undefined;
  readonly paused: boolean;
  readonly muted: boolean;
  readonly volume: number;
  /** Seconds on the stream's timeline. */
  readonly currentTime: number;
  readonly isLive: boolean;
  readonly latency: LatencySetting;
  readonly target: number;
  readonly delay: number | undefined;
  /** As asked, and what there is to choose from. */
  readonly quality: QualitySetting;
  readonly qualities: readonly PlayerQuality[];
  readonly tracks: readonly PlayerTrack[];
  readonly textTracks: readonly PlayerTextTrack[];
};

/** What an event carries, by its name. */
export type EmbedEvents = {
  /** The player takes commands; again after its frame was loaded again. It needs no subscription. */
  ready: EmbedState;
  statuschange: PlayerEventMap["statuschange"]["detail"];
  playing: Record<string, never>;
  pause: Record<string, never>;
  stalled: PlayerEventMap["stall"]["detail"];
  ended: Record<string, never>;
  /** Somebody publishes; nobody does any more. */
  online: Record<string, never>;
  offline: Record<string, never>;
  latency: PlayerEventMap["latencychange"]["detail"];
  volumechange: { readonly muted: boolean; readonly volume: number };
  trackschange: Pick<EmbedState, "quality" | "qualities" | "tracks" | "textTracks">;
  data: PlayerEventMap["data"]["detail"];
  error: { readonly name: PlayerErrorCode; readonly message: string };
  stats: PlayerStats;
};

export type EmbedCommandName = keyof EmbedCommands;
export type EmbedEventName = keyof EmbedEvents;

/** From the page to the player. */
export type CommandMessage = {
  [Name in EmbedCommandName]: {
    readonly sluice: typeof VERSION;
    /** Comes back in the answer. */
    readonly id: number;
    readonly command: Name;
    readonly value?: EmbedCommands[Name];
  };
}[EmbedCommandName];

/** Why a command was not done: it is not known, it cannot be read, it failed. */
export type CommandErrorCode = "COMMAND_UNKNOWN" | "COMMAND_INVALID" | "COMMAND_FAILED";

/** From the player to the page. */
export type AnswerMessage = {
  readonly sluice: typeof VERSION;
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: CommandErrorCode; readonly message: string };
};

/** From the player to the page, as often as something happens. */
export type EventMessage = {
  [Name in EmbedEventName]: {
    readonly sluice: typeof VERSION;
    readonly event: Name;
    readonly detail: EmbedEvents[Name];
  };
}[EmbedEventName];

/** How often statistics may be sent, ms. */
const STATS = { usual: 1_000, least: 250, most: 60_000 } as const;

/** All events that there are. */
export const EVENT_NAMES: readonly EmbedEventName[] = [
  ...(["ready", "statuschange", "playing", "pause", "stalled", "ended", "online"] as const),
  ...(["offline", "latency", "volumechange", "trackschange", "data", "error", "stats"] as const),
];

const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

const isNothing = (value: unknown): boolean => value === undefined;

/** Whether a command may be given this. */
const TAKES: { readonly [Name in EmbedCommandName]: (value: unknown) => boolean } = {
  play: isNothing,
  pause: isNothing,
  mute: isNothing,
  unmute: isNothing,
  setVolume: (value) => isNumber(value) && value >= 0 && value <= 1,
  seek: isNumber,
  seekToLive: isNothing,
  setLatency: (value) =>
    (isNumber(value) || typeof value === "string") && readLatency(String(value)) !== undefined,
  setQuality: (value) => value === "auto" || (isNumber(value) && Number.isInteger(value)),
  selectTextTrack: (value) => value === null || (typeof value === "string" && value.length < 256),
  getStats: isNothing,
  subscribe: (value) => {
    if (!isRecord(value) || !Array.isArray(value["events"])) return false;
    const { events, statsEvery = STATS.usual } = value;
    const isKnown = (name: unknown) => EVENT_NAMES.some((one) => one === name);
    if (events.length > EVENT_NAMES.length || !events.every(isKnown)) return false;
    return isNumber(statsEvery) && statsEvery >= STATS.least && statsEvery <= STATS.most;
  },
};

/** How often a subscription asks for statistics, ms. */
export const statsInterval = ({ statsEvery }: Subscription): number => statsEvery ?? STATS.usual;

/**
 * Takes what came for a command.
 *
 * @returns undefined where it is none of ours; an answer that says why, where it cannot be done
 */
export function readCommand(data: unknown): CommandMessage | AnswerMessage | undefined {
  if (!isRecord(data) || data["sluice"] !== VERSION) return undefined;
  const { id, command, value } = data;
  if (!isNumber(id) || command === undefined) return undefined;
  const refuse = (code: CommandErrorCode, message: string): AnswerMessage => ({
    ...{ sluice: VERSION, id, error: { code, message } },
  });
  const name = typeof command === "string" ? command.slice(0, 64) : typeof command;
  if (typeof command !== "string" || !Object.hasOwn(TAKES, command)) {
    return refuse("COMMAND_UNKNOWN", `There is no command "${name}"`);
  }
  if (!TAKES[command as EmbedCommandName](value)) {
    return refuse("COMMAND_INVALID", `"${name}" cannot be given this`);
  }
  return { sluice: VERSION, id, command, value } as CommandMessage;
}

/** Takes what came for something that a player says. @returns undefined where it is nothing of the kind */
export function readPlayerMessage(data: unknown): AnswerMessage | EventMessage | undefined {
  if (!isRecord(data) || data["sluice"] !== VERSION) return undefined;
  const { event, detail, id, error } = data;
  if (typeof event === "string") return isRecord(detail) ? (data as EventMessage) : undefined;
  const isAnswer = isNumber(id) && !("command" in data) && (isNothing(error) || isRecord(error));
  return isAnswer ? (data as unknown as AnswerMessage) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
