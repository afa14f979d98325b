import { expect, expectTypeOf, test } from "vitest";
import type { SluicePlayerElement } from "../../../web/element/sluice-player.ts";
import type { PlayerEventMap, SluicePlayerMarkup } from "../../../web/player.ts";

type Settings = Exclude<keyof SluicePlayerMarkup, `on${string}` | "sync-group" | "nohotkeys">;

test("SluicePlayerMarkup has what a tag may say, and knows what listeners are given", () => {
  // The compiler is the judge of all but the last line.
  const tag = {
    ...{ src: "/streams/live/demo", autoplay: "muted", muted: true, controls: true },
    ...{ latency: 250, engine: "webcodecs", "sync-group": "wall", words: { play: "Spela" } },
    onstatuschange: ({ detail }) => detail.state,
    onplaying: (event) => event.timeStamp,
  } satisfies SluicePlayerMarkup;
  expectTypeOf<Settings>().toExtend<keyof SluicePlayerElement>();
  expectTypeOf<`on${keyof PlayerEventMap}`>().toExtend<keyof SluicePlayerMarkup>();
  // @ts-expect-error There is no such mode.
  const wrong: SluicePlayerMarkup = { latency: "fast" };
  expect(Object.keys(tag)).not.toEqual(Object.keys(wrong));
});

test("a listener with a typed event is taken away as it was added", () => {
  const listen = (player: SluicePlayerElement) => {
    const tell = ({ detail }: PlayerEventMap["latencychange"]) => detail.delay;
    player.addEventListener("latencychange", tell);
    player.removeEventListener("latencychange", tell);
  };
  expect(listen).toBeTypeOf("function");
});
