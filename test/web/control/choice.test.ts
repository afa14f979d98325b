import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChoiceSituation, choose } from "../../../web/control/choice.ts";

const CHROMIUM: ChoiceSituation["browser"] = {
  mediaSource: true,
  nativeHls: false,
  webCodecs: "there",
};
const OLD_IPHONE: ChoiceSituation["browser"] = {
  mediaSource: false,
  nativeHls: true,
  webCodecs: "missing",
};

type Change = {
  readonly [Part in keyof ChoiceSituation]?: ChoiceSituation[Part] extends object
    ? Partial<ChoiceSituation[Part]>
    : ChoiceSituation[Part];
};

function situation(change: Change): ChoiceSituation {
  return {
    asked: { transport: "auto", engine: "auto", latency: 100, ...change.asked },
    browser: { ...CHROMIUM, ...change.browser },
    decodes: { mse: true, webCodecs: true, ...change.decodes },
    webSocket: change.webSocket ?? "up",
    failed: { mse: false, webCodecs: false, hls: false, ...change.failed },
    remembered: change.remembered,
  };
}

test.each<{ name: string; change: Change; plays: string | undefined }>([
  { name: "nothing special", change: {}, plays: "websocket mse best" },
  { name: "no answer yet", change: { webSocket: "untried" }, plays: "websocket mse best" },
  {
    name: "instant",
    change: { asked: { latency: 0 } },
    plays: "websocket webcodecs low-delay",
  },
  {
    name: "as little as MSE holds",
    change: { asked: { latency: 80 } },
    plays: "websocket mse best",
  },
  {
    name: "WebCodecs asked for",
    change: { asked: { engine: "webcodecs", latency: 1_000 } },
    plays: "websocket webcodecs asked",
  },
  {
    name: "MSE asked for, and no delay",
    change: { asked: { engine: "mse", latency: 0 } },
    plays: "websocket mse asked",
  },
  {
    name: "instant without a secure context",
    change: { asked: { latency: 0 }, browser: { webCodecs: "insecure" } },
    plays: "websocket mse webcodecs-insecure",
  },
  {
    name: "WebCodecs asked for where there is none",
    change: { asked: { engine: "webcodecs" }, browser: { webCodecs: "missing" } },
    plays: "websocket mse webcodecs-missing",
  },
  {
    name: "WebCodecs asked for, and it does not know the codec",
    change: { asked: { engine: "webcodecs" }, decodes: { webCodecs: false } },
    plays: "websocket mse webcodecs-codec",
  },
  {
    name: "instant, and WebCodecs failed",
    change: { asked: { latency: 0 }, failed: { webCodecs: true } },
    plays: "websocket mse webcodecs-failed",
  },
  {
    name: "a codec that only WebCodecs knows",
    change: { decodes: { mse: false } },
    plays: "websocket webcodecs mse-codec",
  },
  {
    name: "MSE failed, and WebCodecs is there",
    change: { failed: { mse: true } },
    plays: "websocket webcodecs mse-failed",
  },
  {
    name: "MSE failed without WebCodecs",
    change: { failed: { mse: true }, browser: { webCodecs: "insecure" } },
    plays: "hls hls.js mse-failed",
  },
  {
    name: "an iPhone before ManagedMediaSource",
    change: { browser: OLD_IPHONE },
    plays: "hls native-hls mse-missing",
  },
  {
    name: "a proxy in the way",
    change: { webSocket: "blocked" },
    plays: "hls hls.js websocket-blocked",
  },
  { name: "a lossy line", change: { webSocket: "lossy" }, plays: "hls hls.js websocket-lossy" },
  {
    name: "a proxy in the way, and HLS failed, too",
    change: { webSocket: "blocked", failed: { hls: true } },
    plays: "websocket mse best",
  },
  {
    name: "HLS worked yesterday",
    change: { webSocket: "untried", remembered: "hls" },
    plays: "hls hls.js remembered",
  },
  {
    name: "HLS worked yesterday, and the WebSocket does today",
    change: { webSocket: "up", remembered: "hls" },
    plays: "websocket mse best",
  },
  {
    name: "the WebSocket worked yesterday",
    change: { webSocket: "untried", remembered: "websocket" },
    plays: "websocket mse best",
  },
  { name: "HLS asked for", change: { asked: { transport: "hls" } }, plays: "hls hls.js asked" },
  {
    name: "HLS asked for, and nothing takes it",
    change: { asked: { transport: "hls" }, browser: { mediaSource: false } },
    plays: undefined,
  },
  {
    name: "the WebSocket asked for, and a proxy in the way",
    change: { asked: { transport: "websocket" }, webSocket: "blocked" },
    plays: "websocket mse best",
  },
  {
    name: "the WebSocket asked for, and no engine for it",
    change: { asked: { transport: "websocket" }, browser: OLD_IPHONE },
    plays: undefined,
  },
])("choose: $name", ({ change, plays }) => {
  const choice = choose(situation(change));
  expect(choice && `${choice.transport} ${choice.engine} ${choice.reason}`).toBe(plays);
});

const anySituation: fc.Arbitrary<ChoiceSituation> = fc.record({
  asked: fc.record({
    transport: fc.constantFrom("auto", "websocket", "hls"),
    engine: fc.constantFrom("auto", "mse", "webcodecs"),
    latency: fc.integer({ min: 0, max: 30_000 }),
  }),
  browser: fc.record({
    mediaSource: fc.boolean(),
    nativeHls: fc.boolean(),
    webCodecs: fc.constantFrom("there", "missing", "insecure"),
  }),
  decodes: fc.record({
    mse: fc.constantFrom(true, false, undefined),
    webCodecs: fc.constantFrom(true, false, undefined),
  }),
  webSocket: fc.constantFrom("untried", "up", "blocked", "lossy"),
  failed: fc.record({ mse: fc.boolean(), webCodecs: fc.boolean(), hls: fc.boolean() }),
  remembered: fc.constantFrom("websocket", "hls", undefined),
});

test("choose keeps to the transport that is asked for, and names no engine that is not there", () => {
  const holds = fc.property(anySituation, (any) => {
    const { asked, browser, failed } = any;
    const choice = choose(any);
    if (choice === undefined) return;
    const { transport, engine } = choice;
    if (asked.transport !== "auto") expect(transport).toBe(asked.transport);
    expect(["mse", "webcodecs"].includes(engine)).toBe(transport === "websocket");
    if (engine === "webcodecs")
      expect(browser.webCodecs === "there" && !failed.webCodecs).toBe(true);
    if (engine === "mse") expect(browser.mediaSource && !failed.mse).toBe(true);
    if (engine === "hls.js") expect(browser.mediaSource).toBe(true);
    if (engine === "native-hls") expect(browser.nativeHls && !browser.mediaSource).toBe(true);
  });
  fc.assert(holds);
});
