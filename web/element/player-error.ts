import type { PlayerState } from "../ui/words.ts";

/** Why something does not play; the codes stay what they are. */
export type PlayerErrorCode =
  /** `src` names no stream. */
  | "SOURCE_INVALID"
  /** No codec of the broadcast is known to this browser. */
  | "CODEC_UNSUPPORTED"
  /** No codec of the broadcast is known to any browser. */
  | "CODEC_UNPLAYABLE"
  /** The server does not let this viewer watch: a `token` is missing, or is not good any more. */
  | "FORBIDDEN"
  /** This browser has nothing that could play it: neither MediaSource nor HLS. */
  | "NO_ENGINE";

/** What `element.error` is: like a `MediaError`, with a code that says which. */
export type PlayerError = {
  /** Of `MediaError`: 2 for the network, 4 for what cannot be played. */
  readonly code: 2 | 4;
  readonly name: PlayerErrorCode;
  /** For people who build pages, in English. */
  readonly message: string;
};

const NUMBERS: Readonly<Record<PlayerErrorCode, PlayerError["code"]>> = {
  SOURCE_INVALID: 4,
  CODEC_UNSUPPORTED: 4,
  CODEC_UNPLAYABLE: 4,
  FORBIDDEN: 2,
  NO_ENGINE: 4,
};

/** @returns an error of this name */
export const playerError = (name: PlayerErrorCode, message: string): PlayerError => ({
  code: NUMBERS[name],
  name,
  message,
});

/** @returns undefined where the player can go on, or will */
export function errorOf(state: PlayerState | undefined): PlayerError | undefined {
  if (state?.name === "forbidden") {
    return playerError("FORBIDDEN", "The server does not let this viewer in");
  }
  if (state?.name !== "unplayable") return undefined;
  const unsupported = state.unsupported.map(({ codec }) => codec).join(", ");
  if (unsupported !== "")
    return playerError("CODEC_UNSUPPORTED", `Cannot play ${unsupported} here`);
  const unplayable = state.unplayable.map(({ codecName }) => codecName).join(", ");
  return playerError("CODEC_UNPLAYABLE", `No browser plays ${unplayable}`);
}
