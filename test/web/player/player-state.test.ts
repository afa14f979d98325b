import { expect, test } from "vitest";
import { elementStateOf } from "../../../web/element/element-state.ts";
import type { Playback } from "../../../web/engine/playback.ts";
import { type StateSigns, stateOf } from "../../../web/player/player-state.ts";

const all = { isAnything: true, unsupported: [], unplayable: [] };
const hevc = { mediaType: "video", codec: "hvc1.1.6.L93.B0" } as const;
const none = { isAnything: false, unsupported: [hevc], unplayable: [] };

const playing = (transport: Playback["transport"], { isReady = true, isStarved = false } = {}) =>
  ({ transport, isReady, isStarved }) as Playback;

/** Live over the WebSocket. */
const signs: StateSigns = {
  ...{ stream: "live", isUp: true, hasBeenUp: true, isSilent: false, isReached: false },
  ...{ isRefused: false, isStandby: false, isRewound: false },
  ...{ current: playing("websocket"), tracks: { playable: all } },
};

test.each<[says: string, seen: string, change: Partial<StateSigns>]>([
  ["live", "playing", {}],
  ["forbidden", "error", { isRefused: true }],
  ["connecting", "connecting", { isUp: false, hasBeenUp: false, current: undefined }],
  ["reconnecting viewer", "offline", { isUp: false }],
  // What plays over the WebSocket stands still without it, whatever HTTP still says.
  ["reconnecting viewer", "offline", { isUp: false, isReached: true }],
  ["live", "playing", { isUp: false, isReached: true, current: playing("hls") }],
  ["reconnecting viewer", "offline", { isSilent: true }],
  // The past plays on whatever becomes of the broadcast.
  ["live", "playing", { stream: "ended", isRewound: true, current: playing("hls") }],
  ["waiting", "waiting", { stream: "waiting" }],
  ["ended", "ended", { stream: "ended" }],
  ["reconnecting publisher", "stalled", { stream: "reconnecting" }],
  ["idle", "idle", { isStandby: true, current: undefined }],
  ["unplayable", "error", { current: undefined, tracks: { playable: none } }],
  ["connecting", "connecting", { current: playing("websocket", { isReady: false }) }],
  ["connecting", "connecting", { current: playing("websocket", { isStarved: true }) }],
  ["connecting", "connecting", { stream: undefined }],
])("the player is %s, the element %s: %j", (says, seen, change) => {
  const state = stateOf({ ...signs, ...change });
  expect([state.name, ...("whose" in state ? [state.whose] : [])].join(" ")).toBe(says);
  expect(elementStateOf(state, false)).toBe(seen);
});

test("an element without a player is idle, and one that holds its picture paused", () => {
  expect(elementStateOf(undefined, false)).toBe("idle");
  expect(elementStateOf({ name: "live" }, true)).toBe("paused");
});
