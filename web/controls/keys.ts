/** What a key asks for. */
export type KeyAction =
  | { readonly do: "play" | "mute" | "fullscreen" | "captions" | "pip" | "statistics" | "help" }
  | { readonly do: "live" | "oldest" }
  /** Seconds, back or forward. */
  | { readonly do: "seek"; readonly by: number }
  /** Part of full volume. */
  | { readonly do: "volume"; readonly by: number }
  /** 0 to 9: to so many tenths of what can be gone back to. */
  | { readonly do: "tenth"; readonly at: number };

/** What has the focus: buttons take the space bar for themselves, sliders the arrows, text everything. */
export type KeyPlace = "button" | "slider" | "text" | "elsewhere";

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

/** Keys that move a slider. */
const SLIDING = /^(Arrow|Page|Home$|End$)/;

/** Keys as on the big video sites. */
const ACTIONS: Readonly<Record<string, KeyAction>> = {
  " ": { do: "play" },
  k: { do: "play" },
  m: { do: "mute" },
  f: { do: "fullscreen" },
  c: { do: "captions" },
  p: { do: "pip" },
  i: { do: "statistics" },
  "?": { do: "help" },
  ArrowLeft: { do: "seek", by: -5 },
  ArrowRight: { do: "seek", by: 5 },
  j: { do: "seek", by: -10 },
  l: { do: "seek", by: 10 },
  PageDown: { do: "seek", by: -30 },
  PageUp: { do: "seek", by: 30 },
  ArrowUp: { do: "volume", by: 0.05 },
  ArrowDown: { do: "volume", by: -0.05 },
  Home: { do: "oldest" },
  End: { do: "live" },
  ".": { do: "live" },
};

/** @returns undefined where the key is none of the player's */
export function keyAction(
  { key, ctrlKey, metaKey, altKey }: Key,
  place: KeyPlace,
): KeyAction | undefined {
  if (ctrlKey || metaKey || altKey || place === "text") return undefined;
  if (place === "button" && key === " ") return undefined;
  if (place === "slider" && SLIDING.test(key)) return undefined;
  if (/^[0-9]$/.test(key)) return { do: "tenth", at: Number(key) };
  const name = /^[A-Z]$/.test(key) ? key.toLowerCase() : key;
  return Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
}
