import type { EngineSetting, TransportSetting } from "../player/options.ts";

/** Media ahead that MSE cannot do with less than, ms: who asks for less is played by WebCodecs. */
export const LEAST_OF_MSE = 80;

/** How a broadcast comes. */
export type Transport = "websocket" | "hls";

/** What decodes it. */
export type Engine = "mse" | "webcodecs" | "hls.js" | "native-hls";

/** Why it plays in the way it does: stable codes, in English that reads by itself. */
export type ChoiceReason =
  /** Nothing speaks against the first choice. */
  | "best"
  | "asked"
  /** WebCodecs, since less delay is asked for than MSE holds. */
  | "low-delay"
  /** WebCodecs was wanted, and: */
  | "webcodecs-missing"
  | "webcodecs-insecure"
  | "webcodecs-codec"
  | "webcodecs-failed"
  /** MSE would have been the choice, and: */
  | "mse-missing"
  | "mse-codec"
  | "mse-failed"
  /** The WebSocket would have been the choice, and: */
  | "websocket-blocked"
  | "websocket-lossy"
  /** HLS was what worked here within the last day. */
  | "remembered"
  /** The past is played. */
  | "rewind";

/** Whether WebCodecs is there; browsers show it to secure contexts only. */
export type WebCodecsPresence = "there" | "missing" | "insecure";

/** Everything that decides. */
export type ChoiceSituation = {
  /** By the page or the viewer; `latency` in ms. */
  readonly asked: {
    readonly transport: TransportSetting;
    readonly engine: EngineSetting;
    readonly latency: number;
  };
  readonly browser: {
    /** MediaSource or ManagedMediaSource. */
    readonly mediaSource: boolean;
    /** Whether `<video>` takes a playlist: asked where there is no MediaSource. */
    readonly nativeHls: boolean;
    readonly webCodecs: WebCodecsPresence;
  };
  /** Whether something of each kind in the broadcast can be decoded; undefined: not known yet. */
  readonly decodes: { readonly mse: boolean | undefined; readonly webCodecs: boolean | undefined };
  /**
   * `untried`: no answer yet. `blocked`: it never comes to be, or not any more. `lossy`: it comes, and
   * loses too much.
   */
  readonly webSocket: "untried" | "up" | "blocked" | "lossy";
  /** What failed, so lately that it is not tried again. */
  readonly failed: { readonly mse: boolean; readonly webCodecs: boolean; readonly hls: boolean };
  /** What worked here within the last day. */
  readonly remembered: Transport | undefined;
};

/** What should play, and why that. */
export type Choice = {
  readonly transport: Transport;
  readonly engine: Engine;
  readonly reason: ChoiceReason;
};

/**
 * Chooses how a live broadcast is played. A transport that is asked for is kept to, whatever happens:
 * `websocket` never becomes HLS, `hls` never the WebSocket. An engine that is asked for is a wish: where
 * it cannot be had, another plays, and the reason says why.
 *
 * @returns undefined where there is no way at all
 */
export function choose(situation: ChoiceSituation): Choice | undefined {
  const { asked, webSocket, failed, remembered } = situation;
  const hls = overHls(situation);
  if (asked.transport === "hls") return hls && { ...hls, reason: "asked" };
  const live = overWebSocket(situation);
  if (asked.transport === "websocket") return live;
  if (live === undefined) return hls && { ...hls, reason: troubleOfMse(situation) ?? "best" };
  if (hls === undefined || failed.hls) return live;
  if (webSocket === "blocked") return { ...hls, reason: "websocket-blocked" };
  if (webSocket === "lossy") return { ...hls, reason: "websocket-lossy" };
  const isKnown = webSocket === "untried" && remembered === "hls";
  return isKnown ? { ...hls, reason: "remembered" } : live;
}

function overWebSocket(situation: ChoiceSituation): Choice | undefined {
  const { engine, latency } = situation.asked;
  const isLow = engine === "auto" && latency < LEAST_OF_MSE;
  const wantsWebCodecs = engine === "webcodecs" || isLow;
  const [noWebCodecs, noMse] = [troubleOfWebCodecs(situation), troubleOfMse(situation)];
  const play = (chosen: "mse" | "webcodecs", reason: ChoiceReason): Choice => ({
    transport: "websocket",
    engine: chosen,
    reason,
  });
  if (wantsWebCodecs && noWebCodecs === undefined) {
    return play("webcodecs", isLow ? "low-delay" : "asked");
  }
  if (noMse === undefined) {
    const isAsked = engine === "mse";
    return play("mse", (wantsWebCodecs ? noWebCodecs : undefined) ?? (isAsked ? "asked" : "best"));
  }
  return noWebCodecs === undefined ? play("webcodecs", noMse) : undefined;
}

function overHls({ browser }: ChoiceSituation): Omit<Choice, "reason"> | undefined {
  if (browser.mediaSource) return { transport: "hls", engine: "hls.js" };
  return browser.nativeHls ? { transport: "hls", engine: "native-hls" } : undefined;
}

function troubleOfWebCodecs(situation: ChoiceSituation): ChoiceReason | undefined {
  const { webCodecs } = situation.browser;
  if (webCodecs !== "there") return `webcodecs-${webCodecs}`;
  if (situation.failed.webCodecs) return "webcodecs-failed";
  return situation.decodes.webCodecs === false ? "webcodecs-codec" : undefined;
}

function troubleOfMse({ browser, failed, decodes }: ChoiceSituation): ChoiceReason | undefined {
  if (!browser.mediaSource) return "mse-missing";
  if (failed.mse) return "mse-failed";
  return decodes.mse === false ? "mse-codec" : undefined;
}
